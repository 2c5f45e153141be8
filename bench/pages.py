"""Every page of the application at 149 and at 5,000 visible journeys, as multiples of a bare Flask page.

The pages are found by following links, as each role would, on an invented territory of `simulate`; a page that no
link leads to is named at the end, never left out in silence.
"""

from __future__ import annotations

import html
import re
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import AnyConverter, RequestRedirect, Rule

from bench.measure import Pair, in_turn, p95
from bench.site import Browser, Site, gunicorn, site
from coordination import clock, embedded
from coordination.accounts.queries import account_id_of, load_actor
from coordination.alerts.in_force import Place
from coordination.alerts.settings import Values
from coordination.cases.commands.documents import NewDocument, attach_document
from coordination.cases.commands.team import NewLeave, plan_leave
from coordination.cases.commands.thresholds import NewTrial, make_trial
from coordination.exchange.simulate import simulate, write_bundle

RUNS = 40
GOAL = 40
# Journeys of a référent, where there are more: others of the team follow the rest.
LOAD = 75
MONTHS, CITE, SEED = 12, 50, 7
# The first who may open a page is who it is measured for: the coordinator sees every journey of the programme.
ROLES = (
    "coordination.pre",
    "referent.pre",
    "coordination.cite",
    "mipe.plie",
    "admin",
    "dpo",
    "pilotage",
)
VISITOR = "visiteur"
STARTS = (
    "/",
    "/mon-role",
    "/parcours/",
    "/parcours/?etat=termines",
    "/parcours/ma-journee",
    "/comptes",
    "/journal",
    "/chiffres",
)
TRIES = 6
# Not pages: files, a download, and an address that only a mail holds.
NOT_PAGES = {
    "static",
    "bootstrap.static",
    "guide.image",
    "oversight.journal_file",
    "cases.document_content",
    "cases.download_document",
    "administration.choose_password",
    "health.healthz",
}


@dataclass
class Found:
    """Pages that answered: name -> (who, path). `wanted`: every page of the application."""

    wanted: set[str]
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)


def write_simulated(folder: Path, journeys: int, today: date) -> None:
    """`journeys` children and a few adults, a year of their history, breaks and all; référents of LOAD."""
    bundle = simulate(pre=journeys, cite=CITE, months=MONTHS, seed=SEED, as_of=today)
    like = {row["email"]: row for row in bundle["users.csv"]}
    followed: Counter[str] = Counter()
    for journey in bundle["journeys.csv"]:
        who = journey["referent"]
        followed[who] += 1
        colleague = (followed[who] - 1) // LOAD
        if who and colleague:
            name, _, domain = who.partition("@")
            journey["referent"] = f"{name}.{colleague}@{domain}"
            if journey["referent"] not in like:
                like[journey["referent"]] = {**like[who], "email": journey["referent"]}
                bundle["users.csv"].append(like[journey["referent"]])
    write_bundle(bundle, folder)


@dataclass(frozen=True)
class Measured:
    """p95 of a page, in seconds and as a multiple of the bare page's; `after`: where something was just written.

    (Of the smaller territory that is not asked, and is the same.)
    """

    who: str
    seconds: float
    ratio: float
    after: float


def every_page(sizes: tuple[int, int]) -> Iterator[str]:
    """A line per page, then those that no link leads to."""
    taken: list[dict[str, Measured]] = []
    missing: set[str] = set()
    for size in sizes:
        with site(size, write_simulated) as one:
            found, measured = _measure(one, written=size == max(sizes))
        taken.append(measured)
        missing |= found.wanted - measured.keys()
    small, large = taken
    yield f"Chaque page, p95 sur {RUNS} fois / p95 de la page nue : {sizes[0]} puis {sizes[1]} parcours visibles"
    yield f"(entre parenthèses, à {sizes[1]} : chaque fois juste après que quelque chose a été écrit)"
    above = above_after = 0
    for name in sorted(small.keys() & large.keys(), key=lambda n: -large[n].ratio):
        few, many = small[name], large[name]
        worst = max(few.ratio, many.ratio)
        above += worst > GOAL
        above_after += many.after > GOAL
        verdict = "ok" if worst <= GOAL else "au-dessus"
        times = f"{few.ratio:>6.1f} {many.ratio:>6.1f} ({many.after:>5.1f})  {many.seconds * 1000:>6.0f} ms"
        yield f"  {name:<52} {few.who:<18} {times}  {verdict}"
    pages = len(small.keys() & large.keys())
    yield f"{pages} pages, {above} au-dessus de {GOAL}, {above_after} juste après une écriture"
    yield "Pages qu'aucun lien n'atteint ici : " + (", ".join(sorted(missing)) or "aucune")


