"""`make bench`: ratios inside one run. Absolute times are there for information only."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any
from unittest import mock

import psycopg
from psycopg import sql

from bench.measure import end_cleanly, in_turn, line, machine, milliseconds, p95
from bench.pages import every_page
from bench.scratch import from_scratch
from bench.site import COORDINATOR, NOTED, NOTES, REFERENT, Browser, InProcess, Site, gunicorn, site
from coordination import clock, embedded
from coordination.accounts.queries import account_id_of, load_actor
from coordination.cases.queries.search import search
from coordination.privacy import vault
from coordination.privacy.policy import Action
from coordination.privacy.sealing import unseal_rows
from coordination.privacy.work import consult

RUNS = 60
SMALL, LARGE = 149, 5000


def main() -> None:
    end_cleanly()
    print(machine(), flush=True)
    print(from_scratch(), flush=True)
    with site(SMALL) as small:
        for text in http_small(small):
            print(text, flush=True)
        # Last: it leaves cells behind that only its own cipher opens.
        print(sealed_against_null(small), flush=True)
    with site(LARGE) as large:
        for text in (*search_in_memory(large), *http_large(large)):
            print(text, flush=True)
    for text in every_page((SMALL, LARGE)):
        print(text, flush=True)


def _null_unseal_rows(*given: Any, **_named: Any) -> list[tuple[str, ...]]:
    """In place of `unseal_rows`, whose last argument is the rows."""
    return [tuple("" if cell is None else _null_open(cell) for cell in row) for row in given[-1]]


def _null_open(cell: bytes) -> str:
    plain = cell[15:-16]
    return plain[: plain.rindex(b"\x80")].decode()


def _null_seal(text: str, length: int) -> bytes:
    """As long as the sealed cell, so that the database carries as much."""
    plain = text.encode() + b"\x80"
    return bytes(15) + plain + bytes(length - 31 - len(plain)) + bytes(16)


def _seal_with_nothing(small: Site, browser: InProcess, path: str) -> None:
    """Replace in the database every cell that the page opens by one sealed with the null cipher."""
    cells: list[tuple[str, str, uuid.UUID, bytes]] = []

    def learn(table: str, columns: Sequence[str], *given: Any, **named: Any) -> list[tuple[str, ...]]:
        keys, row_ids, rows = map(list, given)
        opened = unseal_rows(table, columns, keys, row_ids, rows, **named)
        for row_id, row, texts in zip(row_ids, rows, opened, strict=True):
            for column, cell, text in zip(columns, row, texts, strict=True):
                if cell is not None:
                    cells.append((table, column, uuid.UUID(bytes=row_id), _null_seal(text, len(cell))))
        return opened

    with mock.patch.object(vault, "unseal_rows", learn):
        browser.ask("GET", path)
    assert cells
    with psycopg.connect(embedded.dsn(embedded.role_url(small.settings, "maintenance"))) as connection:
        for table, column, row_id, cell in cells:
            change = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s")
            connection.execute(change.format(sql.Identifier(table), sql.Identifier(column)), (cell, row_id))


def sealed_against_null(small: Site) -> str:
    """Two journeys alike, in turn: one sealed, the other with a cipher that does nothing. No HTTP."""
    sealed, bare = (f"/parcours/{small.journey_id(ref)}" for ref in NOTED)
    browser = InProcess(small.app)
    browser.sign_in(REFERENT)
    _seal_with_nothing(small, browser, bare)

    def null() -> float:
        with mock.patch.object(vault, "unseal_rows", _null_unseal_rows):
            return browser.page(bare)

    pair = in_turn(lambda: browser.page(sealed), null, RUNS * 2)
    small.rest()
    name = f"Page d'un parcours, {NOTES} notes scellées / chiffre nul"
    return line(name, pair.ratio, 1.15, milliseconds(pair.a))


def search_in_memory(large: Site) -> list[str]:
    """Search by name within LARGE visible people, its line of audit included: absolute, as the goal is.

    Again within the minute, as people do who try another spelling; then each time as the first one of a process,
    which opens every key and every name.
    """
    again, first = _searches(large, first=False), _searches(large, first=True)
    name = f"Recherche parmi {LARGE} personnes, p95 en ms"
    return [
        line(name, p95(again) * 1000, 150, milliseconds(again)),
        line("  la première, aucune clé ouverte", p95(first) * 1000, None, milliseconds(first)),
    ]


def _searches(large: Site, *, first: bool) -> tuple[float, ...]:
    with large.app.app_context():
        actor = load_actor(account_id_of(COORDINATOR), clock.now())
        taken = []
        for number in range(RUNS + 4):
            if first:
                vault.keystore().opened.clear()
            started = time.perf_counter()
            with consult(actor, Action.SEARCH, clock.now()) as r:
                grant = r.require()
                search(grant, ("hénon", "Da Silva", "leo cordyer", "Zoe Lefebvre")[number % 4])
                r.audit(grant)
            taken.append(time.perf_counter() - started)
    large.rest()
    return tuple(taken[4:])


def _against_bare(
    browser: Browser, bare: Browser, ask: Callable[[], float], name: str, goal: float | None
) -> str:
    pair = in_turn(ask, lambda: bare.page("/"), RUNS)
    detail = f"{milliseconds(pair.a)}, page nue {statistics.median(pair.b) * 1000:.1f} ms"
    return line(name, pair.ratio, goal, detail)


def http_small(small: Site) -> list[str]:
    journey = f"/parcours/{small.journey_id(NOTED[0])}"
    # One save per journey, so that each moves the deadlines of the last exchange.
    others = (f"/parcours/{small.journey_id(f'PRE-{n:05}')}/echange" for n in count(4))
    with gunicorn("bench.bare:app", {}) as bare_port, gunicorn("wsgi:app", small.environment) as port:
        bare, coordinator, referent = Browser(bare_port), Browser(port), Browser(port)
        coordinator.sign_in(COORDINATOR)
        referent.sign_in(REFERENT)
        hidden = referent.hidden(next(others))

        def save() -> float:
            form = {
                **hidden,
                "idempotency_key": uuid.uuid4().hex,
                "when": small.today.isoformat(),
                "mode": "TELEPHONE",
                "outcome": "ABOUTI",
                "note": "Échange bref, rendez-vous noté.",
            }
            status, _, seconds = referent.ask("POST", next(others), form)
            assert status == 303, f"saving answered {status}"
            return seconds

        return [
            _against_bare(
                coordinator, bare, lambda: coordinator.page("/parcours/"), f"Liste de {SMALL} / page nue", 25
            ),
            _against_bare(
                referent, bare, lambda: referent.page("/parcours/ma-journee"), "Ma journée / page nue", None
            ),
            _against_bare(
                referent, bare, lambda: referent.page(journey), f"Parcours, {NOTES} notes / page nue", 40
            ),
            _against_bare(referent, bare, save, "Enregistrer un échange / page nue", 30),
        ]


def http_large(large: Site) -> list[str]:
    with gunicorn("bench.bare:app", {}) as bare_port, gunicorn("wsgi:app", large.environment) as port:
        bare, coordinator = Browser(bare_port), Browser(port)
        coordinator.sign_in(COORDINATOR)
        hidden = coordinator.hidden("/parcours/recherche")

        def find() -> float:
            status, _, seconds = coordinator.ask(
                "POST", "/parcours/recherche", {**hidden, "name": "Zoe Lefebvre"}
            )
            assert status == 303, f"search answered {status}"
            return seconds + coordinator.page("/parcours/recherche?resultats=1")

        return [
            _against_bare(
                coordinator, bare, lambda: coordinator.page("/parcours/"), f"Liste de {LARGE} / page nue", 40
            ),
            _against_bare(coordinator, bare, find, f"Recherche parmi {LARGE} / page nue", 120),
        ]


if __name__ == "__main__":
    main()
