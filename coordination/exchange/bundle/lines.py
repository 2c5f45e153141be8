"""A line of the bundle, read: typed values under the names of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

Value: TypeAlias = str | int | bool | date | None


@dataclass(frozen=True, slots=True)
class Line:
    """`number`: the line of the file where it begins (the header is 1).

    `values` has every column of the format; None is unknown, or unreadable if the column is in `unread`.
    """

    file: str
    number: int
    values: dict[str, Value]
    unread: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """Without the values: half of them are sealed."""
        return f"<Line {self.file}:{self.number}>"

    def text(self, column: str) -> str | None:
        """The value of a column of text, code or reference."""
        value = self.values[column]
        return value if isinstance(value, str) else None

    def day(self, column: str) -> date | None:
        """The value of a column of dates."""
        value = self.values[column]
        return value if isinstance(value, date) else None
