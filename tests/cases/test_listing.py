"""The coordinator's list: the gauge counts everybody, whatever the page shows."""

from __future__ import annotations

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.queries import account_id_of, load_actor
from coordination.cases.queries import listing
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from tests.conftest import TODAY


def test_a_page_of_two_does_not_shrink_the_gauge(territory: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines narrow their transaction: what counts everybody comes before."""
    monkeypatch.setattr(listing, "PAGE", 2)
    coordinator = load_actor(account_id_of("coordination.pre@demo.example"), clock.now())
    with consult(coordinator, Action.LIST_JOURNEYS, clock.now()) as r:
        grant = r.require()
        found = listing.journeys(grant, TODAY)
        r.audit(grant)
    assert len(found.lines) == 2
    assert (found.total, found.pages) == (14, 7)
    assert [(g.programme, g.capacity) for g in found.gauges] == [("PRE", 130)]
    assert 10 < found.gauges[0].active <= 14
