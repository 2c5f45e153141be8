"""Backup and restore on a real server: the round trip, every kind of damage, erasures, kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from alembic import command as alembic
from flask import Flask
from sqlalchemy.engine import URL

from config.settings import Settings
from coordination import clock, create_app, embedded
from coordination.accounts.commands import operator_actor, set_password, suspend
from coordination.accounts.password_links import choose_password, link_holder, new_link
from coordination.accounts.queries import account_id_of
from coordination.backup.manifest import FORMAT
from coordination.backup.swap import put_back
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.cases.commands.documents import NewDocument, attach_document
from coordination.cases.commands.journeys import NewJourney, open_journey
from coordination.db import NOBODY
from coordination.privacy import reconcile
from coordination.privacy.drafts import Place, keep_draft
from coordination.provision import alembic_config
from tests.databases import TEMPLATE, copy_databases, superuser
from tests.people import PASSWORD, signed_in
from tests.support import (
    ROOT,
    Done,
    bury,
    close,
    command,
    counts,
    day,
    email,
    environment,
    import_rows,
    module_app,
    person,
    role,
    run,
    world,
)

CANARY = "Zqkanari"
# A form that hangs on no journey: its draft has a key of its own.
OPENING = Place(None, "cases.open_new/PRE", NOBODY)
AWAY = Place(None, "cases.leaves", NOBODY)
REMOVED = {
    "removed": 0,
    "folders_without_key": [],
    "unread": [],
    "erased": 0,
    "unproven": [],
    "standing": [],
}
KEYS_IN_USE = "SELECT (SELECT count(*) FROM folder) + (SELECT count(*) FROM draft WHERE journey_id IS NULL)"


@pytest.fixture(scope="module")
def source(cluster: Settings) -> Iterator[Flask]:
    """A world with a note, a document and two drafts that say CANARY, and an account that signs in."""
    application = module_app(cluster, "backup")
    with application.app_context():
        import_rows(world(pre=["ref1"], cite=["ml"]))
        set_password(operator_actor(), account_id_of(email("ref1")), PASSWORD, clock.now(), demo=True)
        note = NewContact(day(), "VAD", "ABOUTI", CANARY)
        journey = journey_of(application.config["SETTINGS"])
        log_contact(person("ref1"), journey, note, clock.now())
        # Two parts: what is sealed in parts opens otherwise than what is sealed as a text.
        paper = NewDocument("COURRIER", "coordination", f"{CANARY}.pdf", b"%PDF-1.4\n" + bytes(300_000))
        attach_document(person("ref1"), journey, paper, clock.now())
        place = Place(journey, "cases.log_contact", journey)
        keep_draft(person("ref1"), place, {"note": [CANARY]}, clock.now())
        keep_draft(person("ref1"), OPENING, {"remark": [CANARY]}, clock.now())
    yield application
    close(application)


@pytest.fixture(scope="module")
def taken(source: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it, made once."""
    folder = tmp_path_factory.mktemp("backup") / "first"
    done = run(source.config["SETTINGS"], "backup", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [step["step"] for step in told["steps"]][-1] == "Données protégées qui s'ouvrent"
    return folder


@pytest.fixture
def copied(taken: Path, tmp_path: Path) -> Path:
    """That backup, to be damaged."""
    return Path(shutil.copytree(taken, tmp_path / "copy"))


@pytest.fixture
def empty(cluster: Settings, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """An installation where nobody has worked yet."""
    name = f"empty_{os.getpid()}"
    yield copy_databases(cluster, TEMPLATE, name)
    _drop(cluster, name)


@pytest.fixture
def full(cluster: Settings, source: Flask) -> Iterator[Settings]:
    """A second installation, the same as the one that was backed up."""
    close(source)
    name = f"full_{os.getpid()}"
    yield copy_databases(cluster, str(_name(source.config["SETTINGS"])), name)
    _drop(cluster, name)


def _name(settings: Settings) -> str | None:
    return embedded.admin_url(settings).database


def _drop(cluster: Settings, prefix: str) -> None:
    with psycopg.connect(embedded.dsn(embedded.start(cluster)), autocommit=True) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{prefix}%",))
        for (name,) in found.fetchall():
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]


def databases(settings: Settings) -> set[str]:
    """The databases of an installation, those beside it included."""
    with psycopg.connect(superuser(settings), autocommit=True) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{_name(settings)}%",)
        )
        return {name for (name,) in found.fetchall()}


