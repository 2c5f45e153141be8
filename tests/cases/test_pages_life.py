"""Families on the pages of a journey, and who stays outside of all the pages of its life."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask

from coordination.privacy.policy import Action
from tests.cases.life_kit import COLLEAGUE, colleague, send
from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    account,
    browser,
    journeys_of,
    last_audit,
    post,
)
from tests.cases.test_pages_people import change
from tests.conftest import TODAY
from tests.support import rows, scalar


def test_siblings_are_linked_and_show_nothing_of_each_other(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    mine = journeys_of(REFERENT)
    sibling = next(j for j in mine if j != journey)
    ref, name = rows("SELECT ref, id FROM journey WHERE id = %s", sibling)[0]
    rows(
        "UPDATE journey SET agreement_status = 'SIGNE', agreement_on = %s, exit_on = NULL, stage = 'EN_COURS'"
        " WHERE id = %s",
        TODAY,
        sibling,
    )
    client = browser(site, REFERENT)
    assert send(client, journey, "famille", ref=ref.lower()).status_code == 303
    assert send(browser(site, COORDINATOR), sibling, "referent", referent_id=str(other)).status_code == 303
    page = client.get(f"/parcours/{journey}").text
    assert "Un frère ou une sœur a aussi" in page and "Camille Lemaire" in page
    assert str(sibling) not in page and ref not in page
    assert client.get(f"/parcours/{sibling}").status_code == 404
    theirs = browser(site, COLLEAGUE).get(f"/parcours/{sibling}").text
    assert "Un frère ou une sœur a aussi" in theirs and str(journey) not in theirs
    # The coordinator sees both, by name.
    coordinator = browser(site, COORDINATOR)
    for path, action in (
        (f"/parcours/{journey}", Action.OPEN_JOURNEY.value),
        (f"/parcours/{journey}/famille", Action.LINK_FAMILY.value),
    ):
        assert f'href="/parcours/{sibling}"' in coordinator.get(path).text
        # Whose name is shown has a line.
        assert str(sibling) in last_audit(action)[2].split(",")
    # Withdrawn, the agreement hides even that.
    rows("UPDATE journey SET agreement_status = 'RETIRE' WHERE id = %s", sibling)
    assert "Un frère ou une sœur a aussi" not in client.get(f"/parcours/{journey}").text
    assert post(client, f"/parcours/{journey}/famille/retirer").status_code == 303
    assert scalar("SELECT count(*) FROM household_member") == 0
    assert name == sibling


def test_a_reference_of_a_journey_not_seen_says_what_an_invented_one_says(
    site: Flask, journey: uuid.UUID
) -> None:
    foreign = rows(
        "SELECT ref FROM journey WHERE programme = 'PRE' AND referent_id <> %s LIMIT 1", account(REFERENT)
    )
    ref = foreign[0][0] if foreign else "CITE-0001"
    client = browser(site, REFERENT)
    texts = []
    for typed in (ref, "PRE-9999"):
        sent = send(client, journey, "famille", ref=typed)
        assert sent.status_code == 422
        texts.append(re.findall(r'class="field-error"[^>]*>([^<]+)<', sent.text))
    assert texts[0] == texts[1] != []


PAGES = ("etape", "sortie", "reouverture", "referent", "famille")


@pytest.mark.parametrize("page", [*PAGES, "famille/retirer"])
def test_a_foreign_or_unknown_journey_is_not_found_and_the_refusal_logged(site: Flask, page: str) -> None:
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    client = browser(site, REFERENT)
    for journey in (foreign, uuid.uuid4()):
        if page in PAGES:
            assert client.get(f"/parcours/{journey}/{page}").status_code == 404
        refusals = scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'")
        sent = post(
            client, f"/parcours/{journey}/{page}", version=1, ref="PRE-0001", stage="EN_COURS", note="x"
        )
        assert sent.status_code == 404
        assert scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'") == refusals + 1


@pytest.mark.parametrize("who", ["ccas", "centre.social", "eps.ecole", "pilotage", "dpo", "admin"])
def test_roles_that_follow_nobody_stay_outside(site: Flask, journey: uuid.UUID, who: str) -> None:
    client = browser(site, f"{who}@demo.example")
    for path in ("nouveau", "absences"):
        assert client.get(f"/parcours/{path}").status_code == 403
    for page in PAGES:
        assert client.get(f"/parcours/{journey}/{page}").status_code in (403, 404)


def test_among_very_many_the_family_is_looked_for_when_somebody_asks(
    site: Flask, journey: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(site, COORDINATOR)
    ask = "Chercher qui porte le même nom"
    sibling = next(j for j in journeys_of(REFERENT) if j != journey)
    assert ask not in client.get(f"/parcours/{journey}/famille").text
    for one in (journey, sibling):
        assert change(browser(site, REFERENT), one, last_name="Vanderstraeten").status_code == 303
    ref = scalar("SELECT ref FROM journey WHERE id = %s", sibling)
    assert ref in client.get(f"/parcours/{journey}/famille").text
    monkeypatch.setattr("coordination.cases.queries.family_page.AT_ONCE", 1)
    page = client.get(f"/parcours/{journey}/famille").text
    assert ask in page and ref not in page
    page = client.get(f"/parcours/{journey}/famille?chercher=1").text
    assert ask not in page and ref in page
