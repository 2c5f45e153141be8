"""Lists that the administrator keeps: labels, order, retirement; seen by other processes within seconds."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from coordination import clock, reference
from coordination.accounts import lists, territory
from coordination.accounts.list_models import SchoolYear
from coordination.accounts.queries import load_actor
from coordination.accounts.territory import AreaValues, next_year, usual_year
from coordination.cases.checks import Problems
from coordination.cases.vocabulary import area_label
from coordination.db import db
from coordination.errors import BadInput, Conflict, Forbidden, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from tests.people import make_account
from tests.support import day, rows

LIST = "pause_reason"
NOW = clock.now


@pytest.fixture
def admin(app: Flask) -> Actor:
    return load_actor(make_account("ADMIN"), NOW())


def codes(actor: Actor) -> list[str]:
    with consult(actor, Action.MANAGE_LISTS, NOW()) as r:
        found = lists.list_lines(r.require(), LIST)
        r.audit(r.require(), ("liste",))
    return [line.code for line in found]


def change(actor: Actor, code: str, version: int, label: str = "", **more: Any) -> None:
    given = {"label": label or reference.label(LIST, code), "retired_on": None} | more
    lists.change_label(actor, LIST, code, version, NOW(), **given)


def test_a_label_changes_and_its_code_does_not(admin: Actor) -> None:
    change(admin, "SANTE", 0, "Raison de  santé ")
    assert reference.label(LIST, "SANTE") == "Raison de santé"
    assert list(reference.labels(LIST)) == [item["code"] for item in reference.items(LIST)]


def test_a_retired_code_is_shown_as_such_and_refused_for_what_is_new(admin: Actor) -> None:
    before = reference.label(LIST, "JUSTICE")
    change(admin, "JUSTICE", 0, retired_on=day())
    assert "JUSTICE" not in reference.labels(LIST)
    assert reference.label(LIST, "JUSTICE") == f"{before} (retiré de la liste)"
    problems = Problems()
    problems.code("reason", LIST, "JUSTICE")
    problems.code("other", LIST, "INVENTE")
    problems.code("good", LIST, "SANTE")
    assert "retirée" in problems["reason"] and "proposées" in problems["other"] and "good" not in problems
    # Back again: nothing was lost.
    change(admin, "JUSTICE", 1, before)
    assert reference.labels(LIST)["JUSTICE"] == before


def test_lines_move_up_and_down(admin: Actor) -> None:
    first = codes(admin)
    change(admin, first[2], 0, move=-1)
    assert codes(admin)[:3] == [first[0], first[2], first[1]]
    assert list(reference.labels(LIST)) == codes(admin)
    change(admin, first[2], 1, move=-1)
    change(admin, first[2], 2, move=-1)
    assert codes(admin)[:3] == [first[2], first[0], first[1]]
    change(admin, first[0], 1, move=1)
    assert codes(admin)[:3] == [first[2], first[1], first[0]]
    assert sorted(codes(admin)) == sorted(first)


def test_two_administrators_one_line(admin: Actor) -> None:
    change(admin, "SANTE", 0, "Une")
    with pytest.raises(Conflict):
        change(admin, "SANTE", 0, "Autre")
    assert reference.label(LIST, "SANTE") == "Une"


def test_what_a_line_cannot_be(admin: Actor) -> None:
    for label in ("", "x" * 121, reference.label(LIST, "FAMILLE").upper()):
        with pytest.raises(BadInput) as refused:
            lists.change_label(admin, LIST, "SANTE", 0, NOW(), label=label, retired_on=None)
        assert refused.value.fields.keys() == {"label"}
    with pytest.raises(NotFound):
        lists.change_label(admin, LIST, "INVENTE", 0, NOW(), label="x", retired_on=None)
    for fixed in ("pre_stage", "contact_outcome", "user_role", "invente"):
        with pytest.raises(NotFound):
            lists.change_label(admin, fixed, "SANTE", 0, NOW(), label="x", retired_on=None)
    everyone = codes(admin)
    for code in everyone[1:]:
        change(admin, code, 0, retired_on=day())
    with pytest.raises(BadInput) as last:
        change(admin, everyone[0], 0, retired_on=day())
    assert last.value.fields.keys() == {"retired"}


def test_nobody_else_keeps_lists(app: Flask) -> None:
    for role in ("COORD_PRE", "DPO", "PILOTAGE", "REFERENT_PRE"):
        actor = load_actor(make_account(role), NOW())
        with pytest.raises(Forbidden):
            change(actor, "SANTE", 0, "x")
        with pytest.raises(Forbidden):
            territory.save_area(actor, "QF_X", None, NOW(), AreaValues("x", "62765", None, None))
        with pytest.raises(Forbidden):
            territory.save_school_year(actor, None, None, NOW(), date(2026, 9, 1), date(2027, 7, 5))


def test_another_process_sees_an_edit_within_seconds_without_a_statement_a_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Later than whatever a test before this one read, whatever the machine counts from.
    seconds = time.monotonic() + 1000.0
    monkeypatch.setattr("coordination.accounts.lists.time.monotonic", lambda: seconds)
    lists.refresh()
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for _ in range(50):
        lists.refresh()
    assert asked == []
    # As another process would leave it.
    rows(
        "INSERT INTO coded_label (list, code, label, position) VALUES ('pause_reason', 'SANTE', 'Ailleurs', 0)"
    )
    rows("INSERT INTO state VALUES ('lists_version', 'a')")
    seconds += lists.FRESH_SECONDS - 0.25
    lists.refresh()
    assert reference.label(LIST, "SANTE") != "Ailleurs"
    seconds += 0.25
    lists.refresh()
    assert reference.label(LIST, "SANTE") == "Ailleurs"
    asked.clear()
    seconds += lists.FRESH_SECONDS
    lists.refresh()
    assert len(asked) == 1


def test_areas_have_days_and_never_go_away(admin: Actor) -> None:
    territory.save_area(admin, "QF_TEST", None, NOW(), AreaValues("Résidence Test", "62765", day(), day(10)))
    assert area_label("QF_TEST") == "Résidence Test"
    area = next(a for a in reference.fragile_areas() if a.code == "QF_TEST")
    assert [area.valid_on(day(n)) for n in (-1, 0, 10, 11)] == [False, True, True, False]
    territory.save_area(admin, "QF_TEST", 1, NOW(), AreaValues("Résidence Essai", "62765", day(), None))
    assert area_label("QF_TEST") == "Résidence Essai"
    with pytest.raises(Conflict):
        territory.save_area(admin, "QF_TEST", 1, NOW(), AreaValues("x", "62765", None, None))
    with pytest.raises(NotFound):
        territory.save_area(admin, "QF_NULLE_PART", 1, NOW(), AreaValues("x", "62765", None, None))


@pytest.mark.parametrize(
    ("code", "values", "field"),
    [
        ("qf", AreaValues("x", "62765", None, None), "code"),
        ("SELB", AreaValues("x", "62765", None, None), "code"),
        ("QF_X", AreaValues("", "62765", None, None), "label"),
        ("QF_X", AreaValues("x", "75056", None, None), "commune"),
        ("QF_X", AreaValues("x", "62765", day(1), day()), "valid_until"),
    ],
)
def test_what_an_area_cannot_be(admin: Actor, code: str, values: AreaValues, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        territory.save_area(admin, code, None, NOW(), values)
    assert refused.value.fields.keys() == {field}


def test_school_years_do_not_overlap(admin: Actor) -> None:
    territory.save_school_year(admin, None, None, NOW(), date(2026, 9, 1), date(2027, 7, 5))
    with pytest.raises(BadInput) as refused:
        territory.save_school_year(admin, None, None, NOW(), date(2027, 7, 5), date(2028, 7, 4))
    assert refused.value.fields.keys() == {"starts_on"}
    territory.save_school_year(admin, None, None, NOW(), date(2027, 7, 6), date(2028, 7, 4))
    for starts, ends in ((date(2030, 9, 1), date(2030, 12, 1)), (date(2030, 9, 1), date(2032, 1, 1))):
        with pytest.raises(BadInput):
            territory.save_school_year(admin, None, None, NOW(), starts, ends)


def test_the_year_proposed_is_the_one_that_is_prepared() -> None:
    assert usual_year(date(2026, 5, 31)) == (date(2025, 9, 1), date(2026, 7, 5))
    assert usual_year(date(2026, 6, 1)) == (date(2026, 9, 1), date(2027, 7, 5))


def test_the_year_to_propose_is_not_there_yet() -> None:
    today, there = date(2026, 6, 1), [SchoolYear(starts_on=date(2025, 9, 1), ends_on=date(2026, 7, 4))]
    assert next_year(today, there) == usual_year(today)
    there.append(SchoolYear(starts_on=date(2026, 8, 31), ends_on=date(2027, 7, 2)))
    assert next_year(today, there) == (date(2027, 9, 1), date(2028, 7, 5))


def test_a_list_that_nothing_reads_is_not_offered() -> None:
    """What an administrator may change must change something."""
    root = Path(lists.__file__).resolve().parents[1]
    own = Path(lists.__file__)
    sources = [path.read_text("utf-8") for path in root.rglob("*.py") if path != own]
    for name in lists.EDITABLE:
        assert any(f'"{name}"' in source for source in sources), name
