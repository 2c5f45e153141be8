"""What re-importing recognises: the identity of a line, and the rank of equal lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from coordination.exchange.bundle.columns import COLUMN, IDENTITY, RANKED, SEALED
from coordination.exchange.bundle.faults import Fault, fault
from coordination.exchange.bundle.lines import Line, Value

Identity = tuple[Value, ...]


def identity_of(file: str, line: Line) -> Identity:
    """The typed values of the identity columns of `file`, in the order of `IDENTITY`, without rank."""
    return tuple(line.values[column] for column in IDENTITY[file])


def with_ranks(lines: Iterable[Line]) -> list[tuple[Identity, Line]]:
    """Each line of one file with its identity, which is then unique.

    Contacts and appointments take as last member their rank (1, 2…) among equal lines, in the lines' order;
    the other files keep `identity_of`, unique because a repetition is a fault.
    """
    seen: Counter[Identity] = Counter()
    ranked: list[tuple[Identity, Line]] = []
    for line in lines:
        identity = identity_of(line.file, line)
        if line.file in RANKED:
            seen[identity] += 1
            identity = (*identity, seen[identity])
        ranked.append((identity, line))
    return ranked


def shown_identity(file: str, line: Line) -> dict[str, str]:
    """The identity for a report: column -> text, without its sealed columns and what is empty."""
    return {
        column: str(line.values[column])
        for column in IDENTITY[file]
        if column not in SEALED[file] and line.values[column] is not None
    }


def repeated_identities(file: str, lines: Iterable[Line]) -> Iterator[Fault]:
    """A fault for each line whose identity an earlier line of the same file has."""
    if file in RANKED:
        return
    columns = IDENTITY[file]
    required = [column for column in columns if COLUMN[file][column].required]
    sealed = not SEALED[file].isdisjoint(columns)
    first: dict[Identity, int] = {}
    for line in lines:
        # An empty or unread member has its own fault, and would make strangers equal.
        if not line.unread.isdisjoint(columns) or any(line.values[column] is None for column in required):
            continue
        identity = identity_of(file, line)
        number = first.setdefault(identity, line.number)
        if number != line.number:
            value = None if sealed else " + ".join(str(part) for part in identity if part is not None)
            reason = f"identité répétée : déjà à la ligne {number}"
            yield fault(file, line.number, "+".join(columns), reason, value)
