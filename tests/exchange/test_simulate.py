"""The simulated territory: the same for a seed, free of every fault of the format, and believable."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from coordination import reference
from coordination.exchange.bundle.columns import COLUMNS
from coordination.exchange.simulate import BUNDLE_COLUMNS, Bundle, simulate, write_bundle
from coordination.exchange.simulate.behaviour import Calendar, birthday, month_start
from coordination.exchange.simulate.pre import panel_after
from tests.exchange.fault_list import dated, faults, journeys

AS_OF = date(2026, 3, 2)
DEMO_ACCOUNTS = {
    "referent.pre": "REFERENT_PRE",
    "coordination.pre": "COORD_PRE",
    "eps.ecole": "EPS_ECOLE",
    "eps.social": "EPS_SOCIAL",
    "coordination.cite": "COORD_CITE",
    "mipe.ml": "CONSEILLER_ML",
    "mipe.plie": "REFERENT_PLIE",
    "centre.social": "CENTRE_SOCIAL",
    "ccas": "CCAS",
    "mediation.sante": "MEDIATEUR_SANTE",
    "pilotage": "PILOTAGE",
    "dpo": "DPO",
    "admin": "ADMIN",
}
SEEDS = (1, 2, 7)

SHARED_BEFORE_AGREEMENT = {"contacts.csv", "appointments.csv", "representatives.csv", "truth.csv"}


@cache
def territory(seed: int = 1) -> Bundle:
    return simulate(pre=149, cite=320, months=18, seed=seed, as_of=AS_OF)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_territory_has_no_fault(seed: int) -> None:
    assert list(faults(territory(seed), AS_OF)) == []


@pytest.mark.parametrize(
    ("pre", "cite", "months", "as_of"),
    [(0, 0, 18, AS_OF), (1, 0, 18, AS_OF), (0, 3, 6, date(2025, 8, 15)), (30, 30, 3, date(2024, 2, 29)),
     (20, 20, 36, date(2027, 9, 1)), (15, 25, 18, date(2026, 1, 1)), (20, 20, 1, date(2031, 7, 14))],
)  # fmt: skip
def test_other_sizes_lengths_and_days_have_no_fault(pre: int, cite: int, months: int, as_of: date) -> None:
    bundle = simulate(pre=pre, cite=cite, months=months, seed=5, as_of=as_of)
    assert (len(journeys(bundle, "PRE")), len(journeys(bundle, "CITE_EMPLOI"))) == (pre, cite)
    assert list(faults(bundle, as_of)) == []
    first = month_start(as_of, months).isoformat()
    assert all(first <= row["on"] for row in bundle["contacts.csv"])


def test_the_checker_sees_what_it_should_see() -> None:
    """A checker that finds nothing proves nothing: each planted fault must come out."""
    bundle = simulate(pre=12, cite=12, months=18, seed=3, as_of=AS_OF)
    bundle["journeys.csv"][0]["commune"] = "62014"
    bundle["journeys.csv"][1]["opened_on"] = "2026-03-03"
    bundle["contacts.csv"][0]["note"] = "1 85 05 78 006 084 91"
    bundle["contacts.csv"][1]["author"] = "personne@demo.example"
    bundle["actions.csv"][0]["status"] = "FINIE"
    bundle["reviews.csv"].append(dict(bundle["reviews.csv"][0]))
    found = "\n".join(faults(bundle, AS_OF))
    for word in ("perimeter", "last day", "NIR", "unknown account", "unknown code status", "repeated"):
        assert word in found


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_bundle(simulate(pre=25, cite=40, months=18, seed=11, as_of=AS_OF), tmp_path / name)
    for file in BUNDLE_COLUMNS:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_seeds_differ() -> None:
    first, second = territory(1), territory(2)
    assert first["journeys.csv"] != second["journeys.csv"]
    assert first["truth.csv"] != second["truth.csv"]


def test_written_files_read_back_as_they_were(tmp_path: Path) -> None:
    bundle = simulate(pre=10, cite=10, months=18, seed=4, as_of=AS_OF)
    write_bundle(bundle, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*COLUMNS, "truth.csv"}
    for file, rows in bundle.items():
        with (tmp_path / file).open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            assert tuple(reader.fieldnames or ()) == BUNDLE_COLUMNS[file]
            assert list(reader) == rows


def test_references_and_demo_accounts() -> None:
    bundle = territory()
    assert list(journeys(bundle, "PRE")) == [f"PRE-{n:04d}" for n in range(1, 150)]
    assert list(journeys(bundle, "CITE_EMPLOI")) == [f"CITE-{n:04d}" for n in range(1, 321)]
    roles = {(row["email"], row["role"]) for row in bundle["users.csv"]}
    assert {(f"{local}@demo.example", role) for local, role in DEMO_ACCOUNTS.items()} <= roles
    assert all(row["email"].endswith("@demo.example") for row in bundle["users.csv"])


@pytest.mark.parametrize("seed", SEEDS)
def test_loads_are_those_of_the_field(seed: int) -> None:
    loads = Counter(row["referent"] for row in journeys(territory(seed)).values())
    assert 44 <= loads["referent.pre@demo.example"] <= 56
    assert 35 <= loads["mipe.ml@demo.example"] <= 45
    assert 33 <= loads["mipe.plie@demo.example"] <= 45
    assert all(count <= 75 for referent, count in loads.items() if referent)
    roles = {row["email"]: row["role"] for row in territory(seed)["users.csv"]}
    for row in journeys(territory(seed), "PRE").values():
        assert row["referent"] == "" or roles[row["referent"]] == "REFERENT_PRE"
        assert bool(row["referent"]) == (row["agreement_status"] == "SIGNE")


def test_structures_are_the_real_ones() -> None:
    codes = Counter(row["type"] for row in territory()["structures.csv"])
    assert (codes["CENTRE_SOCIAL"], codes["CCAS"], codes["ECOLE"], codes["COLLEGE"]) == (4, 4, 9, 7)
    assert codes["MIPE_ML"] == codes["MIPE_PLIE"] == codes["PRE"] == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_people_are_believable(seed: int) -> None:
    bundle = territory(seed)
    children = list(journeys(bundle, "PRE").values())
    boys = sum(row["sex"] == "M" for row in children) / len(children)
    assert 0.48 < boys < 0.70
    for row in children:
        born = date.fromisoformat(row["birth_date"])
        assert birthday(born, 2) <= date.fromisoformat(row["opened_on"])
        assert birthday(born, 18) > AS_OF
        assert row["exit_on"] == "" and row["school_level"]
    # Namesakes stand in the two registers, as in life, but never twice in one.
    names = Counter(
        (row["programme"], row["first_name"], row["last_name"]) for row in journeys(bundle).values()
    )
    assert max(names.values()) == 1
    homes = Counter((row["last_name"], row["address"]) for row in children)
    assert sum(count > 1 for count in homes.values()) > 10
    told = " ".join(row["first_name"] + row["last_name"] for row in journeys(bundle).values())
    assert all(mark in told for mark in ("é", "-", "'", " "))


def test_phones_and_addresses_are_fictive() -> None:
    for row in territory()["representatives.csv"]:
        assert re.fullmatch(r"(06 39 98|03 53 01) \d\d \d\d", row["phone"])
        assert row["email"] == "" or row["email"].endswith("@example.org")
    per_journey = Counter(row["journey"] for row in territory()["representatives.csv"])
    assert set(per_journey) == set(journeys(territory()))


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_but_the_approach_before_the_agreement(seed: int) -> None:
    bundle = territory(seed)
    known = journeys(bundle)
    for file, rows in bundle.items():
        if file in SHARED_BEFORE_AGREEMENT or "journey" not in BUNDLE_COLUMNS[file]:
            continue
        for row in rows:
            journey = known[row["journey"]]
            assert journey["agreement_status"] == "SIGNE", (file, row)
            for column, day in dated(file, row):
                assert column == "ends_on" or day.isoformat() >= journey["agreement_on"], (file, row)
    for row in known.values():
        if row["agreement_status"] != "SIGNE":
            assert not row["entered_on"] and not row["validated_on"] and not row["diagnosis_on"]


@pytest.mark.parametrize("seed", SEEDS)
def test_stages_agree_with_the_dates(seed: int) -> None:
    bundle = territory(seed)
    open_pauses = {row["journey"] for row in bundle["pauses.csv"] if not row["returned_on"]}
    acted = {row["journey"] for row in bundle["actions.csv"] if row["started_on"]}
    for ref, row in journeys(bundle).items():
        assert (row["stage"] == "SORTI") == bool(row["exit_on"]) == bool(row["exit_reason"])
        assert row["stage"] != "SUSPENDU" or ref in open_pauses
        if row["stage"] in ("EN_COURS", "BILAN", "SORTIE_PREPAREE"):
            assert row["validated_on"] and ref in acted
        if row["stage"] in ("SAISINE", "ACCORD_PARENTAL"):
            assert row["agreement_status"] != "SIGNE"
        if row["stage"] == "PARCOURS_VALIDE":
            assert row["validated_on"] and ref not in acted
    stages = Counter(row["stage"] for row in journeys(bundle, "PRE").values())
    assert stages["ACCORD_PARENTAL"] + stages["SAISINE"] >= 3
    assert 95 <= sum(stages[s] for s in ("EN_COURS", "BILAN", "SORTIE_PREPAREE", "SUSPENDU")) <= 135
    exits = sum(bool(row["exit_on"]) for row in journeys(bundle, "CITE_EMPLOI").values())
    assert 0.09 < exits / 320 < 0.21


@pytest.mark.parametrize("seed", SEEDS)
def test_few_children_are_followed_beyond_a_year(seed: int) -> None:
    """Stays of 12 to 24 months leave two children in five beyond 11 months (the lead of T09), not two in three."""
    before = str(AS_OF - timedelta(days=335))
    old = sum("" < row["entered_on"] <= before for row in journeys(territory(seed), "PRE").values())
    assert 0.2 < old / 149 < 0.53


@pytest.mark.parametrize("seed", SEEDS)
def test_truth_holds_the_four_breaks(seed: int) -> None:
    bundle = territory(seed)
    truth = bundle["truth.csv"]
    assert {row["type"] for row in truth} == set(reference.labels("rupture_type"))
    assert 0.18 < len({row["journey"] for row in truth}) / 469 < 0.33
    known = journeys(bundle)
    for row in truth:
        journey = known[row["journey"]]
        assert journey["opened_on"] <= row["began_on"] <= row["observable_on"]
        assert row["observable_on"] <= (journey["exit_on"] or AS_OF.isoformat())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lost_contact_is_lost(seed: int) -> None:
    """After the first day that shows it, no exchange for at least two planned meetings."""
    bundle = territory(seed)
    known = journeys(bundle)
    met: dict[str, list[date]] = {}
    for row in bundle["contacts.csv"]:
        if row["outcome"] == "ABOUTI" and row["mode"] != "TIERS":
            met.setdefault(row["journey"], []).append(date.fromisoformat(row["on"]))
    for row in bundle["appointments.csv"]:
        if row["status"] == "HONORE":
            met.setdefault(row["journey"], []).append(date.fromisoformat(row["on"]))
    for row in bundle["truth.csv"]:
        if row["type"] != "ABANDON":
            continue
        rhythm = int(known[row["journey"]]["planned_rhythm_days"])
        # Late entries may show the last exchange up to two weeks and a half after it took place.
        first = date.fromisoformat(row["began_on"]) + timedelta(days=17)
        span = first + timedelta(days=2 * rhythm - 17)
        assert not [day for day in met.get(row["journey"], []) if first < day < span]


def test_the_rhythm_is_kept_in_most_journeys() -> None:
    """Half of the gaps are near the planned rhythm, and few are twice as long."""
    bundle = territory()
    broken = {row["journey"] for row in bundle["truth.csv"]} | {
        row["journey"] for row in bundle["pauses.csv"]
    }
    gaps = []
    met: dict[str, list[date]] = {}
    for row in bundle["contacts.csv"]:
        if row["outcome"] == "ABOUTI" and row["mode"] != "TIERS":
            met.setdefault(row["journey"], []).append(date.fromisoformat(row["on"]))
    for ref, row in journeys(bundle).items():
        if ref in broken or row["agreement_status"] != "SIGNE":
            continue
        seen = met.get(ref, []) + [
            date.fromisoformat(a["on"])
            for a in bundle["appointments.csv"]
            if a["journey"] == ref and a["status"] == "HONORE"
        ]
        for first, second in pairwise(sorted(set(seen))):
            gaps.append((second - first).days / int(row["planned_rhythm_days"]))
    gaps.sort()
    assert 0.6 < gaps[len(gaps) // 2] < 1.15
    assert 0.75 < sum(gaps) / len(gaps) < 1.2
    assert sum(gap > 2.15 for gap in gaps) / len(gaps) < 0.09


def test_fewer_meetings_in_school_holidays() -> None:
    calendar = Calendar(date(2024, 9, 1), AS_OF)
    refs = set(journeys(territory(), "PRE"))
    held = [date.fromisoformat(r["on"]) for r in territory()["contacts.csv"] if r["journey"] in refs]
    assert not [day for day in held if day.weekday() > 4]
    first = AS_OF - timedelta(days=365)
    year = [first + timedelta(days=n) for n in range(365)]
    off = {day for day in year if calendar.is_school_holiday(day)}
    in_term = sum(day in set(year) - off for day in held) / (365 - len(off))
    in_holidays = sum(day in off for day in held) / len(off)
    assert in_holidays < 0.7 * in_term


def test_calendar_and_ages() -> None:
    calendar = Calendar(date(2026, 1, 1), AS_OF)
    assert calendar.is_school_holiday(date(2026, 10, 17)) and not calendar.is_school_holiday(
        date(2026, 10, 12)
    )
    assert calendar.working(date(2026, 5, 1)) == date(2026, 5, 4)
    assert calendar.working_before(date(2026, 5, 3)) == date(2026, 4, 30)
    assert birthday(date(2008, 2, 29), 18) == date(2026, 3, 1)
    assert month_start(date(2026, 3, 31), 1) == date(2026, 2, 1)
    assert panel_after(calendar, date(2026, 7, 1)) == date(2026, 9, 17)


def test_schools_fit_the_level() -> None:
    levels = {school["name"]: school["level"] for school in reference.territory()["schools"]}
    for row in journeys(territory(), "PRE").values():
        if row["school_level"] in ("PS", "MS", "GS") and row["school"]:
            assert levels[row["school"]] in ("maternelle", "primaire")
        if row["school_level"] in ("6E", "5E", "4E", "3E"):
            assert row["school"].startswith("Collège")


def test_without_breaks_nobody_breaks_and_the_people_are_the_same() -> None:
    calm = simulate(pre=20, cite=20, months=18, seed=3, as_of=AS_OF, breaks=False)
    broken = simulate(pre=20, cite=20, months=18, seed=3, as_of=AS_OF)
    assert broken["truth.csv"] and not calm["truth.csv"]
    assert list(faults(calm, AS_OF)) == []
    people = [{(row["ref"], row["last_name"]) for row in bundle["journeys.csv"]} for bundle in (calm, broken)]
    assert people[0] == people[1]


def test_with_perfect_entry_everything_is_written_on_its_day_and_right() -> None:
    """Past appointments all have their outcome, and the meetings that were lost on paper are there."""
    careful = simulate(pre=40, cite=40, months=18, seed=3, as_of=AS_OF, breaks=False, perfect_entry=True)
    usual = simulate(pre=40, cite=40, months=18, seed=3, as_of=AS_OF, breaks=False)
    assert list(faults(careful, AS_OF)) == []

    def unclear(bundle: Bundle) -> int:
        return sum(row["status"] == "A_PRECISER" for row in bundle["appointments.csv"])

    assert unclear(careful) == 0 < unclear(usual)
