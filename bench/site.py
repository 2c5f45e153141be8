"""A site to measure: an embedded server of its own, an invented PRE of a given size, gunicorn on loopback."""

from __future__ import annotations

import csv
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from flask import Flask

from config.settings import Settings
from coordination import clock, create_app, embedded
from coordination.accounts.commands import ensure_operator, operator_actor
from coordination.db import db
from coordination.exchange.bundle.reader import read_bundle
from coordination.exchange.demo import sign_all_charters
from coordination.exchange.store import store_bundle
from coordination.privacy.keys import init_keys
from coordination.provision import provision
from coordination.worker import run_scan

PASSWORD = "mesure de vitesse sur une base inventée"
COORDINATOR = "coordination.pre@demo.example"
REFERENT = "referent.pre@demo.example"
NOTE = "Point avec la famille. Le prochain rendez-vous est noté. " * 7
NOTES = 200
# Two journeys alike, with NOTES notes each.
NOTED = ("PRE-00001", "PRE-00003")
FIRST = ("Inès", "Léo", "Jeanne", "Yanis", "Zoé", "Noah", "Aïcha", "Éléa", "Marie-Lou", "Sacha")
LAST = ("Delattre", "Vasseur", "Benali", "Da Silva", "Lefebvre", "Wójcik", "Cordier", "Hénon", "Bah", "Caron")


def write_territory(folder: Path, journeys: int, today: date) -> None:
    """`journeys` children with two exchanges each, but those of NOTED, which have NOTES exchanges with a note."""
    folder.mkdir(parents=True)
    opened, recent = today - timedelta(days=300), today - timedelta(days=9)

    def write(name: str, header: str, rows: list[list[object]]) -> None:
        with (folder / name).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(header.split(","))
            writer.writerows(rows)

    write("structures.csv", "code,name,type,commune", [["PRE_PSO", "Équipe PRE", "PRE", "62765"]])
    write(
        "users.csv",
        "email,display_name,role,structure,programme",
        [
            [COORDINATOR, "Coordination", "COORD_PRE", "PRE_PSO", "PRE"],
            [REFERENT, "Référent", "REFERENT_PRE", "PRE_PSO", "PRE"],
        ],
    )
    write(
        "journeys.csv",
        "ref,programme,first_name,last_name,birth_date,sex,address,commune,opened_on,agreement_status,"
        "agreement_on,entered_on,referent,planned_rhythm_days,stage",
        [
            [
                f"PRE-{n:05}",
                "PRE",
                FIRST[n % 10],
                f"{LAST[n // 10 % 10]}-{LAST[n // 100 % 10]}",
                date(2015, 1 + n % 12, 1 + n % 28),
                "FM"[n % 2],
                f"{n} rue des Faïenciers",
                "62765",
                opened,
                "SIGNE",
                opened,
                opened + timedelta(days=20),
                REFERENT if n <= 75 else "",
                14,
                "EN_COURS",
            ]
            for n in range(1, journeys + 1)
        ],
    )
    contacts: list[list[object]] = []
    for n in range(1, journeys + 1):
        ref = f"PRE-{n:05}"
        for place in range(NOTES if ref in NOTED else 2):
            # Some were seen last week, some not for three months: pages show alerts, as they do in life.
            silence = 0 if ref in NOTED else n % 90
            on, note = recent - timedelta(days=place + silence), NOTE if ref in NOTED else "Bref."
            contacts.append([ref, on, "TELEPHONE", "ABOUTI", REFERENT, note])
    write("contacts.csv", "journey,on,mode,outcome,author,note", contacts)


