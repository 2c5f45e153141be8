"""The catalogue's text as people read it."""

from __future__ import annotations

import re

import pytest

from coordination import reference
from coordination.alerts.catalogue import rules
from coordination.alerts.typography import Source, sources_of
from coordination.reference import typeset

PROJECT = "cahier des charges du projet"
DORA = "les délais de DORA, service public de l'insertion"
EMPLOIS = "les délais des Emplois de l'inclusion, service public"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Passage GS -> CP", "Passage GS → CP"),
        ("Absences >= 4 demi-journées", "Absences ≥ 4 demi-journées"),
        ("Aucun échange abouti - CEJ", "Aucun échange abouti – CEJ"),
        ("Attente de soin (CMP, orthophonie...)", "Attente de soin (CMP, orthophonie…)"),
        ("Élève de 15-17 ans", "Élève de 15-17 ans"),
    ],
)
def test_signs_are_those_of_print(written: str, shown: str) -> None:
    assert typeset(written) == shown


def test_no_signal_shows_the_signs_of_a_keyboard() -> None:
    assert not [rule.signal for rule in rules().values() if re.search(r"->|>=|<=|\.\.\.| - ", rule.signal)]
    # The file itself is loaded, not retyped.
    assert any("->" in line["signal"] for line in reference.load("alert_rules")["rules"])


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (None, ()),
        ("contract", (Source(PROJECT),)),
        ("contract (Quartiers d'été)", (Source(f"{PROJECT} (Quartiers d'été)"),)),
        ("contract; gip-inclusion/les-emplois", (Source(PROJECT), Source(EMPLOIS))),
        ("gip-inclusion/dora: relances J10, J20, expiration J30", (Source(DORA),)),
        ("gip-inclusion/another: 3 d", ()),
        ("Code de l'éducation R131-7, L131-8", (Source("Code de l'éducation R131-7, L131-8"),)),
        ("décret 2024-1244, D262-65-2", (Source("décret 2024-1244, D262-65-2"),)),
        (
            "https://inclusion.gouv.fr:443/blog/leviers?p=1",
            (Source("inclusion.gouv.fr", "https://inclusion.gouv.fr/blog/leviers?p=1"),),
        ),
    ],
)
def test_a_source_is_an_address_a_text_or_nothing(written: str | None, shown: tuple[Source, ...]) -> None:
    assert sources_of(written) == shown


def test_no_source_of_the_catalogue_is_shown_raw() -> None:
    for rule in rules().values():
        for source in sources_of(rule.source):
            assert "gip-" not in source.text and "contract" not in source.text and ":443" not in repr(source)
            assert source.url or source.text.startswith((PROJECT, "Code ", "décret ", "les délais d"))
