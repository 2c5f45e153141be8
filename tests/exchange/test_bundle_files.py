"""The files themselves: folder, encoding, header, shape, quoting, line numbers, size."""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path

import pytest

from coordination.errors import BadInput
from coordination.exchange.bundle.columns import COLUMNS
from coordination.exchange.bundle.faults import Fault
from coordination.exchange.bundle.reader import ReadResult, read_bundle
from tests.exchange.bundle_examples import AS_OF, good, read, write

CONTACT = "PRE-1,2026-01-05,VAD,ABOUTI,a@ex.fr,"
HEADER = "journey,on,mode,outcome,author,note\n"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write(tmp_path, good())


def contacts(bundle: Path, content: str | bytes) -> ReadResult:
    data = content.encode() if isinstance(content, str) else content
    (bundle / "contacts.csv").write_bytes(data)
    return read_bundle(bundle, as_of=AS_OF)


def told(faults: list[Fault]) -> list[tuple[int | None, str | None, str]]:
    assert {f.file for f in faults} <= {"contacts.csv"}
    return [(f.line, f.column, f.reason) for f in faults]


def test_a_line_of_another_length_that_is_not_utf_8_says_both(bundle: Path) -> None:
    content = f"{HEADER}{CONTACT}\nPRÉ-1,2026-01-05\n{CONTACT},é\n".encode("cp1252")
    found = [(fault.line, fault.reason) for fault in contacts(bundle, content).faults]
    reason = "encodage : ce texte n’est pas en UTF-8"
    assert found.count((3, reason)) == found.count((4, reason)) == 1
    assert {line for line, why in found if "cellule" in why} == {3, 4}


def test_the_folder_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="n’existe pas"):
        read_bundle(tmp_path / "absent", as_of=AS_OF)
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="n’est pas un dossier"):
        read_bundle(tmp_path / "file", as_of=AS_OF)


@pytest.mark.parametrize("file", COLUMNS)
def test_any_file_may_be_missing_unless_others_name_its_lines(tmp_path: Path, file: str) -> None:
    rows = good()
    del rows[file]
    faults = read(tmp_path, rows).faults
    named = {"journeys.csv": "journey", "structures.csv": "structure", "users.csv": "author"}
    assert any(f.column == named.get(file) for f in faults) == (file in named)
    assert all("inconnu" in f.reason for f in faults)


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    result = read_bundle(tmp_path, as_of=AS_OF)
    assert (result.lines, result.faults, result.warnings) == ({}, [], [])


@pytest.mark.parametrize(
    "name", ["contact.csv", "Contacts.csv", "journeys.xlsx", "README.md", "contacts.csv.bak"]
)
def test_an_unknown_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).write_text("x")
    assert read_bundle(bundle, as_of=AS_OF).faults == [Fault(name, None, None, "fichier inconnu")]


def test_an_unknown_folder_is_named(bundle: Path) -> None:
    (bundle / "old").mkdir()
    assert read_bundle(bundle, as_of=AS_OF).faults == [Fault("old", None, None, "fichier inconnu")]


@pytest.mark.parametrize("name", ["truth.csv", ".DS_Store", ".~lock.contacts.csv#"])
def test_the_truth_and_hidden_files_are_passed_over(bundle: Path, name: str) -> None:
    (bundle / name).write_bytes(b"\xff\x00")
    assert read_bundle(bundle, as_of=AS_OF).faults == []


def test_a_folder_in_place_of_a_file(bundle: Path) -> None:
    (bundle / "contacts.csv").unlink()
    (bundle / "contacts.csv").mkdir()
    assert told(read_bundle(bundle, as_of=AS_OF).faults) == [(None, None, "dossier au lieu d’un fichier")]


def test_a_pipe_in_place_of_a_file_is_not_waited_for(bundle: Path) -> None:
    (bundle / "contacts.csv").unlink()
    os.mkfifo(bundle / "contacts.csv")
    assert told(read_bundle(bundle, as_of=AS_OF).faults) == [
        (None, None, "ce n’est pas un fichier ordinaire")
    ]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "  \n"])
def test_an_empty_file(bundle: Path, content: str) -> None:
    assert told(contacts(bundle, content).faults) == [
        (None, None, "fichier vide : il manque la ligne d’en-tête")
    ]


@pytest.mark.parametrize(
    "content",
    [
        HEADER,
        "\ufeff" + HEADER + CONTACT + "\n",
        (HEADER + CONTACT).replace("\n", "\r\n"),
        HEADER + CONTACT,  # no end of line at the end
        HEADER + "\n\n" + CONTACT + "\n\n\n",
        "note,author,outcome,mode,on,journey\n,a@ex.fr,ABOUTI,VAD,2026-01-05,PRE-1\n",
    ],
)
def test_what_other_programs_write_is_read(bundle: Path, content: str) -> None:
    result = contacts(bundle, content)
    assert result.faults == []
    assert all(line.values["mode"] == "VAD" for line in result.lines["contacts.csv"])


def test_the_header_names_known_columns_once(bundle: Path) -> None:
    faults = contacts(
        bundle, "journey,on,mode,mode,author,humeur,\nPRE-1,2026-01-05,VAD,VAD,a@ex.fr,x,\n"
    ).faults
    assert told(faults) == [
        (1, "mode", "colonne en double"),
        (1, "humeur", "colonne inconnue"),
        (1, "", "colonne sans nom"),
    ]


