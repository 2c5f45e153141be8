"""Who is stalled, as the database counts it: the same alerts as the pages of one person show."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from coordination import clock
from coordination.alerts.catalogue import serious
from coordination.alerts.queries import AlertView, by_person, serious_alerts
from coordination.alerts.standing import standing
from coordination.cases.models import Journey
from coordination.cases.queries.running import running_and_counts
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
    assert len(people) > 5 and sorted(str(p.journey_id) for p in people) == sorted(f.journey for f in found)
    of = {one.journey: one for one in found}
    for person in people:
        one = of[str(person.journey_id)]
        assert sorted(one.rules.split()) == sorted(a.rule for a in person.alerts)
        assert sorted(one.breaks.split()) == sorted(a.break_type for a in person.alerts)
        assert one.in_hand == person.in_hand
        assert one.late == any(a.escalated and not a.initial for a in person.alerts)
    # The order of the pages, but for those that nothing tells apart.
    said = [(p.in_hand, p.severity, p.alerts[0].due_on, p.alerts[0].rule) for p in people]
    ranked = {str(p.journey_id): line for p, line in zip(people, said, strict=True)}
    assert [ranked[one.journey] for one in found] == said
    by_type = [(one.journey, set(one.breaks.split())) for one in standing(by_type=True)]
    assert sorted((journey, *codes) for journey, codes in by_type) == sorted(
        {(str(a.journey_id), a.break_type) for a in alerts}
    )
    _counted(alerts)
    db.session.rollback()


def _counted(alerts: list[AlertView]) -> None:
    """The same people per type and per référent; those to call, also by what comes due on a running journey."""
    until, wanted = clock.today() + timedelta(days=14), {code.partition(":")[0] for code in serious()[:60]}
    followed = {
        j: (who, exit_on is None) for j, who, exit_on in rows("SELECT id, referent_id, exit_on FROM journey")
    }
    seen = set(db.session.scalars(select(Journey.id)))
    soon = {
        journey
        for journey, rule in rows(
            "SELECT journey_id, rule FROM deadline WHERE alert_id IS NULL AND due_on <= %s", until
        )
        if journey in seen and rule in wanted and followed[journey][1]
    }
    stalled = {a.journey_id for a in alerts}
    due = soon | {a.journey_id for a in alerts if a.rule in wanted}
    assert soon and due
    _, found = running_and_counts([], 0, (), wanted, until)
    assert found.by_break == Counter(code for _, code in {(a.journey_id, a.break_type) for a in alerts})
    assert {who: n for who, n in found.stalled.items() if n} == Counter(followed[j][0] for j in stalled)
    assert {who: n for who, n in found.due.items() if n} == Counter(followed[j][0] for j in due)
