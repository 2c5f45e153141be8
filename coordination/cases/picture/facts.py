"""What there is to draw of a journey, already limited to what the actor may see. Words are French."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

# The rows of the picture from top to bottom, and their titles. Actions stand in one row per volet.
ROWS = {
    "exchange": "Échanges et rendez-vous",
    "milestone": "Accord, étapes et bilans",
    "event": "Événements et fins de droits",
    "action-coordination": "Actions",
    "action-scolarite": "Actions : scolarité",
    "action-social": "Actions : social",
    "action-sante": "Actions : santé",
    "action-protection": "Actions : protection",
    "action-emploi": "Actions : emploi",
    "referral": "Orientations",
    "alert": "Alertes ouvertes",
    "past-alert": "Alertes closes",
    "deadline": "À venir, si rien n'est noté d'ici là",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something of one day. `shape` names its drawing; `caption` is written beside it if there is room."""

    row: str
    on: date
    shape: str
    words: str
    caption: str = ""
    is_exchange: bool = False

    def __repr__(self) -> str:
        """Without its words: this may end in a log."""
        return f"<Moment {self.row} {self.on} {self.shape}>"


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a lane, both days included; `until` None: it goes on today. `style` names its drawing."""

    since: date
    until: date | None
    style: str


@dataclass(frozen=True, slots=True)
class Lane:
    """Something that lasts, on a line of its own: an action, a referral, an alert that stands."""

    row: str
    caption: str
    words: str
    segments: tuple[Segment, ...] = ()
    marks: tuple[Moment, ...] = ()

    def __repr__(self) -> str:
        return f"<Lane {self.row} of {len(self.segments)} segments>"


@dataclass(frozen=True, slots=True)
class Break:
    """A pause: while it is open, silence is no loss of contact."""

    since: date
    expected: date | None = None
    returned: date | None = None


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """Everything to draw. `first`: first day of the journey; `silent_from`: first day of a first silence."""

    first: date | None
    silent_from: date | None = None
    exit_on: date | None = None
    moments: tuple[Moment, ...] = ()
    lanes: tuple[Lane, ...] = ()
    pauses: tuple[Break, ...] = ()

    def first_day(self) -> date | None:
        """The earliest day of anything, to show it all."""
        days = [m.on for m in self.moments]
        days += [s.since for lane in self.lanes for s in lane.segments] + [p.since for p in self.pauses]
        days += [self.first] if self.first else []
        return min(days, default=None)

    def last_day(self) -> date | None:
        days = [m.on for m in self.moments] + [m.on for lane in self.lanes for m in lane.marks]
        days += [s.until for lane in self.lanes for s in lane.segments if s.until]
        return max(days, default=None)
