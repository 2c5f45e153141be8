"""Kills: what was acknowledged stands, nothing is written twice, and everything starts again.

On a server of its own that flushes to disk as in production. A few kills here, many in `make soak`.
"""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import psycopg
import pytest

from config.settings import Settings
from coordination import clock, create_app, embedded
from coordination.accounts.commands import ensure_operator
from coordination.exchange.simulate import simulate, write_bundle
from coordination.privacy.keys import init_keys
from coordination.provision import provision
from tests.exchange.bundle_examples import write
from tests.support import ROOT, close, command, day, environment, import_rows, world

SAVER = """
import sys, time
from config.settings import Settings
import os
from coordination import clock, create_app
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.privacy.work import AlreadyDone
from tests.support import journey_id, person, day
app = create_app(Settings.from_env(os.environ))
with app.app_context():
    actor, journey = person("ref1"), __import__("uuid").UUID(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        key = line.strip()
        contact = NewContact(day(), "TELEPHONE", "ABOUTI", "note " + key[:8])
        try:
            log_contact(actor, journey, contact, clock.now(), key=key, answer="/")
        except AlreadyDone:
            pass
        print(key, flush=True)
"""


@pytest.fixture(scope="module")
def own() -> Iterator[Settings]:
    """A server of its own, with one journey that `ref1` follows."""
    home = Path(tempfile.mkdtemp(prefix="coordination-crash-"))
    settings = Settings(home=home, secure_cookies=False, testing=True)
    init_keys(settings)
    provision(settings)
    yield settings
    embedded.stop(settings)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def journey(own: Settings) -> str:
    if ask(own, "SELECT count(*) FROM journey WHERE ref = 'PRE-1'") == 0:
        placed = embedded.start(own).set(database=embedded.DATABASE)
        application = create_app(replace(own, database_url=embedded.dsn(placed)))
        try:
            with application.app_context():
                ensure_operator(clock.now())
                import_rows(world(pre=["ref1"], cite=[]))
        finally:
            close(application)
    return str(ask(own, "SELECT id FROM journey WHERE ref = 'PRE-1'"))


def ask(settings: Settings, query: str) -> object:
    """One value, as a superuser; the server is started if it is not there."""
    try:
        with psycopg.connect(address(settings), autocommit=True) as connection:
            row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    except psycopg.OperationalError:
        address.cache_clear()
        return ask(settings, query)
    return row[0] if row else None


@cache
def address(settings: Settings) -> str:
    """Where the server is: asked once, and again after a kill."""
    return embedded.dsn(embedded.start(settings).set(database=embedded.DATABASE))


def started(settings: Settings, journey: str) -> subprocess.Popen[str]:
    saver = subprocess.Popen(
        [sys.executable, "-c", SAVER, journey],
        env=environment(settings),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    )
    assert answer_of(saver, 60) == "ready"
    return saver


def answer_of(saver: subprocess.Popen[str], seconds: float) -> str:
    assert saver.stdout is not None
    ready, _, _ = select.select([saver.stdout], [], [], seconds)
    return saver.stdout.readline().strip() if ready else ""


def _saves_killed(settings: Settings, journey: str, kills: int, victim: str, seed: int) -> None:
    """Save, be killed at a random instant, start again, send the same forms again."""
    drawn = random.Random(seed)
    before = ask(settings, "SELECT count(*) FROM contact")
    number, sent = 0, 0
    saver = started(settings, journey)
    pending: list[str] = []
    try:
        for _ in range(kills):
            for _ in range(drawn.randint(1, 6)):
                # As forms draw them: kept as they are.
                pending.append(uuid.uuid4().hex)
                number += 1
            assert saver.stdin is not None
            saver.stdin.write("".join(f"{key}\n" for key in pending))
            saver.stdin.flush()
            time.sleep(drawn.uniform(0, 0.12))
            if victim == "server":
                kill_server(settings)
            saver.kill()
            # What it printed before it died is acknowledged: it is in the database, once.
            acknowledged = saver.communicate()[0].split()
            sent += len(acknowledged)
            for key in acknowledged:
                query = f"SELECT count(*) FROM idempotency WHERE key = '{key}'"
                assert ask(settings, query) == 1, "an acknowledged write was lost"
            pending = [key for key in pending if key not in acknowledged]
            saver = started(settings, journey)
            for key in pending:
                assert saver.stdin is not None
                saver.stdin.write(f"{key}\n")
                assert answer_of(saver, 30) == key
            pending = []
    finally:
        saver.kill()
        saver.communicate()
    after = ask(settings, "SELECT count(*) FROM contact")
    assert isinstance(after, int) and isinstance(before, int)
    # Each form once: none lost, none doubled by its second sending.
    assert after - before == number
    written = ask(
        settings, "SELECT count(*) FROM audit_entry WHERE action = 'saisie_echange' AND result = 'fait'"
    )
    assert written == ask(settings, "SELECT count(*) FROM idempotency")
    if kills > 2:
        assert 0 < sent < number, "no kill fell between two saves"
    if victim == "server" or kills > 2:
        _holds(settings)


