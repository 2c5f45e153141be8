"""Every address, as every role, with the ids of somebody else's files: refused, logged, and nothing told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from coordination.accounts.queries import account_id_of, load_actor
from coordination.cases.kinds_facts import ALL_KINDS
from coordination.privacy.policy import can
from coordination.web.routing import STATIC, policy_of
from tests.cases.pages_kit import NOW, browser
from tests.people import csrf_token
from tests.support import counts, rows

# Who -> whose journeys are foreign to them.
ROLES = {
    "referent.pre": "CITE_EMPLOI",
    "coordination.pre": "CITE_EMPLOI",
    "coordination.cite": "PRE",
    "mipe.ml": "PRE",
    "mipe.plie": "PRE",
    "ccas": "PRE",
    "centre.social": "CITE_EMPLOI",
    "mediation.sante": "PRE",
    "eps.ecole": "PRE",
    "eps.social": "PRE",
    "pilotage": "CITE_EMPLOI",
    "dpo": "PRE",
    "admin": "PRE",
}
# Argument -> the table whose rows it names; None: no row hangs on a journey, an id that nobody has will do.
TABLES = {
    "journey_id": "journey",
    "contact_id": "contact",
    "appointment_id": "appointment",
    "action_id": "action",
    "alert_id": "alert",
    "relative_id": "representative",
    "document_id": None,
    "leave_id": None,
    "trial_id": None,
    "threshold_id": None,
    "account_id": None,
    "membership_id": None,
    "structure_id": None,
    "year_id": None,
    "who": None,
}
WORDS = {"name": "pre_stage", "code": "EN_COURS", "programme": "PRE", "rule": "A01", "token": "x" * 43}
# What they are about stands in the form: without it they do nothing, for anybody.
IN_THE_FORM = {"drafts.keep", "drafts.discard"}
# Ends the session of who asks.
LAST = "entry.leave"


@dataclass(frozen=True)
class Asked:
    """A request: `about` a file that the role does not see, or nobody's."""

    method: str
    path: str
    endpoint: str
    about: bool


def asked(app: Flask, programme: str) -> Iterator[Asked]:
    (journey,) = (
        row[0] for row in rows("SELECT id FROM journey WHERE programme = %s ORDER BY ref LIMIT 1", programme)
    )
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in (*STATIC, LAST):
            continue
        for values in _values(rule, journey):
            path = adapter.build(rule.endpoint, values)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                if adapter.test(path, method):
                    yield Asked(method, path, rule.endpoint, any(TABLES.get(name) for name in values))


def _values(rule: Rule, journey: uuid.UUID) -> Iterator[dict[str, Any]]:
    found: dict[str, Any] = {}
    for name in rule.arguments - {"slug", "record_id"}:
        table = TABLES.get(name)
        if name in WORDS:
            found[name] = WORDS[name]
        elif name == "journey_id":
            found[name] = journey
        else:
            found[name] = _row(table, journey) if table else uuid.uuid4()
    if "slug" not in rule.arguments:
        yield found
        return
    converter = rule._converters["slug"]
    assert isinstance(converter, AnyConverter)
    for slug in sorted(converter.items):
        more = (
            {"record_id": _row(ALL_KINDS[slug].model.__tablename__, journey)}
            if "record_id" in rule.arguments
            else {}
        )
        yield found | {"slug": slug} | more


def _row(table: str, journey: uuid.UUID) -> uuid.UUID:
    """A line of the table on a journey of the same programme, or an id that nobody has."""
    found = rows(
        f"SELECT t.id FROM {table} t JOIN journey j ON j.id = t.journey_id"
        " WHERE j.programme = (SELECT programme FROM journey WHERE id = %s) LIMIT 1",
        journey,
    )
    return uuid.UUID(str(found[0][0])) if found else uuid.uuid4()


@pytest.mark.parametrize("who", ROLES)
def test_every_address(site: Flask, who: str) -> None:
    client = browser(site, f"{who}@demo.example")
    actor = load_actor(account_id_of(f"{who}@demo.example"), NOW)
    token = csrf_token(client.get("/mon-role"))
    before = rows("SELECT ref, version, stage, exit_on, referent_id FROM journey ORDER BY ref")
    wrong = []
    refused = _refusals(actor.id)
    for one in asked(site, ROLES[who]):
        sent = {"csrf_token": token} if one.method == "POST" else None
        answer = client.open(one.path, method=one.method, data=sent)
        before_it, refused = refused, _refusals(actor.id)
        if problem := _problem(site, one, actor, answer, refused - before_it):
            wrong.append(f"{one.method} {one.path} ({one.endpoint}): {problem}")
    assert not wrong, "\n".join(wrong)
    assert rows("SELECT ref, version, stage, exit_on, referent_id FROM journey ORDER BY ref") == before


def test_head_reads_as_get_does(site: Flask) -> None:
    """No token guards a HEAD: a form sent with it writes nothing."""
    client = browser(site, "referent.pre@demo.example")
    form = {"note": "écrit par HEAD", "name": "nom", "submit": "1"}
    pages = [one for one in asked(site, "PRE") if one.method == "GET"]
    both = {one.path for one in asked(site, "PRE") if one.method == "POST"} & {one.path for one in pages}
    assert len(both) > 50
    kept = written(site)
    wrong = []
    for one in pages:
        read, headed = client.get(one.path), client.head(one.path, data=form)
        if (headed.status_code, headed.data) != (read.status_code, b""):
            wrong.append(f"{one.path} ({one.endpoint}): GET {read.status_code}, HEAD {headed.status_code}")
    assert not wrong, "\n".join(wrong)
    assert written(site) == kept


def written(app: Flask) -> dict[str, int]:
    """Rows of every table but the log and what follows sessions."""
    apart = ("audit_entry", "audit_head", "user_session", "sign_in_attempt")
    return {name: number for name, number in counts(app.config["SETTINGS"]).items() if name not in apart}


def _problem(app: Flask, one: Asked, actor: Any, answer: TestResponse, refused: int) -> str:
    declared = policy_of(app, one.endpoint)
    assert declared
    if answer.status_code >= 500:
        return f"a fault, {answer.status_code}"
    if one.about:
        if answer.status_code not in (403, 404):
            return f"{answer.status_code} about somebody else's file"
        return "" if refused else "the refusal is not in the log"
    if declared.action and not can(actor, declared.action) and one.endpoint not in IN_THE_FORM:
        return "" if answer.status_code in (403, 404) else f"{answer.status_code} without the right to"
    return ""


def _refusals(actor_id: uuid.UUID) -> int:
    return int(
        rows("SELECT count(*) FROM audit_entry WHERE actor_id = %s AND result = 'refus'", actor_id)[0][0]
    )
