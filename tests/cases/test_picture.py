"""The picture of a journey: what lies where, what is cut at the edges, and the same in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from coordination.cases.picture.draw import SMALL, draw
from coordination.cases.picture.drawing import Drawing, Line, Row
from coordination.cases.picture.facts import Break, Lane, Moment, PictureFacts, Segment
from coordination.cases.picture.periods import LONGEST, PERIODS, Scale, ticks, window
from coordination.cases.queries.picture_course import STEPS, course_moments

TODAY = date(2026, 11, 22)
OPENED = date(2025, 9, 1)


def days(number: int) -> date:
    return TODAY + timedelta(days=number)


def exchange(on: date) -> Moment:
    return Moment("exchange", on, "exchange", "Échange abouti", is_exchange=True)


def facts(*moments: Moment, **more: Any) -> PictureFacts:
    return PictureFacts(OPENED, OPENED, moments=moments, **more)


def picture(given: PictureFacts, period: str = "6m", holidays: Any = ()) -> Drawing:
    return draw(given, period, TODAY, holidays)


def row(drawing: Drawing, kind: str) -> Row:
    return next(row for row in drawing.rows if row.kind == kind)


def words(drawing: Drawing) -> list[str]:
    return [line.words for line in drawing.lines]


@pytest.mark.parametrize("period", PERIODS)
def test_the_first_and_the_last_day_lie_at_the_edges(period: str) -> None:
    scale = window(facts(), period, TODAY)
    assert scale.start(scale.first) == 0 and scale.end(scale.last) == 100
    assert 0 < scale.middle(scale.first) < scale.middle(TODAY) < scale.middle(scale.last) < 100
    assert picture(facts(), period).today_x == scale.middle(TODAY)


def test_a_longer_period_shows_more_and_all_shows_everything() -> None:
    scales = [window(facts(), period, TODAY) for period in ("3m", "6m", "1a", "tout")]
    assert [s.first for s in scales] == sorted((s.first for s in scales), reverse=True)
    assert scales[-1].first <= OPENED
    old = PictureFacts(TODAY - timedelta(days=5000))
    assert window(old, "tout", TODAY).days < LONGEST + 100, "a picture stays a picture"


def test_a_journey_that_ended_is_seen_from_its_end() -> None:
    over = replace(facts(exchange(days(-500))), exit_on=days(-400))
    drawing = picture(over)
    assert drawing.scale.holds(days(-400)) and not drawing.scale.holds(TODAY)
    assert drawing.today_x is None
    assert not any(gap.current for gap in row(drawing, "exchange").gaps if gap.x + gap.width > 99)


@pytest.mark.parametrize(("offset", "shown"), [(-1, False), (0, True), (1, True)])
def test_a_mark_is_cut_at_the_first_day(offset: int, shown: bool) -> None:
    first = window(facts(), "6m", TODAY).first
    drawing = picture(facts(exchange(first + timedelta(days=offset))))
    assert bool(row(drawing, "exchange").marks) is shown
    assert ("Échange abouti" in words(drawing)) is shown


@pytest.mark.parametrize(("offset", "shown"), [(-1, True), (0, True), (1, False)])
def test_a_mark_is_cut_at_the_last_day(offset: int, shown: bool) -> None:
    last = window(facts(), "6m", TODAY).last
    planned = Moment("exchange", last + timedelta(days=offset), "planned", "Rendez-vous : à venir")
    assert bool(row(picture(facts(planned)), "exchange").marks) is shown


def test_what_joined_stands_above_what_did_not() -> None:
    missed = Moment("exchange", days(-3), "missed", "Rendez-vous : absence non excusée")
    coming = Moment("exchange", days(3), "planned", "Rendez-vous : à venir")
    marks = {m.shape: m for m in row(picture(facts(exchange(days(-9)), missed, coming)), "exchange").marks}
    assert marks["exchange"].y == marks["planned"].y < marks["missed"].y
    assert marks["exchange"].x < marks["missed"].x < marks["planned"].x


@pytest.mark.parametrize(("length", "said"), [(29, False), (30, True), (31, True)])
def test_a_silence_speaks_from_thirty_days_on(length: int, said: bool) -> None:
    drawing = picture(facts(exchange(days(-100)), exchange(days(-100 + length)), exchange(TODAY)))
    first = [gap for gap in row(drawing, "exchange").gaps if f"{length} jours" in gap.words]
    assert bool(first) is said
    assert (f"{length} jours sans échange" in words(drawing)) is said


def test_the_present_silence_runs_to_today_and_says_so() -> None:
    drawing = picture(facts(exchange(days(-45))))
    gap = row(drawing, "exchange").gaps[-1]
    assert gap.current and gap.words.startswith("45 jours sans échange, depuis le 8 octobre 2026")
    assert gap.x + gap.width == pytest.approx(drawing.scale.middle(TODAY), abs=0.01)


def test_a_pause_is_no_silence_and_the_return_opens_a_new_count() -> None:
    paused = facts(exchange(days(-90)), pauses=(Break(days(-80), days(-20), days(-10)),))
    gaps = row(picture(paused), "exchange").gaps
    assert [gap.text for gap in gaps if gap.x > 20] == []
    still = facts(exchange(days(-90)), pauses=(Break(days(-40)),))
    gap = row(picture(still), "exchange").gaps[-1]
    assert not gap.current and gap.words.startswith("50 jours")


def test_a_silence_that_began_before_the_picture_is_cut_but_counted_whole() -> None:
    gap = row(picture(facts(exchange(days(-300)))), "exchange").gaps[-1]
    assert gap.x == 0 and gap.text == "300 jours sans échange"


def test_nobody_ever_reached_is_a_silence() -> None:
    assert row(picture(facts()), "exchange").gaps[-1].current
    assert not row(picture(PictureFacts(OPENED)), "exchange").gaps, "nothing is awaited yet"


def action(since: date, until: date | None, style: str = "running") -> Lane:
    return Lane("action-sante", "Orthophonie", "Orthophonie : en cours", (Segment(since, until, style),))


def test_a_bar_lies_between_its_days_and_is_cut_at_the_edges() -> None:
    inside = picture(facts(lanes=(action(days(-60), days(-30)),)))
    bar = row(inside, "action-sante").bars[0]
    assert bar.x == inside.scale.start(days(-60))
    assert bar.x + bar.width == pytest.approx(inside.scale.end(days(-30)), abs=0.01)
    assert not bar.cut_left and not bar.cut_right
    across = picture(facts(lanes=(action(days(-900), days(900)),)))
    bar = row(across, "action-sante").bars[0]
    assert (bar.x, bar.width, bar.cut_left, bar.cut_right) == (0.0, 100.0, True, True)
    outside = picture(facts(lanes=(action(days(-900), days(-800)),)))
    assert [r.kind for r in outside.rows] == ["exchange"]
    assert "Orthophonie : en cours" not in words(outside)


def test_what_goes_on_goes_to_today() -> None:
    drawing = picture(facts(lanes=(action(days(-60), None),)))
    bar = row(drawing, "action-sante").bars[0]
    assert bar.x + bar.width == pytest.approx(drawing.scale.end(TODAY), abs=0.01)


def test_a_volet_without_anything_has_no_row_at_all() -> None:
    drawing = picture(facts(lanes=(action(days(-60), None),)))
    assert [r.kind for r in drawing.rows] == ["exchange", "action-sante"]
    assert not any("protection" in r.label for r in drawing.rows)


def test_school_holidays_and_pauses_lie_in_the_ground() -> None:
    holidays = ((days(-40), days(-30)), (days(-900), days(-890)))
    drawing = picture(facts(pauses=(Break(days(-20)),)), holidays=holidays)
    assert [band.kind for band in drawing.bands] == ["holiday", "pause"]
    assert drawing.bands[0].x == drawing.scale.start(days(-40))
    pause = drawing.bands[1]
    assert pause.x + pause.width == pytest.approx(drawing.scale.end(TODAY), abs=0.01)
    assert "en cours" in pause.words
    assert {"Vacances scolaires", "Pause en cours, sans date de reprise"} <= set(words(drawing))


def line(drawing: Drawing, begins: str) -> Line:
    return next(line for line in drawing.lines if line.words.startswith(begins))


def test_the_table_says_the_end_that_is_drawn_dashed() -> None:
    """Of what goes on the bar has two parts, done and planned: the table has both."""
    planned = Segment(days(1), days(80), "planned")
    going = replace(action(days(-9), None), segments=(Segment(days(-9), None, "running"), planned))
    told = line(picture(facts(lanes=(going,))), "Orthophonie")
    assert told.words == "Orthophonie : en cours, fin prévue le 10 février 2027"
    assert (told.since, told.until, told.goes_on) == (days(-9), None, True)
    later = replace(going, segments=(Segment(days(9), days(80), "planned"),))
    told = line(picture(facts(lanes=(later,))), "Orthophonie")
    assert (told.words, told.until, told.goes_on) == ("Orthophonie : en cours", days(80), False)


def test_the_table_says_that_a_pause_runs_and_until_when() -> None:
    drawing = picture(facts(pauses=(Break(days(-20), days(30)), Break(days(-90), days(-80), days(-70)))))
    running = line(drawing, "Pause en cours")
    assert running.words == "Pause en cours, reprise prévue le 22 décembre 2026" and running.goes_on
    over = next(line for line in drawing.lines if line.words == "Pause")
    assert (over.since, over.until, over.goes_on) == (days(-90), days(-70), False)


def test_an_alert_is_one_line_of_the_table() -> None:
    alert = Moment("alert", days(-30), "alert-haute", "Le niveau manque (alerte haute)")
    lane = Lane("alert", "Le niveau manque", alert.words, (Segment(alert.on, None, "alert"),), (alert,))
    drawing = picture(facts(lanes=(lane,)))
    assert [line.words for line in drawing.lines if line.group == "Alertes ouvertes"] == [alert.words]
    assert "1 alerte ouverte" in drawing.summary and line(drawing, alert.words).goes_on


@pytest.mark.parametrize(
    ("status", "said"),
    [("SIGNE", "Accord signé"), ("RETIRE", "Accord : retiré"), ("REFUS", "Accord : refus")],
)
def test_an_agreement_is_named_in_full(status: str, said: str) -> None:
    journey = SimpleNamespace(programme="PRE", agreement_on=TODAY, agreement_status=status)
    vars(journey).update(dict.fromkeys([name for name, *_ in STEPS]))
    (moment,) = course_moments(journey, [], [])
    assert (moment.words, moment.caption) == (said, said)


def test_every_shape_is_also_a_line_of_the_table() -> None:
    lane = replace(
        action(days(-50), days(-20), "done"),
        marks=(Moment("action-sante", days(-20), "stopped", "Arrêt : orthophonie"),),
    )
    review = Moment("milestone", days(10), "review-due", "Bilan prévu", "Bilan prévu")
    drawing = picture(facts(exchange(days(-45)), review, lanes=(lane,)), holidays=((days(-40), days(-30)),))
    shapes = sum(len(r.marks) + len(r.gaps) + len(r.bars) for r in drawing.rows) + len(drawing.bands)
    # Two silences: before the first exchange and since.
    assert len(drawing.lines) == shapes == 7
    assert [line.since for line in drawing.lines] == sorted(
        (line.since for line in drawing.lines), reverse=True
    )


def test_rows_never_cover_each_other_and_captions_neither() -> None:
    moments = [
        Moment("milestone", days(-n), "step", "Étape", "Une longue étiquette") for n in range(0, 160, 4)
    ]
    lanes = [action(days(-100 + n), days(-50 + n)) for n in range(5)]
    drawing = picture(facts(exchange(TODAY), *moments, lanes=tuple(lanes)))
    for above, below in pairwise(drawing.rows):
        assert above.y + above.height <= below.y
    assert drawing.rows[-1].y + drawing.rows[-1].height <= drawing.height
    lines: dict[int, list[float]] = {}
    for caption in row(drawing, "milestone").captions:
        lines.setdefault(caption.y, []).append(caption.x)
    width = len("Une longue étiquette") * 6.6 / drawing.scale.width * 100
    for places in lines.values():
        assert all(b - a >= width for a, b in pairwise(places))


@pytest.mark.parametrize("apart", [0, 1, 3])
def test_what_comes_close_together_is_told_apart_and_named(apart: int) -> None:
    """Signed again, ended and reopened within days, on the shortest period of a phone."""
    said = ("Accord signé", "Fin, puis rouvert", "Rouvert", "Bilan")
    shapes = ("agreement", "exit", "opened", "review")
    close = [
        Moment("milestone", days(-20 + number * apart), shape, caption, caption)
        for number, (shape, caption) in enumerate(zip(shapes, said, strict=True))
    ]
    drawing = picture(facts(*close), "3m")
    shown = row(drawing, "milestone")
    assert {caption.text for caption in shown.captions} == set(said)
    places = [(mark.x * drawing.scale.width / 100, mark.y) for mark in shown.marks]
    for number, (x, y) in enumerate(places):
        assert all(abs(x - a) >= 14 or abs(y - b) >= 14 for a, b in places[:number])
    assert max(y for _, y in places) + 8 < min(caption.y for caption in shown.captions)
    assert max(caption.y for caption in shown.captions) <= shown.y + shown.height


def test_the_small_picture_keeps_what_tells_at_a_glance() -> None:
    review = Moment("milestone", days(-1), "review", "Bilan tenu", "Bilan")
    given = facts(exchange(TODAY), review, lanes=(action(days(-9), None),))
    small = draw(given, "6m", TODAY, (), SMALL)
    assert [r.kind for r in small.rows] == ["exchange", "milestone"]
    assert small.height < picture(given).height


def test_months_are_named_where_they_fit_and_years_are_told() -> None:
    half = ticks(Scale(date(2026, 5, 30), date(2026, 12, 31), 680))
    assert [tick.label for tick in half][:3] == ["", "juin 2026", "juillet"]
    year = ticks(Scale(date(2025, 11, 1), date(2026, 12, 31), 860))
    assert "2026" in [tick.label for tick in year if tick.is_year]
    assert all(0 <= tick.x <= 100 for tick in (*half, *year))


def test_the_summary_counts_what_the_period_shows() -> None:
    missed = Moment("exchange", days(-3), "missed", "Rendez-vous : absence non excusée")
    kept = Moment("exchange", days(-9), "kept", "Rendez-vous : honoré", is_exchange=True)
    drawing = picture(facts(exchange(days(-9)), kept, exchange(days(-900)), missed))
    assert drawing.summary == "Sur 6 mois : 1 jour d'échange, 0 tentative, 1 rendez-vous manqué."


def test_nothing_of_it_prints_its_words() -> None:
    moment = Moment("event", TODAY, "event", "Déménagement")
    assert "Déménagement" not in repr(moment)
    assert "Ortho" not in repr(action(TODAY, None)) and "Dém" not in repr(picture(facts(moment)))
