"""The main button of an alert: the page that ends it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask

from coordination.alerts.catalogue import rules
from coordination.alerts.explain import ENDS
from coordination.alerts.queries import AlertView
from coordination.alerts.sentences import sentence
from coordination.alerts.ways import ALSO, EXCHANGE, WAYS
from coordination.cases.kinds_facts import ALL_ADDED, ALL_KINDS
from coordination.cases.views.pages import also_of, way_of

DAY, ONE = date(2026, 3, 2), uuid.uuid4()


@pytest.fixture
def page(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def alert(rule: str, subject: str = "") -> AlertView:
    return AlertView(
        id=ONE,
        journey_id=ONE,
        rule=rule,
        kind="overdue",
        subject_id=subject,
        because="",
        since=DAY,
        due_on=DAY,
        opened_on=DAY,
        status="OUVERTE",
        initial=False,
        escalated_on=None,
        version=1,
        today=DAY,
    )


def test_every_rule_has_its_way(app: Flask) -> None:
    assert set(WAYS) == set(rules())
    for way in (*WAYS.values(), *ALSO.values()):
        assert way.endpoint in app.view_functions and way.label
        assert way.slug in ("", *ALL_ADDED) and way.correct in ("", *ALL_KINDS)
        assert bool(way.slug) == (way.endpoint == "cases.add_record")


def test_an_exchange_is_offered_where_it_ends_the_alert() -> None:
    assert all(WAYS[rule] is EXCHANGE for rule, ends in ENDS.items() if ends == "un échange")
    assert all(WAYS[rule] is not EXCHANGE for rule in ("I03", "T08", "T14", "A14", "T30", "S16"))


def test_the_button_opens_what_the_alert_is_about(page: None) -> None:
    record = uuid.uuid4()
    assert way_of(alert("A01")) == (f"/parcours/{ONE}/echange", "Noter un échange")
    assert way_of(alert("I03", str(record))) == (f"/parcours/pause/{record}", "Noter le retour")
    assert way_of(alert("T30", str(record)))[0] == f"/parcours/rendez-vous/{record}"
    # No record that can be opened: the journey.
    for subject in ("", "not-an-id"):
        assert way_of(alert("I03", subject))[0] == f"/parcours/{ONE}"
    assert way_of(alert("T31"))[0] == f"/parcours/{ONE}/suivi"
    assert way_of(alert("A14"))[0] == f"/parcours/{ONE}/accord"


@pytest.mark.parametrize("rule", ["T09", "T10", "T11"])
def test_a_length_of_stay_is_decided_or_ends(page: None, rule: str) -> None:
    assert way_of(alert(rule)) == (f"/parcours/{ONE}/decision", "Noter la décision")
    assert also_of(alert(rule)) == (f"/parcours/{ONE}/sortie", "Terminer le parcours")
    assert "décision" in ENDS[rule] and "sortie" in ENDS[rule]
    assert also_of(alert("S06")) is None


@pytest.mark.parametrize(
    ("because", "said"),
    [("agreement_refused", "refusé"), ("agreement_withdrawn", "retiré"), ("", "refusé ou retiré")],
)
def test_an_agreement_is_said_refused_or_withdrawn(because: str, said: str) -> None:
    assert sentence("A14", "overdue", DAY, DAY, because) == f"Accord {said} le 02/03/2026"
