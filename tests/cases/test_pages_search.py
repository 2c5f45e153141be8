"""The results of a search are a page to come back to, for who searched and for a while."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.views import lists
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, names, search

RESULTS = "/parcours/recherche?resultats=1"


def test_what_was_searched_for_is_for_the_way_back_of_this_account_alone(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    name = names(client.get("/parcours/"))[0]
    assert name in names(search(client, name))
    assert name in names(client.get(RESULTS))
    assert not names(client.get("/parcours/recherche")), "the link of the menu begins anew"
    cookie = client.get_cookie("resultats", path="/parcours/recherche")
    assert cookie is not None and cookie.http_only and cookie.same_site == "Strict"
    assert name.split()[-1] not in unquote(cookie.value)
    other = browser(site, REFERENT)
    other.set_cookie("resultats", cookie.value, path="/parcours/recherche")
    page = other.get(RESULTS)
    assert page.status_code == 200 and name not in page.text


def test_what_was_searched_for_is_forgotten(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(site, COORDINATOR)
    name = names(client.get("/parcours/"))[0]
    assert names(search(client, name))
    real, ahead = clock.now, lists.BACK_WITHIN - timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: real() + ahead)
    assert names(client.get(RESULTS))
    ahead = lists.BACK_WITHIN + timedelta(seconds=1)
    assert not names(client.get(RESULTS))
