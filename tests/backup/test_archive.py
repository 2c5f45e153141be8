"""The archive: whole, in order, of its kind and of its backup, or refused."""

from __future__ import annotations

import io
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.backup.archive import (
    CHUNK,
    MAGIC,
    archive_key,
    new_header,
    open_chunks,
    read_header,
    write_archive,
)
from coordination.errors import BadInput, KeyUnavailable
from coordination.privacy.keys import KeyEncryptionKeys
from coordination.privacy.recovery import make_recovery_pair

KEKS = KeyEncryptionKeys(2, {1: b"a" * 32, 2: b"b" * 32})


def written(content: bytes, kind: str = "data", recovery: bytes | None = None) -> bytes:
    out = io.BytesIO()
    header, key = new_header(kind, uuid.uuid4(), KEKS, recovery)
    # In uneven pieces, as a pipe gives them.
    parts = [content[start : start + 700_001] for start in range(0, len(content), 700_001)]
    size, _ = write_archive(out, header, key, parts)
    assert size == len(out.getvalue())
    return out.getvalue()


def opened(stored: bytes, keks: KeyEncryptionKeys = KEKS) -> bytes:
    source = io.BytesIO(stored)
    header = read_header(source, "x")
    return b"".join(open_chunks(source, header, archive_key(header, keks), "x"))


def chunks(stored: bytes) -> tuple[bytes, list[bytes]]:
    """(what comes before, each chunk with its length)."""
    source = io.BytesIO(stored)
    read_header(source, "x")
    head, found = stored[: source.tell()], []
    while start := source.read(4):
        found.append(start + source.read(int.from_bytes(start, "big")))
    return head, found


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_is_written_comes_back(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert opened(written(content)) == content


def test_a_chunk_missing_doubled_moved_or_taken_from_another_archive_is_refused() -> None:
    head, three = chunks(written(b"x" * (2 * CHUNK + 5)))
    _, foreign = chunks(written(b"y" * (2 * CHUNK + 5)))
    assert len(three) == 3
    for broken in (
        three[:2],
        three[:1],
        [],
        [three[0], three[2]],
        [three[1], three[0], three[2]],
        [three[0], three[0], three[1], three[2]],
        [*three, three[2]],
        [foreign[0], *three[1:]],
        [*three[:2], foreign[2]],
    ):
        with pytest.raises(BadInput):
            opened(head + b"".join(broken))


@given(st.data())
def test_no_altered_byte_passes(data: st.DataObject) -> None:
    stored = bytearray(STORED)
    place = data.draw(st.integers(0, len(stored) - 1))
    stored[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((BadInput, KeyUnavailable)):
        opened(bytes(stored))


@given(st.integers(0, 10_000))
def test_no_cut_passes(cut: int) -> None:
    with pytest.raises((BadInput, KeyUnavailable)):
        opened(STORED[: cut % len(STORED)])


STORED = written(b"some rows of a table" * 20)


def test_only_the_right_key_encryption_key_opens() -> None:
    with pytest.raises(KeyUnavailable, match="version 2"):
        opened(STORED, KeyEncryptionKeys(2, {2: b"c" * 32}))
    with pytest.raises(KeyUnavailable, match="version 2"):
        opened(STORED, KeyEncryptionKeys(1, {1: b"a" * 32}))


def test_the_recovery_key_opens_without_any_key_encryption_key() -> None:
    private, public = make_recovery_pair()
    header = read_header(io.BytesIO(written(b"x", recovery=public)), "x")
    none = KeyEncryptionKeys(9, {})
    assert archive_key(header, none, private) == archive_key(header, KEKS)
    with pytest.raises(KeyUnavailable):
        archive_key(header, none)


def test_nothing_of_the_content_stands_in_the_archive() -> None:
    assert MAGIC in STORED and b"rows" not in STORED
