"""The pages that read: the day, the lists, the search, the journey. What they show, log and cost."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination import clock
from coordination.accounts.queries import load_actor
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.cases.commands.journeys import assign_referent
from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    account,
    browser,
    journeys_of,
    last_audit,
    names,
    search,
    silent_journey,
    statements,
    without_break,
)
from tests.conftest import TODAY
from tests.support import rows, scalar


def test_my_day_starts_with_people_and_what_can_be_done(site: Flask) -> None:
    page = browser(site, REFERENT).get("/parcours/ma-journee")
    assert page.status_code == 200
    for words in ("Noter un échange", "Vu<", "Pris en charge<", "Autre choix<", "Situation de départ"):
        assert words in page.text
    assert f"{len(journeys_of(REFERENT))} parcours suivis" in page.text
    assert names(page), "people are named"


def test_the_day_writes_one_line_with_the_ids_it_showed(site: Flask) -> None:
    page = browser(site, REFERENT).get("/parcours/ma-journee")
    journey, result, detail = last_audit("ma_journee")
    assert (journey, result) == (None, "fait")
    shown = {uuid.UUID(found) for found in detail.split(",")}
    assert shown <= set(journeys_of(REFERENT))
    assert all(str(found) in page.text for found in shown)


def test_the_starting_situation_folds_only_when_something_is_new(site: Flask) -> None:
    client = browser(site, REFERENT)
    rows("UPDATE alert SET initial = journey_id <> %s", silent_journey(REFERENT))
    assert '<details class="start">' in client.get("/parcours/ma-journee").text
    rows("UPDATE alert SET initial = true")
    page = client.get("/parcours/ma-journee").text
    assert '<details class="start" open>' in page
    assert "Rien de nouveau" in page


def test_my_journeys_come_in_the_order_of_names(site: Flask) -> None:
    page = browser(site, REFERENT).get("/parcours/mes-parcours?page=99")
    last_names = [name.split(" ", 1)[1] for name in names(page)]
    assert len(last_names) == len(journeys_of(REFERENT))
    assert last_names == sorted(last_names)


def test_the_coordinator_sees_the_gauge_and_every_journey(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    page = client.get("/parcours/")
    active = scalar(
        "SELECT count(*) FROM journey WHERE programme = 'PRE' AND exit_on IS NULL AND stage <> 'NON_RETENU'"
    )
    assert f"<strong>{active}</strong>" in page.text
    assert "pour 130 places" in page.text
    assert "CITE-" not in page.text
    detail = last_audit("liste_parcours")[2]
    assert len(detail.split(",")) == len(names(page))
    rows("UPDATE journey SET exit_on = %s WHERE ref = 'PRE-0001'", TODAY)
    assert "PRE-0001" not in client.get("/parcours/").text
    assert "PRE-0001" in client.get("/parcours/?etat=termines").text


def test_a_long_list_is_cut_into_pages(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coordination.cases.queries.listing.PAGE", 5)
    client = browser(site, COORDINATOR)
    first, second = client.get("/parcours/"), client.get("/parcours/?page=2")
    assert "Page 1 sur 3" in first.text and "Page suivante" in first.text
    assert not set(names(first)) & set(names(second))
    assert client.get("/parcours/?page=rien").status_code == 200


def test_stalled_journeys_stand_by_type_of_break(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    page = client.get("/parcours/bloques")
    for label in ("Perte de contact", "Interruption", "Transition qui dure", "Changement de statut"):
        assert label in page.text
    journey_id = silent_journey(REFERENT)
    silent = scalar("SELECT ref FROM journey WHERE id = %s", journey_id)
    without_break(journey_id, "INTERRUPTION")
    assert silent in page.text
    assert silent in client.get("/parcours/bloques?type=ABANDON").text
    assert silent not in client.get("/parcours/bloques?type=INTERRUPTION").text
    assert client.get("/parcours/bloques?type=AUTRE&page=-3").status_code == 200


def test_search_forgives_and_leaves_no_name_in_an_address(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    name = names(client.get("/parcours/"))[0]
    typed = name.upper().replace("É", "e").replace("Ï", "i")
    page = search(client, typed)
    assert name in names(page)
    assert "/recherche?" not in page.text
    shown = last_audit("recherche")[2].split(",")
    assert len(shown) == len(names(page)) and typed not in shown
    # A name in an address is not read at all.
    assert not names(client.get(f"/parcours/recherche?name={typed}"))
    assert "Aucune personne trouvée" in search(client, "Xqzwv").text
    assert "Tapez un nom" in search(client, "  ").text


def test_a_reference_is_found_however_it_is_typed(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    ref = scalar("SELECT ref FROM journey WHERE programme = 'PRE' ORDER BY ref LIMIT 1")
    for typed in (ref, ref.lower(), f" {ref.replace('-', ' ')} ", ref.replace("-", "  - ")):
        assert len(names(page := search(client, typed))) == 1 and ref in page.text
    number = ref.rsplit("-", 1)[1]
    for typed in (number, number.lstrip("0"), f"pre {number.lstrip('0')}"):
        assert ref in search(client, typed).text, typed
    assert not names(search(client, f"{ref}9"))
    assert not names(search(client, "-(.*["))


def test_search_stops_at_what_the_person_follows(site: Flask) -> None:
    others = rows(
        "SELECT ref FROM journey WHERE programme = 'PRE' AND referent_id <> %s ORDER BY ref",
        account(REFERENT),
    )
    client = browser(site, REFERENT)
    assert not names(search(client, others[0][0]))


def test_a_journey_says_who_to_call_what_comes_and_who_opened_it(site: Flask) -> None:
    client = browser(site, REFERENT)
    journey_id = silent_journey(REFERENT)
    page = client.get(f"/parcours/{journey_id}")
    assert page.status_code == 200
    for words in (
        "Prochaine étape",
        "Qui appeler",
        'href="tel:',
        "Fil du parcours",
        "Pourquoi ?",
        "Règle A0",
    ):
        assert words in page.text
    assert "Opérateur des commandes" in page.text and "Import, " in page.text
    assert "première personne à ouvrir" in page.text
    journey, result, detail = last_audit("consultation_parcours")
    assert (journey, result) == (journey_id, "fait")
    assert detail.split(",")[0] == "coordination", "the volets that were read"
    again = client.get(f"/parcours/{journey_id}").text
    assert "Consultation d&#39;un parcours, " in again and "première personne à ouvrir" not in again
    # The address of a file says nothing of the person, nor does the title that a history keeps.
    title = page.text.split("<title>")[1].split("</title>")[0]
    assert title.startswith(scalar("SELECT ref FROM journey WHERE id = %s", journey_id))


def test_an_interpreter_is_announced_before_the_number(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    pages = [
        client.get(f"/parcours/{row[0]}").text for row in rows("SELECT id FROM journey WHERE programme='PRE'")
    ]
    told = [page for page in pages if "Interprète nécessaire" in page]
    assert all(page.index("Interprète nécessaire") < page.index('href="tel:') for page in told)


@pytest.mark.parametrize("path", ["/parcours/{}", "/parcours/{}/echange"])
def test_what_is_not_mine_does_not_exist_and_the_attempt_is_logged(site: Flask, path: str) -> None:
    client = browser(site, REFERENT)
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    for wanted in (foreign, uuid.uuid4()):
        before = scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'")
        assert client.get(path.format(wanted)).status_code == 404
        assert scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'") == before + 1
    assert client.get("/parcours/pas-un-identifiant").status_code == 404


def test_each_list_is_for_its_roles(site: Flask) -> None:
    referent, coordinator = browser(site, REFERENT), browser(site, COORDINATOR)
    for path in ("/parcours/", "/parcours/bloques"):
        assert referent.get(path).status_code == 403
    for path in ("/parcours/ma-journee", "/parcours/mes-parcours"):
        # A journey may be given to a coordinator; where none is, their menu starts elsewhere.
        assert coordinator.get(path).status_code == 200
        assert f'<a href="{path}"' not in coordinator.get("/parcours/").text.split("</nav>")[0]
        assert f'<a href="{path}"' in referent.get(path).text.split("</nav>")[0]
    admin = browser(site, "admin@demo.example")
    assert {admin.get(f"/parcours/{page}").status_code for page in ("", "ma-journee", "recherche")} == {403}


def test_lists_cost_the_same_for_few_people_and_for_many(site: Flask) -> None:
    client, coordinator = browser(site, REFERENT), browser(site, COORDINATOR)
    # Something of everything, so that nothing is asked later that was not asked before.
    rows(
        "INSERT INTO appointment (id, journey_id, folder_id, on_date, status, structure_id)"
        " SELECT gen_random_uuid(), journey_id, id, %s, 'A_VENIR', (SELECT id FROM structure LIMIT 1)"
        " FROM folder WHERE journey_id = ANY(%s) AND volet = 'coordination'",
        TODAY,
        journeys_of(REFERENT)[:2],
    )
    few = {path: _cost(client, path) for path in ("/parcours/ma-journee", "/parcours/mes-parcours")}
    boss = load_actor(account(COORDINATOR), clock.now())
    for (journey_id,) in rows("SELECT id FROM journey WHERE programme = 'PRE'"):
        assign_referent(boss, journey_id, account(REFERENT), clock.now())
    assert len(journeys_of(REFERENT)) == 14
    assert {path: _cost(client, path) for path in few} == few
    assert few["/parcours/ma-journee"] <= 13 and few["/parcours/mes-parcours"] <= 16

    many = {path: _cost(coordinator, path) for path in ("/parcours/", "/parcours/bloques")}
    kept = (silent_journey(REFERENT), *journeys_of(REFERENT)[-3:])
    rows("UPDATE journey SET exit_on = %s WHERE NOT id = ANY(%s)", TODAY, list(kept))
    assert {path: _cost(coordinator, path) for path in many} == many
    # With the question whether anything was written since the last time: tests read each time.
    assert many["/parcours/"] <= 16 and many["/parcours/bloques"] <= 16


def test_a_journey_costs_the_same_with_a_short_and_a_long_past(site: Flask) -> None:
    client = browser(site, REFERENT)
    journey_id = silent_journey(REFERENT)
    # The first visit has nobody to name among those who came before.
    client.get(f"/parcours/{journey_id}")
    few = _cost(client, f"/parcours/{journey_id}")
    me = load_actor(account(REFERENT), clock.now())
    for number in range(12):
        log_contact(me, journey_id, NewContact(TODAY, "VAD", "SANS_REPONSE", f"note {number}"), clock.now())
    assert _cost(client, f"/parcours/{journey_id}") == few
    # What a request reads once for its whole page is read in each: the agreements among them.
    assert few <= 38


def _cost(client: FlaskClient, path: str) -> int:
    with statements() as sent:
        assert client.get(path).status_code == 200
    return len(sent)
