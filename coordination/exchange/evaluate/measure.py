"""What a replay found of the breaks that are known to be there, how soon, and at what price in alerts.

Definitions, the same for the rules and for the columns that users have today:

- A break lasts from `began_on` to WINDOW days after `observable_on` (its end is not in `truth.csv`).
- It is found if an alert of its type, VIGILANCE or above, stands on one of these days. An alert of another type
  does not count: it would send the référent after something else. A column of days has no type and may find all.
- It is found on the first of these days; an announcement made before the break gains no more than its first day.
- Alerts are counted as the weekly budget counts them: VIGILANCE and above, one per person and week however many
  there are, the starting situation left out. Such a group is right if one of its alerts stands during a break of
  its own type; false if it is not, and if it supposes something rather than recall a date.
- Such a group is a new line of the list unless all that it holds replaces, on screen, an alert that stood on the
  eve (`alerts.catalogue.replaced`: A02 for A01, A10 for A09, T16 for T15 and T14, an overdue for its lead).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from coordination.alerts.catalogue import replaced
from coordination.alerts.deadlines import Key
from coordination.alerts.replay import ReplayedAlert, week_of
from coordination.exchange.bundle.truth import Break

WINDOW = 90
"""Days after `observable_on` during which an alert may still be about the break."""

STATUS = "STATUT"
RECORDED = frozenset({"entry", "agreement_refused", "agreement_withdrawn"})

Group = tuple[str, date]
"""(journey, Monday): what one person raised in one week."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert on a journey. `type`: of break; None for a column of days, which may mean any."""

    journey: str
    type: str | None
    alert: ReplayedAlert
    counts: bool

    @property
    def reminder(self) -> bool:
        """A date that is true whatever happens (an age, the end of a right, a length of stay, a recorded event or
        refusal), and supposes nothing: outside a break it is no false alarm."""
        return self.type == STATUS or self.alert.deadline.because in RECORDED

    @property
    def key(self) -> Key:
        return self.alert.rule, self.alert.kind, self.alert.subject_id

    def about(self, broken: Break) -> bool:
        return (
            self.counts
            and self.type in (None, broken.type)
            and self.alert.stands_between(broken.began_on, last_day(broken))
        )

    def found_on(self, broken: Break) -> date:
        """The first day of the break on which it stands; only for one that is about it."""
        end = last_day(broken)
        return min(
            max(start, broken.began_on)
            for start, until in self.alert.spells
            if start <= end and (until is None or until > broken.began_on)
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one type of break, or of all. Those of several territories add up.

    `alerts`, `lines` and `right` count groups (a person in a week): all, those that make a new line of the list,
    those that are right. `gained`: per break found, the days before the column
    of 60 days. `late`: per break found, the days from `observable_on` on; negative where the alert stood before
    the lines could show the break.
    """

    breaks: int
    found: int
    alerts: int
    lines: int
    right: int
    gained: tuple[int, ...]
    late: tuple[int, ...]

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.breaks + other.breaks,
            self.found + other.found,
            self.alerts + other.alerts,
            self.lines + other.lines,
            self.right + other.right,
            self.gained + other.gained,
            self.late + other.late,
        )

    @property
    def recall(self) -> float | None:
        """Share of the breaks that were found; None without any break."""
        return self.found / self.breaks if self.breaks else None

    @property
    def precision(self) -> float | None:
        """Share of the groups that were right; None without any alert."""
        return self.right / self.alerts if self.alerts else None

    @property
    def median_days_before_silence_60(self) -> float | None:
        return median(self.gained) if self.gained else None

    @property
    def median_days_late(self) -> float | None:
        return median(self.late) if self.late else None


def last_day(broken: Break) -> date:
    return broken.observable_on + timedelta(days=WINDOW)


def findings(breaks: Iterable[Break], raised: Iterable[Raised]) -> dict[Break, date]:
    """The day on which each break that was found was found."""
    by_journey: dict[str, list[Raised]] = defaultdict(list)
    for one in raised:
        by_journey[one.journey].append(one)
    found = {}
    for broken in breaks:
        days = [one.found_on(broken) for one in by_journey.get(broken.journey, ()) if one.about(broken)]
        if days:
            found[broken] = min(days)
    return found


def figures(
    breaks: Sequence[Break],
    raised: Sequence[Raised],
    silence: Mapping[Break, date],
    type_: str | None,
    end: date,
) -> Figures:
    """The figures for one type of break, or for all of them (None).

    `silence`: when the column of 60 days found each break. One that it never found counts as found on the last
    day of the break or of the replay: the gain that is told is then the least it can be.
    """
    wanted = [broken for broken in breaks if type_ in (None, broken.type)]
    mine = [one for one in raised if type_ is None or one.type in (None, type_)]
    found = findings(wanted, mine)
    groups, by_journey = grouped(mine), of_journey(wanted)
    return Figures(
        breaks=len(wanted),
        found=len(found),
        alerts=len(groups),
        lines=new_lines(groups.values(), mine),
        right=sum(right(group, by_journey) for group in groups.values()),
        gained=tuple(
            (silence.get(broken, min(last_day(broken), end)) - day).days for broken, day in found.items()
        ),
        late=tuple((day - broken.observable_on).days for broken, day in found.items()),
    )


def of_journey(breaks: Iterable[Break]) -> Mapping[str, list[Break]]:
    grouped: dict[str, list[Break]] = defaultdict(list)
    for broken in breaks:
        grouped[broken.journey].append(broken)
    return grouped


def right(group: Sequence[Raised], breaks: Mapping[str, list[Break]]) -> bool:
    """Whether one of the alerts of a person's week is about one of their breaks."""
    return any(one.about(broken) for one in group for broken in breaks.get(one.journey, ()))


def new_lines(groups: Iterable[Sequence[Raised]], raised: Iterable[Raised]) -> int:
    """How many groups bring something else than what takes the place of an alert that stood already."""
    standing: dict[str, list[Raised]] = defaultdict(list)
    for one in raised:
        standing[one.journey].append(one)
    return sum(any(not _replaces(one, standing[one.journey]) for one in group) for group in groups)


def _replaces(new: Raised, others: Iterable[Raised]) -> bool:
    eve = new.alert.on - timedelta(days=1)
    return any(
        one.key in replaced((one.key, new.key)) and one.alert.stands_between(eve, eve)
        for one in others
        if one.counts and one is not new
    )


def grouped(raised: Iterable[Raised]) -> dict[Group, list[Raised]]:
    """What counts in the weekly budget, by person and week."""
    groups: dict[Group, list[Raised]] = defaultdict(list)
    for one in raised:
        if one.counts and not one.alert.initial:
            groups[one.journey, week_of(one.alert.on)].append(one)
    return groups


def per_week(
    groups: Iterable[Group], referents: Mapping[str, str], opened: Mapping[str, date], end: date
) -> dict[str, float]:
    """Référent -> groups per week, from the opening of their first journey to the end of the replay."""
    first: dict[str, date] = {}
    for journey, referent in referents.items():
        first[referent] = min(first.get(referent, date.max), opened[journey])
    counts: dict[str, int] = dict.fromkeys(first, 0)
    for journey, _ in groups:
        counts[referents[journey]] += 1
    return {
        referent: count / (((end - first[referent]).days + 1) / 7)
        for referent, count in sorted(counts.items())
    }
