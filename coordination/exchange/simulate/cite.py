"""Journeys of the Cité de l'emploi: from the spotting in a neighbourhood to work, a relay or a loss."""

from __future__ import annotations

from datetime import date
from random import Random

from coordination.exchange.simulate import breaks, exchanges, facts, referrals, steps
from coordination.exchange.simulate.behaviour import Calendar, WorkStyle, birthday, days, delay
from coordination.exchange.simulate.people import Population
from coordination.exchange.simulate.pre import openings
from coordination.exchange.simulate.staff import Caseloads, email
from coordination.exchange.simulate.story import Row, Story

YOUTH_SHARE = 0.575  # of the journeys: followed by the Mission Locale, the others by the PLIE
SEASON = {1: 12, 2: 11, 3: 12, 4: 10, 5: 10, 6: 9, 7: 6, 8: 4, 9: 14, 10: 14, 11: 12, 12: 8}
RHYTHMS = {21: 62, 30: 38}
SPOTTERS = {"62525": "escal", "62040": "community", "62014": "lys"}
SCHEMES = {
    "CONSEILLER_ML": {"PACEA": 50, "CEJ": 13, "CE": 16, "OBLIGATION_FORMATION": 8, "AUTRE": 4, "": 9},
    "REFERENT_PLIE": {"PLIE": 70, "RSA": 14, "IAE": 8, "CE": 8},
}
EXITS = {
    "EMPLOI_DURABLE": 28, "EMPLOI_TRANSITION": 22, "SORTIE_POSITIVE": 15, "FORMATION_QUALIF": 12,
    "RELAIS": 13, "DEMENAGEMENT": 4, "RETRAIT_MARCHE": 3, "AUTRE": 3,
}  # fmt: skip


def tell(seed: int, count: int, first: date, as_of: date, calendar: Calendar,
         styles: dict[str, WorkStyle], may_break: bool = True) -> list[Story]:  # fmt: skip
    """`count` stories, CITE-0001 first, by day of opening."""
    rng = Random(f"{seed}/cite")
    population = Population(rng, as_of)
    caseloads = Caseloads()
    stories = []
    for number, opened in enumerate(sorted(openings(rng, count, first, as_of, SEASON)), 1):
        ref = f"CITE-{number:04d}"
        role = "CONSEILLER_ML" if rng.random() < YOUTH_SHARE else "REFERENT_PLIE"
        home = population.adult(17.6, 25.9) if role == "CONSEILLER_ML" else population.adult(27.6, 61)
        followed = caseloads.take((role,))
        story = Story(
            ref, "CITE_EMPLOI", Random(f"{seed}/{ref}"), calendar, styles[followed["email"]], as_of,
            home.members[0], home, rng.choices(list(RHYTHMS), list(RHYTHMS.values()))[0],
            calendar.worked_between(opened, first, as_of), referent=followed["email"],
            author=followed["email"], structure=followed["structure"], may_break=may_break,
        )  # fmt: skip
        story.scheme = rng.choices(list(SCHEMES[role]), list(SCHEMES[role].values()))[0]
        if story.scheme == "OBLIGATION_FORMATION" and birthday(story.person.birth, 18) <= story.opened:
            story.scheme = "PACEA"
        if story.scheme == "CEJ":
            story.rhythm = 7
        if birthday(story.person.birth, 18) > as_of:
            home.adults.append(population.parent_of(home))
        _live(story)
        stories.append(story)
    return stories


def _live(story: Story) -> None:
    rng = story.rng
    met = steps.first_step_after(story, story.opened, 8)
    spotter = email(SPOTTERS.get(story.home.commune, "centre.social"))
    if rng.random() < 0.85:
        exchanges.contact(story, story.opened, "ALLER_VERS", "ABOUTI", spotter)
    story.clock = met
    _agree(story, met)
    if story.agreement == "SIGNE" and story.agreed:
        story.diagnosis = story.entered = steps.first_step_after(story, max(story.agreed, met), 10)
        story.validated = steps.first_step_after(story, story.diagnosis, 8)
        story.active_from = steps.first_step_after(story, story.diagnosis, 12)
        _leave(story)
        breaks.plan(story)
        if story.broken and not story.broken.ends and story.broken.type in ("ABANDON", "INTERRUPTION"):
            # Nobody leaves for a job from a journey whose thread is lost.
            story.exit, story.exit_reason = None, ""
            breaks.exit_of_the_lost(story)
    elif not story.happened(met):
        story.referent = story.referent if rng.random() < 0.7 else ""
    exchanges.tell_exchanges(story)
    if story.active_from is None:
        return
    steps.tell_pauses(story)
    steps.tell_actions(story)
    steps.tell_reviews(story)
    if story.active_from <= story.last_day:
        steps.tell_barriers(story)
        referrals.tell_referrals(story)
        facts.tell_rights(story)
        facts.tell_events(story)


