"""`make bench`: ratios inside one run. Absolute times are there for information only."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable
from unittest import mock

from bench.measure import in_turn, line, milliseconds, p95
from bench.site import COORDINATOR, NOTES, REFERENT, Browser, Site, gunicorn, site
from coordination import clock
from coordination.accounts.queries import account_id_of, load_actor
from coordination.cases.queries.journey_page import journey_page
from coordination.cases.queries.search import search
from coordination.db import db
from coordination.privacy import sealing, vault
from coordination.privacy.policy import Action
from coordination.privacy.sealing import DataKey
from coordination.privacy.work import consult

RUNS = 60
SMALL, LARGE = 149, 5000


def main() -> None:
    print(f"Python {sys.version.split()[0]}, une passe, mesures alternées (A B A B…), rapports de médianes.")
    with site(SMALL) as small:
        print(sealed_against_null(small))
        for text in http_small(small):
            print(text)
    with site(LARGE) as large:
        print(search_in_memory(large))
        for text in http_large(large):
            print(text)


def _null_seal(
    key: DataKey, table: str, column: str, row_id: uuid.UUID, text: str, padding: int = 32
) -> bytes:
    plain = text.encode() + b"\x80"
    return bytes(15) + plain + bytes(-len(plain) % padding) + bytes(16)


def _null_unseal(key: DataKey, table: str, column: str, row_id: uuid.UUID, cell: bytes) -> str:
    plain = cell[15:-16]
    return plain[: plain.rindex(b"\x80")].decode()


def sealed_against_null(small: Site) -> str:
    """The journey page with sealed notes, read twice: with the real cipher, and with one that does nothing.

    The same rows: before the null runs, their cells are replaced in memory by null-sealed ones.
    """
    journey_id = uuid.UUID(small.journey_id("PRE-00001"))
    with small.app.app_context():
        actor = load_actor(account_id_of(REFERENT), clock.now())
        real_open, cells = sealing.unseal, {}

        def learn(key: DataKey, table: str, column: str, row_id: uuid.UUID, cell: bytes) -> str:
            text = real_open(key, table, column, row_id, cell)
            cells[bytes(cell)] = _null_seal(key, table, column, row_id, text)
            return text

        def read() -> float:
            started = time.perf_counter()
            with consult(actor, Action.OPEN_JOURNEY, clock.now()) as r:
                grant = r.require(journey_id)
                journey_page(grant, journey_id, small.today)
                r.audit(grant)
            return time.perf_counter() - started

        with mock.patch.object(vault, "unseal", learn):
            read()

        def null(key: DataKey, table: str, column: str, row_id: uuid.UUID, cell: bytes) -> str:
            return _null_unseal(key, table, column, row_id, cells[cell])

        def read_null() -> float:
            with mock.patch.object(vault, "unseal", null):
                return read()

        pair = in_turn(read, read_null, RUNS)
        db.session.remove()
    name = f"Page d'un parcours, {NOTES} notes scellées / chiffre nul"
    return line(name, pair.ratio, 1.15, milliseconds(pair.a))


def search_in_memory(large: Site) -> str:
    """Search by name within LARGE visible people, audit left out: absolute, as the goal is."""
    with large.app.app_context():
        actor = load_actor(account_id_of(COORDINATOR), clock.now())
        taken = []
        for number in range(RUNS):
            started = time.perf_counter()
            with consult(actor, Action.SEARCH, clock.now()) as r:
                grant = r.require()
                search(grant, ("hénon", "Da Silva", "leo cordyer", "Zoe Lefebvre")[number % 4])
                r.audit(grant)
            taken.append(time.perf_counter() - started)
        db.session.remove()
    values = tuple(taken[4:])
    name = f"Recherche parmi {LARGE} personnes, p95 en ms"
    return line(name, p95(values) * 1000, 150, milliseconds(values))


def _against_bare(browser: Browser, bare: Browser, ask: Callable[[], float], name: str, goal: float) -> str:
    pair = in_turn(ask, lambda: bare.ask("GET", "/")[2], RUNS)
    return line(name, pair.ratio, goal, milliseconds(pair.a))


def _get(browser: Browser, path: str) -> Callable[[], float]:
    def ask() -> float:
        status, _, seconds = browser.ask("GET", path)
        assert status == 200, f"{path} answered {status}"
        return seconds

    return ask


def _environment(one: Site) -> dict[str, str]:
    return {"COORDINATION_HOME": str(one.settings.home), "COORDINATION_INSECURE_COOKIES": "1"}


def http_small(small: Site) -> list[str]:
    journey = f"/parcours/{small.journey_id('PRE-00001')}"
    other = f"/parcours/{small.journey_id('PRE-00002')}/echange"
    with gunicorn("bench.bare:app", {}) as bare_port, gunicorn("wsgi:app", _environment(small)) as port:
        bare, coordinator, referent = Browser(bare_port), Browser(port), Browser(port)
        coordinator.sign_in(COORDINATOR)
        referent.sign_in(REFERENT)
        hidden = referent.hidden(other)

        def save() -> float:
            form = {
                **hidden,
                "idempotency_key": uuid.uuid4().hex,
                "when": small.today.isoformat(),
                "mode": "TELEPHONE",
                "outcome": "ABOUTI",
                "note": "Échange bref, rendez-vous noté.",
            }
            status, _, seconds = referent.ask("POST", other, form)
            assert status == 303, f"saving answered {status}"
            return seconds

        return [
            _against_bare(
                coordinator, bare, _get(coordinator, "/parcours/"), f"Liste de {SMALL} / page nue", 25
            ),
            _against_bare(
                referent, bare, _get(referent, "/parcours/ma-journee"), "Ma journée / page nue", 40
            ),
            _against_bare(referent, bare, _get(referent, journey), f"Parcours, {NOTES} notes / page nue", 40),
            _against_bare(referent, bare, save, "Enregistrer un échange / page nue", 30),
        ]


def http_large(large: Site) -> list[str]:
    with gunicorn("bench.bare:app", {}) as bare_port, gunicorn("wsgi:app", _environment(large)) as port:
        bare, coordinator = Browser(bare_port), Browser(port)
        coordinator.sign_in(COORDINATOR)
        hidden = coordinator.hidden("/parcours/recherche")

        def find() -> float:
            status, _, seconds = coordinator.ask(
                "POST", "/parcours/recherche", {**hidden, "name": "Zoe Lefebvre"}
            )
            assert status == 200, f"search answered {status}"
            return seconds

        return [
            _against_bare(
                coordinator, bare, _get(coordinator, "/parcours/"), f"Liste de {LARGE} / page nue", 40
            ),
            _against_bare(coordinator, bare, find, f"Recherche parmi {LARGE} / page nue", 120),
        ]


if __name__ == "__main__":
    main()
