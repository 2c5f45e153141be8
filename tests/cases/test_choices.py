"""What is retired leaves the choices of forms; where it was chosen before it stays, and says so."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from html import unescape

import pytest
from flask import Flask

from coordination import reference
from coordination.reference import FragileArea
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, journeys_of, post
from tests.cases.test_pages_records import TYPED, agreed, latest
from tests.conftest import TODAY
from tests.support import rows, scalar


def offered(page: str, name: str) -> dict[str, str]:
    """value -> label of the choices of a list."""
    found = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', page, re.S)
    assert found, name
    pairs = re.findall(r'<option[^>]*value="([^"]*)"[^>]*>([^<]*)</option>', found.group(1))
    return {value: unescape(label) for value, label in pairs}


def retire(structure: uuid.UUID, on: date) -> None:
    rows("UPDATE structure SET retired_on = %s WHERE id = %s", on, structure)


def a_structure() -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM structure ORDER BY name, code LIMIT 1")))


@pytest.mark.parametrize(("offset", "there"), [(-1, False), (0, False), (1, True)])
def test_a_structure_is_offered_until_the_day_that_it_is_retired(
    site: Flask, offset: int, there: bool
) -> None:
    structure = a_structure()
    retire(structure, TODAY + timedelta(days=offset))
    page = browser(site, REFERENT).get(f"/parcours/{agreed()}/action").text
    assert (str(structure) in offered(page, "structure_id")) is there
    opening = browser(site, COORDINATOR).get("/parcours/nouveau").text
    assert (str(structure) in offered(opening, "structure_id")) is there


def test_a_retired_structure_stays_where_it_was_chosen(site: Flask) -> None:
    client, journey, structure = browser(site, REFERENT), agreed(), a_structure()
    typed = TYPED["action"] | {"structure_id": str(structure)}
    assert post(client, f"/parcours/{journey}/action", **typed).status_code == 303
    action, version = latest("action", journey)
    retire(structure, TODAY)
    page = client.get(f"/parcours/action/{action}").text
    assert offered(page, "structure_id")[str(structure)].endswith(" (retirée)")
    kept = post(client, f"/parcours/action/{action}", **typed, version=version)
    assert kept.status_code == 303
    assert scalar("SELECT structure_id FROM action WHERE id = %s", action) == structure
    # The structure of the last entry is proposed for the next one: not any more.
    fresh = client.get(f"/parcours/{journey}/action").text
    assert str(structure) not in offered(fresh, "structure_id")


def test_a_form_sent_back_still_shows_the_structure_retired_meanwhile(site: Flask) -> None:
    client, structure = browser(site, REFERENT), a_structure()
    retire(structure, TODAY)
    wrong = TYPED["action"] | {"structure_id": str(structure), "kind": ""}
    answer = post(client, f"/parcours/{agreed()}/action", **wrong)
    assert answer.status_code == 422
    assert offered(answer.text, "structure_id")[str(structure)].endswith(" (retirée)")


def test_a_neighbourhood_out_of_its_dates_is_offered_no_more(
    site: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, journey = browser(site, REFERENT), journeys_of(REFERENT)[0]
    yesterday, tomorrow = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    areas = (
        FragileArea("QF_TODAY", "Jusqu'à ce soir", "62765", None, TODAY),
        FragileArea("QF_OVER", "Finie hier", "62765", None, yesterday),
        FragileArea("QF_SOON", "Demain", "62765", tomorrow, None),
    )
    path = f"/parcours/{journey}/identite"
    rows("INSERT INTO area (code, label, commune) VALUES ('QF_OVER', 'Finie hier', '62765')")
    monkeypatch.setattr(reference, "_areas", areas)
    found = offered(client.get(path).text, "area")
    assert "QF_TODAY" in found and "QF_OVER" not in found and "QF_SOON" not in found
    chosen = reference.areas_offered(TODAY, "QF_OVER")
    assert chosen["QF_OVER"] == "Finie hier (retiré de la liste)"
    assert reference.areas_offered(TODAY, "QF_LOST")["QF_LOST"] == "QF_LOST (retiré de la liste)"
