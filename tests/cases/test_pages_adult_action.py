"""An action of an adult: the list of its kinds was made for children, so that it is offered and told otherwise."""

from __future__ import annotations

import re
import uuid
from html import unescape

from flask import Flask

from coordination.cases.vocabulary import OTHER_ACTION, action_label, coded, offered
from tests.cases.pages_kit import REFERENT, browser, journeys_of, post
from tests.cases.test_pages_records import TYPED, latest
from tests.conftest import TODAY
from tests.support import scalar

ADVISER = "mipe.ml@demo.example"
OF_CHILDREN = ("Entretien famille", "Accompagnement scolaire individualisé", "Médiation école-famille")
DONE = {
    **{name: "" for name in TYPED["action"]},
    "kind": OTHER_ACTION,
    "droit_commun": "MOBILISE",
    "status": "EN_COURS",
    "planned_start": TODAY.isoformat(),
    "started_on": TODAY.isoformat(),
}


def adult() -> uuid.UUID:
    query = (
        "SELECT j.id FROM journey j JOIN account a ON a.id = j.referent_id WHERE a.email = %s"
        " AND j.exit_on IS NULL AND j.agreement_status = 'SIGNE' ORDER BY j.ref LIMIT 1"
    )
    return uuid.UUID(str(scalar(query, ADVISER)))


def kinds_on(page: str) -> list[str]:
    """The kinds that the form offers, in order."""
    return re.findall(r'name="kind"[^>]*value="([A-Z_]+)"', page)


def test_what_concerns_a_child_alone_is_not_offered_for_an_adult(site: Flask) -> None:
    page = unescape(browser(site, ADVISER).get(f"/parcours/{adult()}/action").text)
    assert kinds_on(page)[0] == OTHER_ACTION and "formation, immersion" in page
    assert not [words for words in OF_CHILDREN if words in page]
    folded = page.index("Préciser davantage")
    assert page.index('id="detail"') < folded, "what the list cannot say is asked for at once"
    child = unescape(browser(site, REFERENT).get(f"/parcours/{journeys_of(REFERENT)[0]}/action").text)
    assert kinds_on(child) == list(coded("pre_action_type", "PRE"))
    assert child.index('id="detail"') > child.index("Préciser davantage")


def test_an_adult_s_action_is_called_by_what_it_is(site: Flask) -> None:
    client, journey_id = browser(site, ADVISER), adult()
    path = f"/parcours/{journey_id}/action"
    alone = post(client, path, **DONE)
    assert alone.status_code == 422 and 'id="detail-error"' in alone.text, "« Autre » tells nothing"
    assert post(client, path, **DONE | {"detail": "Formation CACES"}).status_code == 303
    record, _ = latest("action", journey_id)
    for page in (
        f"/parcours/{journey_id}",
        f"/parcours/{journey_id}/image",
        f"/parcours/action/{record}/presences",
    ):
        text = unescape(client.get(page).text)
        assert "Formation CACES" in text, page
    line = re.search(r"Début : (Formation CACES.*?)<a ", unescape(client.get(f"/parcours/{journey_id}").text))
    assert line and line[1].count("Formation CACES") == 1, "said once"


def test_what_an_import_brought_stays_chosen(site: Flask) -> None:
    """The format knows one list of kinds for both programmes."""
    client, journey_id = browser(site, ADVISER), adult()
    path = f"/parcours/{journey_id}/action"
    assert post(client, path, **DONE | {"kind": "SOUTIEN_SCO"}).status_code == 303
    record, version = latest("action", journey_id)
    page = client.get(f"/parcours/action/{record}")
    assert re.search(r'value="SOUTIEN_SCO"[^>]*checked|checked[^>]*value="SOUTIEN_SCO"', page.text)
    typed = DONE | {"kind": "SOUTIEN_SCO", "owner": "La conseillère", "version": version}
    assert post(client, f"/parcours/action/{record}", **typed).status_code == 303


def test_the_name_of_an_action() -> None:
    assert action_label("PRE", "SPORT", "SPORT", "Judo") == "Activité sportive"
    assert action_label("CITE_EMPLOI", "AUTRE", "MOBILITE", None) == "Mobilité"
    assert action_label("CITE_EMPLOI", "AUTRE", "MOBILITE", "Permis B\nle mardi") == "Permis B"
    assert action_label("PRE", None, None, None) == action_label("PRE", "AUTRE", None, " ") == "Autre action"
    long = action_label("CITE_EMPLOI", "AUTRE", None, "Immersion en cuisine " * 9)
    assert len(long) <= 60 and long.endswith("en cuisine Immersion en…")
    assert set(offered("pre_action_type", "CITE_EMPLOI")) < set(coded("pre_action_type", "CITE_EMPLOI"))
    assert list(offered("barrier", "CITE_EMPLOI")) == list(coded("barrier", "CITE_EMPLOI"))
