"""The timeline of a journey, as a list: each feature gives its entries, the factory lists the features."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from flask import current_app

from coordination import reference
from coordination.cases.action_words import attended, beside
from coordination.cases.commands.appointments import PENDING
from coordination.cases.models import (
    Action,
    Appointment,
    Attendance,
    Barrier,
    Contact,
    Journey,
    LifeEvent,
    Objective,
    Pause,
    Review,
    Right,
)
from coordination.cases.models_life import Saisine
from coordination.cases.queries.folders import writable_folders
from coordination.cases.queries.people import account_names, structure_names
from coordination.cases.vocabulary import (
    EVENT_LABELS,
    RIGHT_LABELS,
    action_label,
    appointment_label,
)
from coordination.clock import paris_date
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.records import last_corrections
from coordination.privacy.vault import Opened, Read, open_journey_rows

MOST_CONTACTS = 200
# Where what has no date stands: an import may bring an action that nobody has dated yet.
UNDATED = date.min


class Entry(NamedTuple):
    """One dated thing, of which a page has hundreds. `kind` names its icon and colour.

    `record` and `record_id`: the page that corrects it, if the actor writes in its volet.
    `pending`: version of an appointment whose outcome is not known.
    """

    on: date
    kind: str
    title: str
    detail: str = ""
    who: str = ""
    record: str = ""
    record_id: uuid.UUID | None = None
    pending: int | None = None

    def corrected_at(self, record: str, record_id: uuid.UUID) -> Entry:
        """The same, with the page that corrects it."""
        return self._replace(record=record, record_id=record_id)

    def __repr__(self) -> str:
        """Without its texts: this may end in a log."""
        return f"<Entry {self.kind} {self.on}>"


CONTACTS = Read(
    Contact, ("on_date", "mode", "outcome", "author_id", "note", "version"), "-on_date", MOST_CONTACTS
)
APPOINTMENTS = Read(Appointment, ("on_date", "status", "structure_id", "version", "at_time", "place"))
ACTIONS = Read(
    Action,
    (
        *("kind", "axis_or_barrier", "status", "structure_id"),
        *("planned_start", "started_on", "planned_end", "ended_on", "suspended_on"),
        *("owner", "detail", "droit_commun", "contract_objective"),
    ),
)
SESSIONS = Read(Attendance, ("action_id", "on_date", "status"))
ARRIVALS = Read(Saisine, ("structure_id", "source", "reasons", "remark"))


class Source(NamedTuple):
    """The entries that one feature has for a journey of a programme, and what they are read from."""

    reads: tuple[Read, ...]
    entries: Callable[[Grant, uuid.UUID, str], list[Entry]]


def sources() -> tuple[Source, ...]:
    """Those of the application, as its factory lists them."""
    listed: tuple[Source, ...] = current_app.extensions["timeline_sources"]
    return listed


def timeline(grant: Grant, journey_id: uuid.UUID, programme: str) -> list[Entry]:
    """Everything dated on a journey that the actor may see, the latest first."""
    entries = [entry for source in sources() for entry in source.entries(grant, journey_id, programme)]
    return sorted(entries, key=lambda entry: (entry.on, entry.kind), reverse=True)


def own_entries(grant: Grant, journey_id: uuid.UUID, programme: str) -> list[Entry]:
    """The entries of this feature: exchanges, appointments, actions, pauses, reviews, rights, events."""
    writable = writable_folders(grant, journey_id)
    contacts = open_journey_rows(grant, journey_id, CONTACTS)
    appointments = open_journey_rows(grant, journey_id, APPOINTMENTS)
    actions = open_journey_rows(grant, journey_id, ACTIONS)
    # Most were never corrected: nothing is asked then.
    corrected = last_corrections(journey_id, Contact) if any(c["version"] > 1 for c in contacts) else {}
    authors = account_names(
        {c["author_id"] for c in contacts} - {None} | {by for by, _ in corrected.values()}
    )
    arrivals = open_journey_rows(grant, journey_id, ARRIVALS)
    structures = structure_names(
        {row["structure_id"] for row in (*appointments, *actions, *arrivals) if row["structure_id"]}
    )
    # Hundreds of them: each is made once, and not made again to say where it is corrected.
    exchanges = [_contact(r, authors, corrected.get(r["id"]), r["folder_id"] in writable) for r in contacts]
    found: list[tuple[str, Opened, list[Entry]]] = [
        ("rendez-vous", r, [_appointment(r, structures)])
        for r in sorted(appointments, key=lambda r: r["at_time"] or "24")
    ]
    sessions: dict[uuid.UUID, list[Opened]] = {}
    for session in open_journey_rows(grant, journey_id, SESSIONS):
        sessions.setdefault(session["action_id"], []).append(session)
    found += [("action", r, _action(r, programme, structures, sessions.get(r["id"], []))) for r in actions]
    for slug, read, entries in _PLAIN:
        found += [(slug, r, entries(r)) for r in open_journey_rows(grant, journey_id, read)]
    if arrivals:
        opened_on = db.session.get_one(Journey, journey_id).opened_on
        exchanges += [_saisine(r, opened_on, programme, structures) for r in arrivals if opened_on]
    return exchanges + [
        entry.corrected_at(slug, row["id"]) if row["folder_id"] in writable else entry
        for slug, row, made in found
        for entry in made
    ]


def _contact(
    row: Opened, authors: dict[uuid.UUID, str], correction: tuple[uuid.UUID, datetime] | None, writable: bool
) -> Entry:
    mode = reference.label("contact_mode", row["mode"])
    outcome = reference.label("contact_outcome", row["outcome"])
    return Entry(
        row["on_date"],
        "contact",
        f"{mode} - {outcome}",
        row["note"] or "",
        _who(row["author_id"], correction, authors),
        "echange" if writable else "",
        row["id"] if writable else None,
    )


def _who(
    author: uuid.UUID | None, correction: tuple[uuid.UUID, datetime] | None, names: dict[uuid.UUID, str]
) -> str:
    """Who noted an exchange, and who changed it last: one must not answer for what a colleague wrote."""
    said = [names.get(author, "")] if author else []
    if correction:
        by, at = correction
        other = f" par {names.get(by, 'un compte supprimé')}" if by != author else ""
        said.append(f"corrigé le {paris_date(at):%d/%m/%Y}{other}")
    return ", ".join(filter(None, said))


def _saisine(row: Opened, on: date, programme: str, structures: dict[uuid.UUID, str]) -> Entry:
    """How the journey came, and why, as it was said; on the day of the opening, as it may be corrected since."""
    sender = reference.label("pre_referral_source", row["source"]) if row["source"] else ""
    reasons = [
        reference.label("pre_referral_reason", code) for code in (row["reasons"] or "").split(",") if code
    ]
    title = "Saisine reçue" if programme == "PRE" else "Repérage"
    said = ". ".join(part for part in (" ; ".join(reasons), row["remark"]) if part)
    return Entry(
        on,
        "saisine",
        f"{title} : {sender}" if sender else title,
        said,
        structures.get(row["structure_id"], ""),
    )


def _appointment(row: Opened, structures: dict[uuid.UUID, str]) -> Entry:
    status = reference.label("appointment_status", row["status"])
    where = structures.get(row["structure_id"], "")
    detail = appointment_label(row["at_time"], row["place"])
    entry = Entry(row["on_date"], "appointment", f"Rendez-vous - {status}", detail, where)
    return entry._replace(pending=row["version"]) if row["status"] in (None, *PENDING) else entry


def _action(
    row: Opened, programme: str, structures: dict[uuid.UUID, str], sessions: list[Opened]
) -> list[Entry]:
    what = action_label(programme, row["kind"], row["axis_or_barrier"], row["detail"] or "")
    detail = beside(row, programme, what)
    who = structures.get(row["structure_id"], "")
    entries = []
    if row["started_on"]:
        entries.append(Entry(row["started_on"], "action", f"Début : {what}", detail, who))
    elif row["planned_start"]:
        entries.append(Entry(row["planned_start"], "action", f"Prévu : {what}", detail, who))
    elif row["planned_end"]:
        entries.append(Entry(row["planned_end"], "action", f"Fin prévue : {what}", detail, who))
    if row["ended_on"]:
        status = reference.label("action_status", row["status"])
        entries.append(Entry(row["ended_on"], "action", f"Fin : {what}", status, who))
    if sessions:
        last = max(session["on_date"] for session in sessions)
        entries.append(
            Entry(
                last,
                "action",
                f"Dernière séance notée : {what}",
                attended([one["status"] for one in sessions]),
                who,
            )
        )
    return entries or [Entry(UNDATED, "action", what, detail, who)]


def _pause(row: Opened) -> list[Entry]:
    reason = reference.label("pause_reason", row["reason"]) if row["reason"] else ""
    expected = row["expected_return"]
    detail = f"Reprise prévue le {expected:%d/%m/%Y}" if expected else "Sans date de reprise"
    entries = [
        Entry(row["from_on"], "pause", "Début d'une pause", ". ".join(p for p in (reason, detail) if p))
    ]
    if row["returned_on"]:
        entries.append(Entry(row["returned_on"], "pause", "Reprise après une pause"))
    return entries


def _barrier(row: Opened) -> list[Entry]:
    what = reference.label("barrier", row["barrier"])
    level = reference.label("barrier_level", row["level"]) if row["level"] else ""
    entries = [Entry(row["identified_on"], "barrier", f"Frein repéré : {what}", level)]
    if row["lifted_on"]:
        entries.append(Entry(row["lifted_on"], "barrier", f"Frein levé : {what}"))
    return entries


def _review(row: Opened) -> list[Entry]:
    held = row["held_on"]
    title = "Bilan tenu" if held else "Bilan prévu"
    return [Entry(held or row["due_on"], "review", title, row["conclusions"] or "")]


def _right(row: Opened) -> list[Entry]:
    return [Entry(row["ends_on"], "right", f"Fin de droit : {RIGHT_LABELS.get(row['kind'], '')}")]


def _event(row: Opened) -> list[Entry]:
    detail = f"Pris en compte le {row['handled_on']:%d/%m/%Y}" if row["handled_on"] else ""
    return [Entry(row["on_date"], "event", EVENT_LABELS.get(row["kind"], ""), detail)]


def _objective(row: Opened) -> list[Entry]:
    # Some type the guillemets too.
    fact, words = row["fact"] or "", (row["own_words"] or "").strip('«»"\u00a0\u202f ')
    start = f"Au départ : {row['baseline']}" if row["baseline"] else ""
    said = ". ".join(filter(None, (f"« {words} »" if words else "", start)))
    entries = [Entry(row["set_on"], "objective", f"Objectif : {fact}", said)]
    if row["reached_on"]:
        entries.append(
            Entry(row["reached_on"], "objective", f"Objectif atteint : {fact}", row["outcome"] or "")
        )
    return entries


_PLAIN: tuple[tuple[str, Read, Callable[[Opened], list[Entry]]], ...] = (
    ("pause", Read(Pause, ("from_on", "expected_return", "returned_on", "reason")), _pause),
    ("bilan", Read(Review, ("due_on", "held_on", "conclusions")), _review),
    ("frein", Read(Barrier, ("barrier", "level", "identified_on", "lifted_on")), _barrier),
    ("droit", Read(Right, ("kind", "ends_on")), _right),
    ("evenement", Read(LifeEvent, ("kind", "on_date", "handled_on")), _event),
    (
        "objectif",
        Read(Objective, ("set_on", "reached_on", "fact", "own_words", "baseline", "outcome")),
        _objective,
    ),
)
"""Records that need no other name: slug, what is read, how it is told."""

OWN = Source(
    (CONTACTS, APPOINTMENTS, ACTIONS, SESSIONS, ARRIVALS, *(read for _, read, _ in _PLAIN)), own_entries
)
