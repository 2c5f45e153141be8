"""Data keys, wrapped by a key-encryption key, in a database of their own."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL

from coordination.connections import ENGINE_OPTIONS
from coordination.embedded import sqlalchemy_url
from coordination.errors import KeyUnavailable
from coordination.privacy.keys import KeyEncryptionKeys
from coordination.privacy.sealing import DataKey
from coordination.privacy.wrapping import unwrap, wrap

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
        rows = [wrap(key, self.keks, self.recovery_key) for key in made.values()]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(_INSERT, rows)
        return made

    def get(self, folder_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, DataKey]:
        """Open keys of folders. Raises KeyUnavailable, naming the key version, if one does not open.

        Keys stay open in this process for KEPT_SECONDS: a destroyed key may still serve for that long.
        """
        keys, faults = self._each([folder_id.bytes for folder_id in folder_ids])
        if faults:
            raise faults[0]
        if not all(keys):
            raise KeyUnavailable("La clé d'un volet (version 1) est absente ou a été détruite.")
        return {key.folder_id: key for key in keys if key}

    def get_open(self, folder_ids: Sequence[bytes]) -> list[DataKey | None]:
        """In the order of `folder_ids`, given as bytes; None where a key is absent or does not open.

        Raises KeyUnavailable where none opens and some are there: what wraps them is at fault, not one of them.
        """
        keys, faults = self._each(folder_ids)
        if faults and not any(keys):
            raise faults[0]
        return keys

    def _each(self, folder_ids: Sequence[bytes]) -> tuple[list[DataKey | None], list[KeyUnavailable]]:
        """The keys in order, None where there is none; and why those that are there do not open."""
        now = time.monotonic()
        kept = [self.opened.get(folder_id) for folder_id in folder_ids]
        keys: list[DataKey | None] = [one[0] for one in kept if one and one[1] > now]
        if len(keys) == len(folder_ids):
            return keys, []
        held = {f: one[0] for f, one in zip(folder_ids, kept, strict=True) if one and one[1] > now}
        fresh, faults = self._read(set(folder_ids) - held.keys())
        # Those whose time is over go, with what they have opened; of too many, all.
        for folder_id, (_, until) in list(self.opened.items()):
            if until <= now:
                self.opened.pop(folder_id, None)
        if len(self.opened) + len(fresh) > MOST_KEPT:
            self.opened.clear()
        self.opened.update({f: (key, now + KEPT_SECONDS) for f, key in fresh.items()})
        held |= fresh
        return [held.get(folder_id) for folder_id in folder_ids], faults

    def _read(self, folder_ids: Collection[bytes]) -> tuple[dict[bytes, DataKey], list[KeyUnavailable]]:
        """Keys that open, and why others that are there do not."""
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
        found, faults = {}, []
        for folder_id, version, dek_id, kek_version, wrapped, committed in rows:
            try:
                if kek_version not in ciphers:
                    ciphers[kek_version] = AESGCM(self.keks.get(kek_version))
                found[folder_id.bytes] = unwrap(
                    ciphers[kek_version], folder_id, version, dek_id, kek_version, wrapped, committed
                )
            except KeyUnavailable as fault:
                faults.append(fault)
        return found, faults

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
        theirs, (mine, _) = restored.get(folder_ids), self._read({f.bytes for f in folder_ids})
        if any(key.secret != theirs[key.folder_id].secret for key in mine.values()):
            raise KeyUnavailable("Une clé de volet en service n'est pas celle de la sauvegarde.")
        taken = [
            wrap(key, self.keks, self.recovery_key)
            for folder_id, key in theirs.items()
            if folder_id.bytes not in mine
        ]
        with self.engine.begin() as connection:
            for row in taken:
                connection.execute(text("DELETE FROM dek WHERE folder_id = :id"), {"id": row["folder_id"]})
                connection.execute(_INSERT, row)
        restored.opened.clear()
        return len(taken)

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
                    key = unwrap(
                        AESGCM(self.keks.get(kek_version)),
                        folder_id,
                        version,
                        dek_id,
                        kek_version,
                        wrapped,
                        committed,
                    )
                    new = wrap(key, self.keks, self.recovery_key)
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
