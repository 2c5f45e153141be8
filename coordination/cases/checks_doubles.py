"""What a journey cannot hold twice, and what is unlikely of a record: asked, then kept once confirmed.

A correction is held to what it changes: what stood already, by an import maybe, is neither refused nor asked.
Two lines that a bundle could not tell apart (formats/import-bundle.md) are never kept: what is exported could not
be imported again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from coordination.alerts.calendar import Calendar, is_public_holiday
from coordination.cases.checks import LONG_AGO, Problems
from coordination.cases.dates import COMING
from coordination.cases.kinds import APPOINTMENT, BARRIER, EVENT, PAUSE, REVIEW, RIGHT, RecordKind, Values
from coordination.cases.kinds_facts import ABSENCE
from coordination.cases.vocabulary import hour_label

HELD_AGAINST: Mapping[str, tuple[str, ...]] = {
    APPOINTMENT.slug: ("on_date", "structure_id"),
    PAUSE.slug: ("from_on", "returned_on"),
    ABSENCE.slug: ("on_date",),
    BARRIER.slug: ("barrier", "identified_on", "lifted_on"),
    REVIEW.slug: ("due_on",),
    RIGHT.slug: ("kind", "ends_on"),
    EVENT.slug: ("kind", "on_date"),
}
"""Slug of a kind -> what must be known of the other records of that kind on the journey."""
SUNDAY = 6
# As `Shape.HOUR` keeps them: at another hour a morning was mostly meant for an evening.
EARLIEST, LATEST = "07:00", "21:00"


@dataclass(frozen=True)
class Known:
    """What is noted already: `kept`, what a corrected record says; `others` of its kind, as `HELD_AGAINST`."""

    kept: Values | None = None
    others: Sequence[Values] = ()

    def changed(self, values: Values, *names: str) -> bool:
        """Whether one of the cells says something new."""
        if self.kept is None:
            return True
        return any(str(values.get(name) or "") != str(self.kept[name] or "") for name in names)

    def same(self, values: Values, *names: str) -> list[Values]:
        """The others that say the same in all these cells."""
        return [other for other in self.others if all(other[name] == values.get(name) for name in names)]


def check_doubles(problems: Problems, kind: RecordKind, values: Values, known: Known, today: date) -> None:
    """Add what is wrong and what is asked; nothing more is said of a cell that is wrong already."""
    check = _CHECKS.get(kind.slug)
    if check and not problems.keys() & {*HELD_AGAINST[kind.slug]}:
        check(problems, values, known, today)


def _check_appointment(problems: Problems, values: Values, known: Known, today: date) -> None:
    day: date = values["on_date"]
    if values.get("status") == COMING and day < today and known.changed(values, "on_date", "status"):
        problems.setdefault("status", "Ce jour est passé : choisissez ce que le rendez-vous est devenu.")
    hour = values.get("at_time")
    if hour and not EARLIEST <= hour < LATEST and known.changed(values, "at_time"):
        problems.ask("at_time", f"Un rendez-vous à {hour_label(hour)} : vérifiez l'heure.")
    place = ("on_date", "structure_id")
    if known.changed(values, *place) and known.same(values, *place):
        where = "avec cette structure" if values.get("structure_id") else "sans structure"
        problems.ask("on_date", f"Un rendez-vous est déjà noté le {day:%d/%m/%Y} {where}.")


def _check_pause(problems: Problems, values: Values, known: Known, _today: date) -> None:
    for other in known.others:
        if not _clash(values, other) or (known.kept and _clash(known.kept, other)):
            continue
        since, until = other["from_on"], other["returned_on"]
        if until is None:
            said = f"Une pause est déjà ouverte depuis le {since:%d/%m/%Y} : notez d'abord sa reprise."
        else:
            said = f"Une pause est déjà notée du {since:%d/%m/%Y} au {until:%d/%m/%Y}."
        problems.setdefault("from_on", said)


def _clash(one: Values, other: Values) -> bool:
    """Whether two pauses overlap or begin together; one may begin on the day on which another ended."""
    return one["from_on"] == other["from_on"] or bool(
        one["from_on"] < (other["returned_on"] or date.max)
        and other["from_on"] < (one["returned_on"] or date.max)
    )


def _check_absence(problems: Problems, values: Values, known: Known, _today: date) -> None:
    day: date = values["on_date"]
    if not known.changed(values, "on_date"):
        return
    if known.same(values, "on_date"):
        problems.setdefault(
            "on_date",
            f"Une absence est déjà notée le {day:%d/%m/%Y} : corrigez-la plutôt que d'en noter une autre.",
        )
    elif why := _no_school(day):
        problems.ask("on_date", f"Le {day:%d/%m/%Y} est un {why} : il n'y a pas école.")


def _no_school(day: date) -> str:
    if day.weekday() == SUNDAY:
        return "dimanche"
    return holiday(day)


def holiday(day: date) -> str:
    """What holiday it is, in French; empty if none."""
    if is_public_holiday(day):
        return "jour férié"
    return "jour de vacances scolaires" if Calendar.load().is_school_holiday(day) else ""


def _check_review(problems: Problems, values: Values, known: Known, _today: date) -> None:
    if known.changed(values, "due_on") and known.same(values, "due_on"):
        said = f"Un bilan est déjà prévu le {values['due_on']:%d/%m/%Y}"
        problems["due_on"] = f"{said} : corrigez-le plutôt que d'en noter un autre."


def _check_event(problems: Problems, values: Values, known: Known, _today: date) -> None:
    if known.changed(values, "kind", "on_date") and known.same(values, "kind", "on_date"):
        said = f"Cet événement est déjà noté le {values['on_date']:%d/%m/%Y}"
        problems["on_date"] = f"{said} : corrigez-le plutôt que d'en noter un autre."


def _check_barrier(problems: Problems, values: Values, known: Known, _today: date) -> None:
    line = ("barrier", "identified_on")
    if known.changed(values, *line) and known.same(values, *line):
        said = f"Ce frein est déjà noté le {values['identified_on']:%d/%m/%Y}"
        problems["identified_on"] = f"{said} : corrigez-le plutôt que d'en noter un autre."
    if values.get("lifted_on") or not known.changed(values, "barrier", "lifted_on"):
        return
    since = [other["identified_on"] for other in known.same(values, "barrier") if not other["lifted_on"]]
    if since:
        problems["barrier"] = f"Ce frein est déjà noté depuis le {min(since):%d/%m/%Y} : il n'est pas levé."


def _check_right(problems: Problems, values: Values, known: Known, today: date) -> None:
    day: date = values["ends_on"]
    if known.changed(values, "kind", "ends_on") and known.same(values, "kind", "ends_on"):
        problems["ends_on"] = f"Ce droit est déjà noté avec cette date de fin ({day:%d/%m/%Y})."
    elif known.changed(values, "ends_on") and day < today - LONG_AGO:
        problems.ask("ends_on", f"Ce droit s'est terminé le {day:%d/%m/%Y}, il y a plus d'un an.")


_CHECKS = {
    APPOINTMENT.slug: _check_appointment,
    PAUSE.slug: _check_pause,
    ABSENCE.slug: _check_absence,
    BARRIER.slug: _check_barrier,
    REVIEW.slug: _check_review,
    RIGHT.slug: _check_right,
    EVENT.slug: _check_event,
}
