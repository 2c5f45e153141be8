"""From stories to the files of an import bundle."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from random import Random

from coordination.exchange.bundle.columns import COLUMNS
from coordination.exchange.simulate import cite, pre
from coordination.exchange.simulate.behaviour import Calendar, month_start, with_perfect_entry
from coordination.exchange.simulate.entry import write_down
from coordination.exchange.simulate.staff import structures, styles, users
from coordination.exchange.simulate.story import Row, Story

Bundle = dict[str, list[Row]]

BUNDLE_COLUMNS: dict[str, tuple[str, ...]] = {
    **COLUMNS,
    "truth.csv": ("journey", "type", "began_on", "observable_on"),
}
"""File name -> its columns in their order, the truth of a simulated bundle included."""

# What a file of one journey is read by: dates first where it has one.
ORDER = {
    "contacts.csv": "on",
    "appointments.csv": "on",
    "events.csv": "on",
    "school_absences.csv": "on",
    "pauses.csv": "from",
    "reviews.csv": "due_on",
    "barriers.csv": "identified_on",
    "rights.csv": "ends_on",
}


def simulate(
    *,
    pre: int,
    cite: int,
    months: int,
    seed: int,
    as_of: date,
    breaks: bool = True,
    perfect_entry: bool = False,
) -> Bundle:
    """A territory of invented people with `months` months of history up to `as_of`.

    Without `breaks`, nobody's journey breaks: what a rule raises then is a false alarm, or a plain date of the
    calendar. With `perfect_entry`, nothing is written late, wrong or not at all.

    Returns file name -> lines, columns in the order of the format, every value a string. The same
    arguments give the same lines. `truth.csv` holds the breaks that were put in: `began_on` the first day
    of the break, `observable_on` the first day on which the lines show it.
    """
    stories = _stories(pre, cite, month_start(as_of, months), as_of, seed, breaks, perfect_entry)
    bundle: Bundle = {file: [] for file in BUNDLE_COLUMNS}
    bundle["structures.csv"] = structures()
    bundle["users.csv"] = users()
    for story in stories:
        _add(bundle, story, Random(f"{seed}/{story.ref}/entry"))
    return {file: [_ordered(file, row) for row in bundle[file]] for file in BUNDLE_COLUMNS}


def _stories(
    pre_count: int, cite_count: int, first: date, as_of: date, seed: int, may_break: bool, perfect: bool
) -> Iterable[Story]:
    calendar = Calendar(first, as_of)
    at_work = {
        email: with_perfect_entry(style) if perfect else style for email, style in styles(seed).items()
    }
    yield from pre.tell(seed, pre_count, first, as_of, calendar, at_work, may_break)
    yield from cite.tell(seed, cite_count, first, as_of, calendar, at_work, may_break)


def _add(bundle: Bundle, story: Story, rng: Random) -> None:
    told = pre.line(story) if story.programme == "PRE" else cite.line(story)
    write_down(story, rng)
    bundle["journeys.csv"].append(told)
    bundle["representatives.csv"].extend(_representatives(story))
    for file, rows in story.rows.items():
        key = ORDER.get(file)
        bundle[file].extend(sorted(rows, key=lambda row: row[key]) if key else rows)
    bundle["truth.csv"].extend(story.truth)


def _representatives(story: Story) -> Iterable[Row]:
    """Who can be called. At least one of them signed where the agreement was."""
    signed = story.agreement in ("SIGNE", "RETIRE")
    minor = story.programme == "PRE" or len(story.home.adults) > 1
    for index, adult in enumerate(story.home.adults):
        # A second parent signs too in most homes; an adult signs for themselves.
        signs = signed and (index == 0 or (adult.authority and (not minor or story.rng.random() < 0.6)))
        yield {
            "journey": story.ref,
            "first_name": adult.first_name,
            "last_name": adult.last_name,
            "tie": adult.tie,
            "phone": adult.phone,
            "email": adult.email,
            "parental_authority": "1" if adult.authority else "0",
            "interpreter": "1" if adult.interpreter else "0",
            "signed_agreement": "1" if signs else "0",
        }


def _ordered(file: str, row: Row) -> Row:
    return {column: row.get(column, "") for column in BUNDLE_COLUMNS[file]}


def write_bundle(bundle: Bundle, directory: Path) -> None:
    """Writes each file of the bundle into `directory` (made if missing): UTF-8, comma, header line."""
    directory.mkdir(parents=True, exist_ok=True)
    for file, rows in bundle.items():
        with (directory / file).open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, BUNDLE_COLUMNS[file], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
