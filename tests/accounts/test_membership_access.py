"""A role given or ended opens or closes journeys at once, in the database itself."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from coordination import clock
from coordination.accounts import commands
from coordination.accounts.commands import NewMembership
from coordination.cases.models import Journey
from coordination.db import act_as, db
from tests.people import make_account

COORDINATES = NewMembership("COORD_PRE", None, "PRE")


def seen(account: uuid.UUID) -> set[str]:
    """Programmes of the journeys this account sees."""
    act_as(db.session(), account)
    programmes = set(db.session.scalars(select(Journey.programme)))
    db.session.rollback()
    return programmes


def test_a_coordinator_sees_the_programme_from_the_first_day(territory: Flask) -> None:
    assert seen(make_account("COORD_PRE", programme="PRE")) == {"PRE"}
    assert seen(make_account("COORD_CITE", programme="CITE_EMPLOI")) == {"CITE_EMPLOI"}
    assert seen(make_account("ADMIN", "PILOTAGE", "DPO")) == set()


def test_a_role_opens_and_closes_journeys(territory: Flask) -> None:
    operator, account = commands.operator_actor(), make_account("CCAS")
    assert seen(account) == set()
    commands.add_membership(operator, account, COORDINATES, clock.now())
    assert seen(account) == {"PRE"}
    commands.end_membership(operator, account, COORDINATES, clock.now())
    assert seen(account) == set()


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_role_of_tomorrow_opens_nothing_today(territory: Flask, days: int) -> None:
    operator, account, now = commands.operator_actor(), make_account("CCAS"), clock.now()
    begins = NewMembership("COORD_PRE", None, "PRE", started_at=now + timedelta(days=days))
    commands.add_membership(operator, account, begins, now)
    assert seen(account) == ({"PRE"} if days <= 0 else set())


def test_suspension_and_the_charter_close_every_journey(territory: Flask) -> None:
    operator, account = commands.operator_actor(), make_account("COORD_PRE")
    assert seen(account) == {"PRE"}
    commands.suspend(operator, account, clock.now())
    assert seen(account) == set()
    commands.resume(operator, account, clock.now())
    assert seen(account) == {"PRE"}
    yesterday = clock.today().replace(year=clock.today().year - 1)
    expired = commands.Charter("2025-1", yesterday.replace(day=1, month=1), yesterday)
    commands.sign_charter(operator, account, expired, clock.now())
    assert seen(account) == set()


def test_pilotage_reads_figures_and_no_small_one(territory: Flask) -> None:
    make_account("PILOTAGE")
    from tests.people import signed_in

    page = signed_in(territory.test_client(), "pilotage@exemple.fr").get("/chiffres").text
    assert "Projet de réussite éducative" in page and "Cité de l&#39;emploi" in page
    assert "moins de 5" in page
    assert "PRE-" not in page and "CITE-" not in page
