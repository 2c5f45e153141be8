"""Two journeys of one person: found in memory, among what a coordinator sees, and shown to nobody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.queries.doubles import Doubles, doubles
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, last_audit
from tests.support import day, import_rows, journey_line, person, world

BORN = "2014-05-01"


def found(app: Flask, *people: dict[str, Any], who: str = "coord.pre") -> Doubles:
    """What the coordinator is shown of journeys PRE-1, PRE-2… that differ as told."""
    rows = world(pre=[], cite=[])
    rows["journeys.csv"] = [
        _line(n, {"first_name": "Camille", "last_name": "Nom"} | p) for n, p in enumerate(people, 1)
    ]
    import_rows(rows)
    with consult(person(who), Action.LIST_JOURNEYS, clock.now()) as r:
        grant = r.require()
        pairs = doubles(grant)
        r.audit(grant, pairs.shown)
    return pairs


def _line(number: int, given: dict[str, Any]) -> dict[str, str]:
    if "programme" in given:
        return journey_line(f"CITE-{number}", "ml", **given)
    return journey_line(f"PRE-{number}", "ref1" if number % 2 else "ref2", **given)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ({}, {}, "même nom et même date de naissance"),
        ({"last_name": "Hénon"}, {"last_name": "HENON"}, "même nom et même date de naissance"),
        ({"last_name": "Essai"}, {"last_name": "Essay"}, "même nom à l'oreille et même date de naissance"),
        (
            {"first_name": "Mathieu", "last_name": "Un"},
            {"first_name": "Matthieu", "last_name": "Deux"},
            "même date de naissance et même prénom à l'oreille",
        ),
        ({"last_name": "Da Silva"}, {"last_name": "Silva-Da"}, "même nom et même date de naissance"),
        ({}, {"birth_date": ""}, "même nom, une date de naissance inconnue"),
        ({}, {"birth_date": "2014-06-01"}, "même nom, dates de naissance proches"),
        ({}, {"last_name": "Autre"}, "même date de naissance et même prénom"),
        # Twins; namesakes; somebody else.
        ({}, {"first_name": "Sacha"}, None),
        ({}, {"birth_date": "2012-11-30"}, None),
        ({"first_name": "Sacha", "last_name": "Un"}, {"last_name": "Deux", "birth_date": "2013-01-02"}, None),
        # Both are over: nobody opens a file for nothing.
        ({"exit_on": str(day(-3)), "stage": "SORTI"}, {"exit_on": str(day(-2)), "stage": "SORTI"}, None),
        ({"exit_on": str(day(-3)), "stage": "SORTI"}, {}, "même nom et même date de naissance"),
    ],
)
def test_what_makes_a_pair(app: Flask, one: dict[str, str], other: dict[str, str], why: str | None) -> None:
    pairs = found(app, one, other).pairs
    assert [pair.why for pair in pairs] == ([why] if why else [])
    for pair in pairs:
        assert {pair.first.ref, pair.second.ref} == {"PRE-1", "PRE-2"}


def test_one_programme_at_a_time_and_the_older_first(app: Flask) -> None:
    later = {"opened_on": str(day(-20)), "agreement_on": str(day(-10))}
    pairs = found(app, later, {}, {"programme": "CITE_EMPLOI", "birth_date": BORN}).pairs
    assert [(pair.first.ref, pair.second.ref) for pair in pairs] == [("PRE-2", "PRE-1")]


def test_the_page_is_the_coordinators(site: Flask) -> None:
    page = browser(site, COORDINATOR).get("/parcours/doublons")
    assert page.status_code == 200 and "Doublons possibles" in page.text
    shown = re.findall(r"/parcours/([0-9a-f-]{36})\"", page.text)
    assert set(filter(None, last_audit("liste_parcours")[2].split(","))) == set(shown)
    assert browser(site, REFERENT).get("/parcours/doublons").status_code == 403
