"""Each kind of fault alone, all of them at once, and what is allowed right beside each."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from coordination.exchange.bundle.columns import COLUMNS, FILES, IDENTITY, SEALED, Kind
from tests.exchange.bundle_examples import Rows, good, read


class Case(NamedTuple):
    file: str
    cells: dict[str, str]
    column: str
    reason: str
    value: str | None
    row: int = 0


J, R, A = "journeys.csv", "referrals.csv", "appointments.csv"
CASES = [
    # Unknown codes: of a list, of the other programme, of the format.
    # What would do is told: the codes where they are few, else the shape.
    Case("users.csv", {"programme": "X"}, "programme", "code inconnu (attendu : CITE_EMPLOI, PRE)", "X"),
    Case(J, {"sex": "f"}, "sex", "code inconnu (attendu : F, M)", None),
    Case(J, {"agreement_on": "2026-02-31"}, "agreement_on", "(ce jour n’existe pas)", "2026-02-31"),
    Case(J, {"planned_rhythm_days": "x"}, "planned_rhythm_days", "(attendu : un entier de 1 à 3650)", "x"),
    Case("structures.csv", {"commune": "X"}, "commune", "(attendu : code INSEE, par exemple 62765)", "X"),
    Case("users.csv", {"structure": "Y"}, "structure", "(attendu : un code de structures.csv, ou", "Y"),
    Case(J, {"referent": "c@ex.fr"}, "referent", "(attendu : une adresse de users.csv, ou", "c@ex.fr"),
    Case(A, {"journey": "PRE-8"}, "journey", "(attendu : une référence de journeys.csv, ou", "PRE-8"),
    Case("structures.csv", {"type": "MAIRIE"}, "type", "code inconnu", "MAIRIE"),
    Case("users.csv", {"role": "CHEF"}, "role", "code inconnu", "CHEF"),
    Case("users.csv", {"programme": "CITE"}, "programme", "code inconnu", "CITE"),
    Case(J, {"stage": "EN_ACTION"}, "stage", "code inconnu", "EN_ACTION"),
    Case(J, {"stage": "EN_COURS"}, "stage", "code inconnu", "EN_COURS", 1),
    Case(J, {"exit_reason": "EMPLOI_DURABLE"}, "exit_reason", "code inconnu", None),
    Case(J, {"exit_reason": "LIMITE"}, "exit_reason", "code inconnu", None, 1),
    Case(J, {"agreement_status": "OUI"}, "agreement_status", "code inconnu", "OUI"),
    Case(J, {"agreement_status": "signe"}, "agreement_status", "code inconnu", "signe"),
    Case(J, {"sex": "H"}, "sex", "code inconnu", None),
    Case(J, {"area": "QUARTIER_FRAGILE"}, "area", "code inconnu", None),
    Case(J, {"school_level": "CE3"}, "school_level", "code inconnu", None),
    Case(J, {"scheme": "X"}, "scheme", "code inconnu", None),
    Case(J, {"orientation_path": "X"}, "orientation_path", "code inconnu", None),
    Case("contacts.csv", {"mode": "PIGEON"}, "mode", "code inconnu", "PIGEON"),
    Case("contacts.csv", {"outcome": "OK"}, "outcome", "code inconnu", "OK"),
    Case(A, {"status": "VENU"}, "status", "code inconnu", "VENU"),
    Case("actions.csv", {"kind": "X"}, "kind", "code inconnu", None),
    Case("actions.csv", {"axis_or_barrier": "MOBILITE"}, "axis_or_barrier", "code inconnu", None),
    Case("actions.csv", {"axis_or_barrier": "SCOLARITE"}, "axis_or_barrier", "code inconnu", None, 1),
    Case("actions.csv", {"droit_commun": "1"}, "droit_commun", "code inconnu", "1"),
    Case("actions.csv", {"status": "FINIE"}, "status", "code inconnu", "FINIE"),
    Case(R, {"status": "X"}, "status", "code inconnu", "X"),
    Case(R, {"refusal_reason": "X"}, "refusal_reason", "code inconnu", None),
    Case("pauses.csv", {"reason": "X"}, "reason", "code inconnu", None),
    Case("barriers.csv", {"barrier": "SCOLARITE"}, "barrier", "code inconnu", None),
    Case("barriers.csv", {"level": "X"}, "level", "code inconnu", None),
    Case("rights.csv", {"kind": "RSA"}, "kind", "code inconnu", None),
    Case("events.csv", {"kind": "X"}, "kind", "code inconnu", None),
    # Unreadable dates, numbers, booleans, communes, addresses.
    Case(J, {"agreement_on": "2026-02-30"}, "agreement_on", "date impossible", "2026-02-30"),
    Case(J, {"agreement_on": "10/09/2025"}, "agreement_on", "date illisible", "10/09/2025"),
    Case(J, {"agreement_on": "20250910"}, "agreement_on", "date illisible", "20250910"),
    Case(J, {"agreement_on": "2025-9-10"}, "agreement_on", "date illisible", "2025-9-10"),
    Case(J, {"agreement_on": "2025-09-10 "}, "agreement_on", "date illisible", "2025-09-10 "),
    Case(J, {"agreement_on": "2025-09-10T00:00"}, "agreement_on", "date illisible", "2025-09-10T00:00"),
    Case(J, {"agreement_on": "２０２５-09-10"}, "agreement_on", "date illisible", "２０２５-09-10"),
    Case("reviews.csv", {"due_on": "1899-12-31"}, "due_on", "hors de portée", "1899-12-31"),
    Case(J, {"birth_date": "1899-12-31"}, "birth_date", "hors de portée", None),
    Case(J, {"birth_date": "hier"}, "birth_date", "date illisible", None),
    Case(J, {"planned_rhythm_days": "0"}, "planned_rhythm_days", "hors de portée", "0"),
    Case(J, {"planned_rhythm_days": "-14"}, "planned_rhythm_days", "nombre illisible", "-14"),
    Case(J, {"planned_rhythm_days": "14.5"}, "planned_rhythm_days", "nombre illisible", "14.5"),
    Case(J, {"planned_rhythm_days": "9" * 30}, "planned_rhythm_days", "nombre illisible", "9" * 30),
    Case("school_absences.csv", {"half_days": "deux"}, "half_days", "nombre illisible", None),
    Case("representatives.csv", {"interpreter": "oui"}, "interpreter", "valeur illisible", None),
    Case("representatives.csv", {"signed_agreement": "true"}, "signed_agreement", "valeur illisible", None),
    Case("structures.csv", {"commune": "Saint-Omer"}, "commune", "commune illisible", "Saint-Omer"),
    Case("users.csv", {"email": "operateur", "structure": ""}, "email", "adresse", "operateur", 1),
    Case("actions.csv", {"key": "K" * 65}, "key", "trop long", "K" * 65),
    # The perimeter of the PRE, and of the PRE alone.
    Case(J, {"commune": "62014"}, "commune", "hors du périmètre", None),
    Case(J, {"commune": "59350"}, "commune", "hors du périmètre", None),
    # Unknown references.
    *(
        Case(file, {"journey": "PRE-9"}, "journey", "parcours inconnu", "PRE-9")
        for file in COLUMNS
        if "journey" in COLUMNS[file] and file not in ("actions.csv", R)
    ),
    Case("actions.csv", {"journey": "PRE-9"}, "journey", "parcours inconnu", "PRE-9"),
    Case(R, {"journey": "PRE-9", "follows": ""}, "journey", "parcours inconnu", "PRE-9", 1),
    Case("users.csv", {"structure": "X"}, "structure", "structure inconnue", "X"),
    Case(A, {"structure": "X"}, "structure", "structure inconnue", "X"),
    Case("actions.csv", {"structure": "X"}, "structure", "structure inconnue", "X"),
    Case(R, {"to_structure": "X"}, "to_structure", "structure inconnue", "X"),
    Case(J, {"referent": "b@ex.fr"}, "referent", "compte inconnu", "b@ex.fr"),
    Case("contacts.csv", {"author": "b@ex.fr"}, "author", "compte inconnu", "b@ex.fr"),
    Case(R, {"follows": "R9"}, "follows", "orientation inconnue", "R9", 1),
    Case(R, {"follows": "R2"}, "follows", "elle-même", "R2", 1),
    # Dates out of order: every pair of the format.
    Case(J, {"birth_date": "2025-09-02"}, "opened_on", "antérieure à birth_date", "2025-09-01"),
    Case(J, {"entered_on": "2025-08-31"}, "entered_on", "antérieure à opened_on", "2025-08-31"),
    Case(J, {"validated_on": "2025-09-30"}, "validated_on", "antérieure à entered_on", "2025-09-30"),
    Case(
        *(J, {"entered_on": "", "validated_on": "2025-08-31"}, "validated_on"),
        *("antérieure à opened_on (2025-09-01)", "2025-08-31"),
    ),
    Case(J, {"diagnosis_on": "2025-08-31"}, "diagnosis_on", "antérieure à opened_on", "2025-08-31"),
    Case(J, {"oriented_on": "2024-12-31"}, "oriented_on", "antérieure à rsa_opened_on", "2024-12-31", 1),
    Case(
        *(J, {"contract_signed_on": "2025-01-01"}, "contract_signed_on"),
        *("antérieure à oriented_on", "2025-01-01", 1),
    ),
    Case("actions.csv", {"planned_end": "2026-01-04"}, "planned_end", "à planned_start", "2026-01-04"),
    Case("actions.csv", {"ended_on": "2026-01-05"}, "ended_on", "à started_on", "2026-01-05"),
    Case(R, {"seen_on": "2026-01-04"}, "seen_on", "à sent_on", "2026-01-04"),
    Case(R, {"refused_on": "2026-01-05"}, "refused_on", "à seen_on", "2026-01-05"),
    Case(R, {"accepted_on": "2026-01-05"}, "accepted_on", "à seen_on", "2026-01-05"),
    Case(R, {"accepted_on": "2026-01-07"}, "accepted_on", "à sent_on", "2026-01-07", 1),
    Case(R, {"first_action_on": "2026-01-08"}, "first_action_on", "à accepted_on", "2026-01-08", 1),
    Case("pauses.csv", {"expected_return": "2026-01-31"}, "expected_return", "à from", "2026-01-31"),
    Case("pauses.csv", {"returned_on": "2026-01-31"}, "returned_on", "à from", "2026-01-31"),
    Case("barriers.csv", {"lifted_on": "2025-02-28"}, "lifted_on", "à identified_on", "2025-02-28"),
    Case("events.csv", {"handled_on": "2025-02-28"}, "handled_on", "à on", "2025-02-28"),
    # After the exit of the journey (2026-02-01).
    Case(J, {"opened_on": "2026-02-02", "entered_on": ""}, "opened_on", "à la sortie", "2026-02-02", 1),
    Case(J, {"entered_on": "2026-02-02"}, "entered_on", "à la sortie", "2026-02-02", 1),
    Case(J, {"validated_on": "2026-02-02"}, "validated_on", "à la sortie", "2026-02-02", 1),
    Case(J, {"diagnosis_on": "2026-02-02"}, "diagnosis_on", "à la sortie", "2026-02-02", 1),
    Case("barriers.csv", {"lifted_on": "2026-02-02"}, "lifted_on", "à la sortie", "2026-02-02"),
    Case("events.csv", {"handled_on": "2026-02-02"}, "handled_on", "à la sortie", "2026-02-02"),
    Case("contacts.csv", {"journey": "CITE-1", "on": "2026-02-02"}, "on", "à la sortie", "2026-02-02"),
    Case(A, {"journey": "CITE-1", "on": "2026-02-02"}, "on", "à la sortie", "2026-02-02"),
    # A NIR in any text.
    Case("contacts.csv", {"note": "vu : 2 55 08 14 168 025 38"}, "note", "sécurité sociale", None),
    Case("structures.csv", {"name": "2.55.08.14.168.025.38"}, "name", "sécurité sociale", None),
    Case(J, {"address": "255081416802538"}, "address", "sécurité sociale", None),
    Case("actions.csv", {"key": "255081416802538"}, "key", "sécurité sociale", None),
    # A programme that no journey can do without.
    Case(J, {"programme": ""}, "programme", "obligatoire", None),
    # What no database keeps.
    Case("contacts.csv", {"note": "a\x00b"}, "note", "caractère nul", None),
    Case("structures.csv", {"name": "a\x00b"}, "name", "caractère nul", "a\x00b"),
]
# Every fact after the day of the import.
FUTURE = [
    Case(file, {column.name: "2026-04-02"}, column.name, "date de l’import", None)
    for file, columns in FILES.items()
    for column in columns
    if column.kind is Kind.DATE and column.fact
]
# Every empty column of an identity.
EMPTY = [
    Case(file, {column.name: blank}, column.name, "obligatoire", None)
    for file, columns in FILES.items()
    for column in columns
    for blank in ("", "  ")
    if column.required and (file, column.name) != (J, "programme")
]


def only(case: Case) -> Rows:
    rows = good()
    rows[case.file][case.row].update(case.cells)
    return rows


def test_the_good_bundle_has_neither_fault_nor_warning(tmp_path: Path) -> None:
    result = read(tmp_path, good())
    assert result.faults == []
    assert result.warnings == []
    assert set(result.lines) == set(COLUMNS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_fault_alone(tmp_path: Path, case: Case) -> None:
    [fault] = read(tmp_path, only(case)).faults
    assert (fault.file, fault.line, fault.column) == (case.file, case.row + 2, case.column)
    assert case.reason in fault.reason
    assert fault.value == case.value


@pytest.mark.parametrize("case", FUTURE, ids=str)
def test_a_fact_after_the_day_of_the_import(tmp_path: Path, case: Case) -> None:
    found = [f for f in read(tmp_path, only(case)).faults if case.reason in f.reason]
    assert [(f.file, f.line, f.column) for f in found] == [(case.file, 2, case.column)]
    assert found[0].value == (None if case.column in SEALED[case.file] else "2026-04-02")


@pytest.mark.parametrize("case", EMPTY, ids=str)
def test_an_empty_column_of_an_identity(tmp_path: Path, case: Case) -> None:
    faults = read(tmp_path, only(case)).faults
    found = [(f.line, f.column) for f in faults if f.file == case.file and case.reason in f.reason]
    assert found == [(2, case.column)]


def test_every_date_is_a_fact_but_the_plans() -> None:
    dates = {
        (file, c.name): c.fact for file, columns in FILES.items() for c in columns if c.kind is Kind.DATE
    }
    assert {where for where, fact in dates.items() if not fact} == {
        *(("actions.csv", "planned_start"), ("actions.csv", "planned_end"), ("reviews.csv", "due_on")),
        *(("pauses.csv", "expected_return"), ("rights.csv", "ends_on")),
    }
    assert len(dates) == 32


def test_an_identity_is_required_but_for_three_columns_of_two_files() -> None:
    required = {(file, c.name) for file, columns in FILES.items() for c in columns if c.required}
    identities = {(file, column) for file, columns in IDENTITY.items() for column in columns}
    assert identities - required == {("users.csv", "structure"), ("users.csv", "programme"), (A, "structure")}
    assert required - identities == {(J, "programme")}


def test_an_appointment_to_come_with_a_misspelt_status_is_one_fault(tmp_path: Path) -> None:
    rows = good()
    rows[A][0].update(status="A VENIR", on="2026-05-01")
    assert [f.column for f in read(tmp_path, rows).faults] == ["status"]


def test_unreadable_identities_are_not_also_called_equal(tmp_path: Path) -> None:
    rows = good()
    rows["users.csv"][0]["programme"] = "P1"
    rows["users.csv"].append({**rows["users.csv"][0], "programme": "P2"})
    assert [f.column for f in read(tmp_path, rows).faults] == ["programme", "programme"]


def test_all_faults_in_one_run_sorted_by_file_line_and_column(tmp_path: Path) -> None:
    rows, expected = good(), set()
    for case in CASES:
        taken = {
            (file, row, column) for file, row, column in expected if (file, row) == (case.file, case.row)
        }
        if not taken and "journey" not in case.cells and case.file not in (J, "users.csv", "structures.csv"):
            rows[case.file][case.row].update(case.cells)
            expected.add((case.file, case.row, case.column))
    rows[J][0]["commune"] = "62014"
    rows[J][1]["scheme"] = "X"
    expected |= {(J, 0, "commune"), (J, 1, "scheme")}
    (tmp_path / "contact.csv").write_text("x")
    faults = read(tmp_path, rows).faults
    assert {(f.file, (f.line or 0) - 2, f.column) for f in faults} == {*expected, ("contact.csv", -2, None)}
    assert len(expected) > 12
    files = [*COLUMNS, "contact.csv"]
    places = [(files.index(f.file), f.line or 0) for f in faults]
    assert places == sorted(places)
