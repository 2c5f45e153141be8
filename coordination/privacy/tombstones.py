"""Tombstones: which volets were erased, each with the proof that the application decided it.

Whoever has the password of one database role can write a row, and an erasure destroys a key in the other database.
So a row counts by its proof alone: a code of folder and instant under a key of the key folder, which no database
holds. Rows written before there were proofs have none, and count for nothing: they are named, like forged ones.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from config.settings import Settings
from coordination.console import count
from coordination.privacy.keys import ERASURE, secret_key
from coordination.privacy.sealing import lengthened

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NONE: frozenset[uuid.UUID] = frozenset()
MOST_NAMED = 20

# As JSON: a database put aside before there were proofs has no such column. An instant without end proves nothing,
# and the driver could not read it.
_READ = text(
    "SELECT folder_id, CASE WHEN isfinite(at) THEN trunc(extract(epoch FROM at) * 1000000) END AS at_us,"
    " CAST(to_jsonb(t) ->> 'proof' AS bytea) AS proof FROM tombstone t"
)
_WRITE = text(
    "INSERT INTO tombstone (folder_id, at, proof) VALUES (:folder_id, :at, :proof)"
    # One that somebody else wrote before does not stand in the way.
    " ON CONFLICT (folder_id) DO UPDATE SET at = EXCLUDED.at, proof = EXCLUDED.proof"
)


@dataclass(frozen=True)
class Tombstones:
    """Volets erased by decision of the application; and those of which a row says so without proof."""

    proven: frozenset[uuid.UUID] = _NONE
    unproven: frozenset[uuid.UUID] = _NONE

    def __or__(self, other: Tombstones) -> Tombstones:
        proven = self.proven | other.proven
        return Tombstones(proven, (self.unproven | other.unproven) - proven)


def read(connection: Connection, settings: Settings) -> Tombstones:
    """What a database says was erased. Raises KeyUnavailable where there are proofs and no key to check them."""
    rows = connection.execute(_READ).all()
    claims = [row for row in rows if row.proof is not None and row.at_us is not None]
    secret = secret_key(settings, ERASURE) if claims else b""
    proven = frozenset(
        row.folder_id
        for row in claims
        if hmac.compare_digest(_proof(secret, row.folder_id, int(row.at_us)), bytes(row.proof))
    )
    return Tombstones(proven, frozenset(row.folder_id for row in rows) - proven)


def bury(
    connection: Connection, settings: Settings, folder_ids: Collection[uuid.UUID], at: datetime
) -> tuple[int, int]:
    """Erase volets: a proven tombstone for each and no row left, whole within the caller's transaction.

    A journey goes with its coordination volet. (journeys, other volets) that went. The only way to write a
    tombstone; their keys are destroyed once it is committed, by the caller or, had it died, by `reconcile_keys`.
    One that is proven already keeps its instant.
    """
    new = set(folder_ids) - read(connection, settings).proven
    if new:
        secret, at_us = secret_key(settings, ERASURE), (at - _EPOCH) // timedelta(microseconds=1)
        rows = [{"folder_id": f, "at": at, "proof": _proof(secret, f, at_us)} for f in sorted(new)]
        connection.execute(_WRITE, rows)
    ids = {"ids": list(folder_ids)}
    journeys = connection.execute(
        text(
            "DELETE FROM journey WHERE id IN (SELECT journey_id FROM folder"
            " WHERE id = ANY(:ids) AND volet = 'coordination')"
        ),
        ids,
    ).rowcount
    folders = connection.execute(text("DELETE FROM folder WHERE id = ANY(:ids)"), ids).rowcount
    return journeys, folders


def _proof(secret: bytes, folder_id: uuid.UUID, at_us: int) -> bytes:
    told = lengthened(b"coordination", b"tombstone", folder_id.bytes, b"%d" % at_us)
    return hmac.digest(secret, told, "sha256")


def named(folder_ids: Collection[object]) -> str:
    """Opaque ids for a sentence, the first ones of many."""
    ordered = sorted(map(str, folder_ids))
    return ", ".join(ordered[:MOST_NAMED]) + (", …" if len(ordered) > MOST_NAMED else "")


def anomaly(unproven: Collection[object]) -> str:
    """What to say of rows without proof."""
    noted = count(len(unproven), "effacement noté", "effacements notés")
    return (
        f"Anomalie : {noted} dans la base sans la preuve de l'application (volets {named(unproven)})."
        " Rien n'a été supprimé pour autant. Voir docs/backup.md, « Effacements sans preuve »."
    )