def _measure(one: Site, *, written: bool) -> tuple[Found, dict[str, Measured]]:
    seeds = _prepare(one)
    with gunicorn("bench.bare:app", {}) as bare_port, gunicorn("wsgi:app", one.environment) as port:
        bare = Browser(bare_port)
        people = {role: Browser(port) for role in ROLES}
        for role, browser in people.items():
            browser.sign_in(f"{role}@demo.example")
        people[VISITOR] = Browser(port)
        found = _walk(one.app, people, seeds)
        pairs: dict[str, Pair] = {}
        after: dict[str, Pair] = {}
        for name, (who, path) in found.pages.items():

            def ask(browser: Browser = people[who], path: str = path) -> float:
                return browser.page(path)

            def ask_anew(ask: Callable[[], float] = ask) -> float:
                _write(one)
                return ask()

            pairs[name] = in_turn(ask, lambda: bare.page("/"), RUNS)
            after[name] = in_turn(ask_anew, lambda: bare.page("/"), RUNS) if written else pairs[name]
    unit = p95(tuple(second for pair in pairs.values() for second in pair.b))
    return found, {
        name: Measured(found.pages[name][0], p95(pair.a), p95(pair.a) / unit, p95(after[name].a) / unit)
        for name, pair in pairs.items()
    }


def _write(one: Site) -> None:
    """Something that lists are counted from: what they keep in memory (docs/adr/0018) is no answer any more."""
    with psycopg.connect(embedded.dsn(embedded.role_url(one.settings, "maintenance"))) as connection:
        connection.execute("UPDATE journey SET version = version WHERE ref = 'PRE-0001'")


def _prepare(one: Site) -> list[str]:
    """What a territory of lines cannot hold: a paper, an absence, a trial; where the walk begins."""
    with psycopg.connect(embedded.dsn(embedded.role_url(one.settings, "maintenance"))) as connection:
        row = connection.execute(
            "SELECT j.id FROM journey j JOIN contact c ON c.journey_id = j.id JOIN action a ON a.journey_id = j.id"
            " WHERE j.programme = 'PRE' AND j.exit_on IS NULL AND j.referent_id = (SELECT id FROM account WHERE"
            " email = 'referent.pre@demo.example') AND j.agreement_status = 'SIGNE'"
            " GROUP BY j.id ORDER BY count(*) DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    now, today = clock.now(), one.today
    with one.app.app_context():
        coordinator, referent = (
            load_actor(account_id_of(f"{name}@demo.example"), now)
            for name in ("coordination.pre", "referent.pre")
        )
        paper = NewDocument("COURRIER", "coordination", "lettre.pdf", b"%PDF-1.4\n" + bytes(20_000))
        attach_document(coordinator, row[0], paper, now)
        away = (today + timedelta(days=20), today + timedelta(days=34))
        plan_leave(referent, NewLeave(*away, None), now)
        trial_id = uuid.uuid4()
        make_trial(coordinator, trial_id, NewTrial(Place("A01", "PRE"), Values(threshold_days=20)), now)
    one.rest()
    return [f"/parcours/{row[0]}", f"/parcours/seuils/essai/{trial_id}"]


def _walk(app: Flask, people: dict[str, Browser], seeds: list[str]) -> Found:
    """Follow the links that each role is shown, TRIES pages of a kind at most."""
    found = Found({name for rule in app.url_map.iter_rules() for name in page_names(rule)})
    routes = app.url_map.bind("127.0.0.1")
    for role, browser in people.items():
        tried: dict[str, int] = {}
        seen: set[str] = set()
        waiting = deque([*seeds, *STARTS])
        while waiting:
            path = waiting.popleft()
            name = _name_of(routes, path)
            if name not in found.wanted or path in seen or tried.get(name, 0) == TRIES:
                continue
            seen.add(path)
            tried[name] = tried.get(name, 0) + 1
            status, body, _ = browser.ask("GET", path)
            if status == 200:
                found.pages.setdefault(name, (role, path))
                waiting.extend(html.unescape(link) for link in re.findall(r'href="(/[^"#]*)', body))
    return found


def page_names(rule: Rule) -> Iterator[str]:
    """Pages of a rule: one, or one per kind of record."""
    if "GET" not in (rule.methods or ()) or rule.endpoint in NOT_PAGES:
        return
    kinds = rule._converters.get("slug")
    if isinstance(kinds, AnyConverter):
        for kind in kinds.items:
            yield f"{rule.endpoint} {kind}"
    else:
        yield rule.endpoint


def _name_of(routes: object, path: str) -> str:
    try:
        endpoint, values = routes.match(urlsplit(path).path, method="GET")  # type: ignore[attr-defined]
    except (HTTPException, RequestRedirect):
        return ""
    return f"{endpoint} {values['slug']}" if "slug" in values else str(endpoint)
