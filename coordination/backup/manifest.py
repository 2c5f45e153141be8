"""The manifest of a backup: what its archives hold, sealed by a code that only the archives' own keys can make.

In clear, for whoever keeps it: dates, versions, sizes, counts per table, heads of the audit chains and the opaque
ids of erased volets. It carries an HMAC-SHA256 under the key of each archive: nobody without the key-encryption key
can alter a line of it or put another archive under it, and it is still checked when one archive has expired.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from coordination.backup import archive
from coordination.embedded import write_private
from coordination.errors import BadInput
from coordination.privacy.keys import KeyEncryptionKeys
from coordination.privacy.sealing import lengthened
from coordination.privacy.tombstones import Tombstones

# Before 2, any row of the database made an erasure; since, those alone that the application proved.
FORMAT = 2
FORMATS = (1, FORMAT)
MANIFEST = "manifest.json"
KINDS = ("data", "keys")
FILES = {kind: f"{kind}.archive" for kind in KINDS}


@dataclass(frozen=True)
class Stored:
    """An archive as it was written: its size in bytes and its SHA-256 in hexadecimal."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`heads`: per structure (id, sequence, hash) of its audit chain; `tombstones`: erased volets (ids)."""

    backup: uuid.UUID
    taken_at: datetime
    version: str
    revision: str
    server: str
    archives: dict[str, Stored]
    counts: dict[str, dict[str, int]]
    heads: list[dict[str, Any]]
    tombstones: list[str] = field(default_factory=list)
    format: int = FORMAT

    @property
    def buried(self) -> Tombstones:
        """The erasures that it tells of."""
        ids = frozenset(map(uuid.UUID, self.tombstones))
        return Tombstones(proven=ids) if self.format > 1 else Tombstones(unproven=ids)

    def body(self) -> bytes:
        """The exact bytes that the code covers."""
        said = asdict(self) | {"backup": str(self.backup), "taken_at": self.taken_at.isoformat()}
        return json.dumps(said, sort_keys=True, ensure_ascii=False).encode()


def code_of(manifest: Manifest, kind: str, key: bytes) -> bytes:
    """The code of a manifest under the key of one of its archives."""
    own = hashlib.sha256(lengthened(b"coordination", b"manifest", kind.encode(), key)).digest()
    return hmac.digest(own, manifest.body(), "sha256")


def write(folder: Path, manifest: Manifest, keys: dict[str, bytes]) -> None:
    """Written last: a folder without a manifest is no backup."""
    codes = {kind: code_of(manifest, kind, keys[kind]).hex() for kind in KINDS}
    said = json.loads(manifest.body()) | {"codes": codes}
    text = json.dumps(said, ensure_ascii=False, indent=1)
    write_private(folder / MANIFEST, text.encode())


def read(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """A manifest and its codes, not yet checked. Raises BadInput."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BadInput(f"« {folder} » ne contient pas de {MANIFEST} : ce n'est pas une sauvegarde complète.")
    try:
        said = json.loads(path.read_text("utf-8"))
        if said.get("format") not in FORMATS:
            raise BadInput("Cette sauvegarde est d'un format que cette version ne connaît pas.")
        codes = {kind: bytes.fromhex(code) for kind, code in said.pop("codes").items()}
        said["backup"] = uuid.UUID(said["backup"])
        said["taken_at"] = datetime.fromisoformat(said["taken_at"])
        said["archives"] = {kind: Stored(**said["archives"][kind]) for kind in KINDS}
        found = Manifest(**said)
        # What the code covers can be written.
        found.body()
        return found, codes
    except archive.UNREADABLE:
        raise BadInput(f"{MANIFEST} est illisible : rien n'a été touché.") from None


@dataclass(frozen=True)
class Backup:
    """A backup on disk whose manifest and archives agree; `keys` open its archives."""

    folder: Path
    manifest: Manifest
    keys: dict[str, bytes] = field(repr=False)

    def chunks(self, kind: str) -> Any:
        """The clear parts of an archive, checked as they come."""
        with (self.folder / FILES[kind]).open("rb") as source:
            header = archive.read_header(source, FILES[kind])
            yield from archive.open_chunks(source, header, self.keys[kind], FILES[kind])


def open_backup(
    folder: Path,
    keks: KeyEncryptionKeys,
    kinds: tuple[str, ...] = KINDS,
    recovery_private: bytes | None = None,
) -> Backup:
    """Check a backup from end to end without writing anything: codes, sizes, hashes, every chunk.

    `kinds`: the archives wanted of it. Raises BadInput (damaged, incomplete, mixed up) or KeyUnavailable (another
    key-encryption key).
    """
    manifest, codes = read(folder)
    opened = Backup(folder, manifest, {})
    for kind in kinds:
        path = folder / FILES[kind]
        if not path.is_file():
            raise BadInput(f"L'archive « {path.name} » manque dans « {folder} » : rien n'a été touché.")
        with path.open("rb") as source:
            header = archive.read_header(source, path.name)
        if header.kind != kind or header.backup != manifest.backup:
            raise BadInput(
                f"« {path.name} » n'est pas l'archive de cette sauvegarde (autre date, ou archives échangées) :"
                " rien n'a été touché."
            )
        key = opened.keys[kind] = archive.archive_key(header, keks, recovery_private)
        if not hmac.compare_digest(codes.get(kind, b""), code_of(manifest, kind, key)):
            raise BadInput(f"{MANIFEST} a été modifié ou vient d'une autre sauvegarde : rien n'a été touché.")
        stored = manifest.archives[kind]
        with path.open("rb") as source:
            same = hashlib.file_digest(source, "sha256").hexdigest() == stored.sha256
        if path.stat().st_size != stored.bytes or not same:
            raise BadInput(archive.DAMAGED.format(path.name))
        for _ in opened.chunks(kind):
            pass
    return opened