@dataclass
class Site:
    """A filled installation; `app` serves in this process, `serve` through gunicorn."""

    settings: Settings
    app: Flask
    today: date = field(default_factory=clock.today)

    def journey_id(self, ref: str) -> str:
        with psycopg.connect(embedded.dsn(embedded.role_url(self.settings, "maintenance"))) as connection:
            row = connection.execute("SELECT id FROM journey WHERE ref = %s", (ref,)).fetchone()
        assert row is not None
        return str(row[0])

    @property
    def environment(self) -> dict[str, str]:
        """What gunicorn is started with to serve it."""
        return {"COORDINATION_HOME": str(self.settings.home), "COORDINATION_INSECURE_COOKIES": "1"}

    def rest(self) -> None:
        """Give back what a measure in this process holds."""
        with self.app.app_context():
            db.session.remove()


@contextmanager
def site(journeys: int, write: Callable[[Path, int, date], None] = write_territory) -> Iterator[Site]:
    """An installation with `journeys` journeys, removed at the end. `write`: what makes its bundle."""
    home = Path(tempfile.mkdtemp(prefix="coordination-bench-"))
    settings = Settings(home=home, secure_cookies=False)
    try:
        init_keys(settings)
        provision(settings)
        app = create_app(settings)
        today = clock.today()
        with app.app_context():
            ensure_operator(clock.now())
            write(home / "bundle", journeys, today)
            result = read_bundle(home / "bundle", as_of=today)
            assert not result.faults, result.faults[:3]
            store_bundle(operator_actor(), result.lines, as_of=today, now=clock.now(), commit=True)
            sign_all_charters(today, clock.now(), PASSWORD)
            db.session.remove()
        run_scan(settings, today)
        _settle(settings)
        yield Site(settings, app, today)
        with app.app_context():
            db.engine.dispose()
        app.extensions["keystore"].engine.dispose()
    finally:
        embedded.stop(settings)
        shutil.rmtree(home, ignore_errors=True)


def _settle(settings: Settings) -> None:
    """What the server does by itself within a minute of a large import."""
    url = embedded.admin_url(settings).set(database=embedded.DATABASE)
    with psycopg.connect(embedded.dsn(url), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


@contextmanager
def gunicorn(target: str, environment: dict[str, str]) -> Iterator[int]:
    """`target` behind gunicorn with one sync worker on a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-k", "sync", "-w", "1", "-b", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [*command, "--log-level", "error", target],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@dataclass
class Browser:
    """The least that a browser does: cookies, a form's hidden fields."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, data: dict[str, str] | None = None) -> tuple[int, str, float]:
        """(status, body, seconds) of one request on a connection of its own."""
        held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": held} if held else {}
        body = None
        if data is not None:
            body = urlencode(data)
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://127.0.0.1:{self.port}",
            }
        started = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        elapsed = time.perf_counter() - started
        for value in response.headers.get_all("Set-Cookie") or ():
            name, _, cookie = value.split(";")[0].partition("=")
            self.cookies[name] = cookie
        connection.close()
        return response.status, content.decode("utf-8", "replace"), elapsed

    def page(self, path: str) -> float:
        """Seconds to get a page that must be there."""
        status, _, seconds = self.ask("GET", path)
        assert status == 200, f"{path} answered {status}"
        return seconds

    def hidden(self, path: str) -> dict[str, str]:
        """The hidden fields of the form of a page."""
        found = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", self.ask("GET", path)[1])
        pairs = ((re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in found)
        return {name[1]: value[1] for name, value in pairs if name and value}

    def sign_in(self, email: str) -> None:
        status, _, _ = self.ask("POST", "/", {**self.hidden("/"), "email": email, "password": PASSWORD})
        assert status in (302, 303), f"sign-in answered {status}"


class InProcess(Browser):
    """The same browser without a network: what it measures is the server's own time."""

    def __init__(self, app: Flask) -> None:
        super().__init__(0)
        self.client = app.test_client()

    def ask(self, method: str, path: str, data: dict[str, str] | None = None) -> tuple[int, str, float]:
        started = time.perf_counter()
        answer = self.client.open(path, method=method, data=data)
        return answer.status_code, answer.text, time.perf_counter() - started
