"""The worker: scans once a day, holds no key, and connects as a role that cannot read a sealed column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine, create_engine, text

from config.settings import Mail, Settings
from coordination import clock
from coordination.alerts.outbox import last_scan, queue_digests, queue_outage
from coordination.alerts.scan import ACTION_RULES, REFERRAL_RULES, ScanResult, scan, subject_label
from coordination.alerts.sending import deliver
from coordination.embedded import role_url, sqlalchemy_url
from coordination.errors import BadInput

# Never between 02:00 and 03:00: that hour happens twice or not at all when the clocks change.
SCAN_AT = CronTrigger(hour=5, minute=15, timezone=clock.PARIS)
SWEEP_AT = CronTrigger(hour=4, minute=45, timezone=clock.PARIS)
SEND_EVERY = IntervalTrigger(minutes=2, timezone=clock.PARIS)


def worker_engine(settings: Settings) -> Engine:
    """Connections of the worker role."""
    return create_engine(
        sqlalchemy_url(role_url(settings, "worker")), hide_parameters=True, pool_pre_ping=True
    )


def run_scan(settings: Settings, on: date) -> ScanResult:
    """One scan for the day `on`."""
    engine = worker_engine(settings)
    try:
        return scan(engine, on, clock.now())
    finally:
        engine.dispose()


def run_day(engine: Engine, mail: Mail | None, on: date, now: datetime) -> ScanResult:
    """The scan of a day and the mails that follow from it; without mail settings none is written.

    A worker cannot tell its own death: the next one that lives tells the administrators how long nothing ran.
    """
    before = last_scan(engine)
    result = scan(engine, on, now, named=False)
    if mail is not None:
        queue_outage(engine, mail.base, before, on, now)
        queue_digests(engine, mail.base, on, now)
    return result


def run_once(settings: Settings) -> ScanResult:
    """Today's scan, its mails, and one round of sending."""
    engine = worker_engine(settings)
    try:
        result = run_day(engine, settings.mail, clock.today(), clock.now())
        if settings.mail is not None:
            deliver(engine, settings.mail, clock.now())
        return result
    finally:
        engine.dispose()


def sweep_marks(engine: Engine) -> int:
    """Delete the marks of what was written more than a day before the last of them; how many."""
    with engine.begin() as connection:
        return int(connection.execute(text("SELECT sweep_written()")).scalar_one())


def sweep_drafts(engine: Engine) -> int:
    """Delete the drafts that nobody came back to (7 days: the database decides); how many. Reads none."""
    with engine.begin() as connection:
        return connection.execute(text("DELETE FROM draft")).rowcount


def run_worker(settings: Settings) -> None:
    """Scan now (catching up whatever an outage left due) and then every day; until interrupted."""
    engine = worker_engine(settings)
    scheduler = BlockingScheduler(timezone=clock.PARIS)
    mail = settings.mail

    def at(trigger: CronTrigger | IntervalTrigger, act: Callable[[], object]) -> None:
        scheduler.add_job(act, trigger, coalesce=True, misfire_grace_time=None, max_instances=1)

    at(SWEEP_AT, lambda: sweep_drafts(engine))
    at(SWEEP_AT, lambda: sweep_marks(engine))
    at(SCAN_AT, lambda: run_day(engine, mail, clock.today(), clock.now()))
    if mail is not None:
        at(SEND_EVERY, lambda: deliver(engine, mail, clock.now()))
    try:
        run_day(engine, mail, clock.today(), clock.now())
        sweep_drafts(engine)
        sweep_marks(engine)
        scheduler.start()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        engine.dispose()


_STANDING = text(
    """
SELECT j.ref, d.rule, d.kind, COALESCE(a.key, r.key) AS subject_key, d.due_on, d.since
FROM deadline d JOIN journey j ON j.id = d.journey_id
LEFT JOIN action a ON a.id = CAST(CASE WHEN d.rule = ANY (:action_rules) THEN d.subject_id END AS uuid)
LEFT JOIN referral r ON r.id = CAST(CASE WHEN d.rule = ANY (:referral_rules) THEN d.subject_id END AS uuid)
WHERE CAST(:ref AS text) IS NULL OR j.ref = :ref
ORDER BY d.due_on, j.ref, d.rule, d.kind, 4, d.since
"""
)


def standing_deadlines(settings: Settings, ref: str | None = None) -> list[dict[str, Any]]:
    """Every deadline that stands, past and future: references, codes and dates."""
    engine = worker_engine(settings)
    try:
        with engine.connect() as connection:
            if ref and not connection.scalar(text("SELECT 1 FROM journey WHERE ref = :ref"), {"ref": ref}):
                raise BadInput(f"Aucun parcours ne porte la référence {ref}.")
            rows = connection.execute(
                _STANDING,
                {
                    "ref": ref,
                    "action_rules": sorted(ACTION_RULES),
                    "referral_rules": sorted(REFERRAL_RULES),
                },
            ).all()
    finally:
        engine.dispose()
    return [
        {
            "journey": row.ref,
            "rule": row.rule,
            "kind": row.kind,
            "subject": subject_label(row.rule, row.subject_key),
            "due_on": row.due_on.isoformat(),
            "since": row.since.isoformat(),
        }
        for row in rows
    ]
