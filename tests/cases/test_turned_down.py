"""A journey that is turned down: asked first, told in its thread, taken back, and counted nowhere as running."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

import coordination
from coordination.reference import label
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser
from tests.support import rows, scalar

LISTS = (
    ("/parcours/", r"(\d+) parcours en cours"),
    ("/parcours/", r"<strong>(\d+)</strong>"),
    ("/parcours/tableau", r"<strong>(\d+)</strong> suivis"),
    ("/parcours/reaffecter/{referent}", r"(\d+) parcours"),
    ("/parcours/tableau", r">{name}<.*?Parcours suivis\"><div>(\d+)"),
)
OWN = (
    ("/parcours/mes-parcours", r"(\d+) parcours suivis"),
    ("/parcours/ma-journee", r"(\d+) parcours suivis"),
)


def told(client: FlaskClient, pages: tuple[tuple[str, str], ...]) -> Iterator[int]:
    name = re.escape(scalar("SELECT display_name FROM account WHERE email = %s", REFERENT))
    for path, pattern in pages:
        page = unescape(client.get(path.format(referent=account(REFERENT))).text)
        found = re.search(pattern.replace("{name}", name), page, re.S)
        assert found, path
        yield int(found[1])


def turn_down(journey: uuid.UUID) -> None:
    rows("UPDATE journey SET stage = 'NON_RETENU', exit_on = NULL WHERE id = %s", journey)


def test_every_page_counts_the_same_journeys_as_running(site: Flask, journey: uuid.UUID) -> None:
    coordinator, referent = browser(site, COORDINATOR), browser(site, REFERENT)
    before = [*told(coordinator, LISTS), *told(referent, OWN)]
    assert before[0] == before[1] == before[2] and len({*before[3:]}) == 1
    turn_down(journey)
    assert [*told(coordinator, LISTS), *told(referent, OWN)] == [number - 1 for number in before]


def test_it_is_listed_with_those_that_ended_under_its_word(site: Flask, journey: uuid.UUID) -> None:
    ref, word = scalar("SELECT ref FROM journey WHERE id = %s", journey), label("pre_stage", "NON_RETENU")
    turn_down(journey)
    for who, path in ((COORDINATOR, "/parcours/"), (REFERENT, "/parcours/mes-parcours")):
        client = browser(site, who)
        assert ref not in client.get(path).text
        (line,) = [row for row in client.get(f"{path}?etat=termines").text.split("<tr") if ref in row]
        assert word in unescape(line)


def test_it_is_not_met_on_an_outing(site: Flask, journey: uuid.UUID) -> None:
    client, ref = browser(site, REFERENT), scalar("SELECT ref FROM journey WHERE id = %s", journey)
    assert ref in client.get("/parcours/tournee").text
    turn_down(journey)
    assert ref not in client.get("/parcours/tournee").text


# What is true of a past day, not of today.
PAST = {"cases/queries/trial.py"}
HOME = {"alerts/running.py", "cases/models.py"}


def test_what_runs_is_said_in_one_place() -> None:
    """A list that asks for the exit alone counts those that were turned down."""
    package = Path(coordination.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"exit_on IS (NOT )?NULL|exit_on\.is_(not)?\(|stage\.is_distinct_from", path.read_text())
    }
    assert found <= PAST | HOME, found - PAST - HOME
