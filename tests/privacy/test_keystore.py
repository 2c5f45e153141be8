"""Data keys: wrapped apart, tied to their folder, rotated while people work, recovered off the server."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from flask import Flask

from config.settings import Settings
from coordination.embedded import role_url
from coordination.errors import BadInput, KeyUnavailable
from coordination.privacy import keys as key_files
from coordination.privacy.keys import KeyEncryptionKeys, load_keks
from coordination.privacy.keystore import KEPT_SECONDS, Keystore
from coordination.privacy.recovery import make_recovery_pair, recover
from coordination.privacy.wrapping import commitment
from tests.databases import superuser
from tests.support import import_rows, rows, run, world

ONE, TWO = secrets.token_bytes(32), secrets.token_bytes(32)


class Stores:
    """Keystores on the same database with different key-encryption keys."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.opened: list[Keystore] = []

    def __call__(self, active: int, keys: dict[int, bytes], recovery: bytes | None = None) -> Keystore:
        url = role_url(self.settings, "keystore")
        self.opened.append(Keystore.connect(url, KeyEncryptionKeys(active, keys), recovery))
        return self.opened[-1]


@pytest.fixture
def stores(settings: Settings) -> Iterator[Stores]:
    made = Stores(settings)
    yield made
    for store in made.opened:
        store.engine.dispose()


