"""Steps of a journey: the chain of actions, the reviews, the pauses as they are written."""

from __future__ import annotations

from datetime import date
from typing import Any

from coordination.exchange.simulate.behaviour import days, delay
from coordination.exchange.simulate.story import Story, iso

USUAL_NEXT_STEP = 7  # days: half of the ended actions are followed by another within a week
USUAL_FIRST_STEP = 11  # days from a validated journey to its first action, at the median
PLANNED_AHEAD = 40  # days before its start from which a next action gets written down
LONGEST_CHAIN = 9

ENDINGS = {"TERMINEE_ATTEINTE": 58, "TERMINEE_PARTIELLE": 26, "TERMINEE_NON_ATTEINTE": 8, "ABANDONNEE": 8}
COMMON_LAW = {
    "MOBILISE": 36, "SOLLICITE": 26, "NON_CHERCHE": 18, "INSUFFISANT": 12, "INDISPONIBLE": 6, "REFUSE": 2,
}  # fmt: skip


def tell_pauses(story: Story) -> None:
    """The pauses; a return after the last day is not known yet."""
    for pause in story.pauses:
        story.add(
            "pauses.csv",
            **{"from": pause.since.isoformat(), "expected_return": iso(pause.expected)},
            returned_on=story.happened(pause.back),
            reason=pause.reason,
        )


def tell_actions(story: Story) -> None:
    """One action after the other, overlapping a little, unless the journey breaks between two."""
    start = story.active_from
    if start is None:
        return
    rng = story.rng
    fitting = story.fitting("steps")
    choices = rng.sample(fitting, k=len(fitting))
    choices = (choices * LONGEST_CHAIN)[:LONGEST_CHAIN]
    if story.has("TRANSITION", "no_first_action") and story.validated:
        story.tell_truth(story.validated, story.validated + days(USUAL_FIRST_STEP))
    gap_to_come = story.has("TRANSITION", "nothing_follows")
    day = story.calendar.working(start)
    ended: date | None = None
    for number, choice in enumerate(choices, 1):
        assert story.broken is not None or not gap_to_come
        if gap_to_come and story.broken and ended and day >= story.broken.at:
            # The thread broke between two actions: the next one waits.
            gap_to_come = False
            if not _break_after(story, ended):
                return
            day = story.calendar.working(ended + days(story.broken.length))
        free = _free_from(story, day)
        if free is None or free > story.last_day + days(PLANNED_AHEAD):
            return
        cut = story.broken.at if gap_to_come and story.broken else None
        ended = _action(story, number, choice, free, cut)
        if ended is None:
            return
        if cut and ended == cut and story.broken:
            gap_to_come = False
            if not _break_after(story, ended):
                return
            day = story.calendar.working(ended + days(story.broken.length))
        else:
            day = story.calendar.working(ended + days(rng.uniform(-18, 9)))


def _break_after(story: Story, ended: date) -> bool:
    """Nothing follows an ended action; true where somebody takes the thread up later."""
    assert story.broken is not None
    story.tell_truth(ended, ended + days(USUAL_NEXT_STEP))
    if story.programme == "CITE_EMPLOI" and story.rng.random() < 0.5:
        since = ended + days(3)
        if story.happened(since):
            found = ended + days(story.broken.length)
            story.add("events.csv", on=since.isoformat(), kind="SITUATION_SANS_SOLUTION", handled_on="")
            if story.broken.ends and story.happened(found):
                story.add("events.csv", on=found.isoformat(), kind="FIN_SANS_SOLUTION", handled_on="")
    return story.broken.ends


def _free_from(story: Story, day: date) -> date | None:
    """The first day from `day` on which the person is there; None where they never come back."""
    for pause in story.pauses:
        if pause.since <= day and (pause.back is None or day < pause.back):
            if pause.back is None:
                return None
            day = story.calendar.working(pause.back + days(story.rng.uniform(1, 8)))
    if story.lost_on(day):
        if story.lost_until is None:
            return None
        day = story.calendar.working(story.lost_until + days(story.rng.uniform(1, 8)))
    return day


