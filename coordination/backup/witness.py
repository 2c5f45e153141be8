"""What bears witness to the audit chains, while databases change places.

The heads in the key database and the signed checkpoints under `witness/` tell of the database in service: they are
noted when it is put aside, and come back with it. They are read from what was kept, never from the database that
comes back: whoever wrote its lines anew meanwhile is found out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from config.settings import Settings
from coordination.backup import check, servers
from coordination.backup.make import keys_of
from coordination.embedded import BEFORE, connected, private_folder, write_private


@dataclass(frozen=True)
class Witness:
    """`heads`: in the shape of checkpoints; `files`: names of the files of checkpoints."""

    heads: list[dict[str, Any]]
    files: list[str]


@dataclass(frozen=True)
class Begun:
    """A change of places: `kept`, the name the database in service takes; `back`, the kept one that returns."""

    kept: str
    back: str | None
    coming: Witness


def up_to(settings: Settings, heads: Sequence[Mapping[str, Any]]) -> Witness:
    """For chains that end there: later checkpoints tell of lines that are no more.

    With them `audit verify` would call every line written from now on a forgery.
    """
    last = {head["structure"]: int(head["sequence"]) for head in heads}
    known = [
        path.name
        for path in _files(_folder(settings))
        if all(int(one["sequence"]) <= last.get(one["structure"], 0) for one in json.loads(path.read_text()))
    ]
    return Witness([dict(head) for head in heads], known)


def of_kept(settings: Settings, kept: str) -> Witness:
    """What bore witness to a database when it was put aside."""
    note = _note(settings, kept)
    if note.exists():
        return Witness(**json.loads(note.read_text()))
    # Put aside by a version that noted nothing: its own last lines are all there is.
    with connected(servers.all_of(settings, kept)) as connection:
        heads = check.heads(connection)
    return Witness(heads, [path.name for at in (_folder(settings), note.parent) for path in _files(at)])


def begin(settings: Settings, live: str, begun: Begun) -> None:
    """Before the databases change places: note what bears witness now, and what will."""
    with keys_of(settings, settings) as store:
        going = Witness(store.heads(), [path.name for path in _files(_folder(settings))])
    _write(_note(settings, begun.kept), going)
    _write(_unfinished(settings, live), begun)


def begun(settings: Settings, live: str) -> Begun | None:
    """A change of places that nobody finished."""
    path = _unfinished(settings, live)
    if not path.exists():
        return None
    said = json.loads(path.read_text())
    return Begun(said["kept"], said["back"], Witness(**said["coming"]))


def finish(settings: Settings, live: str, begun: Begun) -> None:
    """After they did: what comes bears witness, the rest is kept apart, never deleted. May be done again."""
    with keys_of(settings, settings) as store:
        store.set_heads(begun.coming.heads)
    folder = _folder(settings)
    for path in _files(folder):
        if path.name not in begun.coming.files:
            path.rename(private_folder(_note(settings, begun.kept).parent) / path.name)
    for path in sorted(folder.glob("before-restore-*/journal-*.json")):
        if path.name in begun.coming.files:
            path.rename(folder / path.name)
    give_up(settings, live)


def give_up(settings: Settings, live: str) -> None:
    """Nothing is unfinished any more."""
    _unfinished(settings, live).unlink(missing_ok=True)


def _folder(settings: Settings) -> Path:
    return settings.home / "witness"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("journal-*.json"))


def _note(settings: Settings, kept: str) -> Path:
    return _folder(settings) / f"before-restore-{kept.rpartition(BEFORE)[2]}" / f"{kept}.json"


def _unfinished(settings: Settings, live: str) -> Path:
    return _folder(settings) / f"unfinished-{live}.json"


def _write(path: Path, what: Witness | Begun) -> None:
    private_folder(path.parent)
    write_private(path, json.dumps(asdict(what)).encode())
