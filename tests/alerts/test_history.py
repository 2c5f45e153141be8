"""What happened to an alert is kept, whoever changed it: a page, a fact, the scan without a key."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.alerts.commands import Answer, answer_alert
from coordination.alerts.life import history
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.db import act_as, db
from coordination.exchange.recompute import recompute
from coordination.worker import run_scan
from tests.alerts.scan_kit import case, contact, opened, pre
from tests.support import day, import_rows, journey_id, person, rows, scalar


def an_alert(app: Flask) -> uuid.UUID:
    """A01 (told to the coordination after 15 days) of a journey silent for 60 days, opened today."""
    import_rows(
        case(
            pre(opened_on=str(day(-90)), agreement_on=str(day(-89))),
            contacts=[contact(str(day(-88)))],
        )
    )
    opened(app, str(day()))
    return uuid.UUID(str(scalar("SELECT id FROM alert WHERE rule = 'A01'")))


def answered(alert: uuid.UUID, answer: Answer) -> None:
    version = scalar("SELECT version FROM alert WHERE id = %s", alert)
    answer_alert(person("ref1"), alert, answer, version, clock.now())


def told(alert: uuid.UUID) -> list[tuple[Any, ...]]:
    act_as(db.session, person("ref1").id)
    found = history([alert])[alert]
    db.session.rollback()
    return [(line.what, line.on, line.by_id is not None) for line in found]


def test_the_whole_life_of_an_alert(app: Flask) -> None:
    alert = an_alert(app)
    assert told(alert) == [("OUVERTE", day(), False)]
    answered(alert, Answer("VUE"))
    answered(alert, Answer("PRISE_EN_CHARGE"))
    row = log_contact(
        person("ref1"), journey_id("PRE-1"), NewContact(day(), "TELEPHONE", "ABOUTI"), clock.now()
    )
    rows("UPDATE contact SET outcome = 'MESSAGE' WHERE id = %s", row)
    recompute(operator_actor(), clock.now(), day())
    run_scan(app.config["SETTINGS"], day(1))
    assert told(alert) == [
        ("OUVERTE", day(), False),
        ("VUE", day(), True),
        ("PRISE_EN_CHARGE", day(), True),
        ("RESOLUE", day(), False),
        ("ROUVERTE", day(1), False),
    ]
    because = scalar("SELECT because FROM alert_event WHERE alert_id = %s AND what = 'RESOLUE'", alert)
    assert str(because).startswith("échange")


def test_the_delay_begins_again_when_a_postponed_alert_comes_back(app: Flask) -> None:
    alert = an_alert(app)
    answered(alert, Answer("REPORTEE", until=day(10), reason="AUTRE"))
    for offset in range(1, 26):
        run_scan(app.config["SETTINGS"], day(offset))
        late = scalar("SELECT escalated_on FROM alert WHERE id = %s", alert)
        assert late == (day(25) if offset == 25 else None), offset
    assert told(alert) == [
        ("OUVERTE", day(), False),
        ("REPORTEE", day(), True),
        ("REVENUE", day(10), False),
        ("ESCALADEE", day(25), False),
    ]


def test_a_reopened_alert_is_told_to_the_coordination_in_its_turn(app: Flask) -> None:
    alert = an_alert(app)
    for offset in range(1, 16):
        run_scan(app.config["SETTINGS"], day(offset))
    assert scalar("SELECT escalated_on FROM alert WHERE id = %s", alert) == day(15)
    rows("UPDATE alert SET status = 'RESOLUE', resolved_on = %s WHERE id = %s", day(16), alert)
    rows("UPDATE deadline SET alert_id = NULL WHERE alert_id = %s", alert)
    run_scan(app.config["SETTINGS"], day(20))
    assert scalar("SELECT escalated_on FROM alert WHERE id = %s", alert) is None
    run_scan(app.config["SETTINGS"], day(20) + timedelta(days=14))
    assert scalar("SELECT escalated_on FROM alert WHERE id = %s", alert) is None
    run_scan(app.config["SETTINGS"], day(20) + timedelta(days=15))
    assert scalar("SELECT escalated_on FROM alert WHERE id = %s", alert) == day(35)
