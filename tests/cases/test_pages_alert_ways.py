"""The buttons of alerts, as each role sees them: each leads to a page that opens."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from flask import Flask

from coordination.alerts.ways import WAYS, Way
from coordination.cases.kinds_facts import ALL_KINDS
from tests.cases.pages_kit import browser
from tests.conftest import TODAY
from tests.support import rows

WHO = ("referent.pre", "coordination.pre", "coordination.cite", "mipe.ml", "mipe.plie")
BUTTON = re.compile(r'class="btn btn-(?:way(?: btn-way-first)?|primary|secondary)" href="(/parcours/[^"]+)"')


def every_alert() -> None:
    """On some journeys an alert of each way, in each of their volets, about a record of that volet if any."""
    each = {(way.restricted, way.endpoint, way.slug, way.correct): rule for rule, way in WAYS.items()}
    for rule in each.values():
        rows(
            "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, because, since, due_on,"
            " opened_on, status, initial, version) SELECT gen_random_uuid(), f.journey_id, f.id, %s,"
            f" 'overdue', COALESCE({_subject(WAYS[rule])}, ''), '', %s, %s, %s, 'OUVERTE', false, 1"
            " FROM folder f WHERE f.journey_id = ANY (%s) ON CONFLICT DO NOTHING",
            rule,
            *[TODAY] * 3,
            some_journeys(),
        )


def _subject(way: Way) -> str:
    table = ALL_KINDS[way.correct].table if way.correct else "action" if way.of_subject else ""
    return f"(SELECT r.id::text FROM {table} r WHERE r.folder_id = f.id LIMIT 1)" if table else "NULL"


def some_journeys() -> list[uuid.UUID]:
    """Of each programme, those with most volets: it is there that somebody reads without writing."""
    found = rows(
        "SELECT id FROM (SELECT j.id, row_number() OVER (PARTITION BY j.referent_id ORDER BY count(*) DESC, j.ref)"
        " AS n FROM journey j JOIN folder f ON f.journey_id = j.id WHERE j.exit_on IS NULL GROUP BY j.id) AS x"
        " WHERE n <= 2"
    )
    return [row[0] for row in found]


@pytest.mark.parametrize("who", WHO)
def test_every_button_opens(site: Flask, who: str) -> None:
    client = browser(site, f"{who}@demo.example")
    every_alert()
    pages = [f"/parcours/{id_}" for id_ in some_journeys()]
    shown = [unescape(client.get(path).text) for path in (*pages, "/parcours/ma-journee")]
    # A few of each shape: the pages behind are many, and alike.
    shapes: dict[str, list[str]] = {}
    for url in dict.fromkeys(url for page in shown for url in BUTTON.findall(page)):
        shapes.setdefault(re.sub("[0-9a-f-]{36}", "*", url), []).append(url)
    assert len(shapes) > 10
    tried = [url for urls in shapes.values() for url in urls[: 12 if len(urls) < 30 else 5]]
    shut = [url for url in tried if client.get(url).status_code != 200]
    assert not shut, f"{len(shut)} of {len(tried)}: {shut[:5]}"
