"""What happened to an alert since it opened, and how often a rule was wrong."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select, text

from coordination import reference
from coordination.alerts.catalogue import rules
from coordination.alerts.models import Alert, AlertEvent
from coordination.db import among, db

WORDS = {
    "OUVERTE": "Ouverte",
    "ROUVERTE": "Ouverte de nouveau",
    "REVENUE": "Revenue à la date prévue",
    "VUE": "Vue",
    "PRISE_EN_CHARGE": "Prise en charge",
    "REPORTEE": "Reportée",
    "SANS_OBJET": "Classée sans objet",
    "RESOLUE": "Résolue",
    "ESCALADEE": "Transmise à la coordination",
    "REPRISE": "Remise à traiter",
}
AT_REVIEW = "REVUE"
"""The reason of what the weekly review postpones: one key says it all there."""
# Reasons that say the alert should not have been: the others say that life is so, and that it was known.
FALSE = ("CONTACT_NON_SAISI", "DOUBLON", "ERREUR_DONNEE", "RYTHME_ADAPTE", "PAUSE")
COUNTED_OVER = timedelta(days=365)


@dataclass(frozen=True)
class Happened:
    """A line of the history, oldest first. `why`: the fact, or the reason given; never a free text."""

    on: date
    what: str
    by_id: uuid.UUID | None = None
    until: date | None = None
    why: str = ""

    @property
    def words(self) -> str:
        return WORDS[self.what]


def history(alert_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Happened]]:
    """The history of alerts that the actor sees. Two statements."""
    opened: dict[uuid.UUID, date] = {
        id_: on
        for id_, on in db.session.execute(select(Alert.id, Alert.opened_on).where(among(Alert.id, alert_ids)))
    }
    found: dict[uuid.UUID, list[Happened]] = {id_: [] for id_ in opened}
    rows = db.session.execute(
        select(
            AlertEvent.alert_id,
            AlertEvent.what,
            AlertEvent.on_date,
            AlertEvent.by_id,
            AlertEvent.until_on,
            AlertEvent.way_out,
            AlertEvent.because,
        )
        .where(among(AlertEvent.alert_id, alert_ids))
        .order_by(AlertEvent.position)
    )
    for row in rows:
        lines = found.setdefault(row.alert_id, [])
        taken_back = row.what == "VUE" and bool(lines) and lines[-1].what in ("REPORTEE", "SANS_OBJET")
        what = "REPRISE" if taken_back else row.what
        line = Happened(row.on_date, what, row.by_id, row.until_on, _why(row.way_out) or row.because or "")
        # The first opening is written down when the alert reopens: it still comes first.
        lines.insert(0, line) if row.what == "OUVERTE" else lines.append(line)
    for id_, on in opened.items():
        if not found[id_] or found[id_][0].what != "OUVERTE":
            found[id_].insert(0, Happened(on, "OUVERTE"))
    return found


def _why(way_out: str | None) -> str:
    if way_out == AT_REVIEW:
        return "Décidé à la revue de la semaine"
    return reference.label("alert_dismiss_reason", way_out) if way_out else ""


@dataclass(frozen=True)
class RuleRecord:
    """A rule over the last year: how many alerts it gave, how many were set aside as wrong."""

    rule: str
    signal: str
    opened: int
    false: int
    reasons: tuple[tuple[str, int], ...]

    @property
    def share(self) -> int:
        """Of alerts that were wrong, in per cent."""
        return round(100 * self.false / self.opened)


def false_alerts(today: date) -> list[RuleRecord]:
    """Per rule that was set aside or postponed at least once, the highest share first. One statement."""
    # Counted behind the wall: before it, each alert of the year would be held against the list of folders.
    rows = db.session.execute(
        text("SELECT rule, status, way_out, alerts FROM alert_outcomes(:since)"),
        {"since": today - COUNTED_OVER},
    ).all()
    opened: dict[str, int] = {}
    reasons: dict[str, dict[str, int]] = {}
    for rule, status, way_out, number in rows:
        opened[rule] = opened.get(rule, 0) + number
        if status == "SANS_OBJET" and way_out:
            mine = reasons.setdefault(rule, {})
            mine[way_out] = mine.get(way_out, 0) + number
    found = [
        RuleRecord(
            rule,
            rules()[rule].signal,
            opened[rule],
            sum(number for code, number in mine.items() if code in FALSE),
            tuple(
                (reference.label("alert_dismiss_reason", code), number)
                for code, number in sorted(mine.items(), key=lambda one: (-one[1], one[0]))
            ),
        )
        for rule, mine in reasons.items()
        if rule in rules()
    ]
    return sorted(found, key=lambda record: (-record.share, -record.opened, record.rule))
