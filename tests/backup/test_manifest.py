"""What somebody wrote or spoilt by hand is no backup: refused in French, whatever stands where."""

from __future__ import annotations

import io
import json
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coordination.backup import manifest
from coordination.backup.archive import MAGIC, archive_key, new_header, read_header, write_archive
from coordination.backup.manifest import KINDS, Manifest, Stored, open_backup
from coordination.errors import BadInput, KeyUnavailable
from coordination.privacy.keys import KeyEncryptionKeys
from coordination.privacy.tombstones import Tombstones

KEKS = KeyEncryptionKeys(1, {1: b"a" * 32})
DEEP: Any = []
for _ in range(400):
    DEEP = [DEEP]
ODD = [None, True, -1, 10**30, 1e999, "", "zz", "é", "\ud800", "aa" * 5, [], [1], {}, {"a": 1}, DEEP]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A backup, whole and made without any database."""
    backup, keys, archives = uuid.uuid4(), {}, {}
    for kind in KINDS:
        header, keys[kind] = new_header(kind, backup, KEKS, None)
        with (tmp_path / f"{kind}.archive").open("wb") as out:
            archives[kind] = Stored(*write_archive(out, header, keys[kind], [b"x"]))
    at = datetime(2026, 11, 30, tzinfo=UTC)
    manifest.write(tmp_path, Manifest(backup, at, "1", "0037", "15", archives, {}, []), keys)
    assert open_backup(tmp_path, KEKS).manifest.backup == backup
    return tmp_path


def test_erasures_of_a_format_that_asked_for_no_proof_are_not_proven(folder: Path) -> None:
    """It still opens, its code holds; what it tells of may have been written by anybody."""
    erased = uuid.uuid4()
    made = open_backup(folder, KEKS)
    for format_, told in (
        (1, Tombstones(unproven=frozenset({erased}))),
        (2, Tombstones(frozenset({erased}))),
    ):
        manifest.write(
            folder, replace(made.manifest, format=format_, tombstones=[str(erased)]), dict(made.keys)
        )
        assert open_backup(folder, KEKS).manifest.buried == told


def refused(folder: Path) -> str:
    with pytest.raises((BadInput, KeyUnavailable)) as found:
        open_backup(folder, KEKS)
    return str(found.value)


def test_a_manifest_with_anything_anywhere_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    said = json.loads(path.read_text("utf-8"))
    places: list[tuple[str, ...]] = [(name,) for name in said]
    places += [("codes", "data"), ("archives", "data"), ("archives", "data", "bytes"), ("counts", "data")]
    for place in places:
        for odd in ODD:
            other = json.loads(json.dumps(said))
            inside = other
            for name in place[:-1]:
                inside = inside[name]
            if inside.get(place[-1]) == odd:
                continue
            inside[place[-1]] = odd
            path.write_text(json.dumps(other), "utf-8")
            assert "manifest.json" in refused(folder) or "format" in refused(folder), (place, odd)


@pytest.mark.parametrize("text", ["", "[]", "null", "1", '"a"', "{}", "[" * 100_000, "{" + '"a":{' * 50_000])
def test_what_is_no_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, "utf-8")
    assert "manifest.json" in refused(folder) or "format" in refused(folder)


def _header(said: bytes) -> bytes:
    return MAGIC + len(said).to_bytes(4, "big") + said


@pytest.mark.parametrize("name", ["kind", "backup", "kek_version", "wrapped", "recovery"])
def test_an_archive_whose_header_says_anything_is_refused(folder: Path, name: str) -> None:
    path = folder / "data.archive"
    stored = path.read_bytes()
    header = read_header(io.BytesIO(stored), "x")
    said, rest = json.loads(header.raw), stored[len(_header(header.raw)) :]
    for odd in ODD:
        if said[name] is odd:
            continue
        path.write_bytes(_header(json.dumps(said | {name: odd}).encode()) + rest)
        refused(folder)
        # Nor does the recovery key stumble on it.
        with suppress(BadInput, KeyUnavailable), path.open("rb") as source:
            archive_key(read_header(source, "x"), KEKS, b"k" * 32)


@pytest.mark.parametrize("said", [b"", b"[]", b"null", b"7", b"{}", b"\xff", b"[" * 60_000])
def test_an_archive_without_a_header_is_refused(folder: Path, said: bytes) -> None:
    (folder / "keys.archive").write_bytes(_header(said))
    assert "keys.archive" in refused(folder)
