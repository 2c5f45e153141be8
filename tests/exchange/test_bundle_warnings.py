"""What is odd and never refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from coordination.exchange.bundle.columns import COLUMNS as FULL
from coordination.exchange.bundle.doubts import absent_columns, age_on, folded_words
from coordination.exchange.bundle.reader import Known, KnownJourney
from tests.exchange.bundle_examples import good, read

J, R = "journeys.csv", "referrals.csv"

ODD = [
    # Age on the day of opening: PRE opened on 2025-09-01, Cité on 2025-01-01.
    (J, 0, {"birth_date": "2023-09-02"}, "birth_date", "âge hors du dispositif"),
    (J, 0, {"birth_date": "2008-09-01"}, "birth_date", "âge hors du dispositif"),
    (J, 1, {"birth_date": "2009-01-02"}, "birth_date", "âge hors du dispositif"),
    # Stage and dates.
    (J, 1, {"stage": "EN_ACTION"}, "stage", "alors que la sortie est datée"),
    (J, 0, {"stage": "SORTI"}, "stage", "sans date de sortie"),
    (J, 0, {"stage": "VEILLE"}, "stage", "sans date de sortie"),
    (J, 0, {"stage": "SAISINE", "validated_on": ""}, "stage", "alors que entered_on est rempli"),
    (J, 0, {"stage": "SAISINE", "entered_on": ""}, "stage", "alors que validated_on est rempli"),
    (J, 0, {"stage": "SUSPENDU"}, "stage", "sans pause ouverte"),
    # Possible duplicate, however it is written.
    *(
        (
            J,
            1,
            {"programme": "PRE", "birth_date": "2016-05-01", **names, **no_exit},
            "ref",
            "doublon possible de PRE-1",
        )
        for no_exit in [
            {
                "commune": "62765",
                "stage": "EN_COURS",
                "exit_on": "",
                "exit_reason": "",
                "validated_on": "2025-03-01",
            }
        ]
        for names in (
            {"first_name": "Léa", "last_name": "Martin"},
            {"first_name": "LEA", "last_name": "MARTIN"},
            {"first_name": "Martin", "last_name": "léa"},
        )
    ),
    # Missing recommended dates.
    (J, 0, {"opened_on": ""}, "opened_on", "date recommandée absente"),
    (J, 0, {"birth_date": ""}, "birth_date", "date recommandée absente"),
    (J, 0, {"entered_on": ""}, "entered_on", "date recommandée absente"),
    (J, 0, {"validated_on": ""}, "validated_on", "date recommandée absente"),
    (J, 0, {"agreement_on": ""}, "agreement_on", "avec SIGNE"),
    (J, 0, {"agreement_on": "", "agreement_status": "REFUS"}, "agreement_on", "avec REFUS"),
    (J, 0, {"exit_reason": "AUTRE"}, "exit_on", "motif de sortie sans date"),
    ("actions.csv", 0, {"started_on": ""}, "started_on", "avec EN_COURS"),
    ("actions.csv", 0, {"planned_start": "", "status": "PREVUE"}, "planned_start", "avec PREVUE"),
    ("actions.csv", 0, {"status": "ABANDONNEE"}, "ended_on", "avec ABANDONNEE"),
    (R, 0, {"refused_on": ""}, "refused_on", "avec REFUSEE"),
    (R, 1, {"accepted_on": ""}, "accepted_on", "avec DEMARREE"),
    (R, 1, {"first_action_on": ""}, "first_action_on", "avec DEMARREE"),
    (R, 1, {"status": "ENVOYEE", "sent_on": ""}, "sent_on", "avec ENVOYEE"),
    ("pauses.csv", 0, {"expected_return": "", "returned_on": ""}, "expected_return", "sans retour prévu"),
    # A referral sent before the one it follows.
    (R, 1, {"sent_on": "2026-01-04"}, "sent_on", "envoyée avant R1, qu’elle remplace (2026-01-05)"),
]


@pytest.mark.parametrize(("file", "row", "cells", "column", "reason"), ODD, ids=str)
def test_each_warning_alone(
    tmp_path: Path, file: str, row: int, cells: dict[str, str], column: str, reason: str
) -> None:
    rows = good()
    rows[file][row].update(cells)
    if cells.get("programme") == "PRE":
        # The second journey became a child: what only an adult has goes.
        for other in ("barriers.csv", "events.csv", "actions.csv"):
            rows[other] = [line for line in rows[other] if line["journey"] != "CITE-1"]
    result = read(tmp_path, rows)
    assert result.faults == []
    found = [w for w in result.warnings if reason in w.reason]
    assert [(w.file, w.line, w.column) for w in found] == [(file, row + 2, column)]
    if column not in ("ref", "birth_date"):
        assert result.warnings == found


FINE = [
    (J, 0, {"birth_date": "2023-09-01"}),  # 2 on the day
    (J, 0, {"birth_date": "2008-09-02"}),  # still 16
    (J, 1, {"birth_date": "2009-01-01"}),  # 16 on the day
    (J, 1, {"birth_date": "1950-01-01"}),
    (J, 0, {"stage": "NON_RETENU"}),
    (J, 0, {"stage": "NON_RETENU", "exit_on": "2026-03-02"}),
    (J, 0, {"stage": ""}),
    (J, 1, {"first_name": "Léa", "last_name": "Martin"}),  # another birth date and programme
    (R, 1, {"sent_on": "2026-01-05"}),  # the same day
    (R, 1, {"sent_on": "", "status": "BROUILLON", "accepted_on": "", "first_action_on": ""}),
]


@pytest.mark.parametrize(("file", "row", "cells"), FINE, ids=str)
def test_what_is_not_odd(tmp_path: Path, file: str, row: int, cells: dict[str, str]) -> None:
    rows = good()
    rows[file][row].update(cells)
    result = read(tmp_path, rows)
    assert (result.faults, result.warnings) == ([], [])


def test_suspended_with_an_open_pause_is_not_odd(tmp_path: Path) -> None:
    rows = good()
    rows[J][0]["stage"] = "SUSPENDU"
    rows["pauses.csv"][0]["returned_on"] = ""
    assert read(tmp_path, rows).warnings == []


def test_suspended_without_the_file_of_pauses_says_nothing(tmp_path: Path) -> None:
    rows = good()
    rows[J][0]["stage"] = "SUSPENDU"
    del rows["pauses.csv"]
    assert read(tmp_path, rows).warnings == []


def test_twins_and_namesakes_are_no_duplicates(tmp_path: Path) -> None:
    rows = good()
    twin = {**rows[J][0], "ref": "PRE-2", "first_name": "Zoé"}
    namesake = {**rows[J][0], "ref": "PRE-3", "birth_date": "2016-05-02"}
    elsewhere = {**rows[J][1], "ref": "CITE-2", "last_name": "Benali"}
    grown = {**rows[J][1], "ref": "CITE-3", "birth_date": "2008-05-01"}
    child = {**rows[J][0], **{c: grown[c] for c in ("first_name", "last_name", "birth_date")}, "ref": "PRE-4"}
    # Nothing links a child of the PRE to an adult of the Cité by itself, not even a warning.
    rows[J] += [twin, namesake, elsewhere, grown, {**child, "opened_on": "2024-09-01"}]
    assert read(tmp_path, rows).warnings == []


def test_a_referral_sent_before_one_that_the_database_holds(tmp_path: Path) -> None:
    rows = good()
    rows[R] = [{**rows[R][1], "follows": "R0"}]
    known = Known(journeys={"PRE-1": KnownJourney("PRE", referrals={"R0": date(2026, 1, 9)})})
    result = read(tmp_path, rows, known)
    assert result.faults == []
    assert [(w.line, w.column) for w in result.warnings] == [(2, "sent_on")]


def test_an_unreadable_date_is_a_fault_and_not_a_missing_one(tmp_path: Path) -> None:
    rows = good()
    rows[J][0]["validated_on"] = "bientôt"
    result = read(tmp_path, rows)
    assert [f.column for f in result.faults] == ["validated_on"]
    assert result.warnings == []


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2010, 5, 2), date(2026, 5, 1), 15),
        (date(2010, 5, 2), date(2026, 5, 2), 16),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


def test_names_fold() -> None:
    assert folded_words("Éloïse-Marie", "D’Argent") == folded_words("MARIE eloise", "d'argent")
    assert folded_words("Cœur") != folded_words("Coeurs")


@pytest.mark.parametrize(
    ("file", "column"), [(J, "opened_on"), (J, "agreement_on"), ("pauses.csv", "expected_return")]
)
def test_a_recommended_column_left_out_is_said_once(file: str, column: str) -> None:
    assert "colonne recommandée absente" not in {one.reason for one in absent_columns(file, FULL[file])}
    left = [name for name in FULL[file] if name != column]
    [one] = absent_columns(file, left)
    assert (one.file, one.line, one.column, one.reason) == (file, 1, column, "colonne recommandée absente")
    # No header at all is a fault already.
    assert list(absent_columns(file, [])) == []
