"""The agreement of an adult of the Cité de l'emploi, on the page of the journey, in words fit for them."""

from __future__ import annotations

import re
import uuid
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from coordination.web.filters import long_date
from tests.cases.closed_kit import WRITERS, Reader, World, give
from tests.cases.pages_kit import account, browser, post
from tests.conftest import TODAY
from tests.support import rows, scalar

WRITER = WRITERS["CITE_EMPLOI"]
PARTNER = "centre.social@demo.example"


def under_way() -> uuid.UUID:
    query = "SELECT id FROM journey WHERE referent_id = %s AND exit_on IS NULL ORDER BY ref LIMIT 1"
    return uuid.UUID(str(scalar(query, account(WRITER))))


def note(client: FlaskClient, journey: uuid.UUID, status: str, **more: object) -> None:
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    given = {"status": status, "on": TODAY.isoformat(), "volets": ["social", "sante"], "version": version}
    assert post(client, f"/parcours/{journey}/accord", **given | more).status_code == 303


def told(client: FlaskClient, journey: uuid.UUID) -> str:
    """What the panel says of the agreement."""
    panel = unescape(client.get(f"/parcours/{journey}").text).partition('id="identite"')[2]
    found = re.search(r"<dt>(Accord [^<]*)</dt><dd>(.*?)</dd>", panel)
    assert found, panel
    words = re.sub(r"<[^>]+>", "", f"{found[1]} : {found[2]}").replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", words)


def test_it_is_shown_with_its_day_and_what_it_covers(site: Flask) -> None:
    client, journey, today = browser(site, WRITER), under_way(), long_date(TODAY)
    note(client, journey, "SIGNE")
    assert told(client, journey) == f"Accord de la personne : Accord signé, {today} (couvre : santé, social)"
    note(client, journey, "RETIRE")
    assert told(client, journey) == f"Accord de la personne : Retiré, {today}"


def test_nobody_speaks_of_a_family_to_an_adult(site: Flask) -> None:
    client, journey = browser(site, WRITER), under_way()
    note(client, journey, "PRESENTE")
    assert told(client, journey).startswith("Accord de la personne : Présenté à la personne")
    for page in ("", "/accord", "/image?periode=tout"):
        assert (
            "la famille" not in unescape(client.get(f"/parcours/{journey}{page}").text).partition("<main")[2]
        )
    # As an import may bring it.
    rows("UPDATE journey SET agreement_status = 'UN_SEUL_PARENT', agreement_on = NULL WHERE id = %s", journey)
    assert "Un seul titulaire" in told(client, journey)


def test_what_it_covers_stands_in_the_coordination_volet(site: Flask) -> None:
    journey = under_way()
    note(browser(site, WRITER), journey, "SIGNE", remark="Ne pas prévenir l'employeur.")
    give(World("CITE_EMPLOI", journey), Reader(PARTNER, "CITE_EMPLOI", "receiver", frozenset({"social"})))
    page = unescape(browser(site, PARTNER).get(f"/parcours/{journey}").text)
    assert "Identité et suivi" in page and "ouvre :" not in page and "Ne pas prévenir" not in page


def test_the_person_is_offered_once_as_who_signs(site: Flask) -> None:
    client, journey = browser(site, WRITER), under_way()
    assert "(la personne elle-même)" in unescape(client.get(f"/parcours/{journey}").text)
    page = unescape(client.get(f"/parcours/{journey}/accord").text)
    offered = re.findall(
        r"<option[^>]*>([^<]*)", page.partition('name="signer"')[2].partition("</select>")[0]
    )
    assert [name for name in offered if "elle-même" in name] == ["La personne elle-même"]