def kill_server(settings: Settings) -> None:
    pid = int((settings.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


def _holds(settings: Settings) -> None:
    """Chains, keys and deadlines are whole."""
    verified = command(settings, "audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    recomputed = command(settings, "recompute", "--json")
    assert recomputed.returncode == 0 and '"changed": 0' in recomputed.stdout, recomputed


@pytest.mark.long
@pytest.mark.parametrize(("victim", "kills"), [("page", 2), ("server", 1)])
def test_no_acknowledged_exchange_is_lost_or_doubled(
    own: Settings, journey: str, victim: str, kills: int
) -> None:
    _saves_killed(own, journey, kills, victim, 1)


@pytest.mark.soak
@pytest.mark.parametrize("victim", ["page", "server"])
@pytest.mark.parametrize("seed", range(5))
def test_no_acknowledged_exchange_is_lost_in_a_thousand_kills(
    own: Settings, journey: str, victim: str, seed: int
) -> None:
    _saves_killed(own, journey, 100, victim, 10 + seed)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_an_import_cut_in_the_middle_leaves_nothing_and_can_be_done_again(
    own: Settings, journey: str, tmp_path: Path, ending: signal.Signals
) -> None:
    """All or nothing: the next import brings it all."""
    bundle = tmp_path / "bundle"
    write_bundle(simulate(pre=25, cite=25, months=6, seed=ending, as_of=day()), bundle)
    for path in bundle.glob("*.csv"):
        # References of their own, so that both endings start from the same point.
        text = path.read_text("utf-8")
        path.write_text(text.replace("PRE-0", f"P{ending}-0").replace("CITE-0", f"C{ending}-0"), "utf-8")
    count = f"SELECT count(*) FROM journey WHERE ref LIKE '_{int(ending)}-%'"
    importer = subprocess.Popen(
        [sys.executable, "-m", "coordination.cli", "import", str(bundle), "--commit", "--as-of", str(day())],
        env=environment(own),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        # A lock on a table that it writes to tells that it is in the middle.
        writing = (
            "SELECT count(*) FROM pg_locks WHERE relation = 'contact'::regclass AND mode = 'RowExclusiveLock'"
        )
        for _ in range(600):
            if ask(own, writing):
                break
            time.sleep(0.05)
        assert importer.poll() is None
        importer.send_signal(ending)
        _, told = importer.communicate(timeout=30)
    finally:
        importer.kill()
        importer.wait()
    assert importer.returncode != 0 and "Traceback" not in told, told
    assert ask(own, count) == 0
    done = command(own, "import", str(bundle), "--commit", "--as-of", str(day()))
    assert done.returncode == 0, done.stderr
    assert ask(own, count) == 50
    if ending is signal.SIGKILL:
        _holds(own)


def test_a_killed_server_starts_again_with_the_next_command(
    own: Settings, journey: str, tmp_path: Path
) -> None:
    before = ask(own, "SELECT count(*) FROM contact")
    kill_server(own)
    done = command(own, "deadlines", "--json")
    assert done.returncode == 0 and "PRE-1" in done.stdout, done.stderr
    assert ask(own, "SELECT count(*) FROM contact") == before
    (tmp_path / "b").mkdir()
    again = command(own, "import", str(write(tmp_path / "b", world(pre=["ref1"], cite=[]))), "--json")
    assert again.returncode == 0 and '"created": {}' in again.stdout, again
