"""Workers killed at any moment leave what one worker that nobody kills would have left."""

from __future__ import annotations

import multiprocessing
import os
import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import Message

import psycopg
import pytest

from config.settings import Mail, Settings
from tests.alerts.killed_worker import one_day
from tests.alerts.mail_kit import FOR_LONG, at, post_office
from tests.conftest import TODAY
from tests.databases import copy_databases, superuser

# A worker's day takes about that long on this territory: kills fall before, within and after it.
LATEST_KILL_S = 0.3


@dataclass
class Left:
    """What stands at the end. `received`: (address, Message-ID, text) -> how often the mail server took it."""

    alerts: Counter[tuple[object, ...]]
    mails: Counter[tuple[object, ...]]
    received: Counter[tuple[str, str, str]]
    kills: int


def _fresh(cluster: Settings, template: str) -> Settings:
    """A territory whose people stay in their roles for as long as the test looks ahead."""
    settings = copy_databases(cluster, template, f"killed_{os.getpid()}")
    with psycopg.connect(superuser(settings), autocommit=True) as connection:
        for statement in FOR_LONG:
            connection.execute(statement)
    return settings


def _left(settings: Settings, received: list[tuple[str, Message]], kills: int) -> Left:
    with psycopg.connect(superuser(settings), autocommit=True) as connection:
        alerts = connection.execute(
            "SELECT j.ref, a.rule, a.kind, a.subject_id, a.since, a.opened_on, a.status, a.escalated_on"
            " FROM alert a JOIN journey j ON j.id = a.journey_id"
        ).fetchall()
        mails = connection.execute(
            "SELECT c.email, m.kind, m.on_date, m.subject, m.body, m.state"
            " FROM mail m JOIN account c ON c.id = m.account_id"
        ).fetchall()
    taken = (
        (to, str(message["Message-ID"]), str(message.get_payload(decode=True))) for to, message in received
    )
    return Left(Counter(alerts), Counter(mails), Counter(taken), kills)


def _many_days(cluster: Settings, template: str, days: int, workers: int, chance: random.Random) -> Left:
    """The same days, each with `workers` workers that are killed and one that ends the day."""
    settings = _fresh(cluster, template)
    kills = 0
    with post_office() as (box, mail):
        for number in range(days):
            on = TODAY + timedelta(days=number)
            kills += _kill_them(settings, mail, on, workers, chance)
            one_day(settings, mail, on, at(on))
    return _left(settings, box.received, kills)


def _kill_them(settings: Settings, mail: Mail, on: date, workers: int, chance: random.Random) -> int:
    """Workers begin a day at once and each is killed at a moment of its own; how many were still at work."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.alerts.killed_worker"])
    team = []
    for _ in range(workers):
        mine, theirs = context.Pipe()
        worker = context.Process(target=one_day, args=(settings, mail, on, at(on), theirs))
        worker.start()
        theirs.close()
        team.append((chance.uniform(0, LATEST_KILL_S), worker, mine))
    for _, _, gate in team:
        assert gate.recv() == "ready"
    for _, _, gate in team:
        gate.send("go")
    killed, waited = 0, 0.0
    for moment, worker, gate in sorted(team, key=lambda one: one[0]):
        worker.join(moment - waited)
        waited = moment
        worker.kill()
        worker.join()
        killed += worker.exitcode != 0
        gate.close()
    return killed


def _compare(cluster: Settings, template: str, days: int, workers: int, seed: int) -> Left:
    calm = _many_days(cluster, template, days, 0, random.Random(seed))
    wild = _many_days(cluster, template, days, workers, random.Random(seed))
    assert calm.alerts and calm.received and not calm.kills and wild.kills
    assert set(calm.received.values()) == {1}
    assert wild.alerts == calm.alerts, "every alert, once, on its day"
    assert wild.mails == calm.mails, "every mail, once, to the same person"
    assert wild.received.keys() == calm.received.keys(), (
        "every mail at least once, nobody else's, with one Message-ID"
    )
    return wild


def test_killed_workers_lose_nothing_and_tell_nothing_twice(
    cluster: Settings, _territory_template: str
) -> None:
    _compare(cluster, _territory_template, days=6, workers=3, seed=1)


@pytest.mark.soak
@pytest.mark.long
def test_eight_workers_killed_during_a_hundred_scans(cluster: Settings, _territory_template: str) -> None:
    left = _compare(cluster, _territory_template, days=100, workers=8, seed=random.randrange(10**6))
    again = sum(left.received.values()) - len(left.received)
    print(
        f"\n{left.kills} kills during 100 scans: {sum(left.alerts.values())} alerts, each once;"
        f" {len(left.received)} mails received, {again} of them more than once"
    )
