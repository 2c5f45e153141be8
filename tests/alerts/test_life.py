"""The life of an alert between two scans: set aside, postponed, resolved, reopened, escalated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.alerts.catalogue import escalation_days
from coordination.alerts.commands import Answer, answer_alert
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.exchange.recompute import recompute
from coordination.reference import labels
from coordination.worker import run_scan
from tests.alerts.scan_kit import case, contact, opened, pre
from tests.support import day, import_rows, journey_id, person, rows, scalar


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    yield app


def an_alert(house: Flask) -> Any:
    """A01 of a journey whose last exchange was 60 days ago, opened today; its id."""
    bundle = case(pre(opened_on=str(day(-90)), agreement_on=str(day(-89))), contacts=[contact(str(day(-89)))])
    bundle["contacts.csv"].append({"journey": "PRE-1", **contact(str(day(-88)))})
    import_rows(bundle)
    opened(house, str(day()))
    return scalar("SELECT id FROM alert WHERE rule = 'A01'")


def answered(alert: Any, answer: Answer) -> None:
    version = scalar("SELECT version FROM alert WHERE id = %s", alert)
    answer_alert(person("ref1"), alert, answer, version, clock.now())


def status(alert: Any) -> str:
    return str(scalar("SELECT status FROM alert WHERE id = %s", alert))


def test_set_aside_stays_aside_whatever_is_recomputed(house: Flask) -> None:
    alert = an_alert(house)
    answered(alert, Answer("SANS_OBJET", reason=first_reason()))
    recompute(operator_actor(), clock.now(), day())
    assert opened(house, str(day(1))) == []
    # A threshold that moves gives the same fact another date: still set aside.
    rows("UPDATE deadline SET due_on = %s, alert_id = NULL WHERE rule = 'A01'", day(1))
    assert "A01" not in {a["rule"] for a in opened(house, str(day(2)))}
    assert status(alert) == "SANS_OBJET" and scalar("SELECT count(*) FROM alert WHERE rule = 'A01'") == 1


def first_reason() -> str:
    return next(iter(labels("alert_dismiss_reason")))


def test_postponed_comes_back_on_its_day(house: Flask) -> None:
    alert = an_alert(house)
    answered(alert, Answer("REPORTEE", until=day(5), reason=first_reason()))
    opened(house, str(day(4)))
    assert status(alert) == "REPORTEE"
    assert run_scan(house.config["SETTINGS"], day(5)).returned == 1
    assert status(alert) == "OUVERTE"


def test_a_corrected_fact_reopens_the_same_alert(house: Flask) -> None:
    """An exchange resolves it; that exchange turns out to be an attempt; the same alert stands again."""
    alert = an_alert(house)
    row = log_contact(
        person("ref1"), journey_id("PRE-1"), NewContact(day(), "TELEPHONE", "ABOUTI"), clock.now()
    )
    assert status(alert) == "RESOLUE" and scalar(
        "SELECT resolved_because FROM alert WHERE id = %s", alert
    ).startswith("échange")
    rows("UPDATE contact SET outcome = 'MESSAGE' WHERE id = %s", row)
    recompute(operator_actor(), clock.now(), day())
    assert [a["rule"] for a in opened(house, str(day())) if a["rule"] == "A01"] == ["A01"]
    assert status(alert) == "OUVERTE" and scalar("SELECT count(*) FROM alert WHERE rule = 'A01'") == 1
    assert rows("SELECT resolved_on, resolved_because FROM alert WHERE id = %s", alert)[0][0] is None


def test_what_nobody_acts_upon_is_escalated_once_on_its_day(house: Flask) -> None:
    """Of each pair of rules the table of rules says after how many days; what is taken in hand is left alone."""
    an_alert(house)
    alerts = rows("SELECT id, rule, kind, opened_on FROM alert ORDER BY rule")
    days = {(rule, kind): escalation_days(rule, kind) for _, rule, kind, _ in alerts}
    timed = [alert for alert in alerts if days[alert[1], alert[2]] is not None]
    assert timed
    taken = timed[0][0]
    answered(taken, Answer("PRISE_EN_CHARGE"))
    known = {alert[0] for alert in alerts}
    for offset in range(40):
        run_scan(house.config["SETTINGS"], day(offset))
    for alert, rule, kind, on in alerts:
        late = days[rule, kind]
        wanted = None if late is None or alert == taken else on + timedelta(days=late)
        assert scalar("SELECT escalated_on FROM alert WHERE id = %s", alert) == wanted, rule
    assert known <= {row[0] for row in rows("SELECT id FROM alert")}
