"""What is noted on a journey is read on its page, not only in the form where it was typed."""

from __future__ import annotations

import uuid
from datetime import timedelta
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from coordination import reference
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, post, statements
from tests.cases.test_pages_facts import COUNSELLOR, give
from tests.cases.test_pages_records import TYPED, latest
from tests.conftest import TODAY
from tests.support import rows, scalar

BASELINE = "Vient une fois sur trois"


def thread(client: FlaskClient, journey: uuid.UUID) -> str:
    return unescape(client.get(f"/parcours/{journey}").text).split('id="fil"')[1]


def entry(page: str, title: str) -> str:
    """A line of the timeline, from its title on."""
    return page.split(f"</span>{title}</p>")[1].split("</li>")[0]


def running(client: FlaskClient, journey: uuid.UUID, **values: str) -> uuid.UUID:
    began = (TODAY - timedelta(days=21)).isoformat()
    typed = TYPED["action"] | {"status": "EN_COURS", "started_on": began, "planned_start": ""} | values
    assert post(client, f"/parcours/{journey}/action", **typed).status_code == 303
    return uuid.UUID(str(latest("action", journey)[0]))


def test_an_objective_tells_where_it_starts(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    typed = TYPED["objectif"] | {"baseline": BASELINE}
    assert post(client, f"/parcours/{journey}/objectif", **typed).status_code == 303
    line = entry(thread(client, journey), "Objectif : Va au club")
    assert f"« On essaie ». Au départ : {BASELINE}" in line


def test_an_action_tells_the_common_law_and_the_objective_of_the_contract(
    site: Flask, journey: uuid.UUID
) -> None:
    client = browser(site, REFERENT)
    code, label = next(iter(reference.contract_objectives().items()))
    running(client, journey, contract_objective=code, droit_commun="INSUFFISANT")
    page = thread(client, journey)
    assert f"Droit commun : insuffisant. Contrat de ville : {label}. Suivie par Mme D., <CCAS>" in page


def test_the_sessions_of_an_action_are_one_line_at_the_last_of_them(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    action = running(client, journey)
    assert "séance" not in thread(client, journey).split("Début :")[1].split("</li>")[0]
    days = [TODAY - timedelta(days=number) for number in (21, 14, 9, 2)]
    noted = dict(zip(days, ("PRESENT", "PRESENT", "EXCUSE", "ABSENT"), strict=True))
    for day, status in noted.items():
        rows(
            "INSERT INTO attendance (id, journey_id, folder_id, action_id, on_date, status)"
            " SELECT gen_random_uuid(), journey_id, folder_id, id, %s, %s FROM action WHERE id = %s",
            *(day, status, action),
        )
    page = thread(client, journey)
    title = next(part for part in page.split("</p>") if "Dernière séance notée : " in part)
    line = page.split(title)[1].split("</li>")[0]
    assert "En tout : 2 présences, 1 absence excusée, 1 absence" in line
    assert f'href="/parcours/action/{action}"' in line and page.count("</span>Dernière séance notée") == 1
    # Who does not see the action sees nothing of its sessions.
    rows("DELETE FROM access WHERE folder_id = (SELECT folder_id FROM action WHERE id = %s)", action)
    page = unescape(browser(site, REFERENT).get(f"/parcours/{journey}").text)
    assert "Dernière séance notée" not in page


def test_the_children_of_the_household_stand_beside_the_identity(site: Flask) -> None:
    journey = scalar(
        "SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' AND exit_on IS NULL AND stage = 'EN_ACTION'"
        " ORDER BY ref LIMIT 1"
    )
    give(journey, COUNSELLOR)
    client, path = browser(site, COUNSELLOR), f"/parcours/{journey}"
    assert "Enfants du foyer" not in client.get(path).text
    post(client, f"{path}/enfant", birth_month="03/2025", care="Chez sa grand-mère")
    post(client, f"{path}/enfant", birth_month="11/2019", idempotency_key="e" * 32)
    told = unescape(client.get(path).text).split('id="identite"')[1].split("</dl>")[0]
    told = told.split("<dt>Enfants du foyer</dt>")[1]
    assert told.index("Né ou née en novembre 2019") < told.index("Né ou née en mars 2025")
    child = scalar("SELECT id FROM household_child WHERE journey_id = %s ORDER BY position LIMIT 1", journey)
    assert "Chez sa grand-mère" in told and f'href="/parcours/enfant/{child}"' in told


def test_none_of_it_asks_the_database_more(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, COORDINATOR)
    cost = []
    client.get(f"/parcours/{journey}")
    for _ in range(2):
        with statements() as sent:
            client.get(f"/parcours/{journey}")
        cost.append(len(sent))
        action = running(browser(site, REFERENT), journey)
        rows(
            "INSERT INTO attendance (id, journey_id, folder_id, action_id, on_date, status)"
            " SELECT gen_random_uuid(), journey_id, folder_id, id, %s, 'PRESENT' FROM action WHERE id = %s",
            *(TODAY, action),
        )
    # The name of the structure of the action, where it has one.
    assert cost[0] <= 38 and cost[1] <= cost[0] + 1
