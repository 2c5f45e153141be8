"""The scan: opens what is due. Works without any key, as the role that cannot read a sealed column."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from coordination.alerts.calendar import shift
from coordination.alerts.catalogue import RIGHT_OF_RULE, escalation_days, rules, severity
from coordination.console import count

ACTION_RULES = frozenset({"T19", "A05", "A12", "I06", "T29"})
REFERRAL_RULES = frozenset({"T14", "T15", "T16", "T17", "T18"})

# Statistics lag behind what the last scans opened: left to guess, the planner reads whole tables. What is due is
# always few among many, and every step of a scan has its index.
_BY_INDEX = text(
    "SELECT "
    + ", ".join(
        f"set_config('enable_{way}', 'off', true)"
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")
    )
)
# One scan after the other: a worker that found the rows taken would close the day's mails before those alerts
# stand, or before the other dies and gives them back. Let go at the end of the transaction, also by a death.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('coordination.scan'))")
# SKIP LOCKED passes by a row that a page is changing; the unique key is the guarantee.
_OPEN = text(
    """
WITH due AS (
  SELECT journey_id, rule, kind, subject_id, folder_id, due_on, since, because FROM deadline
  WHERE alert_id IS NULL AND due_on <= :on AND rule = ANY (:known) FOR UPDATE SKIP LOCKED),
opened AS (
  INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on, initial,
                     status)
  -- An id that begins with the instant: alerts of one scan stand side by side in the index. The rest tells
  -- nothing: gen_random_uuid() would open the machine's source of randomness for each.
  SELECT (CAST(:instant AS text) || left(encode(sha256(convert_to(concat_ws(
           '/', CAST(:salt AS text), journey_id, rule, kind, subject_id, since), 'UTF8')), 'hex'), 20))::uuid,
         journey_id, folder_id, rule, kind, subject_id, since, due_on, because, :on, :initial, 'OUVERTE' FROM due
  ON CONFLICT (journey_id, rule, kind, subject_id, since, folder_id) DO UPDATE
    SET status = CASE WHEN alert.status = 'RESOLUE' THEN 'OUVERTE' ELSE alert.status END,
        initial = CASE WHEN alert.status = 'RESOLUE' THEN EXCLUDED.initial ELSE alert.initial END,
        opened_on = CASE WHEN alert.status = 'RESOLUE' THEN EXCLUDED.opened_on ELSE alert.opened_on END,
        due_on = EXCLUDED.due_on,
        resolved_on = CASE WHEN alert.status = 'RESOLUE' THEN NULL ELSE alert.resolved_on END,
        escalated_on = CASE WHEN alert.status = 'RESOLUE' THEN NULL ELSE alert.escalated_on END,
        postponed_until = CASE WHEN alert.status = 'RESOLUE' THEN NULL ELSE alert.postponed_until END,
        version = alert.version + 1
  RETURNING id, journey_id, rule, kind, subject_id, since, due_on, initial,
            status = 'OUVERTE' AND opened_on = :on AS is_open),
tied AS (
  UPDATE deadline d SET alert_id = o.id FROM opened o
  WHERE d.journey_id = o.journey_id AND d.rule = o.rule AND d.kind = o.kind AND d.subject_id = o.subject_id)
SELECT journey_id, rule, kind, subject_id, since, due_on, initial FROM opened WHERE is_open
"""
)
_NAMED = text(
    """
SELECT o.*, j.ref, COALESCE(a.key, r.key) AS subject_key
FROM unnest(CAST(:journey_id AS uuid[]), CAST(:rule AS text[]), CAST(:kind AS text[]), CAST(:subject_id AS text[]),
            CAST(:since AS date[]), CAST(:due_on AS date[]), CAST(:initial AS boolean[]))
     AS o (journey_id, rule, kind, subject_id, since, due_on, initial)
JOIN journey j ON j.id = o.journey_id
LEFT JOIN action a ON a.id = CAST(CASE WHEN o.rule = ANY (:action_rules) THEN o.subject_id END AS uuid)
LEFT JOIN referral r ON r.id = CAST(CASE WHEN o.rule = ANY (:referral_rules) THEN o.subject_id END AS uuid)
"""
)
# OFFSET keeps the rules outside: each then reads its own stretch of the index, and nothing of the others.
_ESCALATE = text(
    """
UPDATE alert SET escalated_on = :on
FROM unnest(CAST(:rules AS text[]), CAST(:kinds AS text[]), CAST(:since AS date[])) AS late (rule, kind, since),
LATERAL (SELECT a.id FROM alert a
         WHERE a.rule = late.rule AND a.kind = late.kind AND a.opened_on <= late.since
           -- Whoever postponed it acted: the delay begins again when it comes back.
           AND (a.postponed_until IS NULL OR a.postponed_until <= late.since)
           AND a.status IN ('OUVERTE', 'VUE') AND a.escalated_on IS NULL OFFSET 0) AS silent