def _agree(story: Story, met: date) -> None:
    """The person's agreement to share: at the first meeting for most."""
    rng = story.rng
    asked = met if rng.random() < 0.75 else story.calendar.working(met + days(max(1, delay(rng, 6))))
    draw = rng.random()
    if asked > story.as_of:
        return
    recent = (story.as_of - story.opened).days < 90
    if draw < (0.10 if recent else 0.01):
        story.agreement, story.agreed = "ORAL", asked
    elif draw > 0.99:
        story.agreement, story.agreed = "REFUS", asked
    elif draw > 0.984:
        withdrawn = story.calendar.working(asked + days(rng.uniform(10, 60)))
        story.agreement, story.agreed = (
            ("RETIRE", withdrawn) if withdrawn <= story.as_of else ("SIGNE", asked)
        )
    else:
        story.agreement, story.agreed = "SIGNE", asked


def _leave(story: Story) -> None:
    """An ordinary exit, from five months on: about one journey in seven over the whole register."""
    earliest = story.opened + days(150)
    room = (story.as_of - days(4) - earliest).days
    if room > 20 and story.rng.random() < 0.19:
        story.exit = story.calendar.working_before(earliest + days(story.rng.uniform(5, room)))
        story.exit_reason = story.rng.choices(list(EXITS), list(EXITS.values()))[0]


def stage(story: Story) -> str:
    """The stage that the dates of the journey say on the last day."""
    if story.exit:
        return "SORTI"
    if not story.happened(story.clock):
        return "REPERE"
    if not story.happened(story.diagnosis):
        return "PREMIER_RDV"
    if story.paused_on(story.as_of):
        return "SUSPENDU"
    actions = story.rows.get("actions.csv", [])
    if any(row["started_on"] and not row["ended_on"] for row in actions):
        return "EN_ACTION"
    if any(row["ended_on"] for row in actions):
        return "ENTRE_ETAPES"
    return "ORIENTE" if story.rows.get("referrals.csv") else "DIAGNOSTIC"


def line(story: Story) -> Row:
    """The line of journeys.csv."""
    person, home = story.person, story.home
    return {
        "ref": story.ref,
        "programme": "CITE_EMPLOI",
        "first_name": person.first_name,
        "last_name": person.last_name,
        "birth_date": person.birth.isoformat(),
        "sex": person.sex,
        "address": home.address,
        "commune": home.commune,
        "area": home.area,
        "opened_on": story.opened.isoformat(),
        "agreement_status": story.agreement,
        "agreement_on": story.happened(story.agreed),
        "entered_on": story.happened(story.entered),
        "validated_on": story.happened(story.validated),
        "diagnosis_on": story.happened(story.diagnosis),
        "referent": story.referent,
        "planned_rhythm_days": str(story.rhythm) if story.referent else "",
        "scheme": story.scheme if story.happened(story.diagnosis) else "",
        "stage": stage(story),
        "exit_on": story.exit.isoformat() if story.exit else "",
        "exit_reason": story.exit_reason,
        **_contract(story),
    }


def _contract(story: Story) -> Row:
    """RSA, orientation and contract of engagement, for those who have one."""
    if not story.happened(story.diagnosis) or story.scheme in ("", "OBLIGATION_FORMATION", "AUTRE"):
        return {}
    rng = story.rng
    on_rsa = story.scheme == "RSA" or (story.scheme in ("PLIE", "IAE") and rng.random() < 0.45)
    opened = story.opened - days(rng.uniform(-5, 60)) if on_rsa else None
    oriented = story.calendar.working((opened or story.opened) + days(max(1, delay(rng, 20))))
    signed = story.calendar.working(oriented + days(max(0, delay(rng, 14))))
    if not story.happened(opened) and on_rsa:
        return {}
    path = ("EMPLOI", "GLOBAL", "SOCIAL") if on_rsa else ("EMPLOI", "GLOBAL")
    return {
        "orientation_path": rng.choice(path) if story.happened(oriented) else "",
        "rsa_opened_on": story.happened(opened),
        "oriented_on": story.happened(oriented),
        "contract_signed_on": story.happened(signed),
    }
