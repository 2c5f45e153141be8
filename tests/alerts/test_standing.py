"""Who is stalled, as the database counts it: the same alerts as the pages of one person show."""

from __future__ import annotations

import random

import pytest
from flask import Flask

from coordination import clock
from coordination.alerts.catalogue import serious
from coordination.alerts.queries import by_person, serious_alerts
from coordination.alerts.standing import standing
from coordination.db import act_as, db
from tests.cases.pages_kit import COORDINATOR, account
from tests.support import rows

STATUSES = ("OUVERTE", "VUE", "PRISE_EN_CHARGE", "REPORTEE", "SANS_OBJET", "RESOLUE")


def _mix(drawn: random.Random) -> None:
    """Alerts of every rule and status on a few journeys, some with the deadline that they come from."""
    rows("DELETE FROM alert_event")
    rows("DELETE FROM alert")
    folders = rows(
        "SELECT f.journey_id, f.id FROM folder f JOIN journey j ON j.id = f.journey_id"
        " WHERE f.volet = 'coordination' AND j.programme = 'PRE' ORDER BY f.id LIMIT 12"
    )
    codes = [
        *serious(),
        "A01:overdue",
        "A02:overdue",
        "T14:overdue",
        "T15:overdue",
        "T16:overdue",
        "S25:lead",
    ]
    for place, (journey, folder) in enumerate(folders * 6):
        rule, kind = drawn.choice(codes).split(":")
        rows(
            "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because,"
            " opened_on, status, initial, escalated_on) VALUES (gen_random_uuid(), %s, %s, %s, %s, %s,"
            " current_date - %s, current_date - %s, 'exchange', current_date, %s, %s, %s) ON CONFLICT DO NOTHING",
            *(journey, folder, rule, kind, drawn.choice(["", "s"]), place, drawn.randint(0, 40)),
            *(drawn.choice(STATUSES), drawn.random() < 0.5, drawn.choice([None, clock.today()])),
        )
    rows("UPDATE deadline SET alert_id = NULL")
    rows(
        "INSERT INTO deadline (journey_id, rule, kind, subject_id, folder_id, due_on, since, because, alert_id)"
        " SELECT DISTINCT ON (journey_id, rule, kind, subject_id) journey_id, rule, kind, subject_id, folder_id,"
        " due_on, since, because, id FROM alert WHERE status IN ('REPORTEE', 'SANS_OBJET') AND initial"
        " ON CONFLICT (journey_id, rule, kind, subject_id) DO UPDATE SET alert_id = EXCLUDED.alert_id"
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_database_counts_what_the_pages_show(site: Flask, seed: int) -> None:
    _mix(random.Random(seed))
    act_as(db.session, account(COORDINATOR))
    alerts = serious_alerts(clock.today())
    people = by_person(alerts)
    found = standing()
    assert len(people) > 5 and sorted(p.journey_id for p in people) == sorted(f.journey_id for f in found)
    of = {one.journey_id: one for one in found}
    for person in people:
        one = of[person.journey_id]
        assert sorted(one.rules) == sorted(a.rule for a in person.alerts)
        assert set(one.breaks) == {a.break_type for a in person.alerts}
        assert one.in_hand == person.in_hand
        assert one.late == any(a.escalated and not a.initial for a in person.alerts)
        first = person.alerts[0]
        assert one.worst[2:] == f"{first.due_on} {first.rule}"
    # The order of the pages, but for those that nothing tells apart.
    said = [(p.in_hand, p.severity, p.alerts[0].due_on, p.alerts[0].rule) for p in people]
    ranked = {p.journey_id: line for p, line in zip(people, said, strict=True)}
    assert [ranked[one.journey_id] for one in found] == said
    by_type = {(one.journey_id, one.breaks[0]) for one in standing(by_type=True)}
    assert by_type == {(a.journey_id, a.break_type) for a in alerts}
    db.session.rollback()
