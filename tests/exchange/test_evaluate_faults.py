"""What `coordination evaluate` refuses, and how it says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.exchange.evaluate_kit import bundle, evaluate, quiet_and_calm


def refused(folder: Path, *words: str) -> None:
    result = evaluate(folder)
    assert (result.exit_code, result.stdout) == (2, "")
    for word in words:
        assert word in result.stderr


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "n’existe pas")


def test_a_bundle_without_its_truth(tmp_path: Path) -> None:
    refused(bundle(tmp_path / "b", quiet_and_calm(), None), "truth.csv", "ruptures connues")


def test_a_bundle_without_any_date(tmp_path: Path) -> None:
    rows = {
        file: lines[:1] for file, lines in quiet_and_calm().items() if file in ("structures.csv", "users.csv")
    }
    refused(bundle(tmp_path / "b", rows, []), "rien à rejouer")


def test_a_bad_bundle_is_refused_with_the_faults_of_an_import(tmp_path: Path) -> None:
    rows = quiet_and_calm()
    rows["contacts.csv"][0]["outcome"] = "PEUT_ETRE"
    rows["journeys.csv"][0]["exit_on"] = "2024-12-31"
    truth = [("CITE-9", "ABANDON", "2025-01-07", "2025-01-25")]
    folder = bundle(tmp_path / "b", rows, truth)
    refused(
        folder,
        "contacts.csv, ligne 2, colonne outcome - code inconnu",
        "sortie du parcours",
        "truth.csv, ligne 2",
        "CITE-9",
    )
    result = evaluate(folder, "--json")
    assert result.exit_code == 2
    files = {fault["file"] for fault in json.loads(result.stdout)["faults"]}
    assert files == {"contacts.csv", "journeys.csv", "appointments.csv", "truth.csv"}


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (("CITE-9", "ABANDON", "2025-01-07", "2025-01-25"), "journey", "parcours inconnu"),
        (("CITE-1", "LASSITUDE", "2025-01-07", "2025-01-25"), "type", "code inconnu"),
        (("CITE-1", "", "2025-01-07", "2025-01-25"), "type", "vide"),
        (("CITE-1", "ABANDON", "07/01/2025", "2025-01-25"), "began_on", "date illisible"),
        (("CITE-1", "ABANDON", "2025-01-07", "2025-01-06"), "observable_on", "antérieure à began_on"),
    ],
)
def test_a_line_of_the_truth_that_cannot_be(
    tmp_path: Path, line: tuple[str, str, str, str], column: str, reason: str
) -> None:
    refused(bundle(tmp_path / "b", quiet_and_calm(), [line]), f"truth.csv, ligne 2, colonne {column}", reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "fichier vide"),
        ("journey,type,began_on\n", "colonne absente"),
        ("journey,type,began_on,observable_on,note\n", "colonne inconnue"),
        ("journey,type,began_on,observable_on\nCITE-1,ABANDON\n", "cellule"),
    ],
)
def test_a_truth_that_is_no_table(tmp_path: Path, text: str, reason: str) -> None:
    folder = bundle(tmp_path / "b", quiet_and_calm(), [])
    (folder / "truth.csv").write_text(text, encoding="utf-8")
    refused(folder, "truth.csv", reason)
