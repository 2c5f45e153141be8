"""Rights with an end date, events of life, school absences: what changes a person's status."""

from __future__ import annotations

from datetime import date

from coordination.exchange.simulate.behaviour import days, delay
from coordination.exchange.simulate.story import Story

# Usual length in days of a right, and whether it is normally renewed.
RIGHTS = {
    "CSS": (365, True), "TITRE_SEJOUR": (365, True), "MDPH": (730, True), "ARE_ASS": (182, True),
    "MESURE_ASE": (365, True), "PASS_IAE": (730, False), "CEJ": (365, False), "CDDI_CDD": (122, True),
    "FORMATION": (130, False),
}  # fmt: skip
HELD = {
    "PRE": {"CSS": 18, "MDPH": 9, "TITRE_SEJOUR": 3, "MESURE_ASE": 6},
    "CITE_EMPLOI": {"CSS": 26, "ARE_ASS": 14, "TITRE_SEJOUR": 6, "MDPH": 6, "CDDI_CDD": 7, "FORMATION": 8},
}
LOST = {
    "PRE": ("CSS", "CSS", "MDPH", "TITRE_SEJOUR", "MESURE_ASE"),
    "CITE_EMPLOI": ("CSS", "CSS", "ARE_ASS", "TITRE_SEJOUR", "CDDI_CDD", "CDDI_CDD", "FORMATION"),
}
EVENTS = {
    "PRE": ("DEMENAGEMENT", "CHANGEMENT_ETABLISSEMENT", "CHANGEMENT_ETABLISSEMENT", "EXPULSION_RELOGEMENT"),
    "CITE_EMPLOI": (
        "DEMENAGEMENT",
        "DEMENAGEMENT",
        "SANCTION_REVENU",
        "EXPULSION_RELOGEMENT",
        "EVENEMENT_VIE",
    ),
}
RENEWED_AHEAD = 25  # days: when the answer to a renewal usually arrives, before the end


def tell_rights(story: Story) -> None:
    """Rights known at the start and their renewals; the one a journey breaks on is never renewed."""
    start = story.active_from
    if start is None:
        return
    lost = story.rng.choice(LOST[story.programme]) if story.has("STATUT", "right") else ""
    if lost and story.broken:
        end = story.broken.at
        story.add("rights.csv", kind=lost, ends_on=end.isoformat())
        story.tell_truth(end + days(1), end + days(1))
    held = {kind for kind, share in HELD[story.programme].items() if story.rng.random() * 100 < share}
    if story.scheme == "CEJ":
        held.add("CEJ")
    if story.scheme == "IAE":
        held.add("PASS_IAE")
    for kind in sorted(held - {lost}):
        _hold(story, kind, start)


def _hold(story: Story, kind: str, start: date) -> None:
    length, renewed = RIGHTS[kind]
    end = start + days(length * story.rng.uniform(0.5, 1.0))
    if kind == "CEJ" and story.rng.random() < 0.4:
        end += days(182)
    for _ in range(12):
        story.add("rights.csv", kind=kind, ends_on=end.isoformat())
        # A right that has not come near its end has no renewal to write yet.
        if not renewed or end - days(RENEWED_AHEAD) > story.last_day:
            return
        end += days(length)


def tell_events(story: Story) -> None:
    """Events, nearly always handled within days; where the journey breaks on one, long after or never."""
    start = story.active_from
    if start is None:
        return
    rng = story.rng
    kinds = EVENTS[story.programme]
    if story.has("STATUT", "event") and story.broken:
        at, kind = story.broken.at, rng.choice([k for k in kinds if k != "EVENEMENT_VIE"])
        handled = at + days(story.broken.length) if story.broken.ends else None
        story.add("events.csv", on=at.isoformat(), kind=kind, handled_on=story.happened(handled))
        story.tell_truth(at, at)
    elif rng.random() < 0.12:
        room = (story.last_day - start).days
        at = start + days(rng.uniform(0, max(room, 1)))
        if story.happened(at):
            handled = at + days(min(delay(rng, 2, 0.6), 12))
            story.add(
                "events.csv", on=at.isoformat(), kind=rng.choice(kinds), handled_on=story.happened(handled)
            )
    if story.has("STATUT", "age") and story.broken:
        story.tell_truth(story.broken.at, story.broken.at)


def tell_absences(story: Story) -> None:
    """Half-days missed at school, where the school shares them (few do)."""
    rng = story.rng
    if story.active_from is None or rng.random() > 0.05:
        return
    day = story.active_from
    for _ in range(rng.randrange(2, 9)):
        day = story.calendar.working(day + days(rng.uniform(3, 40)))
        if story.happened(day) and not story.calendar.is_school_holiday(day):
            story.add("school_absences.csv", on=day.isoformat(), half_days=str(rng.choice((1, 1, 2, 2, 3))))