def _action(story: Story, number: int, choice: Any, start: date, cut: date | None) -> date | None:
    """Writes one action; returns the day it ends, None where it is still to start or going on."""
    rng = story.rng
    kind, axis, structure, usual, *_ = choice
    started = story.calendar.working(start + days(rng.choice((0, 0, 0, 1, 3, 5))))
    planned_end = start + days(usual * rng.uniform(0.6, 1.25))
    ended = max(story.calendar.working(planned_end + days(rng.gauss(0, 5))), started + days(5))
    if cut and started < cut and (ended >= cut or number == LONGEST_CHAIN):
        ended, planned_end = cut, max(start, min(planned_end, cut + days(10)))
    given_up = bool(story.lost_from and started < story.lost_from <= ended and rng.random() < 0.35)
    if given_up and story.lost_from:
        ended = min(ended, story.calendar.working(story.lost_from + days(rng.uniform(15, 45))))
    if story.exit:
        ended = min(ended, story.exit)
    careless = rng.random() < story.style.untidy / 2 and ended != cut
    over = bool(story.happened(ended)) and started <= ended
    row = story.add(
        "actions.csv",
        key=f"A{number}",
        kind=kind,
        axis_or_barrier=axis,
        structure=story.local(structure),
        droit_commun=rng.choices(list(COMMON_LAW), list(COMMON_LAW.values()))[0],
        planned_start=iso(start) if rng.random() < 0.88 else "",
        started_on=story.happened(started),
        planned_end=iso(planned_end) if rng.random() < 0.88 else "",
        ended_on=ended.isoformat() if over and not careless else "",
        status="EN_COURS",
    )
    if not row["started_on"]:
        row.update(status="PREVUE", ended_on="", planned_start=iso(start))
        return None
    if not over:
        paused = story.paused_on(story.last_day) and rng.random() < 0.5
        row["status"] = "SUSPENDUE" if paused else "EN_COURS"
        # What comes next is often planned before the present action ends.
        return ended if ended <= story.last_day + days(PLANNED_AHEAD) and rng.random() < 0.8 else None
    if row["ended_on"]:
        endings = {"ABANDONNEE": 1} if given_up else ENDINGS
        row["status"] = rng.choices(list(endings), list(endings.values()))[0]
    return ended


def tell_reviews(story: Story) -> None:
    """Reviews three months after the start, then every six; held about on time, some late, few never."""
    base = story.validated if story.programme == "PRE" else story.diagnosis
    if base is None or base > story.last_day or (story.programme != "PRE" and story.rng.random() < 0.4):
        return
    rng, due = story.rng, base + days(91)
    while True:
        due = story.calendar.working(due)
        draw = rng.random()
        late = rng.uniform(16, 45) if draw < 0.06 else rng.gauss(-1, 5)
        held: date | None = story.calendar.working(due + days(max(late, -14)))
        held = _free_from(story, held) if held and draw < 0.97 else None
        story.add("reviews.csv", due_on=due.isoformat(), held_on=story.happened(held))
        if due > story.last_day:
            return
        due += days(182)


def tell_barriers(story: Story) -> None:
    """What hinders the journey, as found at the diagnosis, and what was lifted since."""
    if story.diagnosis is None or story.active_from is None:
        return
    rng = story.rng
    used = {row["axis_or_barrier"] for row in story.rows.get("actions.csv", [])}
    if story.programme == "PRE":
        found = (
            rng.sample(("FAMILLE", "LANGUE", "LOGEMENT", "MOBILITE", "ADMIN"), 1)
            if rng.random() < 0.15
            else []
        )
    else:
        others = [
            c for c in ("MOBILITE", "GARDE", "NUMERIQUE", "FINANCES", "QUALIF", "CONFIANCE") if c not in used
        ]
        found = sorted(used)[:3] + rng.sample(others, k=min(1, len(others)))
    for code in found:
        identified = story.diagnosis + days(rng.choice((0, 0, 0, 7, 30)))
        if not story.happened(identified):
            continue
        lifted = identified + days(rng.uniform(40, 320)) if rng.random() < 0.55 else None
        story.add(
            "barriers.csv",
            barrier=code,
            level=rng.choices(("SANS_IMPACT", "MOYEN", "FORT"), (8, 60, 32))[0],
            identified_on=identified.isoformat(),
            lifted_on=story.happened(lifted),
        )


def first_step_after(story: Story, day: date, median: float) -> date:
    """A worked day a usual delay after `day`."""
    return story.calendar.working(day + days(max(1, delay(story.rng, median))))
