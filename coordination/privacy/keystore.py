"""Data keys, wrapped by a key-encryption key, in a database of their own."""

from __future__ import annotations

import hmac
import os
import secrets
import struct
import time
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL

from coordination.db import ENGINE_OPTIONS
from coordination.embedded import sqlalchemy_url
from coordination.errors import KeyUnavailable
from coordination.privacy.keys import KeyEncryptionKeys
from coordination.privacy.recovery import seal_for_recovery
from coordination.privacy.sealing import DataKey, lengthened

# A page opens the same few keys again and again; a search opens thousands.
KEPT_SECONDS = 60.0
MOST_KEPT = 50_000


# One statement, one trip. Nothing is lost that the chain itself does not hold: no need to wait for the disk.
_NOTE_HEAD = text(
    "INSERT INTO audit_head (structure_id, sequence, hash)"
    " SELECT CAST(:structure AS uuid), CAST(:sequence AS bigint), CAST(:hash AS bytea)"
    " FROM (SELECT set_config('synchronous_commit', 'off', true)) AS at_once"
    " ON CONFLICT (structure_id) DO UPDATE SET sequence = EXCLUDED.sequence, hash = EXCLUDED.hash"
    " WHERE audit_head.sequence < EXCLUDED.sequence"
    " AND audit_head.sequence = :after AND audit_head.hash = :follows RETURNING sequence"
)
_HEAD = text("SELECT sequence, hash FROM audit_head WHERE structure_id = :structure AND sequence < :sequence")

_INSERT = text(
    "INSERT INTO dek (folder_id, version, dek_id, kek_version, wrapped, commitment, recovery)"
    " VALUES (:folder_id, :version, :dek_id, :kek_version, :wrapped, :commitment, :recovery)"
)


def commitment(secret: bytes) -> bytes:
    """What ties a wrapped key to its one secret (AES-GCM alone does not commit to its key)."""
    return hmac.digest(secret, b"commit", "sha256")[:16]


_PLACE = struct.Struct(">I16sI16sIHH")
_TABLE = lengthened(b"coordination", b"dek")


def _place(folder_id: uuid.UUID, dek_id: uuid.UUID, version: int, kek_version: int) -> bytes:
    """Each part after its length, as `lengthened` writes them, in one call: a search opens thousands of keys."""
    return _TABLE + _PLACE.pack(16, folder_id.bytes, 16, dek_id.bytes, 4, version, kek_version)


class Head(NamedTuple):
    """The last line of an audit chain: number, hash. `after`, `follows`: those of a line known to stand before."""

    sequence: int
    hash: bytes
    after: int
    follows: bytes