def test_a_missing_column_of_the_identity_is_one_fault(bundle: Path) -> None:
    lines = "2026-01-05,VAD,ABOUTI,a@ex.fr,\n" * 5
    assert told(contacts(bundle, "on,mode,outcome,author,note\n" + lines).faults) == [
        (1, "journey", "colonne absente")
    ]


def test_without_a_header_the_first_line_is_not_repeated(bundle: Path) -> None:
    (bundle / "representatives.csv").write_text("PRE-1,Zoé,Canari,mère,0600000000,,1,0,1\n")
    assert read_bundle(bundle, as_of=AS_OF).faults == [
        Fault("representatives.csv", 1, None, "ligne d’en-tête absente")
    ]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_another_separator_is_recognised(bundle: Path, separator: str) -> None:
    content = (HEADER + CONTACT).replace(",", separator)
    assert told(contacts(bundle, content).faults) == [
        (1, None, "séparateur inconnu : des virgules sont attendues")
    ]


def test_a_line_with_too_many_or_too_few_cells(bundle: Path) -> None:
    faults = contacts(bundle, HEADER + CONTACT + "\n" + CONTACT + ",\nPRE-1,2026-01-05\n").faults
    assert told(faults) == [
        (3, None, "7 cellule(s) au lieu de 6"),
        (4, None, "2 cellule(s) au lieu de 6"),
    ]


def test_a_broken_line_is_still_named_by_the_others(bundle: Path) -> None:
    journeys = (bundle / "journeys.csv").read_text().replace("PRE-1,PRE,", "PRE-1,PRE,,")
    (bundle / "journeys.csv").write_text(journeys)
    assert [(f.file, f.line, f.column) for f in read_bundle(bundle, as_of=AS_OF).faults] == [
        ("journeys.csv", 2, None)
    ]


@pytest.mark.parametrize("content", [b"", b"\xff\xfea\x00", b"PRE-1,PRE,L\xe9a\n"])
def test_a_file_that_cannot_be_read_does_not_make_its_lines_unknown(bundle: Path, content: bytes) -> None:
    for file in ("journeys.csv", "users.csv", "structures.csv", "referrals.csv"):
        (bundle / file).write_bytes(content)
    faults = read_bundle(bundle, as_of=AS_OF).faults
    assert [f.file for f in faults] == ["structures.csv", "users.csv", "journeys.csv", "referrals.csv"]


def test_bytes_that_are_not_utf8_are_faults_of_their_cells(bundle: Path) -> None:
    content = f"{HEADER}{CONTACT}été\n{CONTACT}\nPRÉ-1,2026-01-05,VAD,,a@ex.fr,à\n".encode("cp1252")
    reason = "encodage : ce texte n’est pas en UTF-8"
    faults = contacts(bundle, content).faults
    assert told(faults) == [(2, "note", reason), (4, "journey", reason), (4, "note", reason)]
    assert [f.value for f in faults] == [None, "PR?-1", None]


def test_utf16_is_one_fault(bundle: Path) -> None:
    [fault] = contacts(bundle, (HEADER + CONTACT).encode("utf-16")).faults
    assert "UTF-16" in fault.reason


def test_lines_are_counted_as_an_editor_counts_them(bundle: Path) -> None:
    note = '"une\ndeux, ""trois""\r\nquatre"'
    content = HEADER + CONTACT + note + "\n\n" + CONTACT.replace("VAD", "X") + note + "\n" + CONTACT + "\n"
    result = contacts(bundle, content)
    assert [(f.line, f.column) for f in result.faults] == [(6, "mode")]
    assert [line.number for line in result.lines["contacts.csv"]] == [2, 6, 9]
    assert result.lines["contacts.csv"][0].values["note"] == 'une\ndeux, "trois"\r\nquatre'


def test_quotes_gone_wrong_are_told_where_they_open(bundle: Path) -> None:
    faults = contacts(
        bundle, HEADER + CONTACT + '"a"b\n' + CONTACT + "\n" + CONTACT + '"jamais fermé\n\n'
    ).faults
    assert told(faults) == [
        (2, None, "texte collé à un guillemet fermant"),
        (4, None, "guillemet jamais refermé"),
    ]


def test_a_huge_cell_is_read_and_the_limit_of_the_library_left_as_it_was(bundle: Path) -> None:
    before = csv.field_size_limit()
    note = "mot " * 250_000
    result = contacts(bundle, HEADER + CONTACT + note + "\n")
    assert result.faults == []
    assert result.lines["contacts.csv"][0].values["note"] == note
    assert csv.field_size_limit() == before


def test_a_huge_refused_value_is_cut(bundle: Path) -> None:
    [fault] = contacts(bundle, HEADER + CONTACT.replace("VAD", "V" * 500_000) + "\n").faults
    assert fault.value is not None and len(fault.value) == 120


def test_a_hundred_thousand_lines_take_seconds(bundle: Path) -> None:
    content = HEADER + (CONTACT + '"Vue à la maison, tout va bien ; prochain échange le 12."\n') * 100_000
    started = time.perf_counter()
    result = contacts(bundle, content)
    # A machine shared with other suites is several times slower than the 2 s measured on a quiet one.
    assert time.perf_counter() - started < 20
    assert result.faults == []
    assert len(result.lines["contacts.csv"]) == 100_000
