"""What a digest says: counts and links, in French. Pure; it knows no name, no reference, no free text."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from coordination.alerts.catalogue import SEVERITY_RANK, replaced, severity
from coordination.alerts.sentences import BREAKS

# Above it the exact figure helps nobody.
CAP = 20
_WORDS = {"CRITIQUE": "critique", "HAUTE": "haute", "VIGILANCE": "vigilance", "INFO": "information"}
# The start page leads each to theirs: a partner who received a referral has no day of their own.
START, BOARD, STALLED, REVIEW = "/", "/parcours/tableau", "/parcours/bloques", "/parcours/revue"


@dataclass(frozen=True)
class NewAlert:
    """An alert that speaks to a person: an opaque id, codes and the day it began to speak."""

    journey_id: uuid.UUID
    rule: str
    kind: str
    subject_id: str
    told_on: date


@dataclass(frozen=True)
class Week:
    """The coordinators' Monday sheet, in people. `breaks`: type of break -> people."""

    breaks: Mapping[str, int] = field(default_factory=dict)
    orphans: int = 0
    handed_on: int = 0


@dataclass(frozen=True)
class News:
    """New people by worst severity; INFO apart, for the weekly mail."""

    by_severity: Mapping[str, int]
    info: int

    def __bool__(self) -> bool:
        return bool(self.by_severity or self.info)


def news(alerts: Iterable[NewAlert], since: date, info_since: date | None = None) -> News:
    """Group by person what began to speak after `since`; INFO after `info_since`, and not at all without it."""
    by_journey: dict[uuid.UUID, list[NewAlert]] = {}
    for alert in alerts:
        by_journey.setdefault(alert.journey_id, []).append(alert)
    worst: dict[str, int] = {}
    info = 0
    for mine in by_journey.values():
        hidden = set(replaced((a.rule, a.kind, a.subject_id) for a in mine))
        levels = [
            severity(a.rule, a.kind)
            for a in mine
            if (a.rule, a.kind, a.subject_id) not in hidden and _is_new(a, since, info_since)
        ]
        serious = [level for level in levels if level != "INFO"]
        if serious:
            level = min(serious, key=SEVERITY_RANK.__getitem__)
            worst[level] = worst.get(level, 0) + 1
        elif levels:
            info += 1
    return News({level: worst[level] for level in _WORDS if level in worst}, info)


def _is_new(alert: NewAlert, since: date, info_since: date | None) -> bool:
    if severity(alert.rule, alert.kind) == "INFO":
        return info_since is not None and alert.told_on > info_since
    return alert.told_on > since


def compose(base: str, found: News, week: Week | None = None) -> tuple[str, str]:
    """Subject and body. `base`: address under which the pages answer; `week`: for who coordinates, on Monday."""
    total = sum(found.by_severity.values())
    if week is not None:
        subject = "Coordination : la feuille de la semaine"
    elif total:
        subject = f"Coordination : du nouveau sur {_files(total)}"
    else:
        subject = "Coordination : le point de la semaine"
    lines = ["Bonjour,", ""]
    if total:
        lines.append(f"Depuis le dernier message, {_files(total)} avec du nouveau :")
        lines += [f"- priorité {_WORDS[level]} : {_number(n)}" for level, n in found.by_severity.items()]
        lines += [f"À voir ici : {base}{BOARD if week is not None else START}", ""]
    if found.info:
        lines += [
            f"Pour information, cette semaine : {_files(found.info)}.",
            f"À voir ici : {base}{START}",
            "",
        ]
    if week is not None:
        lines += _sheet(base, week)
    lines += ["Ce message ne contient volontairement aucun nom : le détail est dans l'outil."]
    return subject, "\n".join(lines) + "\n"


def _sheet(base: str, week: Week) -> list[str]:
    # Exact: one Monday is compared with another.
    lines = ["Où en sont les parcours ce lundi :"]
    lines += [f"- {BREAKS[code]} : {week.breaks[code]} parcours" for code in BREAKS if week.breaks.get(code)]
    lines += [
        f"- sans référent : {week.orphans} parcours",
        f"- transmis à la coordination faute de réponse : {week.handed_on} parcours",
        f"La revue de la semaine : {base}{REVIEW}",
        f"Le tableau : {base}{BOARD}",
        f"Les parcours bloqués : {base}{STALLED}",
        "",
    ]
    return lines


def compose_outage(base: str, last: date | None) -> tuple[str, str]:
    """For administrators: no analysis for more than 26 hours until this one."""
    when = f"depuis le {last:%d/%m/%Y}" if last else "depuis l'installation"
    body = (
        f"Bonjour,\n\nAucune analyse des échéances n'avait eu lieu {when}. Elle vient de reprendre, et a rattrapé"
        f" les jours manqués.\n\nL'état du service : {base}/etat-du-service\n"
    )
    return "Coordination : l'analyse quotidienne s'était arrêtée", body


def _number(count: int) -> str:
    return str(count) if count <= CAP else f"plus de {CAP}"


def _files(count: int) -> str:
    # « parcours » does not change in the plural; a large number is not worth being exact.
    return f"{_number(count)} parcours"