def sql(settings: Settings, query: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(superuser(settings, keys=True), autocommit=True) as connection:
        cursor = connection.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def test_keys_come_back_and_stand_wrapped(stores: Stores) -> None:
    store = stores(1, {1: ONE})
    made = store.create(uuid.uuid4() for _ in range(50))
    assert store.get(list(made)) == made
    assert len({key.secret for key in made.values()}) == 50
    on_disk = repr(sql(stores.settings, "SELECT wrapped, commitment, dek_id FROM dek")).encode()
    stored = b"".join(bytes(w) for (w,) in sql(stores.settings, "SELECT wrapped FROM dek"))  # type: ignore[call-overload]
    for key in made.values():
        assert key.secret not in stored and repr(key.secret)[2:-1].encode() not in on_disk


def test_a_key_is_forgotten_with_what_it_opened(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    store = stores(1, {1: ONE})
    first, second = store.create([uuid.uuid4(), uuid.uuid4()])
    store.get([first])[first].known[b"place"] = b"cell", "text"
    assert store.get([first])[first].known, "as long as the key is kept"
    later = time.monotonic() + KEPT_SECONDS
    monkeypatch.setattr("coordination.privacy.keystore.time.monotonic", lambda: later)
    store.get([second])
    assert set(store.opened) == {second.bytes}, "another one's turn takes away what is over"
    assert not store.get([first])[first].known
    store.destroy([second])
    assert set(store.opened) == {first.bytes}


def test_a_missing_or_wrong_kek_names_its_version_and_nothing_else(stores: Stores) -> None:
    made = stores(7, {7: ONE}).create([uuid.uuid4()])
    for keks in ({8: TWO}, {7: TWO, 8: TWO}):
        with pytest.raises(KeyUnavailable, match="version 7") as refused:
            stores(8, keks).get(list(made))
        shown = f"{refused.value!r} {refused.value.__cause__!r}"
        assert all(s.hex() not in shown and repr(s) not in shown for s in (ONE, TWO))
        assert refused.value.__suppress_context__
    assert "ONE" not in repr(KeyEncryptionKeys(1, {1: ONE})) and repr(ONE) not in repr(
        KeyEncryptionKeys(1, {1: ONE})
    )


@pytest.mark.parametrize("swap", ["folder", "dek_id", "version", "kek_version"])
def test_a_wrapped_key_moved_elsewhere_does_not_open(stores: Stores, swap: str) -> None:
    store = stores(1, {1: ONE, 2: ONE})
    first, second = store.create([uuid.uuid4(), uuid.uuid4()])
    changes = {
        "folder": "wrapped = other.wrapped, commitment = other.commitment, dek_id = other.dek_id",
        "dek_id": "dek_id = gen_random_uuid()",
        "version": "version = 2",
        "kek_version": "kek_version = 2",
    }
    query = f"UPDATE dek SET {changes[swap]} FROM dek other WHERE dek.folder_id = %s AND other.folder_id = %s"
    sql(stores.settings, query, first, second)
    with pytest.raises(KeyUnavailable):
        store.get([first])
    assert second in store.get([second])


def test_the_commitment_is_checked(stores: Stores) -> None:
    """A wrapped key that opens to two secrets under two keys would pass GCM alone."""
    store = stores(1, {1: ONE})
    (folder,) = store.create([uuid.uuid4()])
    sql(stores.settings, "UPDATE dek SET commitment = %s", commitment(secrets.token_bytes(32)))
    with pytest.raises(KeyUnavailable, match="version 1"):
        store.get([folder])


def test_a_destroyed_key_stays_destroyed(stores: Stores) -> None:
    store = stores(1, {1: ONE})
    gone, kept = store.create([uuid.uuid4(), uuid.uuid4()])
    assert store.destroy([gone]) == 1
    assert store.folder_ids() == {kept}
    with pytest.raises(KeyUnavailable, match="détruite"):
        store.get([gone, kept])


def test_a_key_is_never_made_twice(stores: Stores) -> None:
    store = stores(1, {1: ONE})
    made = store.create([uuid.uuid4()])
    with pytest.raises(Exception, match="UniqueViolation") as refused:
        store.create(list(made))
    # hide_parameters: the statement's values are not in the error.
    assert "commitment" in str(refused.value) and "b'" not in str(refused.value)
    assert store.get(list(made)) == made


def test_rotation_without_stopping(stores: Stores) -> None:
    """New version decrypt-only everywhere, then active, then rewrap, while readers go on; then none is left."""
    old = stores(1, {1: ONE})
    made = old.create(uuid.uuid4() for _ in range(120))
    before, after = stores(1, {1: ONE, 2: TWO}), stores(2, {1: ONE, 2: TWO})
    made |= after.create([uuid.uuid4()])
    failures: list[Exception] = []
    done = threading.Event()

    def keep_reading(store: Keystore) -> None:
        while not done.is_set():
            try:
                assert store.get(list(made)) == made
            except Exception as error:
                failures.append(error)

    readers = [threading.Thread(target=keep_reading, args=(store,)) for store in (before, after)]
    for reader in readers:
        reader.start()
    # A web process that has not heard yet goes on wrapping with the old version: the next rewrap finds it.
    moved = after.rewrap(batch=7)
    late = before.create([uuid.uuid4()])
    assert after.count_by_kek() == {1: 1, 2: 121}
    moved += after.rewrap(batch=7)
    done.set()
    for reader in readers:
        reader.join()
    assert failures == [] and moved == 121
    assert after.count_by_kek() == {2: 122}
    assert stores(2, {2: TWO}).get([*made, *late]) == made | late
    with pytest.raises(KeyUnavailable, match="version 2"):
        old.get(list(made))


def test_two_rewraps_at_once_share_the_work(stores: Stores) -> None:
    made = stores(1, {1: ONE}).create(uuid.uuid4() for _ in range(60))
    after = stores(2, {1: ONE, 2: TWO})
    moved: list[int] = []
    workers = [threading.Thread(target=lambda: moved.append(after.rewrap(batch=5))) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    after.rewrap()
    assert after.count_by_kek() == {2: 60} and after.get(list(made)) == made


def test_the_recovery_key_opens_every_data_key_off_the_server(stores: Stores) -> None:
    private, public = make_recovery_pair()
    made = stores(1, {1: ONE}, public).create(uuid.uuid4() for _ in range(3))
    sealed = {f: bytes(r) for f, r in sql(stores.settings, "SELECT folder_id, recovery FROM dek")}  # type: ignore[call-overload]
    for folder, key in made.items():
        assert recover(private, sealed[folder], folder) == key.secret
    one, other = list(made)[:2]
    with pytest.raises(InvalidTag):
        recover(private, sealed[one], other)
    with pytest.raises(InvalidTag):
        recover(make_recovery_pair()[0], sealed[one], one)


def test_key_files_are_for_their_owner_alone(cluster: Settings) -> None:
    assert cluster.keys_dir.stat().st_mode & 0o777 == 0o700
    for path in cluster.keys_dir.rglob("*.key"):
        assert path.stat().st_mode & 0o777 == 0o400, path
    assert (cluster.keys_dir / "database.json").stat().st_mode & 0o777 == 0o600
    assert cluster.keys_dir not in (cluster.home / "postgres").parents


def test_versions_of_key_files(tmp_path: Path) -> None:
    """Made, decrypt-only until activated, retired only out of service; an existing key is never touched."""
    home = Settings(home=tmp_path)
    key_files.init_keys(home)
    first = load_keks(home)
    key_files.init_keys(home)
    assert load_keks(home) == first and first.active == 1
    assert key_files.new_kek(home) == 2
    assert load_keks(home).active == 1
    key_files.activate_kek(home, 2)
    with pytest.raises(BadInput, match="version 2"):
        key_files.retire_kek(home, 2)
    with pytest.raises(BadInput, match="version 3"):
        key_files.activate_kek(home, 3)
    key_files.retire_kek(home, 1)
    assert set(load_keks(home).keys) == {2}
    with pytest.raises(KeyUnavailable, match="version 1"):
        load_keks(home).get(1)
    path = home.keys_dir / "kek" / "2.key"
    path.chmod(0o600)
    path.write_text("not a key")
    with pytest.raises(KeyUnavailable, match="version 2 est illisible") as refused:
        load_keks(home)
    assert "not a key" not in str(refused.value)
    path.write_text(TWO.hex())
    assert load_keks(replace(home, kek_env=((2, ONE.hex()),))).get(2) == ONE


@pytest.mark.parametrize("fault", ["wrong", "missing"])
def test_commands_stop_on_a_wrong_or_missing_key(app: Flask, tmp_path: Path, fault: str) -> None:
    """Exit code 1, a sentence naming the version, nothing of what is sealed, nothing written."""
    settings = app.config["SETTINGS"]
    import_rows(world(pre=["ref1"], cite=[]))
    stolen = tmp_path / "home"
    shutil.copytree(settings.keys_dir, stolen / "keys", ignore=shutil.ignore_patterns(".*"))
    kek = stolen / "keys" / "kek" / "1.key"
    kek.unlink()
    if fault == "wrong":
        kek.write_text(secrets.token_hex(32))
    else:
        (kek.parent / "2.key").write_text(secrets.token_hex(32))
        (kek.parent / "active").write_text("2")
    done = run(replace(settings, home=stolen), "export-bundle", str(tmp_path / "out"))
    assert done.returncode == 1, done
    assert "version 1" in done.stderr and done.stderr.count("\n") == 1
    cells = rows("SELECT encode(first_name, 'hex') FROM sheet")
    assert done.stdout == "" and all(cell[:20] not in done.stderr for (cell,) in cells)
    assert not (tmp_path / "out").exists()
