"""The outbox: what the day's digests are, written once by any number of workers. Works without any key."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, Engine, text

from coordination import clock
from coordination.alerts.catalogue import REPLACEMENTS, rules, serious
from coordination.alerts.digest import NewAlert, News, Week, compose, compose_outage, news
from coordination.alerts.tiers import PARTNERS, reaches_coordination, speaks_to_follower

# What opened longer ago than this is no news, also after an outage or before mail was set up.
LOOK_BACK = timedelta(days=7)
# INFO waits for the first working day of a week, which may come late in both weeks.
INFO_LOOK_BACK = 2 * LOOK_BACK
# The scan runs at 05:15; nobody's telephone rings then.
NOT_BEFORE = time(7, 0)
SATURDAY = 5

_ALERTS = text(
    "SELECT account_id, coordinates, journey_id, rule, kind, subject_id, told_on FROM digest_alerts("
    ":since, :on, CAST(:followers AS text[]), CAST(:coordination AS text[]),"
    " CAST(:partner_rules AS text[]), CAST(:partner_roles AS text[]))"
)
_SHEET = text(
    "SELECT account_id, heading, code, people FROM coordination_sheet("
    "CAST(:counted AS text[]), CAST(:breaks AS text[]), CAST(:hides AS text[]))"
)
_QUEUE = text(
    "INSERT INTO mail (id, account_id, kind, on_date, subject, body, queued_at, next_at)"
    " VALUES (:id, :account_id, :kind, :on, :subject, :body, :now, :next_at)"
    " ON CONFLICT (account_id, kind, on_date) DO NOTHING"
)
_LAST_RUNS = text(
    "SELECT max(on_date) AS last, max(on_date) FILTER (WHERE first) AS weekly FROM ("
    " SELECT on_date, on_date = min(on_date) OVER (PARTITION BY date_trunc('week', on_date)) AS first"
    " FROM digest_run WHERE on_date < :before) AS runs"
)
# Written, and never left: the server is away.
_STUCK = text(
    "SELECT account_id, min(on_date) AS first FROM mail"
    " WHERE kind = 'RESUME' AND state = 'A_ENVOYER' AND on_date < :on GROUP BY account_id"
)
_SUPERSEDE = text(
    "UPDATE mail SET state = 'ANNULE' WHERE account_id = :account_id AND kind = 'RESUME'"
    " AND state = 'A_ENVOYER' AND on_date < :on"
)
_ADMINS = text(
    "SELECT DISTINCT a.id FROM account a JOIN membership m ON m.account_id = a.id"
    " WHERE a.kind = 'person' AND a.suspended_at IS NULL AND m.role = 'ADMIN'"
    " AND (m.ended_at IS NULL OR m.ended_at > :now)"
)


def queue_digests(engine: Engine, base: str, on: date, now: datetime) -> int:
    """Write the mails of the day `on`, in one transaction; how many. None on Saturday, on Sunday, or a second time.

    `base`: address of the pages. The first working day of a week that has a worker also carries INFO and the
    coordinators' sheet. Who still waits for an earlier digest gets one mail that tells both, not one after another.
    """
    if on.weekday() >= SATURDAY:
        return 0
    with engine.begin() as connection:
        today = _span(connection, on, on)
        first = connection.execute(
            # Who comes second waits for the first, then finds the day done.
            text("INSERT INTO digest_run (on_date, queued_at) VALUES (:on, :now) ON CONFLICT DO NOTHING"),
            {"on": on, "now": now},
        ).rowcount
        if not first:
            return 0
        connection.execute(text("SELECT set_config('app.now', :now, true)"), {"now": now.isoformat()})
        stuck = {row.account_id: row.first for row in connection.execute(_STUCK, {"on": on})}
        spans = {account: _span(connection, written_on, on) for account, written_on in stuck.items()}
        oldest = min(span.oldest for span in (today, *spans.values()))
        found = {
            account: news(alerts, spans.get(account, today).since, spans.get(account, today).info_since)
            for account, alerts in _alerts(connection, oldest, on).items()
        }
        weekly = {account for account, span in spans.items() if span.info_since}
        sheets = _sheets(connection) if today.info_since or weekly else {}
        written = 0
        for account in sorted(found.keys() | sheets.keys()):
            mine = found.get(account, News({}, 0))
            week = sheets.get(account) if today.info_since or account in weekly else None
            if mine or week is not None:
                connection.execute(_SUPERSEDE, {"account_id": account, "on": on})
                _queue(connection, account, "RESUME", on, now, compose(base, mine, week))
                written += 1
        return written


@dataclass(frozen=True)
class _Span:
    """What a digest tells: what began after `since`; INFO after `info_since`, None in the middle of a week."""

    since: date
    info_since: date | None

    @property
    def oldest(self) -> date:
        return min(self.since, self.info_since or self.since)


def _span(connection: Connection, written_on: date, on: date) -> _Span:
    """Of the digest of the day `on` which also tells what one of `written_on` would have told."""
    last, weekly = connection.execute(_LAST_RUNS, {"before": written_on}).one()
    first_of_week = last is None or last < written_on - timedelta(days=written_on.weekday())
    return _Span(
        max(last or date.min, on - LOOK_BACK),
        max(weekly or on - LOOK_BACK, on - INFO_LOOK_BACK) if first_of_week else None,
    )


def queue_outage(engine: Engine, base: str, last: datetime | None, on: date, now: datetime) -> bool:
    """Tell the administrators that no scan had run for 26 hours: by the next worker that lives."""
    if last is None or now - last <= clock.LATE_AFTER:
        return False
    with engine.begin() as connection:
        words = compose_outage(base, clock.paris_date(last))
        for account in connection.scalars(_ADMINS, {"now": now}).all():
            _queue(connection, account, "PANNE", on, now, words)
    return True


def last_scan(engine: Engine) -> datetime | None:
    """When the last scan ended, if there was one."""
    with engine.connect() as connection:
        found: datetime | None = connection.scalar(text("SELECT max(finished_at) FROM scan_run"))
    return found


def _queue(
    connection: Connection, account: uuid.UUID, kind: str, on: date, now: datetime, words: tuple[str, str]
) -> None:
    subject, body = words
    early = datetime.combine(on, NOT_BEFORE, clock.PARIS)
    connection.execute(
        _QUEUE,
        {
            "id": uuid.uuid4(),
            "account_id": account,
            "kind": kind,
            "on": on,
            "subject": subject,
            "body": body,
            "now": now,
            "next_at": max(now, early),
        },
    )


def _alerts(connection: Connection, since: date, on: date) -> dict[uuid.UUID, list[NewAlert]]:
    """account -> what began to speak to them after `since`."""
    partners = [
        (rule.id, PARTNERS[code][0])
        for rule in rules().values()
        for code in rule.recipients
        if code in PARTNERS
    ]
    rows = connection.execute(
        _ALERTS,
        {
            "since": since,
            "on": on,
            "followers": [rule for rule in rules() if speaks_to_follower(rule)],
            "coordination": [
                rule for rule in rules() if reaches_coordination(rule, escalated=False, orphan=False)
            ],
            "partner_rules": [rule for rule, _ in partners],
            "partner_roles": [role for _, role in partners],
        },
    )
    found: dict[uuid.UUID, list[NewAlert]] = defaultdict(list)
    for row in rows:
        if row.rule in rules():
            found[row.account_id].append(
                NewAlert(row.journey_id, row.rule, row.kind, row.subject_id, row.told_on)
            )
    return found


def _sheets(connection: Connection) -> dict[uuid.UUID, Week]:
    """account of a coordinator -> their week, counted as on their board."""
    counted = list(serious())
    rows = connection.execute(
        _SHEET,
        {
            "counted": counted,
            "breaks": [rules()[code.split(":")[0]].break_type for code in counted],
            "hides": list(REPLACEMENTS),
        },
    )
    counts: dict[uuid.UUID, dict[tuple[str, str], int]] = defaultdict(dict)
    for row in rows:
        counts[row.account_id][row.heading, row.code] = row.people
    return {
        account: Week(
            {code: people for (heading, code), people in mine.items() if heading == "break"},
            mine.get(("orphan", ""), 0),
            mine.get(("handed_on", ""), 0),
        )
        for account, mine in counts.items()
    }
