"""What becomes of dates on their way into the file: typed days later under the day of the typing, or never.

Exchanges have their own slips (`exchanges.py`); these are the answers, returns, ends and reviews around them. Who
is careful with one is careful with the others: the shares are those of the professional's style.
"""

from __future__ import annotations

from datetime import date
from random import Random

from coordination.exchange.simulate.behaviour import days
from coordination.exchange.simulate.story import Row, Story

# Files whose lines hold one date that is noted afterwards: a return, an answer to an event, a review held.
NOTED_AFTERWARDS = {"pauses.csv": "returned_on", "events.csv": "handled_on", "reviews.csv": "held_on"}


def write_down(story: Story, rng: Random) -> None:
    """Changes the lines of a story into what its référent wrote. Nothing moves behind the last day."""
    style = story.style
    for file, column in NOTED_AFTERWARDS.items():
        for row in story.rows.get(file, ()):
            _later(story, row, column, rng)
            if row[column] and rng.random() < style.untidy:
                row[column] = ""
    for row in story.rows.get("referrals.csv", ()):
        _later(story, row, "accepted_on", rng, row["first_action_on"])
        _later(story, row, "refused_on", rng)
        if row["accepted_on"] and row["first_action_on"] and rng.random() < style.missing:
            # The start was noted, the answer before it was not.
            row["accepted_on"] = ""
        elif row["refused_on"] and rng.random() < style.missing:
            row.update(refused_on="", refusal_reason="", status="VUE" if row["seen_on"] else "ENVOYEE")
    for row in story.rows.get("actions.csv", ()):
        _later(story, row, "ended_on", rng)
        _later(story, row, "started_on", rng, row["ended_on"])


def _later(story: Story, row: Row, column: str, rng: Random, before: str = "") -> None:
    """Writes a date days after its day, not after `before`."""
    if row[column] and rng.random() < story.style.late:
        typed = story.calendar.working(date.fromisoformat(row[column]) + days(rng.uniform(1, 12)))
        row[column] = min(typed.isoformat(), story.last_day.isoformat(), before or date.max.isoformat())
