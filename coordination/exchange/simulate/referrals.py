"""Referrals to partners: answered quickly, late, refused or never; and the ones a journey breaks on."""

from __future__ import annotations

from datetime import date

from coordination.exchange.simulate.behaviour import days, delay
from coordination.exchange.simulate.story import Row, Story, iso

USUAL_ALTERNATIVE = 6  # days from a refusal to another proposal, at the median
REFUSALS = {
    "COMPLET": 34, "HORS_CRITERES": 18, "INJOIGNABLE": 10, "ABSENT_RDV": 10, "NON_INTERESSE": 8,
    "MOBILITE": 8, "GARDE": 4, "DOUBLON": 3, "DOSSIER_INCOMPLET": 5,
}  # fmt: skip


def tell_referrals(story: Story) -> None:
    """The referrals of a journey, ordinary ones and, where it breaks on one, that one."""
    if not story.fitting("partners"):
        return  # at some ages there is nobody to refer to
    first = story.agreed if story.programme == "CITE_EMPLOI" else story.entered
    if first is None or first > story.last_day or story.active_from is None:
        return
    rng = story.rng
    room = (story.last_day - first).days
    usual = (0, 1, 1, 2, 2) if story.programme == "PRE" else (1, 1, 2, 2, 3)
    count = min(rng.choice(usual), room // 60)
    moments = [first + days(rng.uniform(2, 20) if story.programme == "CITE_EMPLOI" else rng.uniform(5, room))]
    moments += [first + days(rng.uniform(20, max(room, 21))) for _ in range(count - 1)]
    for moment in sorted(moments[:count]):
        sent = story.calendar.working(moment)
        if not story.paused_on(sent) and not story.lost_on(sent):
            _ordinary(story, sent)
    if story.has("TRANSITION", "unanswered", "unstarted", "refused_alone"):
        _broken(story, first)


def _key(story: Story) -> str:
    return f"O{len(story.rows.get('referrals.csv', [])) + 1}"


def _partner(story: Story, longest_start: int = 99) -> tuple[str, float, float]:
    """(code, usual days to answer, usual days from acceptance to the first meeting) of a partner."""
    usual = [
        (code, answer, start)
        for kind, answer, start, *_ in story.fitting("partners")
        if (code := story.local(kind)) != story.structure and start <= longest_start
    ]
    return story.rng.choice(usual)


def _ordinary(story: Story, sent: date, follows: str = "") -> None:
    """A referral as most go; a refusal or a silence is followed by another soon."""
    rng = story.rng
    if sent > story.last_day:
        return
    code, answers, starts = _partner(story)
    # Partners' teams too are thinner in holidays, whoever the person is.
    answered = story.calendar.advance(sent, delay(rng, answers), "CITE_EMPLOI")
    seen = min(answered, sent + days(max(0, delay(rng, 1.5)))) if rng.random() < 0.8 else None
    outcome = "ACCEPTED" if follows else rng.choices(("ACCEPTED", "REFUSED", "NONE"), (84, 11, 5))[0]
    row = _write(story, code, sent, seen, follows)
    if outcome == "NONE":
        again = story.calendar.working(sent + days(rng.uniform(12, 25)))
        if again <= story.last_day:
            row["status"] = "EXPIREE"
            _ordinary(story, again, row["key"])
    elif outcome == "REFUSED":
        if _refuse(story, row, answered):
            again = story.calendar.working(answered + days(max(1, delay(rng, USUAL_ALTERNATIVE, 0.4))))
            _ordinary(story, again, row["key"])
    elif story.happened(answered):
        row.update(accepted_on=answered.isoformat(), status="ACCEPTEE")
        _start(story, row, story.calendar.working(answered + days(max(1, delay(rng, starts, 0.45)))))


def _start(story: Story, row: Row, first: date) -> None:
    """The first meeting at the partner's, unless the person is away or lost by then."""
    if story.lost_on(first) or (story.paused_on(first) and story.rng.random() < 0.6):
        row["status"] = "ABANDONNEE" if story.lost_on(first) else "NON_DEMARREE"
    elif story.happened(first):
        finished = first + days(story.rng.uniform(40, 160))
        row["first_action_on"] = first.isoformat()
        row["status"] = "TERMINEE" if story.happened(finished) else "DEMARREE"


def _refuse(story: Story, row: Row, on: date) -> bool:
    if not story.happened(on):
        return False
    reason = story.rng.choices(list(REFUSALS), list(REFUSALS.values()))[0]
    row.update(refused_on=on.isoformat(), refusal_reason=reason, status="REFUSEE")
    return True


def _broken(story: Story, floor: date) -> None:
    """The referral that drags: no answer, no start, or a refusal that nothing follows."""
    broken, rng = story.broken, story.rng
    assert broken is not None
    code, answers, starts = _partner(story, longest_start=16)
    at = story.calendar.working(broken.at)
    again = story.calendar.working(at + days(broken.length)) if broken.ends else None
    if broken.variant == "unanswered":
        row = _write(story, code, at, at + days(2) if rng.random() < 0.5 else None, "")
        story.tell_truth(at, at + days(answers))
        if again and story.happened(again):
            row.update(accepted_on=again.isoformat(), status="ACCEPTEE")
            _start(story, row, story.calendar.working(again + days(max(1, delay(rng, starts, 0.4)))))
        return
    sent = max(floor, story.calendar.working_before(at - days(max(1, delay(rng, answers)))))
    row = _write(story, code, sent, None, "")
    if broken.variant == "unstarted":
        row.update(accepted_on=at.isoformat(), status="ACCEPTEE")
        story.tell_truth(at, at + days(starts))
        if again and story.happened(again):
            row.update(first_action_on=again.isoformat(), status="DEMARREE")
        return
    _refuse(story, row, at)
    story.tell_truth(at, at + days(USUAL_ALTERNATIVE))
    if again:
        _ordinary(story, again, row["key"])


def _write(story: Story, code: str, sent: date, seen: date | None, follows: str) -> Row:
    seen_on = story.happened(seen)
    return story.add(
        "referrals.csv",
        key=_key(story),
        to_structure=code,
        sent_on=iso(sent),
        seen_on=seen_on,
        accepted_on="",
        refused_on="",
        refusal_reason="",
        first_action_on="",
        status="VUE" if seen_on else "ENVOYEE",
        follows=follows,
    )