@dataclass(frozen=True)
class Keystore:
    """Where the data keys live. Every write commits at once, before the folder that will use the key."""

    engine: Engine
    keks: KeyEncryptionKeys
    recovery_key: bytes | None = None
    # By the bytes of the folder's id: a search looks up thousands.
    opened: dict[bytes, tuple[DataKey, float]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def connect(cls, url: URL, keks: KeyEncryptionKeys, recovery_key: bytes | None = None) -> Keystore:
        engine = create_engine(sqlalchemy_url(url), **ENGINE_OPTIONS)
        return cls(engine, keks, recovery_key)

    def create(self, folder_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, DataKey]:
        """New keys for new folders, committed on return."""
        made = {f: DataKey(f, uuid.uuid4(), 1, secrets.token_bytes(32)) for f in folder_ids}
        rows = [self._wrapped(key) for key in made.values()]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(_INSERT, rows)
        return made

    def _wrapped(self, key: DataKey) -> dict[str, object]:
        kek_version = self.keks.active
        nonce = os.urandom(12)
        place = _place(key.folder_id, key.dek_id, key.version, kek_version)
        return {
            "folder_id": key.folder_id,
            "version": key.version,
            "dek_id": key.dek_id,
            "kek_version": kek_version,
            "wrapped": nonce + AESGCM(self.keks.get(kek_version)).encrypt(nonce, key.secret, place),
            "commitment": commitment(key.secret),
            "recovery": seal_for_recovery(self.recovery_key, key.secret, key.folder_id)
            if self.recovery_key
            else None,
        }

    def get(self, folder_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, DataKey]:
        """Open keys of folders. Raises KeyUnavailable, naming the key version, if one does not open.

        Keys stay open in this process for KEPT_SECONDS: a destroyed key may still serve for that long.
        """
        keys = self.get_each([folder_id.bytes for folder_id in folder_ids])
        return dict(zip(folder_ids, keys, strict=True))

    def get_each(self, folder_ids: Sequence[bytes]) -> list[DataKey]:
        """The same, as a list in the order of `folder_ids`, given as bytes."""
        now = time.monotonic()
        kept = [self.opened.get(folder_id) for folder_id in folder_ids]
        keys = [one[0] for one in kept if one and one[1] > now]
        if len(keys) == len(folder_ids):
            return keys
        held = {f: one[0] for f, one in zip(folder_ids, kept, strict=True) if one and one[1] > now}
        fresh = self._read(set(folder_ids) - held.keys())
        # Those whose time is over go, with what they have opened; of too many, all.
        for folder_id, (_, until) in list(self.opened.items()):
            if until <= now:
                self.opened.pop(folder_id, None)
        if len(self.opened) + len(fresh) > MOST_KEPT:
            self.opened.clear()
        self.opened.update({f: (key, now + KEPT_SECONDS) for f, key in fresh.items()})
        held |= fresh
        return [held[folder_id] for folder_id in folder_ids]

    def _read(self, folder_ids: Collection[bytes]) -> dict[bytes, DataKey]:
        with self.engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT DISTINCT ON (folder_id) folder_id, version, dek_id, kek_version, wrapped, commitment"
                    " FROM dek WHERE folder_id = ANY(CAST(:ids AS uuid[])) ORDER BY folder_id, version DESC"
                ),
                # Written out as one text: the driver would look at each of thousands apart.
                {"ids": f"{{{','.join(folder_id.hex() for folder_id in folder_ids)}}}"},
            ).all()
        ciphers: dict[int, AESGCM] = {}
        found = {}
        for folder_id, version, dek_id, kek_version, wrapped, committed in rows:
            if kek_version not in ciphers:
                ciphers[kek_version] = AESGCM(self.keks.get(kek_version))
            found[folder_id.bytes] = _unwrap(
                ciphers[kek_version], folder_id, version, dek_id, kek_version, wrapped, committed
            )
        if len(found) < len(folder_ids):
            raise KeyUnavailable("La clé d'un volet (version 1) est absente ou a été détruite.")
        return found

    def destroy(self, folder_ids: Sequence[uuid.UUID]) -> int:
        """Delete the keys of folders for ever; how many versions went."""
        for folder_id in folder_ids:
            self.opened.pop(folder_id.bytes, None)
        with self.engine.begin() as connection:
            result = connection.execute(
                text("DELETE FROM dek WHERE folder_id = ANY(:ids)"), {"ids": list(folder_ids)}
            )
        return int(result.rowcount)

    def folder_ids(self) -> set[uuid.UUID]:
        with self.engine.connect() as connection:
            return set(connection.scalars(text("SELECT folder_id FROM dek")))

    def note_heads(self, heads: Mapping[uuid.UUID, Head]) -> dict[uuid.UUID, tuple[int, bytes]]:
        """Keep the heads of audit chains where the data's administrator does not reach.

        A head moves on only from the one kept: of chains that do not follow theirs, the (sequence, hash) kept.
        """
        passed_by = {}
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for structure, head in heads.items():
                asked = {"structure": structure} | head._asdict()
                if connection.execute(_NOTE_HEAD, asked).first() is None and (
                    kept := connection.execute(_HEAD, asked).first()
                ):
                    passed_by[structure] = (int(kept.sequence), bytes(kept.hash))
        return passed_by

    def take_back(self, restored: Keystore, folder_ids: Sequence[uuid.UUID]) -> int:
        """Take from a restored keystore the keys that are missing here, or that no longer open; how many.

        A key that opens here stays: it may have been wrapped anew since. Raises KeyUnavailable if both open and
        differ, which no backup of ours does.
        """
        theirs, mine = restored.get(folder_ids), self._those_that_open(folder_ids)
        if any(key.secret != theirs[folder_id].secret for folder_id, key in mine.items()):
            raise KeyUnavailable("Une clé de volet en service n'est pas celle de la sauvegarde.")
        taken = [self._wrapped(key) for folder_id, key in theirs.items() if folder_id not in mine]
        with self.engine.begin() as connection:
            for row in taken:
                connection.execute(text("DELETE FROM dek WHERE folder_id = :id"), {"id": row["folder_id"]})
                connection.execute(_INSERT, row)
        restored.opened.clear()
        return len(taken)

    def _those_that_open(self, folder_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, DataKey]:
        try:
            keys = self._read({folder_id.bytes for folder_id in folder_ids})
            return {key.folder_id: key for key in keys.values()}
        except KeyUnavailable:
            if len(folder_ids) == 1:
                return {}
        half = len(folder_ids) // 2
        return self._those_that_open(folder_ids[:half]) | self._those_that_open(folder_ids[half:])

    def set_heads(self, heads: Sequence[Mapping[str, Any]]) -> None:
        """The heads become these, even earlier ones: for chains that a restore takes back to its backup."""
        with self.engine.begin() as connection:
            connection.execute(text("DELETE FROM audit_head"))
            for head in heads:
                connection.execute(
                    text(
                        "INSERT INTO audit_head (structure_id, sequence, hash) VALUES (:id, :sequence, :hash)"
                    ),
                    {
                        "id": head["structure"],
                        "sequence": head["sequence"],
                        "hash": bytes.fromhex(head["hash"]),
                    },
                )

    def heads(self) -> list[dict[str, Any]]:
        """The heads kept, in the shape of checkpoints."""
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT structure_id, sequence, hash FROM audit_head")).all()
        return [{"structure": str(s), "sequence": n, "hash": bytes(h).hex()} for s, n, h in rows]

    def count_by_kek(self) -> dict[int, int]:
        """How many data keys each key-encryption key wraps."""
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT kek_version, count(*) FROM dek GROUP BY 1 ORDER BY 1"))
            return {version: count for version, count in rows}

    def rewrap(self, batch: int = 500) -> int:
        """Wrap every key with the active version; in batches, while others work. Returns how many moved."""
        moved = 0
        while True:
            with self.engine.begin() as connection:
                rows = connection.execute(
                    text(
                        "SELECT folder_id, version, dek_id, kek_version, wrapped, commitment FROM dek"
                        " WHERE kek_version <> :active LIMIT :batch FOR UPDATE SKIP LOCKED"
                    ),
                    {"active": self.keks.active, "batch": batch},
                ).all()
                for folder_id, version, dek_id, kek_version, wrapped, committed in rows:
                    key = _unwrap(
                        AESGCM(self.keks.get(kek_version)),
                        folder_id,
                        version,
                        dek_id,
                        kek_version,
                        wrapped,
                        committed,
                    )
                    new = self._wrapped(key)
                    connection.execute(
                        text(
                            "UPDATE dek SET kek_version = :kek_version, wrapped = :wrapped"
                            " WHERE folder_id = :folder_id AND version = :version"
                        ),
                        {k: new[k] for k in ("kek_version", "wrapped", "folder_id", "version")},
                    )
            if not rows:
                return moved
            moved += len(rows)


def _unwrap(
    cipher: AESGCM,
    folder_id: uuid.UUID,
    version: int,
    dek_id: uuid.UUID,
    kek_version: int,
    wrapped: bytes,
    committed: bytes,
) -> DataKey:
    place = _place(folder_id, dek_id, version, kek_version)
    try:
        secret = cipher.decrypt(wrapped[:12], wrapped[12:], place)
    except InvalidTag:
        raise KeyUnavailable(
            f"La clé de chiffrement version {kek_version} n'est pas la bonne : les données restent fermées."
        ) from None
    if not hmac.compare_digest(commitment(secret), committed):
        raise KeyUnavailable(f"Une clé de volet (version {kek_version}) a été altérée.")
    return DataKey(folder_id, dek_id, version, secret)
