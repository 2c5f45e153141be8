"""Pages that a test may kill: gunicorn with the application loaded, so that the next worker is a fork away.

As a program it serves: it says its port, then the process id of each worker that is up, a line each.
"""

from __future__ import annotations

import http.client
import mmap
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from config.settings import Settings
from coordination import create_app, serve
from coordination.db import db
from tests.people import PASSWORD, csrf_token, signed_in
from tests.support import ROOT, day, email, environment

WHO = email("ref1")
# How far a worker is: one byte each, by its age, in a file that outlives it.
WAITS, BEGINS, WRITES, COMMITS, WRITTEN = range(5)
STAGES = {
    WAITS: "between two saves",
    BEGINS: "before the transaction that writes",
    WRITES: "in it",
    COMMITS: "at its commit",
    WRITTEN: "after it, before the answer",
}
MOST_WORKERS = 8192
# Seconds until a form is sent again that met no database.
PAUSE = 0.1
# Seconds, the start of a database included: longer is a page that hangs.
ANSWERED_WITHIN = 30


def form(key: str, token: str) -> dict[str, str]:
    """An exchange as a browser sends it; the same for the same key."""
    said = {"mode": "TELEPHONE", "when": str(day()), "outcome": "ABOUTI", "note": f"note {key[:8]}"}
    return said | {"idempotency_key": key, "csrf_token": token}


class _Loaded(serve._Server):
    """As `serve` runs it, but the application is made before the fork, and has saved once at `path`.

    What a first save has to learn, 300 ms, each worker would else learn anew. No connection crosses the fork.
    """

    def __init__(self, settings: Settings, options: dict[str, Any], path: str) -> None:
        self.path = path
        super().__init__(settings, options)

    def load(self) -> Flask:
        app = create_app(self.settings)
        client = signed_in(app.test_client(), WHO)
        token = csrf_token(client.get("/mon-role"))
        assert client.post(self.path, data=form(uuid.uuid4().hex, token)).status_code == 303
        keystore = app.extensions["keystore"]
        keystore.opened.clear()
        with app.app_context():
            db.session.remove()
            for engine in (db.engine, keystore.engine):
                assert engine.pool.checkedout() == 0
                engine.dispose()
        return app


def _serve(file: Path, path: str) -> None:
    """Serve one request at a time until killed; in `file` each worker tells how far it is."""
    with file.open("r+b") as opened:
        stages = mmap.mmap(opened.fileno(), MOST_WORKERS)
    age = 0

    def forked(_arbiter: Any, worker: Any) -> None:
        nonlocal age
        age = worker.age

    def at(stage: int) -> None:
        stages[age] = stage

    def writing(stage: int) -> Any:
        def reached(session: Session, *_given: Any) -> None:
            if session.info.get("writing"):
                at(stage)

        return reached

    for name, stage in (("after_begin", WRITES), ("before_commit", COMMITS), ("after_commit", WRITTEN)):
        event.listen(db.session, name, writing(stage))
    options = {
        "bind": "127.0.0.1:0",
        "worker_class": "gthread",
        "preload_app": True,
        "control_socket_disable": True,
        "loglevel": "error",
        "when_ready": lambda arbiter: print(arbiter.LISTENERS[0].getsockname()[1], flush=True),
        "post_fork": forked,
        "post_worker_init": lambda worker: print(worker.pid, flush=True),
        "pre_request": lambda _worker, _request: at(BEGINS),
        "post_request": lambda _worker, _request, _environ, _answer: at(WAITS),
    }
    _Loaded(Settings.from_env(os.environ), options, path).run()


@dataclass
class Pages:
    """A server of pages. `worker`: the process that answers now, the `age`th; `path`: where exchanges are sent."""

    server: subprocess.Popen[str]
    stages: mmap.mmap
    path: str
    port: int = 0
    worker: int = 0
    age: int = 0

    def _said(self) -> int:
        assert self.server.stdout is not None
        return int(self.server.stdout.readline())

    def next_worker(self) -> None:
        """Wait until the next worker is up; the first one says the port before."""
        self.port = self.port or self._said()
        self.worker = self._said()
        self.age += 1

    def wait_for(self, stage: int, sender: Sender) -> None:
        """Wait until this worker is at that stage or further, as long as something is sent to it."""
        patience = time.monotonic() + 60
        while self.stage < stage:
            assert not sender.refused, sender.refused
            assert time.monotonic() < patience, f"worker {self.age} stays {STAGES[self.stage]}"
            time.sleep(0.0005)

    def kill(self) -> None:
        """What answers now dies, wherever it is."""
        os.kill(self.worker, signal.SIGKILL)

    @property
    def stage(self) -> int:
        """Where the worker is that answers now."""
        return self.stages[self.age]


