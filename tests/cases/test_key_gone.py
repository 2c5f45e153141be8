"""The key of one folder is gone: its line says so, the lists of everybody are served."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from coordination.cases.queries.people import UNREADABLE
from coordination.errors import KeyUnavailable
from coordination.privacy.vault import keystore
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser, names, search
from tests.cases.test_pages_opening import typed_for
from tests.support import rows, run, scalar

# Who -> the pages on which many people stand.
LISTS = {
    COORDINATOR: ("", "doublons", "bloques", "silences"),
    REFERENT: ("ma-journee", "mes-parcours", "tournee"),
}
SPOILT = {
    "gone": "DELETE FROM dek WHERE folder_id = %s",
    "altered": "UPDATE dek SET wrapped = decode(repeat('00', 60), 'hex') WHERE folder_id = %s",
    "of no version": "UPDATE dek SET kek_version = 99 WHERE folder_id = %s",
}


@pytest.fixture
def folder(site: Flask, journey: uuid.UUID) -> uuid.UUID:
    """The coordination folder of the journey."""
    found = scalar("SELECT id FROM folder WHERE journey_id = %s AND volet = 'coordination'", journey)
    return uuid.UUID(str(found))


@pytest.fixture
def ref(site: Flask, journey: uuid.UUID) -> str:
    return str(scalar("SELECT ref FROM journey WHERE id = %s", journey))


def lose(folder: uuid.UUID, how: str = "gone") -> None:
    """Its key goes, longer ago than keys are remembered."""
    rows(SPOILT[how], folder, keys=True)
    keystore().opened.clear()


def lists(site: Flask) -> dict[tuple[str, str], TestResponse]:
    found = {}
    for who, paths in LISTS.items():
        client = browser(site, who)
        for path in paths:
            # Each opens the keys that it needs.
            keystore().opened.clear()
            found[who, path] = client.get(f"/parcours/{path}")
    return found


@pytest.mark.parametrize("how", SPOILT)
def test_lists_show_that_line_without_its_name_and_all_the_others(
    site: Flask, journey: uuid.UUID, folder: uuid.UUID, ref: str, how: str
) -> None:
    (lost,) = names(search(browser(site, COORDINATOR), ref))
    before = lists(site)
    assert all(page.status_code == 200 for page in before.values())
    assert sum(lost in names(page) for page in before.values()) >= 2
    lose(folder, how)
    for where, page in lists(site).items():
        assert page.status_code == 200, where
        shown = sorted(UNREADABLE if name == lost else name for name in names(before[where]))
        assert sorted(names(page)) == shown and lost not in page.text, where
        assert (UNREADABLE in page.text) <= (f'<span class="ref">{ref}</span>' in page.text), where
    assert browser(site, REFERENT).get(f"/parcours/{journey}").status_code == 503


def test_search_finds_it_by_its_reference_and_the_others_by_name(
    site: Flask, folder: uuid.UUID, ref: str
) -> None:
    client = browser(site, COORDINATOR)
    (lost,) = names(search(client, ref))
    other = next(name for name in names(client.get("/parcours/")) if name != lost)
    lose(folder)
    assert names(search(client, ref)) == [UNREADABLE]
    assert other in names(search(client, other)) and UNREADABLE not in names(search(client, lost))


def test_a_journey_opens_beside_it(site: Flask, folder: uuid.UUID) -> None:
    """Everybody's name is held against the new one."""
    lose(folder)
    assert typed_for(browser(site, REFERENT), account(REFERENT)).status_code == 303


def test_the_log_names_the_folder_once(
    site: Flask, folder: uuid.UUID, ref: str, caplog: pytest.LogCaptureFixture
) -> None:
    lists(site)
    lose(folder)
    lists(site)
    lists(site)
    told = [record for record in caplog.records if str(folder) in record.getMessage()]
    assert [record.levelno for record in told] == [logging.ERROR]
    assert ref not in caplog.text
    done = run(site.config["SETTINGS"], "keys", "reconcile")
    assert done.returncode == 1 and f"1 volet sans clé, illisible ({folder})" in done.stderr


def test_where_no_key_opens_the_key_that_wraps_them_is_at_fault(site: Flask) -> None:
    """Then no list pretends that each name was lost."""
    store = keystore()
    closed = replace(store, keks=replace(store.keks, keys={v: bytes(32) for v in store.keks.keys}), opened={})
    with pytest.raises(KeyUnavailable, match="n'est pas la bonne"):
        closed.get_open([id_.bytes for (id_,) in rows("SELECT id FROM folder")])
    assert store.get_open([uuid.uuid4().bytes]) == [None]
