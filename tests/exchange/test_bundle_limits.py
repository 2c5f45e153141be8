"""What stands on a boundary of the faults, what repeats, and what the database already holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from coordination.exchange.bundle.columns import COLUMNS
from coordination.exchange.bundle.reader import Known, KnownJourney
from coordination.exchange.bundle.values import codes_of
from tests.exchange.bundle_examples import good, read

J, R, A = "journeys.csv", "referrals.csv", "appointments.csv"

SAME_DAY = [
    (J, 0, {"birth_date": "2025-09-01", "entered_on": "2025-09-01", "validated_on": "2025-09-01"}),
    (J, 0, {"diagnosis_on": "2025-09-01"}),
    (J, 1, {"oriented_on": "2025-01-01", "contract_signed_on": "2025-01-01"}),
    (J, 1, {"entered_on": "2026-02-01", "validated_on": "2026-02-01", "diagnosis_on": "2026-02-01"}),
    ("actions.csv", 0, {"planned_end": "2026-01-05", "ended_on": "2026-01-06"}),
    (R, 0, {"seen_on": "2026-01-05", "refused_on": "2026-01-05", "accepted_on": "2026-01-05"}),
    (R, 1, {"accepted_on": "2026-01-08", "first_action_on": "2026-01-08"}),
    ("pauses.csv", 0, {"expected_return": "2026-02-01", "returned_on": "2026-02-01"}),
    ("barriers.csv", 0, {"lifted_on": "2025-03-01"}),
    ("events.csv", 0, {"handled_on": "2025-03-01"}),
    # The day of the import and the day of the exit.
    *(
        (file, 0, {column: "2026-04-01"})
        for file, column in (("contacts.csv", "on"), ("reviews.csv", "held_on"))
    ),
    ("barriers.csv", 0, {"lifted_on": "2026-02-01"}),
    ("contacts.csv", 0, {"journey": "CITE-1", "on": "2026-02-01"}),
    # What is no fact: after the import, and after the exit.
    ("actions.csv", 1, {"planned_start": "2027-01-01", "planned_end": "2028-01-01"}),
    ("pauses.csv", 0, {"expected_return": "2027-01-01"}),
    ("reviews.csv", 0, {"due_on": "2027-01-01"}),
    ("rights.csv", 0, {"ends_on": "2030-01-01"}),
    (A, 0, {"status": "A_VENIR", "on": "2026-05-01"}),
    (A, 0, {"status": "A_VENIR", "on": "2026-05-01", "journey": "CITE-1"}),
    # Pairs that the format does not ask for.
    ("actions.csv", 0, {"started_on": "2025-12-01"}),
    ("actions.csv", 0, {"ended_on": "2026-03-31", "planned_end": "2026-02-01"}),
    ("reviews.csv", 0, {"held_on": "2025-12-01"}),
    (R, 1, {"accepted_on": "", "first_action_on": "2026-01-01"}),
    (J, 0, {"agreement_on": "2025-01-01"}),
    (J, 0, {"validated_on": "2025-10-05", "diagnosis_on": "2026-01-01"}),
    ("contacts.csv", 0, {"on": "2020-01-01"}),
    # Unknown is allowed wherever it is not an identity.
    (J, 0, {column: "" for column in COLUMNS[J] if column not in ("ref", "programme")}),
    ("users.csv", 0, {"structure": "", "programme": "", "display_name": ""}),
    (A, 0, {"structure": "", "status": ""}),
    # Codes of the territory, and communes.
    *((J, 0, {"area": code}) for code in ("QCSS", "CH", "QF_DANVERS", "QPV", "HORS_QPV", "")),
    (J, 1, {"commune": "2A004"}),
    ("structures.csv", 0, {"commune": "75056"}),
    ("users.csv", 1, {"email": "A@EX.FR"}),
    (J, 0, {"referent": "A@ex.fr"}),
]


@pytest.mark.parametrize(("file", "row", "cells"), SAME_DAY, ids=str)
def test_what_stands_on_the_boundary_is_allowed(
    tmp_path: Path, file: str, row: int, cells: dict[str, str]
) -> None:
    rows = good()
    rows[file][row].update(cells)
    assert read(tmp_path, rows).faults == []


def test_a_fact_both_in_the_future_and_after_the_exit_has_two_faults(tmp_path: Path) -> None:
    rows = good()
    rows["barriers.csv"][0]["lifted_on"] = "2026-04-02"
    assert [f.column for f in read(tmp_path, rows).faults] == ["lifted_on", "lifted_on"]


@pytest.mark.parametrize("file", [f for f in COLUMNS if f not in ("contacts.csv", A)])
def test_an_identity_repeated_in_one_file(tmp_path: Path, file: str) -> None:
    rows = good()
    rows[file].append(rows[file][0].copy())
    [fault] = read(tmp_path, rows).faults
    assert (fault.file, fault.line) == (file, len(rows[file]) + 1)
    assert "déjà à la ligne 2" in fault.reason
    assert (fault.value is None) == (
        file in ("representatives.csv", "barriers.csv", "rights.csv", "events.csv")
    )


@pytest.mark.parametrize("file", ["contacts.csv", A])
def test_equal_contacts_and_appointments_are_kept(tmp_path: Path, file: str) -> None:
    rows = good()
    rows[file] = [rows[file][0].copy() for _ in range(3)]
    result = read(tmp_path, rows)
    assert result.faults == []
    assert len(result.lines[file]) == 3


def test_the_account_is_named_by_its_own_spelling(tmp_path: Path) -> None:
    rows = good()
    rows[J][0]["referent"] = "A@EX.fr"
    assert read(tmp_path, rows).lines[J][0].values["referent"] == "a@ex.fr"
    known = Known(emails=frozenset({"A@ex.FR"}))
    assert read(tmp_path, rows, known).lines["users.csv"][0].values["email"] == "A@ex.FR"


def test_what_the_database_holds_may_be_named(tmp_path: Path) -> None:
    rows = good()
    known = Known(
        structures=frozenset({"ESCAL"}),
        emails=frozenset({"a@ex.fr"}),
        journeys={
            "PRE-1": KnownJourney("PRE", referrals={"R1": date(2026, 1, 5)}),
            "CITE-1": KnownJourney("CITE_EMPLOI", exit_on=date(2026, 2, 1)),
        },
    )
    for file in ("structures.csv", "users.csv", J):
        del rows[file]
    rows[R] = rows[R][1:]
    assert read(tmp_path, rows, known).faults == []
    rows["actions.csv"][1]["axis_or_barrier"] = "SCOLARITE"
    rows["events.csv"][0]["handled_on"] = "2026-02-02"
    found = [(f.file, f.column) for f in read(tmp_path, rows, known).faults]
    assert found == [("actions.csv", "axis_or_barrier"), ("events.csv", "handled_on")]


def test_a_journey_never_changes_its_programme(tmp_path: Path) -> None:
    known = Known(journeys={"PRE-1": KnownJourney("CITE_EMPLOI")})
    [fault] = read(tmp_path, good(), known).faults
    assert (fault.file, fault.line, fault.column, fault.value) == (J, 2, "programme", "PRE")


def test_a_referral_of_another_journey_is_not_followed(tmp_path: Path) -> None:
    rows = good()
    rows[R][1]["journey"] = "CITE-1"
    assert [(f.line, f.column) for f in read(tmp_path, rows).faults] == [(3, "follows")]


def test_codes_of_an_unknown_journey_are_those_of_both_programmes() -> None:
    assert codes_of("stage", None) == codes_of("stage", "PRE") | codes_of("stage", "CITE_EMPLOI")
    assert not codes_of("stage", "PRE") >= codes_of("stage", "CITE_EMPLOI")
