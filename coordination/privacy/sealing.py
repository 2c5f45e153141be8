"""Sealing of fields: AES-256-GCM with the folder's data key, bound to table, column, row and folder.

A sealed cell is `alg(1) | dek_version(2) | nonce(12) | ciphertext | tag(16)`. Its associated data is
length-prefixed: application, table, column, row id, folder id, dek id, dek version. A cell moved to any other
place does not open. Plaintext is padded (ISO/IEC 7816-4) so that its length says little.
"""

from __future__ import annotations

import os
import struct
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coordination.errors import SealBroken

APPLICATION = b"coordination"
ALGORITHM = 1
_HEAD = struct.Struct(">BH")
_NONCE = slice(_HEAD.size, _HEAD.size + 12)
_SEALED = slice(_HEAD.size + 12, None)
_PART = struct.Struct(">II")
# Its place, its cells, its texts.
_Known = tuple[bytes, tuple[bytes | None, ...], tuple[str, ...]]


@dataclass(frozen=True)
class DataKey:
    """The open data key of one folder."""

    folder_id: uuid.UUID
    dek_id: uuid.UUID
    version: int
    secret: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        return AESGCM(self.secret)

    @cached_property
    def known(self) -> dict[tuple[str, ...], _Known]:
        """What this key has opened for a search, by table and columns: it is forgotten with the key."""
        return {}

    @cached_property
    def head(self) -> bytes:
        """How every cell sealed with this key begins."""
        return _HEAD.pack(ALGORITHM, self.version)

    @cached_property
    def place(self) -> bytes:
        """The key's part of the associated data."""
        version = struct.pack(">H", self.version)
        return lengthened(self.folder_id.bytes, self.dek_id.bytes, version)


def lengthened(*parts: bytes) -> bytes:
    """Parts each preceded by its length (4 bytes), so that no two lists give the same bytes."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


@cache
def _cell(table: str, column: str) -> bytes:
    """The column's part of the associated data, up to the row id's length."""
    return lengthened(APPLICATION, table.encode(), column.encode()) + struct.pack(">I", 16)


def seal(key: DataKey, table: str, column: str, row_id: uuid.UUID, text: str, padding: int = 32) -> bytes:
    """Seal `text` for this one cell."""
    plain = text.encode() + b"\x80"
    plain += bytes(-len(plain) % padding)
    nonce = os.urandom(12)
    place = _cell(table, column) + row_id.bytes + key.place
    return key.head + nonce + key.cipher.encrypt(nonce, plain, place)


def unseal(key: DataKey, table: str, column: str, row_id: uuid.UUID, cell: bytes) -> str:
    """Open a cell. Raises SealBroken if it is not the one sealed for this place; never returns ciphertext."""
    return unseal_rows(table, (column,), (key,), (row_id.bytes,), ((cell,),))[0][0]


def unseal_rows(
    table: str,
    columns: Sequence[str],
    keys: Iterable[DataKey],
    row_ids: Iterable[bytes],
    rows: Iterable[tuple[bytes | None, ...]],
    remember: bool = False,
) -> list[tuple[str, ...]]:
    """Open `columns` of rows, each row with its key and its id as bytes.

    `rows`: their cells, in the order of `columns`; "" where there is none. A search opens thousands: nothing is
    called here per cell but what opens it, and a key is used up while it is at hand (a quarter of the time).
    `remember`: a key keeps the last row that it opened, and gives the same cells in the same place from memory
    (ADR 17).
    """
    opened: list[tuple[str, ...]] = []
    prefixes, name = [_cell(table, column) for column in columns], (table, *columns)
    try:
        for key, row_id, row in zip(keys, row_ids, rows, strict=True):
            if remember and (kept := key.known.get(name)) and kept[0] == row_id and kept[1] == row:
                opened.append(kept[2])
                continue
            place = row_id + key.place
            head, decrypt, texts = key.head, key.cipher.decrypt, []
            for prefix, cell in zip(prefixes, row, strict=True):
                if cell is None:
                    texts.append("")
                    continue
                if not cell.startswith(head):
                    raise SealBroken(f"Une donnée protégée ({table}) porte une version de clé inattendue.")
                plain = decrypt(cell[_NONCE], cell[_SEALED], prefix + place)
                texts.append(plain[: plain.rindex(b"\x80")].decode())
            opened.append(tuple(texts))
            if remember:
                key.known[name] = row_id, row, opened[-1]
    # A cell cut short has no nonce to speak of.
    except (InvalidTag, ValueError):
        raise SealBroken(f"Une donnée protégée ({table}) a été altérée ou déplacée.") from None
    return opened


def seal_part(
    key: DataKey, table: str, column: str, owner_id: uuid.UUID, number: int, total: int, content: bytes
) -> bytes:
    """Seal one part of a long content, bound to what it is part of, its number and how many there are.

    `number` from 0 to `total` - 1. A part moved, left out or added does not open with the others. No padding:
    the length of the content shows.
    """
    nonce = os.urandom(12)
    place = _cell(table, column) + owner_id.bytes + key.place + _PART.pack(number, total)
    return key.head + nonce + key.cipher.encrypt(nonce, content, place)


def unseal_part(
    key: DataKey, table: str, column: str, owner_id: uuid.UUID, number: int, total: int, cell: bytes
) -> bytes:
    """Open one part. Raises SealBroken if it is not that part of that content."""
    place = _cell(table, column) + owner_id.bytes + key.place + _PART.pack(number, total)
    if cell[: _HEAD.size] != key.head:
        raise SealBroken(f"Une donnée protégée ({table}) porte une version de clé inattendue.")
    try:
        return key.cipher.decrypt(cell[_NONCE], cell[_SEALED], place)
    except (InvalidTag, ValueError):
        raise SealBroken(f"Une donnée protégée ({table}) a été altérée ou déplacée.") from None


def as_text(value: Any) -> str:
    """A field's value as it is sealed: ISO date, 1 or 0, decimal number, text."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def seal_values(key: DataKey, model: Any, row_id: uuid.UUID, values: dict[str, Any]) -> dict[str, bytes]:
    """Sealed cells of a new or changed row of `model`. An empty value is sealed too: NULL would tell."""
    table = model.__table__
    return {
        name: seal(
            key,
            table.name,
            name,
            row_id,
            "" if value is None else as_text(value),
            table.c[name].info["padding"],
        )
        for name, value in values.items()
    }
