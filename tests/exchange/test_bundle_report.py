"""The report: complete as JSON, readable in French, and never a sealed value."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from coordination.exchange.bundle.columns import COLUMN, COLUMNS, IDENTITY, SEALED, Kind
from coordination.exchange.bundle.faults import Fault, shown
from coordination.exchange.bundle.identity import identity_of, with_ranks
from coordination.exchange.bundle.lines import Line
from coordination.exchange.bundle.reader import ReadResult
from coordination.exchange.bundle.report import Changes, FieldChange, as_json, as_text
from tests.exchange.bundle_examples import AS_OF, good, read

# What may stand in clear, written a second time by hand: never an identity, a contact detail, an address, a
# school, a level, a sex, a barrier, the kind of a right, an event or an action, a reason, a free text.
CLEAR = {
    "structures.csv": set(COLUMNS["structures.csv"]),
    "users.csv": set(COLUMNS["users.csv"]),
    "journeys.csv": {
        *("ref", "programme", "opened_on", "agreement_status", "agreement_on", "entered_on", "validated_on"),
        *("diagnosis_on", "referent", "planned_rhythm_days", "stage", "rsa_opened_on", "oriented_on"),
        *("contract_signed_on", "exit_on"),
    },
    "representatives.csv": {"journey"},
    "contacts.csv": {"journey", "on", "mode", "outcome", "author"},
    "appointments.csv": {"journey", "on", "status", "structure"},
    "actions.csv": set(COLUMNS["actions.csv"]) - {"kind", "axis_or_barrier"},
    "referrals.csv": set(COLUMNS["referrals.csv"]) - {"refusal_reason"},
    "pauses.csv": {"journey", "from", "expected_return", "returned_on"},
    "reviews.csv": {"journey", "due_on", "held_on"},
    "barriers.csv": {"journey", "identified_on", "lifted_on"},
    "rights.csv": {"journey", "ends_on"},
    "events.csv": {"journey", "on", "handled_on"},
    "school_absences.csv": {"journey", "on"},
}
MARK = "Canarimauve"


def both(result: ReadResult, changes: Changes | None = None) -> str:
    whole = json.dumps(as_json(result, changes), ensure_ascii=False)
    return whole + as_text(result, changes) + repr(result.lines) + repr(changes)


@pytest.mark.parametrize("file", COLUMNS)
def test_what_is_sealed_is_written_by_hand(file: str) -> None:
    assert set(COLUMNS[file]) - SEALED[file] == CLEAR[file]


@pytest.mark.parametrize("file", COLUMNS)
def test_no_sealed_value_is_ever_reported(tmp_path: Path, file: str) -> None:
    """A canary in every sealed column: refused where the column has a pattern, kept where it is free."""
    rows = good()
    rows[file][0].update({column: f"{MARK}{place}" for place, column in enumerate(sorted(SEALED[file]))})
    rows[file].append(rows[file][0].copy())  # and repeated, to have the identity in a fault
    result = read(tmp_path, rows)
    assert MARK not in both(result)
    refused = {f.column for f in result.faults if f.line == 2}
    free = {c for c in SEALED[file] if COLUMN[file][c].kind is Kind.TEXT}
    assert refused & SEALED[file] == SEALED[file] - free


def test_sealed_dates_and_numbers_are_not_reported_either(tmp_path: Path) -> None:
    rows = good()
    rows["journeys.csv"][0].update(birth_date="2027-07-17")
    rows["rights.csv"][0].update(kind="MDPH")
    rows["rights.csv"].append(rows["rights.csv"][0].copy())
    rows["school_absences.csv"][0].update(half_days="7777")
    result = read(tmp_path, rows)
    assert {f.column for f in result.faults} >= {"birth_date", "journey+kind+ends_on", "half_days"}
    for value in ("2027-07-17", "MDPH", "7777", "Martin", "Léa", "1990-05-01"):
        assert value not in both(result)


def test_a_nir_is_reported_from_no_column(tmp_path: Path) -> None:
    rows = good()
    rows["structures.csv"][0]["name"] = "255081416802538"
    rows["users.csv"][0]["display_name"] = "2 55 08 14 168 025 38"
    result = read(tmp_path, rows)
    assert len(result.faults) == 2
    assert "168" not in both(result)


def test_a_nir_beside_another_fault_is_not_shown() -> None:
    assert shown("contacts.csv", "mode", "255081416802538") is None
    assert shown("contacts.csv", "mode", "X") == "X"
    assert shown("contacts.csv", "note", "X") is None


def test_a_line_shows_nothing_of_itself(tmp_path: Path) -> None:
    line = read(tmp_path, good()).lines["journeys.csv"][0]
    assert repr(line) == "<Line journeys.csv:2>"


def test_the_report_of_a_clean_bundle(tmp_path: Path) -> None:
    result = read(tmp_path, good())
    report = as_json(result, Changes(created={"journeys.csv": 2}), written=True)
    assert report["as_of"] == "2026-04-01"
    assert report["written"] is True
    assert report["lines"]["referrals.csv"] == 2
    assert (report["faults"], report["warnings"], report["changed"], report["missing"]) == ([], [], [], [])
    assert report["created"] == {"journeys.csv": 2}
    assert "journeys.csv : 2 à créer" in as_text(result, Changes(created={"journeys.csv": 2}))
    assert "Rien n’a été écrit" in as_text(result)
    assert "enregistré" in as_text(result, written=True)


def test_a_fault_says_file_line_column_reason_and_value() -> None:
    result = ReadResult(
        AS_OF,
        faults=[
            Fault("contacts.csv", 3, "mode", "code inconnu", "PIGEON"),
            Fault("contact.csv", None, None, "fichier inconnu"),
        ],
    )
    assert as_json(result)["faults"] == [
        {"file": "contacts.csv", "line": 3, "column": "mode", "reason": "code inconnu", "value": "PIGEON"},
        {"file": "contact.csv", "line": None, "column": None, "reason": "fichier inconnu", "value": None},
    ]
    assert as_text(result).splitlines() == [
        "Refusé - contacts.csv, ligne 3, colonne mode - code inconnu : « PIGEON »",
        "Refusé - contact.csv - fichier inconnu",
        "2 faute(s) sur 0 lignes lues : rien n’a été écrit.",
    ]


def test_a_refused_value_commands_no_terminal() -> None:
    result = ReadResult(AS_OF, faults=[Fault("contacts.csv", 3, "mode", "code inconnu", "\x1b[2Ja\nb")])
    assert "« ·[2Ja·b »" in as_text(result)
    assert len(as_text(result).splitlines()) == 2


def test_warnings_of_one_kind_make_one_sentence(tmp_path: Path) -> None:
    rows = good()
    rows["journeys.csv"] += [
        {"ref": f"CITE-{n}", "programme": "CITE_EMPLOI", "birth_date": "1990-01-01"} for n in range(10, 30)
    ]
    result = read(tmp_path, rows)
    assert len(as_json(result)["warnings"]) == 20
    [sentence] = [line for line in as_text(result).splitlines() if line.startswith("À vérifier")]
    assert "lignes 4, 5, 6" in sentence and "et 8 autres" in sentence and "opened_on" in sentence


def test_changes_name_sealed_fields_and_show_the_others(tmp_path: Path) -> None:
    result = read(tmp_path, good())
    journey = result.lines["journeys.csv"][0]
    right = result.lines["rights.csv"][0]
    changes = Changes(
        changed=[
            FieldChange(journey, "entered_on", date(2025, 9, 30)),
            FieldChange(journey, "last_name", MARK),
            FieldChange(journey, "referent", None),
        ],
        missing=[right],
        unchanged={"rights.csv": 3},
    )
    identity = {"file": "journeys.csv", "line": 2, "identity": {"ref": "PRE-1"}}
    report = as_json(result, changes)
    assert report["changed"] == [
        {**identity, "column": "entered_on", "before": "2025-09-30", "after": "2025-10-01"},
        {**identity, "column": "last_name"},
        {**identity, "column": "referent", "before": None, "after": "a@ex.fr"},
    ]
    assert report["missing"] == [
        {"file": "rights.csv", "identity": {"journey": "CITE-1", "ends_on": "2027-01-01"}}
    ]
    text = as_text(result, changes)
    assert "colonne entered_on : « 2025-09-30 » → « 2025-10-01 »" in text
    assert "colonne referent : vide → « a@ex.fr »" in text
    assert "journeys.csv : 0 à créer, 1 à changer, 0 sans changement" in text
    assert "conservé - rights.csv - CITE-1, 2027-01-01" in text
    assert text.count("last_name") == 1
    assert MARK not in both(result, changes)
    assert "CSS" not in both(result, changes)


def test_ranks_follow_the_order_of_equal_lines(tmp_path: Path) -> None:
    rows = good()
    one = rows["contacts.csv"][0]
    rows["contacts.csv"] = [
        {**one, "note": "première"},
        {**one, "mode": "SMS"},
        {**one, "note": "deuxième", "outcome": "MESSAGE"},
        {**one, "note": "troisième"},
    ]
    ranked = with_ranks(read(tmp_path, rows).lines["contacts.csv"])
    visit = ("PRE-1", date(2026, 1, 5), "VAD", "a@ex.fr")
    text_message = ("PRE-1", date(2026, 1, 5), "SMS", "a@ex.fr")
    assert [identity for identity, _ in ranked] == [(*visit, 1), (*text_message, 1), (*visit, 2), (*visit, 3)]
    assert [line.values["note"] for _, line in ranked] == ["première", None, "deuxième", "troisième"]


def test_appointments_of_one_day_without_structure_are_ranked(tmp_path: Path) -> None:
    rows = good()
    rows["appointments.csv"] = [{"journey": "PRE-1", "on": "2026-01-05"}] * 2
    ranked = with_ranks(read(tmp_path, rows).lines["appointments.csv"])
    assert [identity for identity, _ in ranked] == [
        ("PRE-1", date(2026, 1, 5), None, 1),
        ("PRE-1", date(2026, 1, 5), None, 2),
    ]


@pytest.mark.parametrize("file", COLUMNS)
def test_identities_are_those_of_the_format_and_unique(tmp_path: Path, file: str) -> None:
    lines = read(tmp_path, good()).lines[file]
    ranked = with_ranks(lines)
    assert len({identity for identity, _ in ranked}) == len(lines)
    for identity, line in ranked:
        assert identity[: len(IDENTITY[file])] == identity_of(file, line)


def test_types_of_values(tmp_path: Path) -> None:
    lines = read(tmp_path, good()).lines
    journey: Line = lines["journeys.csv"][0]
    assert journey.values["opened_on"] == date(2025, 9, 1)
    assert journey.values["planned_rhythm_days"] == 14
    assert journey.values["exit_on"] is None
    assert list(journey.values) == list(COLUMNS["journeys.csv"])
    representative = lines["representatives.csv"][0]
    assert representative.values["parental_authority"] is True
    assert representative.values["interpreter"] is None
