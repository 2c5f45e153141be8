"""The end of a journey with its reason, and its reopening, which keeps what was."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import column, select, table

from coordination import reference
from coordination.cases.checks import REFUSED, Faults, Problems
from coordination.cases.commands.turns import change_as_form, follow_journey, remember, turned_down_on
from coordination.cases.facts import JourneyFacts
from coordination.cases.models import Journey, Sheet
from coordination.cases.queries.facts import journey_facts
from coordination.cases.rules.lost_contact import Tried, tried
from coordination.cases.seen import seen
from coordination.cases.stages import ENDED, NEEDS_AGREEMENT, refusal, stages_after_end, where_ended
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import BadInput
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import change_record
from coordination.privacy.vault import open_rows
from coordination.privacy.work import Work, work

REASONS = {"PRE": "pre_exit_reason", "CITE_EMPLOI": "employment_exit_reason"}
LOST_CONTACT = "PERTE_CONTACT"
# The feature that owns it lies above this one; its dates are all that is needed here.
_DAYS = ("sent_on", "seen_on", "accepted_on", "refused_on", "first_action_on")
_REFERRAL = table("referral", column("journey_id"), *(column(name) for name in _DAYS))
_REFERRAL_DAYS = [_REFERRAL.c[name] for name in _DAYS]


@dataclass(frozen=True)
class Ending:
    """As typed. `decided_by`, `decided_on`: who decided and when; PERTE_CONTACT asks for both."""

    reason: str
    on: date | None
    decided_by: str = field(default="", repr=False)
    decided_on: date | None = None
    note: str = field(default="", repr=False)


@dataclass(frozen=True)
class Reopening:
    """As typed: the stage where the journey goes on, and why."""

    stage: str
    on: date | None
    note: str = field(default="", repr=False)


def end_journey(
    actor: Actor,
    journey_id: uuid.UUID,
    ending: Ending,
    version: int,
    now: datetime,
    *,
    faults: Faults | None = None,
) -> None:
    """Close the journey on a day, for a reason. `faults`: see `Problems`.

    Raises BadInput, NotFound, Forbidden, EditConflict.
    """
    today = paris_date(now)
    with work(actor, Action.END_JOURNEY, now) as w:
        grant = w.require(journey_id)
        journey = db.session.execute(select(Journey).where(Journey.id == journey_id)).scalar_one()
        if journey.exit_on:
            raise BadInput(f"Ce parcours est déjà terminé depuis le {journey.exit_on:%d/%m/%Y}.")
        if not journey.runs:
            raise BadInput("Ce parcours n'a pas été retenu : il est déjà clos.")
        if refusal(journey.programme, journey.stage, "SORTI", journey.agreement_status):
            raise BadInput(NOT_STARTED)
        facts = journey_facts(grant, [journey_id])[journey_id]
        problems = Problems(faults)
        mine = seen(facts, grant.readable)
        _check_ending(problems, ending, journey, mine, today)
        problems.stop_if_any()
        change_as_form(w, journey_id, version, {"exit_on": "on"}, exit_on=ending.on, stage="SORTI")
        _check_closed_volets(journey, facts, ending.on)
        _write_reason(w, grant, journey_id, ending.reason)
        remember(
            grant,
            journey_id,
            "SORTIE",
            actor.id,
            on_date=ending.on,
            decided_by=ending.decided_by.strip(),
            note=_said(journey.programme, ending),
        )
        follow_journey(grant, journey_id, today, f"sortie notée le {today:%d/%m/%Y}")
        w.audit(grant, ["stage", "exit_on", "exit_reason", "turn"])


def _said(programme: str, ending: Ending) -> str:
    """Reason, day of the decision where it is another, and the note.

    The journey says the reason of its present end alone: this text keeps it past a reopening.
    """
    label = reference.label(REASONS[programme], ending.reason)
    on = ending.decided_on if ending.decided_on != ending.on else None
    decision = f"Décision du {on:%d/%m/%Y}" if on else ""
    return ". ".join(filter(None, (f"Motif : {label[:1].lower()}{label[1:]}", decision, ending.note.strip())))


CLOSED_VOLET = (
    "Un fait d'un volet qui ne vous est pas ouvert est noté après cette date. Choisissez un jour plus récent,"
    " ou voyez avec la personne qui suit le parcours."
)
NOT_STARTED = (
    "À cette étape, le parcours n'a pas encore commencé : notez plutôt « Non retenu » sur la page de l'étape."
)


def _check_ending(
    problems: Problems, ending: Ending, journey: Journey, facts: JourneyFacts, today: date
) -> None:
    problems.code("reason", REASONS[journey.programme], ending.reason)
    problems.past_day("on", ending.on, today, journey.opened_on)
    if ending.on and "on" not in problems:
        after = [
            fact for fact in (*_dated_facts(journey, facts), *_referrals(journey.id)) if fact[0] > ending.on
        ]
        if after:
            day, what = max(after)
            problems["on"] = f"{what} le {day:%d/%m/%Y}, après cette sortie."
    problems.free_text("note", ending.note)
    problems.free_text("decided_by", ending.decided_by, 200)
    if ending.decided_on and ending.decided_on > today:
        problems["decided_on"] = "Cette date est dans le futur : aujourd'hui au plus tard."
    attempts = tried(facts, ending.on or today) if ending.reason == LOST_CONTACT else None
    if attempts:
        _check_lost_contact(problems, ending, attempts)
    _check_decided_on(problems, ending, journey.opened_on, attempts)


def _check_decided_on(
    problems: Problems, ending: Ending, opened_on: date | None, attempts: Tried | None
) -> None:
    """The decision ends a journey that has begun, after the attempts that a loss of contact asks for."""
    day, enough_on = ending.decided_on, attempts.enough_on if attempts else None
    if not day or {"on", "decided_on"} & problems.keys() or not ending.on:
        return
    first, why = (enough_on, "jour de la dernière tentative nécessaire")
    if first is None or (opened_on and first < opened_on):
        first, why = opened_on, "début du parcours"
    if (first and day < first) or day > ending.on:
        begin = f"à partir du {first:%d/%m/%Y} ({why}), et " if first else ""
        problems["decided_on"] = f"Indiquez un jour {begin}jusqu'au {ending.on:%d/%m/%Y} (la sortie)."


def _check_closed_volets(journey: Journey, facts: JourneyFacts, on: date | None) -> None:
    """Refuse an end before a fact that its author may not know of, without its day nor what it is.

    Asked last, of an end that stands otherwise: whoever tries days to learn of that fact really ends the journey.
    """
    if on and any(day > on for day, _ in _dated_facts(journey, facts)):
        raise BadInput(REFUSED, {"on": CLOSED_VOLET})


def _check_lost_contact(problems: Problems, ending: Ending, attempts: Tried) -> None:
    if sentence := missing_sentence(attempts):
        problems["reason"] = sentence
    if not ending.decided_by.strip() and "decided_by" not in problems:
        problems["decided_by"] = (
            "Indiquez qui a décidé de cette sortie, par exemple l'EPS ou la coordination."
        )
    if not ending.decided_on:
        problems["decided_on"] = "Indiquez le jour de la décision."


def missing_sentence(attempts: Tried) -> str:
    """What must still be tried before a loss of contact, in French; empty if nothing."""
    if not attempts.missing:
        return ""
    if attempts.since is None:
        return _missing(attempts)
    last = f"{attempts.since:%d/%m/%Y}"
    return f"{_missing(attempts)} Seules comptent celles d'après le dernier échange, du {last}."


def _missing(attempts: Tried) -> str:
    many = attempts.missing > 1
    sentence = f"Il manque {attempts.missing} tentative{'s' if many else ''}"
    if attempts.needs_another_mode:
        mode = reference.within(reference.label("contact_mode", next(iter(attempts.modes))))
        way = f"un autre moyen que « {mode} »"
        return f"{sentence}, dont une par {way}." if many else f"{sentence}, par {way}."
    return f"{sentence}, par deux moyens différents." if not attempts.attempts else f"{sentence}."


def _dated_facts(journey: Journey, facts: JourneyFacts) -> Iterator[tuple[date, str]]:
    """What happened, with the words that name it; plans are no facts."""
    for day, what in (
        (journey.entered_on, "L'entrée dans le parcours est notée"),
        (journey.validated_on, "La validation est notée"),
        (journey.diagnosis_on, "Le diagnostic est noté"),
    ):
        if day:
            yield day, what
    yield from ((contact.on, "Un échange est noté") for contact in facts.contacts)
    yield from ((a.on, "Un rendez-vous est noté") for a in facts.appointments if a.status != "A_VENIR")
    for action in facts.actions:
        yield from ((d, "Une action est notée") for d in (action.started_on, action.ended_on) if d)
    for pause in facts.pauses:
        yield from ((d, "Une pause est notée") for d in (pause.from_on, pause.returned_on) if d)
    yield from ((r.held_on, "Un bilan est noté") for r in facts.reviews if r.held_on)
    yield from ((event.on, "Un événement est noté") for event in facts.events)
    yield from ((day, "Une décision est notée") for day in facts.stay_decisions)
    for invitation in facts.invitations:
        yield from (
            (d, "Une invitation est notée") for d in (invitation.sent_on, invitation.answered_on) if d
        )
    for sent in facts.applications:
        yield from ((d, "Une candidature est notée") for d in (sent.applied_on, sent.answered_on) if d)


def _referrals(journey_id: uuid.UUID) -> Iterator[tuple[date, str]]:
    for row in db.session.execute(select(*_REFERRAL_DAYS).where(_REFERRAL.c.journey_id == journey_id)):
        yield from ((day, "Une orientation est notée") for day in row if day)


def _write_reason(w: Work, grant: Grant, journey_id: uuid.UUID, reason: str) -> None:
    sheet = open_rows(grant, Sheet, ("version",), Sheet.journey_id == journey_id)[0]
    change_record(w, grant, Sheet, sheet["id"], sheet["version"], {"exit_reason": reason})


def reopen_journey(
    actor: Actor,
    journey_id: uuid.UUID,
    new: Reopening,
    version: int,
    now: datetime,
    *,
    faults: Faults | None = None,
) -> None:
    """Take an ended journey up again, or one turned down: its past stands, so its delays go on from the same facts.

    `faults`: see `Problems`. Raises BadInput, NotFound, Forbidden, EditConflict.
    """
    today = paris_date(now)
    with work(actor, Action.REOPEN_JOURNEY, now) as w:
        grant = w.require(journey_id)
        journey = db.session.execute(select(Journey).where(Journey.id == journey_id)).scalar_one()
        if journey.runs:
            raise BadInput("Ce parcours n'est pas terminé : il n'y a rien à rouvrir.")
        if not stages_after_end(journey.programme, journey.stage, journey.agreement_status):
            raise BadInput(NEEDS_AGREEMENT)
        problems = Problems(faults)
        stage = where_ended(journey.stage)
        problem = refusal(journey.programme, stage, new.stage, journey.agreement_status)
        if problem or new.stage in ENDED:
            problems["stage"] = problem or "Choisissez l'étape où le parcours reprend."
        exited = journey.exit_on
        since = exited or turned_down_on(journey_id)
        problems.past_day("on", new.on, today, since or journey.opened_on)
        if since and new.on and since > new.on and "on" in problems:
            problems["on"] = f"Le parcours est terminé depuis le {since:%d/%m/%Y}, après cette date."
        problems.free_text("note", new.note)
        if not new.note.strip():
            problems["note"] = "Dites en une phrase pourquoi le parcours reprend."
        problems.stop_if_any()
        change_as_form(w, journey_id, version, {}, exit_on=None, stage=new.stage, suspended_from=None)
        if exited:
            _write_reason(w, grant, journey_id, "")
        remember(grant, journey_id, "REOUVERTURE", actor.id, on_date=new.on, note=new.note.strip())
        follow_journey(grant, journey_id, today, f"parcours rouvert le {today:%d/%m/%Y}")
        w.audit(grant, ["stage", "exit_on", "exit_reason", "turn"])