@contextmanager
def served(settings: Settings, journey: str) -> Iterator[Pages]:
    """Pages on these databases, for exchanges of that journey; killed at the end."""
    file, path = settings.home / "stages", f"/parcours/{journey}/echange"
    file.write_bytes(bytes(MOST_WORKERS))
    with file.open("r+b") as opened:
        stages = mmap.mmap(opened.fileno(), MOST_WORKERS)
    said = settings.home / "pages.log"
    with said.open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.killed_pages", str(file), path],
            env=environment(settings) | {"COORDINATION_INSECURE_COOKIES": "1"},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            preexec_fn=serve._end_with_parent,
        )
    try:
        pages = Pages(server, stages, path)
        pages.next_worker()
        yield pages
    except AssertionError:
        print(said.read_text()[-4000:])
        raise
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.communicate()
        stages.close()


@dataclass
class Sender:
    """A browser that notes one exchange after the other, each form sent again until it is acknowledged.

    `acknowledged`: the keys of the forms that were answered; `sendings`: how often one was sent.
    """

    pages: Pages
    acknowledged: list[str] = field(default_factory=list)
    sendings: int = 0
    over: bool = False
    given_up: bool = False
    refused: str = ""
    _cookie: str = ""
    _token: str = ""

    def sign_in(self) -> None:
        self._token = self._token_of("/")
        sent = {"email": WHO, "password": PASSWORD, "csrf_token": self._token}
        assert self._ask("POST", "/", sent)[0] == 303
        self._token = self._token_of("/mon-role")

    def _token_of(self, path: str) -> str:
        _, text = self._ask("GET", path)
        found = re.search(r'name="csrf_token" value="([^"]+)"', text)
        assert found, text
        return found[1]

    def _ask(self, method: str, path: str, data: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text of the answer. Raises OSError or HTTPException where whoever answers dies."""
        line = http.client.HTTPConnection("127.0.0.1", self.pages.port, timeout=ANSWERED_WITHIN)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self._cookie}
        try:
            line.request(method, path, urlencode(data) if data else None, headers)
            answer = line.getresponse()
            text = answer.read().decode()
        finally:
            line.close()
        if path != self.pages.path:
            # What a saved form has to say to the next page would gather: that page is never asked for.
            self._cookie = (answer.headers["Set-Cookie"] or self._cookie).split(";")[0]
        return answer.status, text

    def save_all(self) -> None:
        """One form after the other until `over`, the last one acknowledged too; or until one is refused."""
        while not (self.over or self.refused):
            self.save(uuid.uuid4().hex)

    def save(self, key: str) -> None:
        """The form of that key, sent until it is answered or given up."""
        while not self.given_up:
            status, text = 0, ""
            self.sendings += 1
            try:
                status, text = self._ask("POST", self.pages.path, form(key, self._token))
            except TimeoutError:
                self.refused = f"no answer within {ANSWERED_WITHIN} s"
                return
            except (OSError, http.client.HTTPException):
                pass  # whoever answered died
            if status == 303:
                self.acknowledged.append(key)
                return
            if status not in (0, 503):
                self.refused = f"{status}: {text}"
                return
            # A worker that died is replaced at once, a database is not.
            time.sleep(PAUSE if status else 0)
        self.refused = "the last form was never answered"


@contextmanager
def sending(pages: Pages) -> Iterator[Sender]:
    """A browser at work beside the test; when this is left its last form is acknowledged."""
    sender = Sender(pages)
    sender.sign_in()
    work = threading.Thread(target=sender.save_all)
    work.start()
    try:
        yield sender
    finally:
        sender.over = True
        work.join(60)
        sender.given_up = True
        work.join()
    assert not sender.refused, sender.refused


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.argv[2])
