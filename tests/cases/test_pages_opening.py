"""Opening a journey for a colleague: the page says who follows it, and why it is not among one's own."""

from __future__ import annotations

import re
import uuid
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from coordination import reference
from tests.cases.pages_kit import REFERENT, account, browser, post
from tests.conftest import TODAY
from tests.support import rows, scalar


def opened_for(site: Flask, referent: uuid.UUID | str) -> str:
    """The text of the page that follows the opening of a journey."""
    client = browser(site, REFERENT)
    answer = typed_for(client, referent, not_same="y")
    assert answer.status_code == 303, re.findall(r"field-error[^>]*>([^<]*)", answer.text)
    return unescape(client.get(answer.headers["Location"]).text)


def typed_for(client: FlaskClient, referent: uuid.UUID | str, **more: str) -> TestResponse:
    return post(
        client,
        "/parcours/nouveau",
        programme="PRE",
        ref=f"PRE-{100_000 + uuid.uuid4().int % 900_000}",
        first_name="Lina",
        last_name="Roux",
        opened_on=TODAY.isoformat(),
        source=next(iter(reference.labels("pre_referral_source"))),
        reasons=next(iter(reference.labels("pre_referral_reason"))),
        referent_id=referent,
        **more,
    )


def test_a_referent_is_shown_who_may_be_the_same_among_their_own(site: Flask) -> None:
    client = browser(site, REFERENT)
    assert typed_for(client, account(REFERENT)).status_code == 303
    again = typed_for(client, account(REFERENT))
    assert again.status_code == 422 and "peut-être déjà suivie" in unescape(again.text)
    assert "Lina Roux" in unescape(again.text)
    assert typed_for(client, account(REFERENT), not_same="y").status_code == 303


def test_who_opens_for_a_colleague_reads_what_happened(site: Flask) -> None:
    me = account(REFERENT)
    page = opened_for(site, me)
    assert "Parcours ouvert." in page and "confié" not in page
    other = rows(
        "SELECT DISTINCT a.id, a.display_name FROM account a JOIN membership m ON m.account_id = a.id"
        " WHERE m.role = 'REFERENT_PRE' AND a.id <> %s LIMIT 1",
        me,
    )[0]
    page = opened_for(site, other[0])
    assert f"Parcours ouvert et confié à {other[1]}" in page and "n'apparaît pas dans vos parcours" in page
    assert "sans référent pour l'instant" in opened_for(site, "")
    assert scalar("SELECT count(*) FROM journey WHERE opened_on = %s AND ref LIKE 'PRE-______'", TODAY) == 3