def ask(settings: Settings, query: str, *, keys: bool = False) -> object:
    with psycopg.connect(superuser(settings, keys=keys), autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    return row[0] if row else None


def journey_of(settings: Settings) -> uuid.UUID:
    return uuid.UUID(str(ask(settings, "SELECT id FROM journey WHERE ref = 'PRE-1'")))


def page_of(settings: Settings, path: str = "") -> str:
    """What `ref1` reads once signed in: the journey's page, or another."""
    application = create_app(settings)
    try:
        with application.app_context():
            client = signed_in(application.test_client(), email("ref1"))
            answer = client.get(path or f"/parcours/{journey_of(settings)}")
            return f"{answer.status_code} {answer.text}"
    finally:
        close(application)


def untouched(settings: Settings, before: tuple[object, object]) -> bool:
    return (databases(settings), counts(settings)) == before


def state(settings: Settings) -> tuple[object, object]:
    return databases(settings), counts(settings)


def test_a_backup_restored_into_an_empty_installation_signs_in_and_opens_names(
    taken: Path, empty: Settings
) -> None:
    done = run(empty, "restore", str(taken))
    assert done.returncode == 0, done.stderr
    assert "--undo" in done.stdout and "Chaînes du journal" in done.stdout
    page = page_of(empty)
    assert page.startswith("200") and "NomPRE-1" in page and CANARY in page
    assert f">\r\n{CANARY}</textarea>" in page_of(empty, "/parcours/nouveau")
    verified = command(empty, "audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert ask(empty, "SELECT count(*) FROM audit_entry WHERE action = 'restauration'") == 1
    recomputed = run(empty, "recompute", "--json")
    assert recomputed.returncode == 0 and '"changed": 0' in recomputed.stdout
    # Everything is kept until it is asked to go.
    assert len(databases(empty)) == 3
    assert run(empty, "restore", "--drop-old").returncode == 0
    assert databases(empty) == {_name(empty), f"{_name(empty)}_keys"}


def test_an_installation_in_use_is_replaced_only_when_asked_and_can_be_put_back(
    taken: Path, full: Settings
) -> None:
    ask(full, "UPDATE account SET display_name = 'renamed since' WHERE email = 'ref1@ex.fr' RETURNING 1")
    before = state(full)
    refused = run(full, "restore", str(taken))
    assert refused.returncode == 2 and "--replace" in refused.stderr and untouched(full, before)
    done = run(full, "restore", str(taken), "--replace")
    assert done.returncode == 0, done.stderr
    assert ask(full, "SELECT display_name FROM account WHERE email = 'ref1@ex.fr'") == "ref1"
    back = run(full, "restore", "--undo")
    assert back.returncode == 0, back.stderr
    assert ask(full, "SELECT display_name FROM account WHERE email = 'ref1@ex.fr'") == "renamed since"
    assert "NomPRE-1" in page_of(full)


@pytest.fixture
def witnessed(full: Settings) -> Iterator[Settings]:
    """The same installation with a home, hence checkpoints, of its own: one was signed since the backup."""
    home = Path(tempfile.mkdtemp(prefix="witness-", dir=full.home))
    shutil.copytree(full.keys_dir, home / "keys")
    apart = replace(full, home=home)
    ask(apart, "UPDATE account SET display_name = 'renamed since' WHERE email = 'ref1@ex.fr' RETURNING 1")
    note_something(apart, "since the backup")
    assert command(apart, "audit", "checkpoint").returncode == 0
    yield apart
    shutil.rmtree(home)


def note_something(settings: Settings, text: str) -> None:
    """A line more in the chain of the référent's structure."""
    application = create_app(settings)
    with application.app_context():
        new = NewContact(day(), "VAD", "ABOUTI", text)
        log_contact(person("ref1"), journey_of(settings), new, clock.now())
    close(application)


def intact(settings: Settings, where: str) -> None:
    """The journal holds against all that was kept of it, also after a line more."""
    for _ in range(2):
        done = command(settings, "audit", "verify")
        assert done.returncode == 0, (where, done.stdout, done.stderr)
        note_something(settings, where)


def killed_at(settings: Settings, place: str, *arguments: str) -> None:
    """A restore, killed when it comes to `place`."""
    program = (
        "import os, signal\n"
        "from coordination import cli\n"
        "from coordination.backup import swap, witness\n"
        "from coordination.privacy.keystore import Keystore\n"
        f"{place} = lambda *given: os.kill(os.getpid(), signal.SIGKILL)\n"
        "cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "restore", *arguments],
        env=environment(settings),
        cwd=ROOT,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done


def test_the_journal_is_intact_wherever_one_goes_back_to(
    taken: Path, witnessed: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Each database has lines, kept heads and checkpoints of its own, under the same numbers.

    A way back that was killed is finished by the next run: no change of places too many, none too few.
    """
    ways = [
        ("", [str(taken), "--replace"]),
        ("", ["--undo"]),
        ("swap._change_names", ["--undo"]),
        ("Keystore.set_heads", ["--undo"]),
        ("witness.give_up", ["--undo"]),
    ]
    for number, (place, arguments) in enumerate(ways):
        # A database put aside bears the second it was.
        time.sleep(1.1)
        if place:
            killed_at(witnessed, place, *arguments)
        done = run(witnessed, "restore", *arguments)
        assert done.returncode == 0, (place, done.stderr)
        named = ask(witnessed, "SELECT display_name FROM account WHERE email = 'ref1@ex.fr'")
        assert named == ("renamed since" if number % 2 else "ref1"), place
        intact(witnessed, f"{arguments} {place}")
        assert command(witnessed, "audit", "checkpoint").returncode == 0
    assert not caplog.records
    # Nothing that was signed is ever deleted.
    assert len(list((witnessed.home / "witness").rglob("journal-*.json"))) == 1 + len(ways)


def test_a_restore_killed_once_the_database_is_in_place_can_be_gone_back_from(
    taken: Path, witnessed: Settings
) -> None:
    killed_at(witnessed, "Keystore.set_heads", str(taken), "--replace")
    time.sleep(1.1)
    assert run(witnessed, "restore", "--undo").returncode == 0
    intact(witnessed, "back")


def test_lines_taken_from_a_database_put_aside_show_when_it_comes_back(
    taken: Path, witnessed: Settings
) -> None:
    assert run(witnessed, "restore", str(taken), "--replace").returncode == 0
    with psycopg.connect(superuser(kept_by(witnessed)), autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        connection.execute(
            "DELETE FROM audit_entry a WHERE sequence ="
            " (SELECT max(sequence) FROM audit_entry b WHERE b.structure_id = a.structure_id)"
        )
    assert run(witnessed, "restore", "--undo").returncode == 0
    done = command(witnessed, "audit", "verify")
    assert done.returncode == 1 and "la fin a été coupée" in done.stderr


def test_a_restore_lets_nobody_in_again(taken: Path, full: Settings) -> None:
    """Sessions of the day of the backup are over; who was suspended since stays so."""
    application = create_app(full)
    with application.app_context():
        suspend(operator_actor(), account_id_of(email("ml")), clock.now())
    close(application)
    done = run(full, "restore", str(taken), "--replace", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["suspended"] == 1
    assert ask(full, "SELECT count(*) FROM account WHERE suspended_at IS NOT NULL") == 1
    assert ask(full, "SELECT count(*) FROM sign_in_session WHERE revoked_at IS NULL") == 0


def test_going_back_lets_nobody_in_again_either(taken: Path, full: Settings) -> None:
    """Who was suspended since the restore stays so; sessions and links of before it are over."""
    application = create_app(full)
    with application.app_context():
        client = signed_in(application.test_client(), email("ref1"))
        assert client.get("/parcours/ma-journee").status_code == 200
        token = new_link(operator_actor(), account_id_of(email("ml")), clock.now())
    close(application)
    assert run(full, "restore", str(taken), "--replace").returncode == 0
    application = create_app(full)
    with application.app_context():
        suspend(operator_actor(), account_id_of(email("ref1")), clock.now())
    close(application)
    back = run(full, "restore", "--undo")
    assert back.returncode == 0, back.stderr
    application = create_app(full)
    with application.app_context():
        assert link_holder(token, clock.now()) is None
    close(application)
    assert ask(full, "SELECT count(*) FROM account WHERE suspended_at IS NOT NULL") == 1
    assert ask(full, "SELECT count(*) FROM sign_in_session WHERE revoked_at IS NULL") == 0


def test_a_link_that_was_used_is_not_made_new_by_a_restore(
    source: Flask, tmp_path: Path, full: Settings
) -> None:
    application = create_app(full)
    with application.app_context():
        token = new_link(operator_actor(), account_id_of(email("ml")), clock.now())
    close(application)
    assert run(full, "backup", str(tmp_path / "new")).returncode == 0
    application = create_app(full)
    with application.app_context():
        choose_password(token, PASSWORD, clock.now())
    close(application)
    assert run(full, "restore", str(tmp_path / "new"), "--replace").returncode == 0
    application = create_app(full)
    with application.app_context():
        assert link_holder(token, clock.now()) is None
    close(application)


SUPERUSER = "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"
# Called by whoever fills the table.
TRAP = f"""
CREATE FUNCTION public.trap(x int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  IF {SUPERUSER} THEN RAISE EXCEPTION 'a superuser was here'; END IF; RETURN true; END $$;
CREATE TABLE public.note (a int CHECK (public.trap(a)));
INSERT INTO public.note VALUES (1);
GRANT SELECT ON public.note TO PUBLIC;
"""
# Fits a name better than the system's own, which is for texts.
NEARER = f"""
CREATE FUNCTION public.starts_with(x name, y text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  IF {SUPERUSER} THEN RAISE EXCEPTION 'a superuser was here'; END IF;
  RETURN pg_catalog.starts_with(CAST(x AS text), y); END $$;
"""


@pytest.mark.parametrize(("owner", "laid"), [("keystore", TRAP), ("owner", TRAP), ("owner", NEARER)])
def test_what_an_owner_laid_in_its_database_is_never_called_as_superuser(
    full: Settings, tmp_path: Path, owner: str, laid: str
) -> None:
    with role(full, owner) as connection:
        connection.execute(laid)  # type: ignore[arg-type]
    folder = str(tmp_path / "laid")
    for arguments in (["backup", folder], *(["restore", folder, how] for how in ("--drill", "--replace"))):
        done = run(full, *arguments)
        assert done.returncode == 0, (arguments, done.stderr)
    for arguments in (["restore", "--undo"], ["init"]):
        done = run(full, *arguments)
        assert done.returncode == 0, (arguments, done.stderr)


def kept_by(settings: Settings) -> Settings:
    """The database that a restore put aside of an installation, as its only one."""
    (name,) = databases(settings) - {_name(settings), f"{_name(settings)}_keys"}
    url = embedded.admin_url(settings).set(database=name)
    return replace(settings, database_url=embedded.dsn(url))


def put_right(settings: Settings) -> Done:
    """`keys reconcile` long after: no key is so young that it may belong to a work still open."""
    ask(settings, "UPDATE dek SET created_at = created_at - interval '2 hours' RETURNING 1", keys=True)
    return run(settings, "keys", "reconcile", "--json")


def deserted(settings: Settings) -> int:
    """Make a key that serves nothing; how many keys there are with it."""
    ask(
        settings,
        "INSERT INTO dek SELECT gen_random_uuid(), version, dek_id, kek_version, wrapped, commitment FROM dek"
        " LIMIT 1 RETURNING 1",
        keys=True,
    )
    return keys_of(settings)


def keys_of(settings: Settings) -> int:
    return int(str(ask(settings, "SELECT count(*) FROM dek", keys=True)))


@pytest.fixture
def gone_back(taken: Path, full: Settings) -> Settings:
    """An installation gone back to a backup; a journey was opened and an absence begun since that was made."""
    application = create_app(full)
    with application.app_context():
        new = NewJourney(
            "PRE", "PRE-0077", day(), person("ref1").id, {"first_name": CANARY, "last_name": "Roy"}
        )
        open_journey(person("ref1"), new, clock.now())
        keep_draft(person("ref1"), OPENING, {"remark": ["Commencé depuis"]}, clock.now())
        keep_draft(person("ref1"), AWAY, {"from_on": ["2026-12-01"]}, clock.now())
    close(application)
    done = run(full, "restore", str(taken), "--replace")
    assert done.returncode == 0, done.stderr
    return full


def test_what_was_done_since_a_backup_keeps_its_keys_until_nobody_can_go_back_to_it(
    gone_back: Settings,
) -> None:
    """`serve` puts keys right at each start: with the way back open, none goes that it needs."""
    before = deserted(gone_back)
    done = put_right(gone_back)
    assert done.returncode == 0, done
    assert json.loads(done.stdout) == REMOVED | {"removed": 1}
    assert keys_of(gone_back) == before - 1
    assert run(gone_back, "restore", "--undo").returncode == 0
    done = put_right(gone_back)
    assert json.loads(done.stdout) == REMOVED
    opened = ask(gone_back, "SELECT id FROM journey WHERE ref = 'PRE-0077'")
    assert CANARY in page_of(gone_back, f"/parcours/{opened}")
    assert "Commencé depuis" in page_of(gone_back, "/parcours/nouveau")
    assert "2026-12-01" in page_of(gone_back, "/parcours/absences")


def test_no_key_goes_while_databases_change_places(
    gone_back: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way back is taken between two reads: what was in service until then bears a name that nobody has read."""
    ask(gone_back, "UPDATE dek SET created_at = created_at - interval '2 hours' RETURNING 1", keys=True)
    with psycopg.connect(superuser(kept_by(gone_back)), autocommit=True) as connection:
        connection.execute("DELETE FROM draft")
        connection.execute("DELETE FROM journey WHERE ref = 'PRE-1'")
    before, read = keys_of(gone_back), reconcile._read

    def read_then_go_back(url: URL, settings: Settings) -> reconcile._Held | None:
        found = read(url, settings)
        put_back(gone_back, clock.now())
        return found

    monkeypatch.setattr(reconcile, "_read", read_then_go_back)
    found = reconcile.reconcile_keys(gone_back, clock.now())
    assert (found.removed, found.unread) == (0, [_name(kept_by(gone_back))]) and keys_of(gone_back) == before


def test_keys_go_after_the_database_that_needed_them(gone_back: Settings) -> None:
    lost = keys_of(gone_back) - int(str(ask(gone_back, KEYS_IN_USE)))
    assert run(gone_back, "restore", "--drop-old").returncode == 0
    assert lost > 1 and json.loads(put_right(gone_back).stdout)["removed"] == lost
    assert "NomPRE-1" in page_of(gone_back)


def test_a_key_destroyed_on_purpose_goes_whoever_still_has_the_rows(gone_back: Settings) -> None:
    kept = kept_by(gone_back)
    here, there = (
        ask(
            kept,
            "SELECT f.id FROM folder f JOIN journey j ON j.id = journey_id"
            f" WHERE ref = '{ref}' AND volet = '{volet}'",
        )
        for ref, volet in (("PRE-1", "social"), ("PRE-0077", "coordination"))
    )
    for where, folder in ((gone_back, here), (kept, there)):
        bury(where, [uuid.UUID(str(folder))])
        assert json.loads(put_right(gone_back).stdout) == REMOVED | {"removed": 1, "erased": 1}
        assert ask(gone_back, f"SELECT 1 FROM dek WHERE folder_id = '{folder}'", keys=True) is None
    assert ask(kept, f"SELECT 1 FROM folder WHERE id = '{here}'") == 1
    # With the way back they go there too: nothing that was erased stands again.
    assert run(gone_back, "restore", "--undo").returncode == 0
    assert ask(gone_back, f"SELECT 1 FROM folder WHERE id = '{here}'") is None
    done = put_right(gone_back)
    assert done.returncode == 0 and json.loads(done.stdout) == REMOVED


def test_no_key_goes_while_a_kept_database_cannot_be_read(gone_back: Settings) -> None:
    """But those of volets that were erased."""
    kept, keys = kept_by(gone_back), deserted(gone_back)
    name, entrance = _name(kept), f'CONNECT ON DATABASE "{_name(kept)}"'
    for where, close_it, open_it, unread in (
        (kept, f"REVOKE {entrance} FROM coord_maintenance", f"GRANT {entrance} TO coord_maintenance", name),
        (kept, "ALTER TABLE draft RENAME TO lost", "ALTER TABLE lost RENAME TO draft", name),
        (
            gone_back,
            "REVOKE SELECT ON pg_database FROM PUBLIC",
            "GRANT SELECT ON pg_database TO PUBLIC",
            f"{_name(gone_back)}_before_*",
        ),
    ):
        folder = ask(gone_back, "SELECT id FROM folder WHERE volet <> 'coordination' LIMIT 1")
        bury(gone_back, [uuid.UUID(str(folder))])
        with psycopg.connect(superuser(where), autocommit=True) as connection:
            connection.execute(close_it)  # type: ignore[arg-type]
            done, keys = put_right(gone_back), keys - 1
            said = run(gone_back, "keys", "reconcile").stderr
            connection.execute(open_it)  # type: ignore[arg-type]
        assert json.loads(done.stdout) == REMOVED | {"removed": 1, "erased": 1, "unread": [unread]}
        assert done.returncode == 0 and keys_of(gone_back) == keys, close_it
        assert f"illisible ({unread})" in said and "--drop-old" in said
    assert json.loads(put_right(gone_back).stdout)["removed"] == 1


def test_what_was_erased_since_the_backup_stays_erased(taken: Path, full: Settings) -> None:
    """The tombstone is known by the installation in service alone: it is replayed on the copy."""
    journey = ask(full, "SELECT id FROM journey WHERE ref = 'PRE-1'")
    with psycopg.connect(superuser(full), autocommit=True) as connection:
        found = connection.execute("SELECT id FROM folder WHERE journey_id = %s", (journey,))
        folders = [row[0] for row in found]
    bury(full, folders)
    with psycopg.connect(superuser(full, keys=True), autocommit=True) as connection:
        connection.execute("DELETE FROM dek WHERE folder_id = ANY(%s)", (folders,))
    done = run(full, "restore", str(taken), "--replace", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["erased"] == len(folders) > 1
    assert ask(full, "SELECT count(*) FROM journey WHERE ref = 'PRE-1'") == 0
    assert ask(full, "SELECT count(*) FROM journey") == 1
    assert ask(full, "SELECT count(*) FROM tombstone") == len(folders)
    with psycopg.connect(superuser(full, keys=True)) as connection:
        assert not connection.execute("SELECT 1 FROM dek WHERE folder_id = ANY(%s)", (folders,)).fetchall()
    # A later backup says so too, and its keys serve the older data.
    assert command(full, "audit", "verify").returncode == 0


def test_lost_keys_come_back_and_the_data_of_the_day_stay(taken: Path, full: Settings) -> None:
    """As docs/backup.md says: to the backup and back."""
    ask(full, "UPDATE account SET display_name = 'renamed since' WHERE email = 'ref1@ex.fr' RETURNING 1")
    with psycopg.connect(superuser(full, keys=True), autocommit=True) as connection:
        connection.execute("DELETE FROM dek")
    assert page_of(full).startswith("503") and "Nom illisible" in page_of(full, "/parcours/mes-parcours")
    assert run(full, "restore", str(taken), "--replace").returncode == 0
    assert run(full, "restore", "--undo").returncode == 0
    assert ask(full, "SELECT display_name FROM account WHERE email = 'ref1@ex.fr'") == "renamed since"
    assert "NomPRE-1" in page_of(full) and put_right(full).returncode == 0


def test_a_row_without_proof_erases_nothing_and_is_named(taken: Path, full: Settings, tmp_path: Path) -> None:
    """Written by who has no key: in the installation, in its backup, in the database that a restore puts aside."""
    folder = ask(full, "SELECT f.id FROM folder f JOIN journey j ON j.id = journey_id WHERE ref = 'PRE-1'")
    with role(full, "maintenance") as connection:
        connection.execute("INSERT INTO tombstone (folder_id, at) SELECT id, now() FROM folder")
        connection.commit()
    keys, forged = keys_of(full), tmp_path / "forged"
    for arguments in (
        ["backup", str(forged)],
        ["restore", str(taken), "--replace"],
        ["restore", str(forged), "--replace"],
    ):
        done = run(full, *arguments, "--json")
        assert done.returncode == 1 and "sans la preuve de l'application" in done.stderr, (arguments, done)
        assert (
            str(folder) in json.loads(done.stdout)["unproven"]
            and json.loads(done.stdout).get("erased", 0) == 0
        )
        assert keys_of(full) == keys and "NomPRE-1" in page_of(full), arguments
    assert json.loads((forged / "manifest.json").read_text())["tombstones"] == []
    assert run(full, "restore", "--undo").returncode == 0
    assert "NomPRE-1" in page_of(full)


def test_an_erasure_holds_through_a_backup_and_a_database_of_before_there_were_proofs(
    full: Settings, tmp_path: Path
) -> None:
    """The copy has no place for the proof until its tables are up to date, nor has what the restore puts aside."""
    old, owner = tmp_path / "old", embedded.role_url(full, "owner")
    alembic.downgrade(alembic_config(owner), "0041")
    assert run(full, "backup", str(old)).returncode == 0
    assert run(full, "restore", str(old), "--replace").returncode == 0
    folder = uuid.UUID(
        str(ask(full, "SELECT f.id FROM folder f JOIN journey j ON j.id = journey_id WHERE volet = 'social'"))
    )
    bury(full, [folder])
    assert json.loads(put_right(full).stdout) == REMOVED | {"removed": 1, "erased": 1}
    assert run(full, "restore", "--undo").returncode == 0
    for _ in range(2):
        done = put_right(full)
        assert done.returncode == 0 and json.loads(done.stdout) == REMOVED
        assert ask(full, f"SELECT count(*) FROM folder WHERE id = '{folder}'") == 0
        assert run(full, "restore", str(old), "--replace").returncode == 0


def test_older_data_take_their_keys_from_a_later_backup(
    taken: Path, full: Settings, empty: Settings, tmp_path: Path
) -> None:
    """Backups of keys expire within 30 days; what was erased before the later one does not come back."""
    folder = ask(
        full,
        "SELECT f.id FROM folder f JOIN journey j ON j.id = f.journey_id"
        " WHERE ref = 'PRE-1' AND volet = 'social'",
    )
    bury(full, [uuid.UUID(str(folder))])
    ask(full, f"DELETE FROM dek WHERE folder_id = '{folder}' RETURNING 1", keys=True)
    later = tmp_path / "later"
    assert run(full, "backup", str(later)).returncode == 0
    assert str(folder) in json.loads((later / "manifest.json").read_text())["tombstones"]
    data = Path(shutil.copytree(taken, tmp_path / "data"))
    (data / "keys.archive").unlink()
    assert run(empty, "restore", str(data)).returncode == 2
    # The other way round the keys would be too old for the data.
    wrong = run(empty, "restore", str(later), "--keys-from", str(taken))
    assert wrong.returncode == 2 and "plus récente" in wrong.stderr
    done = run(empty, "restore", str(data), "--keys-from", str(later))
    assert done.returncode == 0, done.stderr
    assert ask(empty, f"SELECT count(*) FROM folder WHERE id = '{folder}'") == 0
    assert ask(empty, f"SELECT count(*) FROM tombstone WHERE folder_id = '{folder}'") == 1
    assert "NomPRE-1" in page_of(empty)


def test_a_draft_thrown_away_since_takes_its_key_along_and_its_form_opens(
    full: Settings, empty: Settings, tmp_path: Path
) -> None:
    """Data of before and keys of after, as when somebody saves while a backup goes from one to the other."""
    before, after = tmp_path / "before", tmp_path / "after"
    assert run(full, "backup", str(before)).returncode == 0
    key = ask(full, "SELECT folder_id FROM draft WHERE journey_id IS NULL")
    ask(full, f"DELETE FROM draft WHERE folder_id = '{key}' RETURNING 1")
    ask(full, f"DELETE FROM dek WHERE folder_id = '{key}' RETURNING 1", keys=True)
    assert run(full, "backup", str(after)).returncode == 0
    (before / "keys.archive").unlink()
    done = run(empty, "restore", str(before), "--keys-from", str(after))
    assert done.returncode == 0, done.stderr
    assert ask(empty, f"SELECT count(*) FROM draft WHERE folder_id = '{key}'") == 1
    page = page_of(empty, "/parcours/nouveau")
    assert page.startswith("200") and CANARY not in page and "Un brouillon" not in page


def _flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def _other_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _swap(folder: Path) -> None:
    data, keys = folder / "data.archive", folder / "keys.archive"
    data.rename(folder / "x")
    keys.rename(data)
    (folder / "x").rename(keys)


DAMAGE = {
    "a byte of the data": lambda f: _flip(f / "data.archive", -40),
    "a byte of the keys": lambda f: _flip(f / "keys.archive", -40),
    "a byte of the header": lambda f: _flip(f / "data.archive", 60),
    "data cut short": lambda f: os.truncate(f / "data.archive", (f / "data.archive").stat().st_size - 1),
    "keys cut in half": lambda f: os.truncate(f / "keys.archive", (f / "keys.archive").stat().st_size // 2),
    "data emptied": lambda f: os.truncate(f / "data.archive", 0),
    "archives exchanged": _swap,
    "no data": lambda f: (f / "data.archive").unlink(),
    "no keys": lambda f: (f / "keys.archive").unlink(),
    "no manifest": lambda f: (f / "manifest.json").unlink(),
    "manifest cut": lambda f: os.truncate(f / "manifest.json", 100),
    "not an archive": lambda f: (f / "data.archive").write_bytes(b"PGDMP" * 100),
    "a date altered": lambda f: _other_manifest(f, taken_at="2027-01-01T00:00:00+00:00"),
    "erasures taken out": lambda f: _other_manifest(f, heads=[]),
    "an unknown format": lambda f: _other_manifest(f, format=FORMAT + 1),
    "a manifest without end": lambda f: (f / "manifest.json").write_text("[" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_backup_is_refused_with_nothing_touched(copied: Path, full: Settings, damage: str) -> None:
    before = state(full)
    DAMAGE[damage](copied)
    for arguments in (["restore", str(copied), "--replace"], ["restore", str(copied), "--drill"]):
        done = run(full, *arguments)
        assert done.returncode == 2 and done.stderr.startswith("Erreur :"), (damage, done)
        assert "Traceback" not in done.stderr and "inattendue" not in done.stderr
    assert untouched(full, before)


def test_the_manifest_of_another_backup_is_refused(copied: Path, full: Settings, tmp_path: Path) -> None:
    assert run(full, "backup", str(tmp_path / "second")).returncode == 0
    before = state(full)
    for mixed in ("manifest.json", "keys.archive"):
        folder = Path(shutil.copytree(copied, tmp_path / mixed))
        shutil.copy(tmp_path / "second" / mixed, folder / mixed)
        done = run(full, "restore", str(folder), "--replace")
        assert done.returncode == 2 and "autre" in done.stderr, done
    assert untouched(full, before)


def test_another_key_encryption_key_is_refused(
    taken: Path, full: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(full)
    monkeypatch.setattr("coordination.backup.restore.load_keks", lambda _: wrong)
    from coordination.privacy.keys import KeyEncryptionKeys

    wrong = KeyEncryptionKeys(1, {1: b"w" * 32})
    done = run(full, "restore", str(taken), "--replace")
    assert done.returncode == 1 and "version 1" in done.stderr, done
    assert untouched(full, before)


def test_an_archive_that_opens_but_does_not_hold_what_it_says_is_refused(
    full: Settings, tmp_path: Path
) -> None:
    """Whoever has the key-encryption key may write any archive: the copy is checked all the same."""
    for number, spoil in enumerate(
        (
            "UPDATE audit_entry SET detail = 'x' WHERE sequence = 2",
            "UPDATE sheet SET last_name = first_name",
            "DELETE FROM alembic_version",
        )
    ):
        folder = tmp_path / str(number)
        with psycopg.connect(superuser(full)) as connection:
            kept = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert kept
        spoilt = copy_databases(
            replace(full, database_url=None), str(_name(full)), f"full_{os.getpid()}_spoilt"
        )
        with psycopg.connect(superuser(spoilt), autocommit=True) as connection:
            connection.execute(spoil)  # type: ignore[arg-type]
        done = run(spoilt, "backup", str(folder))
        assert done.returncode != 0 and "Traceback" not in done.stderr, spoil
        assert not any(folder.iterdir()), "nothing is left of a backup that does not stand"


def test_a_backup_goes_into_an_empty_folder_only(source: Flask, taken: Path, tmp_path: Path) -> None:
    before = sorted((path.name, path.stat().st_mtime_ns) for path in taken.iterdir())
    done = run(source.config["SETTINGS"], "backup", str(taken))
    assert done.returncode == 2 and "n'est pas vide" in done.stderr
    assert before == sorted((path.name, path.stat().st_mtime_ns) for path in taken.iterdir())
    (tmp_path / "file").write_text("x")
    for nowhere in (tmp_path / "file", Path("/proc/nowhere")):
        done = run(source.config["SETTINGS"], "backup", str(nowhere))
        assert done.returncode == 2 and "ne peut pas être écrit : " in done.stderr
        assert "No such" not in done.stderr and "Not a" not in done.stderr and "exists" not in done.stderr


def test_archives_hold_no_canary_and_nobody_else_reads_them(taken: Path, source: Flask) -> None:
    name = _name(source.config["SETTINGS"])
    for path in taken.iterdir():
        content = path.read_bytes()
        for needle in (CANARY, "Camille", "ref1@ex.fr", "CREATE TABLE", "PGDMP"):
            assert needle.encode() not in content and needle.encode().hex().encode() not in content, path
        assert path.stat().st_mode & 0o077 == 0
    assert name


def test_a_drill_changes_nothing_and_leaves_nothing(taken: Path, full: Settings) -> None:
    before = state(full)
    done = run(full, "restore", str(taken), "--drill")
    assert done.returncode == 0 and "Rien n'a changé" in done.stdout, done.stderr
    assert untouched(full, before)
    assert not list(full.home.glob(f"aside-{os.getpid()}-*"))


def test_a_restore_killed_in_the_middle_leaves_the_old_one_working(taken: Path, full: Settings) -> None:
    before = counts(full)
    live = str(_name(full))
    # Several instants: while the copy beside is filled, while it is checked, just before it is put in place.
    for wait in (0.0, 0.4, 1.5):
        restoring = subprocess.Popen(
            [sys.executable, "-m", "coordination.cli", "restore", str(taken), "--replace"],
            env=environment(full),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            for _ in range(1200):
                if f"{live}_restore" in databases(full) or restoring.poll() is not None:
                    break
                time.sleep(0.05)
            assert restoring.poll() is None
            time.sleep(wait)
        finally:
            restoring.kill()
            restoring.wait()
        assert restoring.returncode == -signal.SIGKILL
        assert counts(full) == before
    assert "NomPRE-1" in page_of(full)
    # What was left beside does not hinder the next one, which cleans it up.
    done: Done = run(full, "restore", str(taken), "--replace")
    assert done.returncode == 0, done.stderr
    assert f"{live}_restore" not in databases(full) and not list(full.home.glob(f"aside-{restoring.pid}-*"))


def test_one_restore_at_a_time(taken: Path, full: Settings) -> None:
    from coordination.backup.restore import only_one

    with only_one(full):
        done = run(full, "restore", str(taken), "--replace")
    assert done.returncode == 2 and "déjà en cours" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["--undo"], ["x", "--undo"], ["--undo", "--drop-old"], ["x", "--drill", "--replace"], ["nowhere"]],
)
def test_what_cannot_be_asked(empty: Settings, arguments: list[str]) -> None:
    done = run(empty, "restore", *arguments)
    assert done.returncode == 2 and done.stderr.startswith("Erreur :"), done
