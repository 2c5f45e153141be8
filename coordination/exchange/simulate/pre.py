"""Journeys of the PRE: from the saisine to the last day, none of them closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

from coordination.exchange.simulate import breaks, exchanges, facts, referrals, steps
from coordination.exchange.simulate.behaviour import Calendar, WorkStyle, birthday, days, delay
from coordination.exchange.simulate.people import Household, Person, Population, schooling
from coordination.exchange.simulate.staff import FOLLOWING_ROLES, Caseloads, email
from coordination.exchange.simulate.story import Row, Story

COORDINATOR = email("coordination.pre")
RHYTHMS = {14: 76, 7: 6, 10: 8, 21: 10}
# Saisines through the year: many after the start of school, few in summer.
SEASON = {1: 11, 2: 9, 3: 10, 4: 7, 5: 8, 6: 7, 7: 2, 8: 1, 9: 11, 10: 16, 11: 16, 12: 8}
STANDING, QUEUE = 0.15, 0.0  # shares of today's journeys: as old as the register; come in the last weeks
PANEL_REST = (7, 8)  # no meeting of the EPS in July and August: ten a year


def openings(
    rng: Random,
    count: int,
    first: date,
    as_of: date,
    season: dict[int, int],
    standing: float = 0.4,
    queue: float = 0.06,
    stays: Callable[[int], float] = lambda age: 1.0,
) -> list[date]:
    """Opening days: the share `standing` is there when the register starts, the others come with the year.

    The share `queue` more came in the last weeks, since nothing of what is still waiting was dropped yet.
    `stays`: share of the journeys that still stand so many days after their opening.
    """
    found = []
    span = (as_of - first).days
    for _ in range(count):
        draw = rng.random()
        if draw < standing:
            found.append(first + days(rng.uniform(0, min(70, span))))
            continue
        if draw < standing + queue:
            found.append(as_of - days(rng.uniform(1, min(40, span))))
            continue
        day = first + days(rng.uniform(0, span - 4))
        while rng.random() * 16 > season[day.month] or rng.random() > stays((as_of - day).days):
            day = first + days(rng.uniform(0, span - 4))
        found.append(day)
    return found


def still_there(age: int) -> float:
    """Stays of 12 to 24 months, 18 on average (the field says 12 to 19): who left is not in the register."""
    return min(1.0, max(0.0, (730 - age) / 365))


def tell(seed: int, count: int, first: date, as_of: date, calendar: Calendar,
         styles: dict[str, WorkStyle], may_break: bool = True) -> list[Story]:  # fmt: skip
    """`count` stories, PRE-0001 first, by day of opening."""
    rng = Random(f"{seed}/pre")
    caseloads = Caseloads()
    children: list[tuple[date, Person, Household]] = []
    population = Population(rng, as_of)
    while len(children) < count:
        home = population.family(count - len(children))
        spotted = openings(rng, 1, first, as_of, SEASON, STANDING, QUEUE, still_there)[0]
        for person in home.members:
            day = max(spotted, birthday(person.birth, 2) + days(rng.uniform(5, 60)))
            children.append((calendar.worked_between(day, first, as_of), person, home))
            spotted = min(spotted + days(rng.choice((0, 0, 20, 60))), as_of - days(3))
    children.sort(key=lambda child: (child[0], child[1].last_name, child[1].first_name))
    followed: dict[int, str] = {}
    stories = []
    for number, (opened, person, home) in enumerate(children, 1):
        ref = f"PRE-{number:04d}"
        story = Story(
            ref, "PRE", Random(f"{seed}/{ref}"), calendar, styles[COORDINATOR], as_of, person, home,
            rng.choices(list(RHYTHMS), list(RHYTHMS.values()))[0], opened, structure="EQUIPE_PRE",
            may_break=may_break,
        )  # fmt: skip
        _agree(story)
        if story.agreement == "SIGNE":
            if id(home) not in followed:
                followed[id(home)] = caseloads.take(FOLLOWING_ROLES["PRE"], len(home.members))["email"]
            story.referent = story.author = followed[id(home)]
            story.style = styles[story.referent]
        _live(story)
        stories.append(story)
    return stories


def _agree(story: Story) -> None:
    """The parents' agreement: usually signed within weeks; asked, oral, refused or withdrawn for a few."""
    rng = story.rng
    asked = story.calendar.working(story.opened + days(max(2, delay(rng, 14, 0.55))))
    draw = rng.random()
    recent = (story.as_of - story.opened).days < 90
    if asked > story.as_of:
        story.agreement = rng.choice(("A_DEMANDER", "PRESENTE"))
    elif draw < 0.018:
        story.agreement, story.agreed = "REFUS", asked
    elif draw < 0.032 and not recent:
        withdrawn = story.calendar.working(asked + days(rng.uniform(6, 40)))
        story.agreement, story.agreed = "RETIRE", withdrawn
    elif draw < 0.14 and recent:
        story.agreement, story.agreed = "ORAL", asked
    else:
        story.agreement, story.agreed = "SIGNE", asked