WHERE alert.id = silent.id AND alert.status IN ('OUVERTE', 'VUE') AND alert.escalated_on IS NULL
"""
)


@dataclass(frozen=True)
class OpenedAlert:
    """An alert as the scan tells it: references, codes and dates, no personal data."""

    journey: str
    rule: str
    kind: str
    subject: str | None
    break_type: str
    severity: str
    initial: bool
    due_on: date
    since: date

    def as_json(self) -> dict[str, Any]:
        """In the names of the fixed format."""
        told = {**vars(self), "due_on": self.due_on.isoformat(), "since": self.since.isoformat()}
        return {"rupture_type" if name == "break_type" else name: value for name, value in told.items()}


@dataclass(frozen=True)
class ScanResult:
    """`number` alerts were opened; `opened` tells them where somebody asked for their names."""

    on: date
    number: int
    opened: list[OpenedAlert]
    already_open: int
    returned: int = 0
    escalated: int = 0
    elapsed_s: float = field(default=0.0, compare=False)

    @property
    def words(self) -> str:
        """What it did, in one French line: every command that scans says the same."""
        opened = count(self.number, "alerte ouverte", "alertes ouvertes")
        return f"{opened}, {count(self.already_open, 'déjà ouverte', 'déjà ouvertes')}."

    def as_json(self) -> dict[str, Any]:
        opened = [alert.as_json() for alert in self.opened]
        return {
            "on": self.on.isoformat(),
            "opened": opened,
            "already_open": self.already_open,
            "elapsed_s": round(self.elapsed_s, 3),
        }


def subject_label(rule: str, key: str | None) -> str | None:
    """What a person recognises of an alert's subject: a key, a kind of right, or nothing."""
    return RIGHT_OF_RULE.get(rule, key)


def scan(engine: Engine, on: date, finished_at: datetime, *, named: bool = True) -> ScanResult:
    """Open every deadline due on `on` or before; bring back what was postponed until then; escalate.

    `engine` connects as the worker role. Any number of scans at once open each alert once. `named`: whether to
    read the reference and the subject of each, which lie on pages that nothing else of a scan touches.
    """
    started = time.perf_counter()
    with engine.begin() as connection:
        connection.execute(_ALONE)
        # A threshold set for this day takes effect, one past its last day is over.
        connection.execute(text("SELECT begin_thresholds(:on)"), {"on": on})
        connection.execute(_BY_INDEX)
        # An absence that is over, a month that has passed.
        connection.execute(text("SELECT end_with_time(:on)"), {"on": on})
        initial = bool(connection.scalar(text("SELECT EXISTS (SELECT 1 FROM import_run WHERE NOT scanned)")))
        already = int(
            connection.scalar(
                text(
                    "SELECT count(*) FROM alert"
                    " WHERE status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE')"
                )
            )
            or 0
        )
        rows = connection.execute(
            _OPEN,
            {
                "on": on,
                "initial": initial,
                # Twelve figures of sixteen: the milliseconds.
                "instant": f"{int(finished_at.timestamp() * 1000):012x}"[-12:],
                "salt": secrets.token_hex(16),
                # A rule that was retired opens nothing more.
                "known": list(rules()),
            },
        ).all()
        returned = _bring_back(connection, on)
        escalated = _escalate(connection, on)
        if initial:
            connection.execute(text("UPDATE import_run SET scanned = true WHERE NOT scanned"))
        connection.execute(
            text(
                "INSERT INTO scan_run (id, on_date, finished_at, opened)"
                " VALUES (:id, :on, :finished_at, :opened)"
            ),
            {"id": uuid.uuid4(), "on": on, "finished_at": finished_at, "opened": len(rows)},
        )
        opened = _named(connection, rows) if named else []
    return ScanResult(on, len(rows), opened, already, returned, escalated, time.perf_counter() - started)


def _named(connection: Connection, rows: Sequence[Any]) -> list[OpenedAlert]:
    if not rows:
        return []
    columns = {name: [getattr(row, name) for row in rows] for name in rows[0]._fields}
    asked = {**columns, "action_rules": sorted(ACTION_RULES), "referral_rules": sorted(REFERRAL_RULES)}
    told = (_told(row) for row in connection.execute(_NAMED, asked).mappings())
    return sorted(told, key=lambda a: (a.journey, a.rule, a.kind, a.subject or "", a.since))


def _told(row: Any) -> OpenedAlert:
    rule = rules()[row["rule"]]
    return OpenedAlert(
        journey=row["ref"],
        rule=row["rule"],
        kind=row["kind"],
        subject=subject_label(row["rule"], row["subject_key"]),
        break_type=rule.break_type,
        severity=severity(row["rule"], row["kind"]),
        initial=row["initial"],
        due_on=row["due_on"],
        since=row["since"],
    )


def _bring_back(connection: Connection, on: date) -> int:
    result = connection.execute(
        text(
            "UPDATE alert SET status = 'OUVERTE', version = version + 1"
            " WHERE status = 'REPORTEE' AND postponed_until <= :on"
        ),
        {"on": on},
    )
    return int(result.rowcount)


def _escalate(connection: Connection, on: date) -> int:
    """Flag what nobody acted upon in time (source: `escalate_after_days` of each rule)."""
    days = {(rule, kind): escalation_days(rule, kind) for rule in rules() for kind in ("lead", "overdue")}
    timed = [(rule, kind, count) for (rule, kind), count in days.items() if count is not None]
    result = connection.execute(
        _ESCALATE,
        {
            "on": on,
            "rules": [rule for rule, _, _ in timed],
            "kinds": [kind for _, kind, _ in timed],
            "since": [shift(on, -count) for _, _, count in timed],
        },
    )
    return int(result.rowcount)
