"""The pages of thresholds: a rule is tried on the past, then set with its days; bad input is given back."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from coordination import clock
from coordination.web.filters import long_date
from tests.cases.pages_kit import COORDINATOR, NOW, REFERENT, account, browser, last_audit, post, statements
from tests.conftest import TODAY
from tests.exchange.test_recompute import spoil
from tests.support import rows, scalar

LIST, A01 = "/parcours/seuils", "/parcours/seuils/PRE/A01"


def tried(client: FlaskClient, days: int | str = 45, path: str = A01, **more: Any) -> TestResponse:
    return post(client, path, **({"threshold_days": str(days), "months": "6"} | more))


def trial_of(answer: TestResponse) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def error_of(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-error">([^<]*)<', page)
    return unescape(found.group(1)) if found else ""


def test_the_list_says_what_stands_and_where_it_comes_from(site: Flask) -> None:
    page = browser(site, COORDINATOR).get(LIST).text
    for words in (
        "Aucun échange abouti",
        "Après 30 jours",
        "Catalogue",
        "2 rendez-vous manqués de suite en 60 jours",
        "180 jours avant",
    ):
        assert words in page, words
    assert " faits en " not in page and "\N{RIGHT SINGLE QUOTATION MARK}" not in page
    assert "A08" not in page and "Coordonnées invalides" not in page
    assert last_audit("reglage_seuils")[1:] == ("fait", "seuils")
    assert "Absences de suite</label>" in browser(site, COORDINATOR).get(f"{LIST}/PRE/A05").text


def test_a_threshold_is_tried_then_set_and_every_deadline_follows(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    before = dict(rows("SELECT journey_id, due_on FROM deadline WHERE rule = 'A01'"))
    open_before = scalar("SELECT count(*) FROM alert WHERE rule = 'A01' AND status = 'OUVERTE'")
    place = trial_of(tried(client, 40))
    page = client.get(place).text
    for words in ("Après 30 jours", "Après 40 jours", "<svg", "Semaine du", "Par référent", "par rupture"):
        assert words in page, words
    assert dict(rows("SELECT journey_id, due_on FROM deadline WHERE rule = 'A01'")) == before
    done = post(client, place, valid_from=str(TODAY))
    assert done.status_code == 303 and done.location == LIST
    after = dict(rows("SELECT journey_id, due_on FROM deadline WHERE rule = 'A01'"))
    assert after.keys() == before.keys()
    # Forty counted days: ten more at least, school holidays on top. A planned rhythm may ask for more already.
    moved = [(after[each] - before[each]).days for each in before]
    assert max(moved) >= 10 and min(moved) >= 0
    assert scalar("SELECT count(*) FROM recompute_queue") == 0
    assert scalar("SELECT count(*) FROM alert WHERE rule = 'A01' AND status = 'OUVERTE'") <= open_before
    listed = client.get(LIST).text
    assert "Après 40 jours" in listed and "au lieu de : après 30 jours" in listed
    assert "parcours recalculés" in listed


def test_a_trial_and_a_decision_pass_by_what_does_not_open(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    assert "pas pu être lu" not in client.get(trial_of(tried(client, 41))).text
    ref = scalar("SELECT ref FROM journey WHERE referent_id = %s ORDER BY ref LIMIT 1", account(REFERENT))
    spoil("the key is gone", ref)
    place = trial_of(tried(client, 40))
    sentence = "1 parcours n'a pas pu être lu et n'est pas compté dans cet essai"
    assert sentence in unescape(client.get(place).text)
    assert post(client, place, valid_from=str(TODAY)).status_code == 303
    waiting = rows("SELECT ref FROM recompute_queue q JOIN journey j ON j.id = q.journey_id")
    assert waiting == [(ref,)]
    page = unescape(client.get(LIST).text)
    assert "pour commencer" in page and "1 reste à recalculer" in page.replace("\N{NO-BREAK SPACE}", " ")


def test_on_the_day_of_a_change_the_present_is_what_was_just_set(site: Flask) -> None:
    client = browser(site, COORDINATOR)

    def measured(days: int, which: str) -> list[Any]:
        place = trial_of(tried(client, days))
        names = ("referents", "found", "needless")
        columns = ", ".join(f"{name}_{which}" for name in names)
        found = list(rows(f"SELECT {columns} FROM threshold_trial WHERE id = %s", place.rsplit("/", 1)[1])[0])
        if which == "after":
            assert post(client, place, valid_from=str(TODAY)).status_code == 303
        return found

    before = measured(35, "before")
    after = measured(35, "after")
    assert before != after, "the past of the small territory tells 30 from 35"
    assert measured(30, "before") == after


def test_a_rule_of_the_school_year_is_tried_on_a_whole_one(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    assert "6 derniers mois" not in client.get("/parcours/seuils/PRE/I10").text
    assert "6 derniers mois" in client.get(A01).text
    answer = post(client, "/parcours/seuils/PRE/I10", lead_days="45", months="6")
    first, last = rows(
        "SELECT from_on, until_on FROM threshold_trial WHERE id = %s", trial_of(answer).rsplit("/", 1)[1]
    )[0]
    assert 363 <= (last - first).days <= 366


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0", "0 n'est pas possible"),
        ("-5", "-5 n'est pas possible"),
        ("7", "trop court"),
        ("91", "trop long"),
        ("trente", "nombre entier"),
        ("", "nombre entier"),
        ("1e3", "nombre entier"),
        ("30", "déjà le réglage actuel"),
        ("45", "plus court que celui de la règle A02"),
        ("9999999999999999999999", "trop long"),
    ],
)
def test_a_number_that_cannot_be_is_refused_beside_its_field_and_kept(
    site: Flask, typed: str, said: str
) -> None:
    answer = tried(browser(site, COORDINATOR), typed)
    assert answer.status_code == 422
    assert said in error_of(answer.text, "threshold_days"), error_of(answer.text, "threshold_days")
    assert f'value="{typed}"' in answer.text
    assert scalar("SELECT count(*) FROM threshold_trial") == 0


@pytest.mark.parametrize("typed", ["8", "44"])
def test_the_bounds_themselves_are_taken(site: Flask, typed: str) -> None:
    assert tried(browser(site, COORDINATOR), typed).status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("valid_from", str(TODAY - timedelta(days=1)), "passé"),
        ("valid_from", str(TODAY + timedelta(days=400)), "un an"),
        ("valid_from", "", "premier jour"),
        ("valid_from", "2026-02-30", "Cette date n'existe pas"),
        ("valid_until", str(TODAY - timedelta(days=1)), "avant le premier jour"),
    ],
)
def test_days_that_cannot_be_are_refused_beside_their_field(
    site: Flask, field: str, value: str, said: str
) -> None:
    client = browser(site, COORDINATOR)
    place = trial_of(tried(client, 40))
    answer = post(client, place, **({"valid_from": str(TODAY)} | {field: value}))
    assert answer.status_code == 422 and said in error_of(answer.text, field)
    assert f'value="{value}"' in answer.text
    assert scalar("SELECT count(*) FROM threshold") == 0


def test_periods_that_overlap_are_refused_and_open_ones_follow_each_other(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    post(client, trial_of(tried(client, 40)), valid_from=str(TODAY))
    summer = trial_of(tried(client, 20))
    since, until = TODAY + timedelta(days=30), TODAY + timedelta(days=60)
    assert post(client, summer, valid_from=str(since), valid_until=str(until)).status_code == 303
    again = post(client, summer, valid_from=str(until), valid_until=str(until + timedelta(days=5)))
    assert again.status_code == 422 and "déjà prévu du" in error_of(again.text, "valid_from")
    beyond = post(client, summer, valid_from=str(TODAY + timedelta(days=10)))
    assert beyond.status_code == 422 and "déjà prévu du" in error_of(beyond.text, "valid_from")
    assert sorted(row[0] for row in rows("SELECT status FROM threshold")) == ["A_VENIR", "EN_VIGUEUR"]
    # The day before is free.
    fits = post(
        client, summer, valid_from=str(TODAY + timedelta(days=20)), valid_until=str(since - timedelta(days=1))
    )
    assert fits.status_code == 303


def test_nothing_is_set_without_a_trial_of_the_day_on_the_present_setting(
    site: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(site, COORDINATOR)
    old, other = trial_of(tried(client, 40)), trial_of(tried(client, 35))
    assert post(client, other, valid_from=str(TODAY)).status_code == 303
    changed = post(client, old, valid_from=str(TODAY))
    assert changed.status_code == 422 and "a changé depuis cet essai" in changed.text
    late = trial_of(tried(client, 41))
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=25))
    client = browser(site, COORDINATOR)
    assert "plus d'un jour" in unescape(client.get(late).text)
    refused = post(client, late, valid_from=str(TODAY + timedelta(days=2)))
    assert refused.status_code == 422 and "plus d'un jour" in unescape(refused.text)
    assert scalar("SELECT count(*) FROM threshold") == 1


def test_an_empty_past_is_said(site: Flask) -> None:
    rows("UPDATE journey SET exit_on = '2020-01-01' WHERE programme = 'PRE'")
    client = browser(site, COORDINATOR)
    page = client.get(trial_of(tried(client, 40))).text
    assert "Le passé est vide" in page and "<svg class" not in page


def test_only_who_coordinates_the_programme_sees_and_sets(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    place = trial_of(tried(client, 40))
    cite = browser(site, "coordination.cite@demo.example")
    assert cite.get(place).status_code == 404 and cite.get(A01).status_code == 404
    assert post(cite, place, valid_from=str(TODAY)).status_code == 404
    assert client.get("/parcours/seuils/PRE/A08").status_code == 404
    assert client.get("/parcours/seuils/PRE/A13").status_code == 404
    assert client.get("/parcours/seuils/XYZ/A01").status_code == 404
    assert client.get(f"/parcours/seuils/essai/{uuid.uuid4()}").status_code == 404
    referent = browser(site, REFERENT)
    assert referent.get(LIST).status_code == 403 and referent.get(place).status_code == 403
    assert last_audit("reglage_seuils")[1] == "refus"


def test_a_form_sent_twice_tries_and_sets_once(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    first = tried(client, 40, idempotency_key="k1")
    assert trial_of(tried(client, 40, idempotency_key="k1")) == trial_of(first)
    assert scalar("SELECT count(*) FROM threshold_trial") == 1
    for _ in range(2):
        assert post(client, trial_of(first), valid_from=str(TODAY), idempotency_key="k2").status_code == 303
    assert scalar("SELECT count(*) FROM threshold") == 1


def test_a_setting_to_come_is_withdrawn_and_one_that_began_is_not(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    place = trial_of(tried(client, 40))
    post(client, place, valid_from=str(TODAY + timedelta(days=10)))
    threshold_id = scalar("SELECT id FROM threshold")
    assert "à venir" in client.get(LIST).text
    foreign = browser(site, "coordination.cite@demo.example")
    assert post(foreign, f"/parcours/seuils/reglage/{threshold_id}/retirer").status_code == 404
    assert post(client, f"/parcours/seuils/reglage/{threshold_id}/retirer").status_code == 303
    assert scalar("SELECT status FROM threshold") == "RETIRE"
    post(client, place, valid_from=str(TODAY))
    begun = scalar("SELECT id FROM threshold WHERE status = 'EN_VIGUEUR'")
    post(client, f"/parcours/seuils/reglage/{begun}/retirer")
    assert "déjà commencé" in client.get(LIST).text


def test_a_recount_left_over_shows_how_far_it_is_and_goes_on(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    rows("INSERT INTO recompute_queue (journey_id, since) SELECT id, now() FROM journey")
    page = client.get(LIST).text
    assert "Recalcul des échéances en cours" in page and "data-goes-on" in page
    for path in ("/parcours/tableau", "/parcours/bloques"):
        assert "attendent un nouveau calcul" in client.get(path).text
    post(client, "/parcours/seuils/recalcul")
    assert "Recalcul des échéances" not in client.get(LIST).text
    # Those of the other programme wait for their own coordination, or for the operator.
    assert scalar("SELECT count(*) FROM recompute_queue q JOIN journey j ON j.id = q.journey_id") > 0
    assert not scalar(
        "SELECT count(*) FROM recompute_queue q JOIN journey j ON j.id = q.journey_id WHERE programme = 'PRE'"
    )


@pytest.mark.parametrize("path", [LIST, A01])
def test_the_pages_cost_a_fixed_number_of_statements(site: Flask, path: str) -> None:
    client = browser(site, COORDINATOR)
    client.get(path)
    with statements() as few:
        client.get(path)
    client_trial = trial_of(tried(client, 40))
    post(client, client_trial, valid_from=str(TODAY))
    with statements() as many:
        client.get(path)
    assert len(many) <= len(few) + 2 and len(few) < 25


def test_a_trial_says_why_it_counts_more_than_was_really_opened(site: Flask) -> None:
    """It replays months in which no scan opened anything yet."""
    client = browser(site, COORDINATOR)
    rows("UPDATE alert SET opened_on = %s WHERE rule = 'A01'", TODAY - timedelta(days=1))
    path = trial_of(tried(client, 40))
    first = scalar("SELECT min(on_date) FROM scan_run")
    page = client.get(path).text
    assert "En vrai, sur cette période" in page and f"que depuis le {long_date(first)} ; l'essai" in page
    rows("UPDATE scan_run SET on_date = on_date - 365")
    page = client.get(path).text
    assert "que depuis le" not in page and "il rejoue tout le passé sous un seul réglage" in page
