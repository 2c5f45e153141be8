"""The figures of pilotage: what is at nothing looks like what is hidden."""

from __future__ import annotations

import re
from html import unescape

from flask import Flask

from coordination.reference import label
from tests.cases.pages_kit import browser
from tests.support import rows, scalar


def test_a_first_person_is_not_told_from_nobody(site: Flask) -> None:
    """The page stays the same, word for word, when the only people of a signal or of a stage are there no more."""
    client = browser(site, "pilotage@demo.example")

    def page() -> str:
        text = unescape(re.sub(r'(nonce|value|content)="[^"]*"', "", client.get("/chiffres").text))
        return text[text.index("<h1") : text.index("</main>")]

    by_rule = rows(
        "SELECT rule FROM alert WHERE status = 'OUVERTE' AND kind = 'overdue' GROUP BY rule"
        " HAVING count(DISTINCT journey_id) < 5"
    )
    assert by_rule
    before = page()
    rows("DELETE FROM alert WHERE rule = ANY(%s)", [rule for (rule,) in by_rule])
    assert page() == before
    stage = scalar(
        "SELECT stage FROM journey WHERE programme = 'PRE' AND exit_on IS NULL"
        " AND stage IS DISTINCT FROM 'NON_RETENU' GROUP BY stage HAVING count(*) < 5 LIMIT 1"
    )
    name = f'<th scope="row">{label("pre_stage", stage)}</th>'
    assert name in before
    rows("UPDATE journey SET exit_on = current_date WHERE programme = 'PRE' AND stage = %s", stage)
    assert name in page()


def test_it_says_what_a_hidden_stage_does_to_the_total(site: Flask) -> None:
    page = unescape(browser(site, "pilotage@demo.example").get("/chiffres").text)
    assert "qu'il y en ait un seul ou quatre" in page and "quel que soit leur nombre" not in page


def test_who_was_turned_down_is_counted_nowhere(site: Flask) -> None:
    """As on every list: the journey runs no more."""
    client = browser(site, "pilotage@demo.example")
    name = label("pre_stage", "NON_RETENU")
    rows("UPDATE journey SET stage = 'EN_COURS', exit_on = NULL WHERE programme = 'PRE'")

    def total() -> int:
        page = unescape(client.get("/chiffres").text)
        assert name not in page
        programme = re.escape(label("programme", "PRE"))
        found = re.search(rf">{programme}<.*?<strong>(\d+)</strong> parcours en cours", page, re.S)
        assert found
        return int(found[1])

    before = total()
    some = "SELECT id FROM journey WHERE programme = 'PRE' AND stage = 'EN_COURS' LIMIT %s"
    for people in (1, 5):
        rows(f"UPDATE journey SET stage = 'NON_RETENU' WHERE id IN ({some})", people)
    assert total() < before
