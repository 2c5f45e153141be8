"""Every page of a journey as a reader gets it, in a world with facts in volets that they lack, or without."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask
from psycopg.types.json import Jsonb
from werkzeug.routing import AnyConverter

from coordination.cases.kinds_facts import ALL_KINDS
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web.routing import STATIC
from coordination.worker import run_scan
from tests.cases.closed_kit import COORDINATORS, Reader, World, begin, give
from tests.cases.pages_kit import NOW, browser
from tests.conftest import TODAY
from tests.support import person, rows, scalar

PLACES = {
    "journey_id": "journey",
    "contact_id": "contact",
    "appointment_id": "appointment",
    "action_id": "action",
    "alert_id": "alert",
    "relative_id": "representative",
    "document_id": "document",
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CHANCE = re.compile(r'(name="(?:csrf_token|idempotency_key)"[^>]*value=|nonce=)"[^"]*"')
# Of a line of the log: when somebody was there, whatever they did.
HOUR = re.compile(r"à \d+\sh\s\d\d")
CLOCKS = ("deadline", "alert", "alert_event")
Extra = Callable[[World], None]


def pages(
    app: Flask, reader: Reader, extra: Extra | None, reads: int
) -> tuple[dict[str, str], set[str], int]:
    """Address -> page as the reader gets it, in a world with `extra` facts.

    What the clocks say in the volets of the reader is put back as it was before them: beside the pages, the rules
    that had moved. At last how many lines the extra facts left in the log; `reads`: how often who follows the
    journey opens it in their place.
    """
    world = begin(reader)
    run_scan(app.config["SETTINGS"], TODAY)
    before = _told(world, reader)
    logged = _logged(world)
    if extra:
        extra(world)
        run_scan(app.config["SETTINGS"], TODAY)
        closed = {row[0] for row in rows("SELECT volet FROM folder")} - reader.volets
        world.answer(closed - {"protection"}, world.writer)
        world.answer(closed & {"protection"}, COORDINATORS[world.programme])
    after = _told(world, reader)
    moved = {line["rule"] for line in _differ(before["deadline"], after["deadline"])}
    _put_back(world, reader, before)
    written = _logged(world) - logged
    for _ in range(reads):
        with consult(person(world.writer), Action.OPEN_JOURNEY, NOW) as r:
            r.audit(r.require(world.journey), ["coordination"])
    give(world, reader)
    return dict(_read(app, world, reader)), moved, written


def _told(world: World, reader: Reader) -> dict[str, list[dict[str, Any]]]:
    """What the clocks say in the volets of the reader."""
    return {
        table: [
            row[0]
            for row in rows(
                f"SELECT to_jsonb(t) FROM {table} t JOIN folder f ON f.id = t.folder_id"
                " WHERE t.journey_id = %s AND f.volet = ANY (%s) ORDER BY t::text",
                world.journey,
                [*reader.volets],
            )
        ]
        for table in CLOCKS
    }


def _put_back(world: World, reader: Reader, told: dict[str, list[dict[str, Any]]]) -> None:
    for table in reversed(CLOCKS):
        rows(
            f"DELETE FROM {table} t USING folder f WHERE f.id = t.folder_id AND t.journey_id = %s"
            " AND f.volet = ANY (%s)",
            world.journey,
            [*reader.volets],
        )
    for table in ("alert", "deadline", "alert_event"):
        rows(
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::{table}, %s)"
            " ON CONFLICT DO NOTHING",
            Jsonb(told[table]),
        )


def _differ(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in one if line not in other] + [line for line in other if line not in one]


def _logged(world: World) -> int:
    return int(scalar("SELECT count(*) FROM audit_entry WHERE journey_id = %s", world.journey))


def _read(app: Flask, world: World, reader: Reader) -> Iterator[tuple[str, str]]:
    client = browser(app, reader.email)
    for place, path in _addresses(app, world, reader):
        answer = client.get(path)
        assert answer.status_code < 500, path
        if answer.mimetype == "text/html":
            yield place, f"{answer.status_code} {_plain(answer.text)}"
        else:
            yield place, f"{answer.status_code} {answer.mimetype}"


def _addresses(app: Flask, world: World, reader: Reader) -> Iterator[tuple[str, str]]:
    """Every page of the journey and of what the reader sees of it, then the lists; by a name that both share."""
    adapter = app.url_map.bind("localhost")
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (not rule.arguments, rule.rule))
    for rule in rules:
        if rule.endpoint in STATIC or "GET" not in (rule.methods or set()):
            continue
        arguments = rule.arguments - {"slug"}
        slugs = [""]
        if "slug" in rule.arguments:
            converter = rule._converters["slug"]
            assert isinstance(converter, AnyConverter)
            slugs = sorted(converter.items)
        for slug in slugs:
            more = {"slug": slug} if slug else {}
            if not arguments:
                yield rule.rule, adapter.build(rule.endpoint, more)
                continue
            (name, *rest) = arguments
            table = ALL_KINDS[slug].table if name == "record_id" else PLACES.get(name)
            if rest or table is None:
                continue
            for number, id_ in enumerate(_ids(world, reader, table)):
                yield f"{rule.rule} {slug} {number}", adapter.build(rule.endpoint, {name: id_} | more)


def _ids(world: World, reader: Reader, table: str) -> list[uuid.UUID]:
    if table == "journey":
        return [world.journey]
    order = "t.rule, t.kind, t.since, t.due_on" if table == "alert" else "t.position"
    found = rows(
        f"SELECT t.id FROM {table} t JOIN folder f ON f.id = t.folder_id WHERE t.journey_id = %s"
        f" AND f.volet = ANY (%s) ORDER BY {order}",
        world.journey,
        [*reader.volets],
    )
    return [row[0] for row in found]


def _plain(page: str) -> str:
    """Without what chance makes: tokens, and ids in the order in which they come."""
    known: dict[str, str] = {}
    page = HOUR.sub("à l'heure", CHANCE.sub(r'\1""', page))
    page = UUID.sub(lambda found: known.setdefault(found[0], f"id{len(known)}"), page)
    return html.unescape(re.sub(r"\b[0-9a-f]{32,}\b", "chance", page))
