"""One journey's life while it is being told: its dates, its breaks and the lines written so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from coordination.exchange.simulate.behaviour import Calendar, WorkStyle
from coordination.exchange.simulate.people import Household, Person
from coordination.exchange.simulate.staff import data

Row = dict[str, str]


@dataclass
class Break:
    """What goes wrong in a journey. `variant` names the way; `at` is when it begins to be possible.

    `length` is how long it lasts (planned meetings missed for a lost contact, else days); `ends` says
    whether somebody picks the thread up again.
    """

    type: str
    variant: str
    at: date
    length: float
    ends: bool


@dataclass
class Pause:
    """A suspension. `back` is the day the person really comes back, None where they never do."""

    since: date
    expected: date | None
    back: date | None
    reason: str


@dataclass
class Story:
    """`last_day` is the exit or the last day of the bundle: no fact is dated after it.

    `may_break`: whether this journey may break at all.
    """

    ref: str
    programme: str
    rng: Random
    calendar: Calendar
    style: WorkStyle
    as_of: date
    person: Person
    home: Household
    rhythm: int
    opened: date
    referent: str = ""
    author: str = ""
    structure: str = ""
    scheme: str = ""
    agreement: str = "A_DEMANDER"
    agreed: date | None = None
    entered: date | None = None
    diagnosis: date | None = None
    validated: date | None = None
    clock: date | None = None  # from when exchanges follow the planned rhythm
    active_from: date | None = None  # from when a first action is possible
    exit: date | None = None
    exit_reason: str = ""
    waiting: bool = False
    may_break: bool = True
    broken: Break | None = None
    pauses: list[Pause] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    truth: list[Row] = field(default_factory=list)
    lost_from: date | None = None  # first day without contact of a lost contact, once told
    lost_until: date | None = None

    @property
    def last_day(self) -> date:
        return self.exit or self.as_of

    @property
    def age(self) -> int:
        """Age in years on the last day."""
        return (self.last_day - self.person.birth).days * 4 // 1461

    def fitting(self, what: str) -> list[Any]:
        """The "steps" or "partners" of the programme that fit the person's age (its last two values)."""
        return [line for line in data()[what][self.programme] if line[-2] <= self.age <= line[-1]]

    def local(self, code: str) -> str:
        """The structure of the person's commune where `code` names a kind that each commune has."""
        found = data()["local"].get(code)
        return str(found.get(self.home.commune, found[""])) if found else code

    def happened(self, day: date | None) -> str:
        """ISO date of a fact, empty where it has not happened by the last day."""
        return day.isoformat() if day and day <= self.last_day else ""

    def add(self, file: str, **values: str) -> Row:
        """Writes a line of `file` about this journey."""
        row = {"journey": self.ref, **values}
        self.rows.setdefault(file, []).append(row)
        return row

    def has(self, type_: str, *variants: str) -> bool:
        """Whether the journey breaks this way."""
        return bool(
            self.broken and self.broken.type == type_ and (not variants or self.broken.variant in variants)
        )

    def tell_truth(self, began: date, observable: date) -> None:
        """Notes the break as real; a break that nothing shows by the last day is none."""
        assert self.broken is not None
        observable = max(began, observable)
        if observable <= self.last_day:
            self.truth.append(
                {
                    "journey": self.ref,
                    "type": self.broken.type,
                    "began_on": began.isoformat(),
                    "observable_on": observable.isoformat(),
                }
            )

    def paused_on(self, day: date) -> bool:
        """Whether the person is away on `day`, by the pauses of the story."""
        return any(p.since <= day and (p.back is None or day < p.back) for p in self.pauses)

    def lost_on(self, day: date) -> bool:
        """Whether contact is lost on `day` (known once the exchanges are told)."""
        return bool(
            self.lost_from and self.lost_from <= day and (self.lost_until is None or day < self.lost_until)
        )


def iso(day: date | None) -> str:
    """ISO date of a plan; empty for none."""
    return day.isoformat() if day else ""