def panel_after(calendar: Calendar, day: date) -> date:
    """The first meeting of the EPS from `day` on: the third Thursday of each month of the school year."""
    year, month = day.year, day.month
    while True:
        start = date(year, month, 1)
        meeting = start + days((3 - start.weekday()) % 7 + 14)
        if meeting >= day and month not in PANEL_REST:
            return calendar.working(meeting)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _live(story: Story) -> None:
    rng, agreed = story.rng, story.agreed
    met = story.opened + days(max(1, delay(rng, 5)))
    until = (agreed or story.as_of) - days(1)
    exchanges.tell_approach(story, met, until, COORDINATOR)
    if story.agreement != "SIGNE" or agreed is None:
        return
    story.clock = agreed
    story.waiting = (story.as_of - story.opened).days < 150 and rng.random() < 0.12
    if not story.waiting:
        story.entered = panel_after(story.calendar, agreed + days(4))
        story.diagnosis = steps.first_step_after(story, story.entered, 11)
        story.validated = steps.first_step_after(story, story.diagnosis, 12)
        story.active_from = steps.first_step_after(story, story.validated, steps.USUAL_FIRST_STEP)
        breaks.plan(story)
    exchanges.tell_exchanges(story)
    steps.tell_pauses(story)
    steps.tell_actions(story)
    steps.tell_reviews(story)
    if story.active_from and story.active_from <= story.as_of:
        steps.tell_barriers(story)
        referrals.tell_referrals(story)
        facts.tell_rights(story)
        facts.tell_events(story)
        facts.tell_absences(story)


def stage(story: Story) -> str:
    """The stage that the dates of the journey say on the last day."""
    if story.agreement != "SIGNE":
        fresh = not story.rows.get("contacts.csv") and story.agreement == "A_DEMANDER"
        return "SAISINE" if fresh else "ACCORD_PARENTAL"
    if story.waiting:
        return "ATTENTE"
    if not story.happened(story.entered):
        return "EPS_INSCRIT"
    if not story.happened(story.validated):
        return "DIAGNOSTIC"
    if not any(row["started_on"] for row in story.rows.get("actions.csv", [])):
        return "PARCOURS_VALIDE"
    if story.paused_on(story.as_of):
        return "SUSPENDU"
    reviews = story.rows.get("reviews.csv", [])
    near = [
        r
        for r in reviews
        if not r["held_on"] and abs((date.fromisoformat(r["due_on"]) - story.as_of).days) < 8
    ]
    if near:
        return "BILAN"
    old = story.entered is not None and (story.as_of - story.entered).days > 420
    return "SORTIE_PREPAREE" if old and story.rng.random() < 0.15 else "EN_COURS"


def line(story: Story) -> Row:
    """The line of journeys.csv."""
    person, home = story.person, story.home
    school, level = schooling(Random(f"{story.ref}/{person.birth}"), person.birth, home, story.as_of)
    return {
        "ref": story.ref,
        "programme": "PRE",
        "first_name": person.first_name,
        "last_name": person.last_name,
        "birth_date": person.birth.isoformat(),
        "sex": person.sex,
        "address": home.address,
        "commune": home.commune,
        "area": home.area,
        "school": school,
        "school_level": level,
        "opened_on": story.opened.isoformat(),
        "agreement_status": story.agreement,
        "agreement_on": story.happened(story.agreed),
        "entered_on": story.happened(story.entered),
        "validated_on": story.happened(story.validated),
        "diagnosis_on": story.happened(story.diagnosis),
        "referent": story.referent,
        "planned_rhythm_days": str(story.rhythm) if story.referent else "",
        "stage": stage(story),
    }
