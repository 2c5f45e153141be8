"""A threshold tried on histories written by hand: each figure of the page, counted by hand."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.trial import Lasted, Tried, by_referent, try_out, waits
from coordination.alerts.trial_chart import TALL, draw
from coordination.cases.facts import ContactFact, JourneyFacts, PauseFact, RightFact
from coordination.cases.replay import steps
from coordination.cases.rules.silences import long_silences

D = date.fromisoformat
NO_HOLIDAYS = Calendar.of([], "none")
FIRST, LAST = D("2026-01-05"), D("2026-07-05")
WHO = uuid.uuid4()


def cite(*exchanges: str, **more: object) -> JourneyFacts:
    contacts = tuple(ContactFact(D(day), "TEL", "ABOUTI") for day in exchanges)
    return JourneyFacts("CITE_EMPLOI", "EN_ACTION", D("2025-12-01"), contacts=contacts, **more)  # type: ignore[arg-type]


def a09(days: int) -> Thresholds:
    return Thresholds({"A09": (days, None)})


def tried(facts: JourneyFacts, lost: bool = False, who: uuid.UUID | None = WHO) -> Tried:
    return Tried(who, steps(facts), long_silences(facts, lost, LAST, NO_HOLIDAYS))


def test_alerts_breaks_and_days_gained_are_counted_for_both_settings() -> None:
    # Silent from 1 March to 20 May (80 days): a break on 1 May. Else an exchange every 28 days.
    broken = cite("2026-01-04", "2026-02-01", "2026-03-01", "2026-05-20", "2026-06-17")
    calm = cite(
        "2026-01-04", "2026-02-01", "2026-03-01", "2026-03-29", "2026-04-26", "2026-05-24", "2026-06-21"
    )
    found = try_out("A09", [tried(broken), tried(calm)], a09(45), a09(27), FIRST, LAST, NO_HOLIDAYS)
    assert found.journeys == 2 and found.breaks == 1
    assert (found.before.alerts, found.before.found) == (1, 1)
    # 27 days: one more for each pause of 28 days, closed the day after; the break's own comes 18 days earlier.
    assert (found.after.found, found.days_gained) == (1, 18)
    assert found.after.alerts == 10 and found.after.needless == 9
    assert found.before.by_referent == {WHO: 1} and found.after.by_referent == {WHO: 10}
    # 15 April is in the fifteenth week.
    assert found.before.weeks.index(1) == (D("2026-04-15") - FIRST).days // 7
    assert len(found.before.weeks) == 26 == len(found.after.weeks)


def test_a_setting_too_slow_finds_nothing_and_has_no_days_to_compare() -> None:
    facts = cite("2026-03-01", "2026-05-20")
    found = try_out("A09", [tried(facts)], a09(45), a09(70), FIRST, LAST, NO_HOLIDAYS)
    # The opening on 1 December, silent until March, is a break of its own, on 31 January.
    assert (found.breaks, found.before.found, found.after.found, found.days_gained) == (2, 2, 0, None)


def test_the_starting_situation_is_in_no_week() -> None:
    facts = cite("2025-12-02")
    found = try_out("A09", [tried(facts)], a09(15), a09(14), FIRST, LAST, NO_HOLIDAYS)
    assert found.before.alerts == found.after.alerts == 0
    assert found.breaks == found.before.found == 1


def test_an_empty_past_gives_nothing() -> None:
    found = try_out("A09", [], a09(45), a09(30), FIRST, LAST, NO_HOLIDAYS)
    assert (found.journeys, found.before.alerts, found.breaks, found.days_gained) == (0, 0, 0, None)
    assert draw(FIRST, found.before.weeks, found.after.weeks).summary


def test_a_long_silence_is_more_than_sixty_days_outside_a_pause() -> None:
    def silences(*exchanges: str, **more: object) -> list[Lasted]:
        return long_silences(cite("2025-12-01", *exchanges, **more), False, D("2026-02-20"), NO_HOLIDAYS)

    assert silences("2026-01-30") == []
    assert silences("2026-01-31") == [Lasted(D("2025-12-01"), D("2026-01-31"))]
    paused = (PauseFact("1", D("2026-01-10"), None, D("2026-01-20")),)
    assert silences("2026-02-15", pauses=paused) == []
    still = (PauseFact("1", D("2025-11-10"), None, None),)
    assert silences(pauses=still) == []


def test_the_silence_of_a_child_is_counted_without_school_holidays() -> None:
    holidays = Calendar.of([D("2026-01-20") + timedelta(days=n) for n in range(10)], "ten days")
    contact = (ContactFact(D("2026-01-05"), "TEL", "ABOUTI"),)
    child = JourneyFacts("PRE", agreement_on=D("2026-01-05"), contacts=contact)
    for calendar, on in ((NO_HOLIDAYS, "2026-03-07"), (holidays, "2026-03-17")):
        assert long_silences(child, False, LAST, calendar) == [Lasted(D("2026-01-05"), D(on))]


def test_an_end_for_lost_contact_is_one_break() -> None:
    ended = cite("2026-01-10", exit_on=D("2026-02-10"))
    assert long_silences(ended, True, LAST, NO_HOLIDAYS) == [Lasted(D("2026-01-10"), D("2026-02-10"))]
    assert long_silences(ended, False, LAST, NO_HOLIDAYS) == []
    late = cite("2026-01-10", exit_on=D("2026-04-10"))
    assert long_silences(late, True, LAST, NO_HOLIDAYS) == [Lasted(D("2026-01-10"), D("2026-03-12"))]


def test_a_wait_of_another_rule_lasts_until_its_target_or_twice_its_delay() -> None:
    right = (RightFact("r", "CSS", D("2026-05-01")),)
    past = steps(cite("2026-01-04", rights=right))
    assert [w.on for w in waits("S15", past, Thresholds.default(), FIRST, LAST, NO_HOLIDAYS)] == [
        D("2026-05-01")
    ]
    # A birthday is no break.
    young = steps(cite(birth_date=D("2001-03-10")))
    assert waits("S08", young, Thresholds.default(), FIRST, LAST, NO_HOLIDAYS) == []
    paused = steps(cite(pauses=(PauseFact("p", D("2026-01-10"), D("2026-02-01"), None),)))
    lasted = waits("I03", paused, Thresholds.default(), FIRST, LAST, NO_HOLIDAYS)
    assert [w.on for w in lasted] == [D("2026-02-01") + timedelta(days=60)]


def test_the_chart_says_the_same_as_its_table() -> None:
    chart = draw(D("2026-01-05"), (0, 2, 4, 0, 1), (1, 0, 8, 0, 0))
    assert chart.most == 8 and [row.kind for row in chart.rows] == ["before", "after"]
    before, after = chart.rows
    assert [bar.height for bar in before.bars] == [TALL // 4, TALL // 2, round(TALL / 8)]
    assert after.bars[1].height == TALL and after.bars[1].y == after.top
    assert [bar.words for bar in after.bars] == ["Semaine du 05/01/2026 : 1", "Semaine du 19/01/2026 : 8"]
    assert [line[1:] for line in chart.lines] == [(0, 1), (2, 0), (4, 8), (0, 0), (1, 0)]
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for row in chart.rows for bar in row.bars)
    assert "7 avec le réglage actuel, 9 avec le réglage essayé" in chart.summary
    assert chart == draw(D("2026-01-05"), (0, 2, 4, 0, 1), (1, 0, 8, 0, 0))


def test_a_small_week_still_shows_and_a_quiet_one_does_not() -> None:
    chart = draw(FIRST, (1, 0, 500), (0, 0, 0))
    assert [bar.height for bar in chart.rows[0].bars] == [2, TALL] and chart.rows[1].bars == ()
    assert draw(FIRST, (0,), (0,)).most == 1


def test_the_most_loaded_referent_comes_first() -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    lines = by_referent({one: 2, two: 13}, {one: 26}, 26, lambda who: "un" if who == one else "deux")
    assert lines == [("un", 2, 26, 2 / 26, 1.0), ("deux", 13, 0, 0.5, 0.0)]
