"""The encrypted archive: a stream cut in chunks, each sealed in its place, so that it is whole or refused.

    COORDSV1 | length of the header (4) | header (JSON) | chunk | chunk | ... | last chunk
    chunk = length of the sealed bytes (4) | sealed bytes (AES-256-GCM, tag included)

The header names its kind (`data` or `keys`), its backup, and carries the archive's own key twice: wrapped by the
key-encryption key, and sealed (HPKE) to the recovery public key where there is one. A chunk's nonce is its number
and whether it is the last (the key serves once, so a number never comes back); its associated data is the header's
SHA-256. So a chunk that is missing, doubled, out of order, of another archive or cut short does not open.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import struct
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coordination.errors import BadInput, KeyUnavailable
from coordination.privacy.keys import KeyEncryptionKeys
from coordination.privacy.recovery import recover, seal_for_recovery
from coordination.privacy.sealing import lengthened

MAGIC = b"COORDSV1"
CHUNK = 1 << 20
# Nonce, key, tag.
WRAPPED = 12 + 32 + 16
_LENGTH = struct.Struct(">I")
_LONGEST_HEADER = 1 << 16
# All that reading what somebody made or spoilt by hand may raise, before its seals have been looked at.
UNREADABLE = (struct.error, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
DAMAGED = "L'archive « {} » est abîmée ou incomplète : rien n'a été touché."


@dataclass(frozen=True)
class Header:
    """What an archive says of itself, in clear; `raw` is what its chunks are bound to."""

    kind: str
    backup: uuid.UUID
    kek_version: int
    wrapped: bytes = field(repr=False)
    recovery: bytes | None = field(repr=False)
    raw: bytes = field(repr=False)

    @property
    def place(self) -> bytes:
        return hashlib.sha256(self.raw).digest()


def new_header(
    kind: str, backup: uuid.UUID, keks: KeyEncryptionKeys, recovery_key: bytes | None
) -> tuple[Header, bytes]:
    """The header of a new archive and its key, drawn for it alone."""
    key, nonce = secrets.token_bytes(32), os.urandom(12)
    version = keks.active
    wrapped = nonce + AESGCM(keks.get(version)).encrypt(nonce, key, _place(kind, backup, version))
    sealed = seal_for_recovery(recovery_key, key, _recovery_id(kind, backup)) if recovery_key else None
    said = {
        "kind": kind,
        "backup": str(backup),
        "kek_version": version,
        "wrapped": wrapped.hex(),
        "recovery": sealed.hex() if sealed else None,
    }
    raw = json.dumps(said).encode()
    return Header(kind, backup, version, wrapped, sealed, raw), key


def _place(kind: str, backup: uuid.UUID, version: int) -> bytes:
    return lengthened(b"coordination", b"archive", kind.encode(), backup.bytes, struct.pack(">H", version))


def _recovery_id(kind: str, backup: uuid.UUID) -> uuid.UUID:
    """Recovery binds to an id: that of this kind of archive of this backup."""
    return uuid.uuid5(backup, kind)


def archive_key(header: Header, keks: KeyEncryptionKeys, recovery_private: bytes | None = None) -> bytes:
    """The archive's key, by the key-encryption key or, without it, by the recovery key. Raises KeyUnavailable."""
    if recovery_private and header.recovery:
        try:
            return recover(recovery_private, header.recovery, _recovery_id(header.kind, header.backup))
        except (InvalidTag, ValueError):
            raise KeyUnavailable(
                "La clé de récupération n'ouvre pas cette sauvegarde : rien n'a été touché."
            ) from None
    secret = keks.get(header.kek_version)
    try:
        return AESGCM(secret).decrypt(
            header.wrapped[:12],
            header.wrapped[12:],
            _place(header.kind, header.backup, header.kek_version),
        )
    except InvalidTag:
        raise KeyUnavailable(
            f"La clé de chiffrement version {header.kek_version} n'ouvre pas cette sauvegarde :"
            " rien n'a été touché."
        ) from None


def write_archive(out: BinaryIO, header: Header, key: bytes, parts: Iterable[bytes]) -> tuple[int, str]:
    """Seal `parts` into `out`; (bytes written, SHA-256 in hexadecimal)."""
    cipher, place, digest, size = AESGCM(key), header.place, hashlib.sha256(), 0

    def put(content: bytes) -> None:
        nonlocal size
        out.write(content)
        digest.update(content)
        size += len(content)

    put(MAGIC + _LENGTH.pack(len(header.raw)) + header.raw)
    waiting, number = bytearray(), 0
    for part in parts:
        waiting += part
        # Strictly more: the last chunk is never empty by accident of a round size.
        while len(waiting) > CHUNK:
            sealed = cipher.encrypt(_nonce(number, last=False), bytes(waiting[:CHUNK]), place)
            put(_LENGTH.pack(len(sealed)) + sealed)
            del waiting[:CHUNK]
            number += 1
    sealed = cipher.encrypt(_nonce(number, last=True), bytes(waiting), place)
    put(_LENGTH.pack(len(sealed)) + sealed)
    return size, digest.hexdigest()


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">3xQ?", number, last)


def read_header(source: BinaryIO, name: str) -> Header:
    """The header at the start of an archive. Raises BadInput if it is none of ours."""
    try:
        if source.read(len(MAGIC)) != MAGIC:
            raise BadInput(f"« {name} » n'est pas une archive de sauvegarde.")
        length = int(_LENGTH.unpack(source.read(4))[0])
        raw = source.read(min(length, _LONGEST_HEADER))
        said: dict[str, Any] = json.loads(raw)
        recovery = said["recovery"]
        header = Header(
            said["kind"],
            uuid.UUID(said["backup"]),
            int(said["kek_version"]),
            bytes.fromhex(said["wrapped"]),
            bytes.fromhex(recovery) if recovery else None,
            raw,
        )
        if len(header.wrapped) != WRAPPED:
            raise BadInput(DAMAGED.format(name))
        # Whatever it says, its place can be told.
        _place(header.kind, header.backup, header.kek_version)
        return header
    except UNREADABLE:
        raise BadInput(DAMAGED.format(name)) from None


def open_chunks(source: BinaryIO, header: Header, key: bytes, name: str) -> Iterator[bytes]:
    """The clear parts of an archive, after its header. Raises BadInput at the first fault, the end included."""
    cipher, place = AESGCM(key), header.place
    number, ahead = 0, _next_chunk(source, name)
    if ahead is None:
        raise BadInput(DAMAGED.format(name))
    while ahead is not None:
        sealed, ahead = ahead, _next_chunk(source, name)
        try:
            yield cipher.decrypt(_nonce(number, last=ahead is None), sealed, place)
        except InvalidTag:
            raise BadInput(DAMAGED.format(name)) from None
        number += 1


def _next_chunk(source: BinaryIO, name: str) -> bytes | None:
    start = source.read(_LENGTH.size)
    if not start:
        return None
    length = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else 0
    sealed = source.read(length) if 16 <= length <= CHUNK + 16 else b""
    if not sealed or len(sealed) != length:
        raise BadInput(DAMAGED.format(name))
    return sealed
