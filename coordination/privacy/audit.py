"""The audit chains: verification, signed checkpoints, and their copy at a witness.

One chain per structure. A line's hash is SHA-256(previous hash, body); the body holds, each preceded by its
length, structure, sequence, instant, actor, journey, action, result, detail. The columns repeat the body.

A chain removed whole leaves nothing to walk. What stands elsewhere tells of it: the head in the key database, the
sessions that people opened (each with its line, in one transaction), what they corrected, and the checkpoints.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, text

from coordination.console import count
from coordination.db import NOBODY
from coordination.embedded import write_private
from coordination.privacy.policy import Action

# A head is noted after the commit of its line: that of a chain younger than this may be on its way.
JUST_BEGUN = timedelta(minutes=1)
UNWITNESSED = "aucun point de contrôle : une fin coupée ne se verrait pas"


@dataclass(frozen=True)
class Problem:
    """Where a chain does not hold, in French; ids only. `sequence` 0: the whole chain."""

    structure_id: uuid.UUID
    sequence: int
    reason: str

    @property
    def place(self) -> str:
        return f"ligne {self.sequence}" if self.sequence else "chaîne de la structure"


@dataclass(frozen=True)
class Verified:
    """`begun`: the instant of the first line of each chain, in microseconds; `written`: how many lines each account
    wrote, those of its sign-ins apart."""

    entries: int
    problems: tuple[Problem, ...]
    begun: dict[uuid.UUID, int]
    written: Counter[tuple[uuid.UUID, bool]]

    @property
    def chains(self) -> int:
        return len(self.begun)


def first_hash(structure_id: uuid.UUID) -> bytes:
    """What the first line of a chain follows."""
    return hashlib.sha256(str(structure_id).encode()).digest()


def body_of(*fields: object) -> bytes:
    """The exact bytes that were hashed."""
    texts = ("" if value is None else str(value) for value in fields)
    return b"".join(b"%d:%s" % (len(raw), raw) for raw in (part.encode() for part in texts))


def verify_all(
    connection: Connection,
    signed: list[dict[str, Any]],
    heads: Callable[[], list[dict[str, Any]]],
    now: datetime,
) -> Verified:
    """`verify` against a witness, the heads of the key database (each chain has one), and what people did.

    `connection` as the officer's sees no correction, only sessions.
    """
    # Read before the lines: whatever is added meanwhile is beyond the heads, and told by a line.
    kept = heads()
    traces = connection.execute(_TRACES, {"nobody": NOBODY}).all()
    found = verify(connection, signed + kept)
    known = {head["structure"] for head in kept + heads()}
    recent = int((now - JUST_BEGUN).timestamp() * 1_000_000)
    missing = [
        Problem(structure, 0, "sa fin n'est pas gardée dans la base des clés")
        for structure, began in found.begun.items()
        if str(structure) not in known and began < recent
    ]
    missing += _untold(traces, found.written)
    return replace(found, problems=(*found.problems, *missing))


def verify(connection: Connection, checkpoints: list[dict[str, Any]] | None = None) -> Verified:
    """Walk every chain: order, links, hashes, columns; and the checkpoints that a witness kept.

    `connection` must see all rows (the maintenance role, or the officer's).
    A truncated tail shows only against a checkpoint.
    """
    written: Counter[tuple[uuid.UUID, bool]] = Counter()
    begun: dict[uuid.UUID, int] = {}
    problems: list[Problem] = []
    heads: dict[uuid.UUID, tuple[int, bytes]] = {}
    kept: dict[tuple[uuid.UUID, int], bytes] = {}
    wanted = {(uuid.UUID(c["structure"]), int(c["sequence"])) for c in checkpoints or ()}
    for row in _lines(connection):
        structure, sequence = row.structure_id, row.sequence
        written[row.actor_id, row.action == Action.SIGN_IN] += 1
        begun.setdefault(structure, row.at_us)
        last, expected = heads.get(structure, (0, first_hash(structure)))
        previous, body, found = bytes(row.previous), bytes(row.body), bytes(row.hash)
        if sequence != last + 1:
            problems.append(Problem(structure, sequence, f"ligne {last + 1} absente"))
        elif previous != expected:
            problems.append(Problem(structure, sequence, "ne suit pas la ligne précédente"))
        if hashlib.sha256(previous + body).digest() != found:
            problems.append(Problem(structure, sequence, "l'empreinte ne correspond pas au contenu"))
        columns = (structure, sequence, row.at_us, row.actor_id, row.journey_id, row.action, row.result)
        if body != body_of(*columns, row.detail):
            problems.append(Problem(structure, sequence, "les colonnes ne correspondent pas au contenu"))
        heads[structure] = (sequence, found)
        if (structure, sequence) in wanted:
            kept[structure, sequence] = found
    for checkpoint in checkpoints or ():
        place = (uuid.UUID(checkpoint["structure"]), int(checkpoint["sequence"]))
        if place not in kept:
            problems.append(Problem(*place, "ligne du point de contrôle absente : la fin a été coupée"))
        elif kept[place].hex() != checkpoint["hash"]:
            problems.append(Problem(*place, "ne correspond pas au point de contrôle"))
    return Verified(written.total(), tuple(problems), begun, written)


_TRACES = text(
    """
    SELECT one.id, COALESCE(one.sessions, 0) AS sessions, COALESCE(
      (SELECT m.structure_id FROM membership m WHERE m.account_id = one.id AND m.structure_id IS NOT NULL
       ORDER BY m.role, m.id LIMIT 1), :nobody) AS structure_id
    FROM (SELECT * FROM (SELECT account_id AS id, count(*) AS sessions FROM sign_in_session GROUP BY 1) AS came
          FULL JOIN (SELECT DISTINCT by_id AS id FROM revision) AS corrected USING (id)) AS one
    ORDER BY 3
    """
)


def _untold(traces: Sequence[Any], written: Counter[tuple[uuid.UUID, bool]]) -> Iterator[Problem]:
    """What accounts did that no line tells, by the structure in whose chain it would stand."""
    sessions: Counter[uuid.UUID] = Counter()
    silent: Counter[uuid.UUID] = Counter()
    for one in traces:
        sessions[one.structure_id] += max(0, one.sessions - written[one.id, True])
        silent[one.structure_id] += not (written[one.id, True] or written[one.id, False])
    for structure, number in sessions.items():
        if number:
            yield Problem(structure, 0, f"{count(number, 'connexion')} de ses comptes sans ligne")
    for structure, number in silent.items():
        if number and not sessions[structure]:
            yield Problem(
                structure, 0, f"{count(number, 'compte a écrit', 'comptes ont écrit')} sans une seule ligne"
            )


def _lines(connection: Connection) -> Iterator[Any]:
    # Of this statement alone: the connection may serve others afterwards.
    yield from connection.execute(
        text("SELECT * FROM audit_entry ORDER BY structure_id, sequence"),
        execution_options={"stream_results": True, "yield_per": 5000},
    )


def checkpoint(
    connection: Connection, key: Ed25519PrivateKey, now: datetime, witness: Path
) -> list[dict[str, Any]]:
    """Sign the head of every chain, keep it in the database, and drop it where a witness takes it."""
    at_us = int(now.timestamp() * 1_000_000)
    heads = connection.execute(
        text(
            "SELECT DISTINCT ON (structure_id) structure_id, sequence, hash FROM audit_entry"
            " ORDER BY structure_id, sequence DESC"
        )
    ).all()
    made = []
    for structure, sequence, head in heads:
        signature = key.sign(_signed_bytes(str(structure), sequence, head.hex(), at_us))
        connection.execute(
            text(
                "INSERT INTO audit_checkpoint (id, structure_id, sequence, hash, at_us, signature)"
                " VALUES (gen_random_uuid(), :structure, :sequence, :hash, :at_us, :signature)"
            ),
            {
                "structure": structure,
                "sequence": sequence,
                "hash": head,
                "at_us": at_us,
                "signature": signature,
            },
        )
        made.append(
            {
                "structure": str(structure),
                "sequence": sequence,
                "hash": head.hex(),
                "at_us": at_us,
                "signature": signature.hex(),
            }
        )
    witness.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(witness / f"journal-{at_us}.json", json.dumps(made).encode())
    return made


def _signed_bytes(structure: str, sequence: int, head: str, at_us: int) -> bytes:
    return body_of("checkpoint", structure, sequence, head, at_us)


def read_witness(witness: Path, key: Ed25519PublicKey) -> tuple[list[dict[str, Any]], list[str]]:
    """The checkpoints a witness holds, and the names of files that are not, line for line, what was signed here."""
    found: list[dict[str, Any]] = []
    forged: list[str] = []
    for path in sorted(witness.glob("journal-*.json")) if witness.is_dir() else []:
        try:
            lines = json.loads(path.read_text())
        except ValueError:
            lines = None
        for one in lines if isinstance(lines, list) else [lines]:
            if _holds(one, key):
                found.append(one)
            else:
                forged.append(path.name)
    return found, forged


def _holds(line: Any, key: Ed25519PublicKey) -> bool:
    """Whether a line is a checkpoint that this installation signed."""
    try:
        signed = _signed_bytes(line["structure"], line["sequence"], line["hash"], line["at_us"])
        key.verify(bytes.fromhex(line["signature"]), signed)
    except (InvalidSignature, ValueError, LookupError, TypeError):
        return False
    return True
