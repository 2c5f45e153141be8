"""Kills: what was acknowledged stands, nothing is written twice, and everything starts again.

On a server of its own that flushes to disk as in production. A few kills here, many in `make soak`.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.settings import Settings
from coordination import clock, create_app, embedded
from coordination.accounts.commands import ensure_operator, operator_actor, set_password
from coordination.accounts.queries import account_id_of
from coordination.exchange.simulate import simulate, write_bundle
from coordination.privacy.keys import init_keys
from coordination.provision import provision
from tests.exchange.bundle_examples import write
from tests.killed_pages import BEGINS, COMMITS, STAGES, WRITES, WRITTEN, Pages, Sender, sending, served
from tests.people import PASSWORD
from tests.support import ROOT, close, command, day, email, environment, import_rows, world

# From the moment a commit is sent to a little after its answer.
ABOUT_A_COMMIT_S = 0.04
# How much later the next kill falls when nothing was answered before this one.
SLOWER = 1.05


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
                set_password(operator_actor(), account_id_of(email("ref1")), PASSWORD, clock.now(), demo=True)
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


def _saves_killed(settings: Settings, journey: str, kills: int, victim: str, seed: int) -> None:
    """Somebody saves, what serves is killed: what was acknowledged stands, and each form was written once."""
    with served(replace(settings, database_url=address(settings)), journey) as pages:
        before = written(settings)
        with sending(pages) as sender:
            killed = _kill(settings, pages, sender, kills, victim, random.Random(seed))
    told = ", ".join(f"{killed[stage]} {label}" for stage, label in STAGES.items())
    acknowledged, after = set(sender.acknowledged), written(settings)
    print(f"\n{kills} kills ({victim}): {told};", end=" ")
    print(f"{len(acknowledged)} exchanges acknowledged in {sender.sendings} sendings")
    assert acknowledged <= after.keys, "an acknowledged write was lost"
    assert after.keys - before.keys == acknowledged, "a form was written that nobody was answered for"
    # Each form once, with its line in the log: none doubled by its second sending.
    made = after.contacts - before.contacts, after.lines - before.lines
    assert made == (len(acknowledged), len(acknowledged)), "a form was written twice, or its line was lost"
    if kills > 2:
        # Only where kills fell all over a save does this say something.
        assert min(killed[stage] for stage in (BEGINS, WRITES, COMMITS, WRITTEN)) > kills / 100, told
    if victim == "server" or kills > 2:
        _holds(settings)


def _kill(
    settings: Settings, pages: Pages, sender: Sender, kills: int, victim: str, drawn: random.Random
) -> Counter[int]:
    """Half of the kills fall at any instant, half about a commit, where alone something is lost or doubled.

    Where they fell: stage of the page -> how many.
    """
    killed: Counter[int] = Counter()
    # Seconds from a worker's beginning to its first answer, by trial: as many kills fall before it as after.
    pace = 0.2
    for number in range(kills):
        answered = len(sender.acknowledged)
        if number % 2:
            pages.wait_for(COMMITS, sender)
            time.sleep(drawn.uniform(0, ABOUT_A_COMMIT_S))
        else:
            time.sleep(drawn.uniform(0, 2 * pace))
            pace *= SLOWER if len(sender.acknowledged) == answered else 1 / SLOWER
        # A page goes on for a moment once its server is dead: what counts is where it was.
        killed[pages.stage] += 1
        if victim == "server":
            kill_server(settings)
        pages.kill()
        if victim == "server":
            # Whoever asks first starts it again.
            ask(settings, "SELECT 1")
        pages.next_worker()
    return killed


@dataclass(frozen=True)
class Written:
    """The keys of the forms that were written, how many exchanges stand, how many lines of the log tell of one."""

    keys: set[str]
    contacts: int
    lines: int


def written(settings: Settings) -> Written:
    told = "SELECT count(*) FROM audit_entry WHERE action = 'saisie_echange' AND result = 'fait'"
    keys = ask(settings, "SELECT array_agg(key) FROM idempotency")
    contacts, lines = ask(settings, "SELECT count(*) FROM contact"), ask(settings, told)
    assert isinstance(keys, list) and isinstance(contacts, int) and isinstance(lines, int)
    return Written(set(keys), contacts, lines)


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
@pytest.mark.long
@pytest.mark.parametrize(("victim", "kills"), [("page", 1000), ("server", 200)])
def test_no_acknowledged_exchange_is_lost_in_a_thousand_kills(
    own: Settings, journey: str, victim: str, kills: int
) -> None:
    _saves_killed(own, journey, kills, victim, 10)


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


def test_a_server_that_dies_while_it_is_looked_at_is_looked_at_again(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = embedded.library()
    looks: list[Path] = []

    def looked_at(data: Path, **given: Any) -> Any:
        looks.append(data)
        # As the library says that the process which was there is no more.
        assert len(looks) > 1
        return look(data, **given)

    look = library.get_server
    monkeypatch.setattr(library, "get_server", looked_at)
    with psycopg.connect(embedded.dsn(embedded.start(own))) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert len(looks) == 2
