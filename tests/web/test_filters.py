from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from markupsafe import Markup, escape

from coordination.console import alphabetical
from coordination.web import filters
from tests.cases.pages_kit import REFERENT, browser, journeys_of, post

TODAY = date(2026, 10, 12)


def test_dates_read_in_french() -> None:
    assert filters.long_date(TODAY) == "12 octobre 2026"
    assert filters.short_date(TODAY) == "12 oct."
    assert filters.weekday_date(TODAY) == "lundi 12 octobre"
    assert filters.long_date(date(2026, 8, 1)) == "1er août 2026"
    assert filters.long_date(None) == filters.short_date(None) == "non renseigné"


def test_instants_are_read_in_paris() -> None:
    late = datetime(2026, 10, 12, 22, 5, tzinfo=UTC)
    assert filters.date_time(late) == "13 octobre 2026 à 0 h 05"
    assert filters.long_date(late) == "13 octobre 2026"
    assert filters.relative(late, date(2026, 10, 13)) == "aujourd'hui"


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 10, 12), "aujourd'hui"),
        (date(2026, 10, 11), "hier"),
        (date(2026, 10, 13), "demain"),
        (date(2026, 10, 9), "il y a 3 jours"),
        (date(2026, 8, 13), "il y a 60 jours"),
        (date(2026, 8, 12), "il y a 2 mois"),
        (date(2026, 11, 15), "dans 34 jours"),
        (date(2027, 10, 12), "dans 12 mois"),
        (date(2023, 10, 12), "il y a 3 ans"),
    ],
)
def test_relative_days(day: date, said: str) -> None:
    assert filters.relative(day, TODAY) == said


def test_large_counts_are_read_by_thousands() -> None:
    assert filters.count_of(9999, "jour") == "9999 jours"
    assert filters.count_of(12022, "jour") == "12\N{NARROW NO-BREAK SPACE}022 jours"


def test_counts_agree() -> None:
    assert [filters.count(n, "alerte") for n in (0, 1, 2)] == ["0 alerte", "1 alerte", "2 alertes"]
    assert filters.count(3, "journal", "journaux") == "3 journaux"


def test_ages() -> None:
    assert filters.age(date(2017, 10, 12), TODAY) == "9 ans"
    assert filters.age(date(2017, 10, 13), TODAY) == "8 ans"
    assert filters.age(date(2025, 11, 1), TODAY) == "11 mois"
    assert filters.age(None, TODAY) == "non renseigné"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("0612345678", "06 12 34 56 78"),
        ("06.12.34.56.78", "06 12 34 56 78"),
        ("+33 6 12 34 56 78", "06 12 34 56 78"),
        ("0033612345678", "06 12 34 56 78"),
        ("06 12 34 56 7", "06 12 34 56 7"),
        ("poste 12", "poste 12"),
        (None, ""),
    ],
)
def test_a_telephone_number_reads_in_pairs(typed: str | None, shown: str) -> None:
    assert filters.phone(typed).replace("\N{NO-BREAK SPACE}", " ") == shown


def test_names_stand_in_the_order_of_a_french_list() -> None:
    names = ["Zoo", "école", "arbre", "Écluse", "Eau"]
    assert sorted(names, key=alphabetical) == ["arbre", "Eau", "Écluse", "école", "Zoo"]


def test_double_signs_stay_with_their_word() -> None:
    nbsp = "\N{NO-BREAK SPACE}"
    said = "Écrivez « inconnu » ; sinon, ainsi : 12:30 ! Vraiment ? Oui : oui."
    assert filters.unbroken(said) == (
        f"Écrivez «{nbsp}inconnu{nbsp}»{nbsp}; sinon, ainsi{nbsp}: 12:30{nbsp}! Vraiment{nbsp}? Oui{nbsp}: oui."
    )
    assert filters.unbroken(filters.unbroken(said)) == filters.unbroken(said)
    assert filters.unbroken(escape("<b> : « a »")) == Markup(f"&lt;b&gt;{nbsp}: «{nbsp}a{nbsp}»")
    assert isinstance(filters.unbroken(escape("<b> :")), Markup)


def test_no_line_of_a_refused_form_begins_with_a_colon(site: Flask) -> None:
    client = browser(site, REFERENT)
    refused = post(
        client, f"/parcours/{journeys_of(REFERENT)[0]}/rendez-vous", on_date="31/02/2026", status="X"
    )
    shown = refused.text.split("error-summary-title")[1].split("</ul>")[0]
    shown += "".join(re.findall(r'class="field-error"[^>]*>([^<]*)', refused.text))
    assert shown.count("\N{NO-BREAK SPACE}:") >= 4 and not re.search(r" [:;?!»]|« ", shown)
