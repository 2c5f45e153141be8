"""Thresholds as the coordinators set them: what may be set, within which bounds, and what stands when. Pure.

A setting of a structure goes before one of its programme, which goes before the catalogue (docs/adr/0009).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from coordination.alerts.catalogue import OFF_BY_DEFAULT, Rule, Thresholds, rules
from coordination.alerts.deadlines import Deadline, Key
from coordination.errors import BadInput

COUNTED = {
    "A03": ("rendez-vous manqués de suite", " en"),
    "A04": ("tentatives de suite sans réponse", " en"),
    "A05": ("absences de suite", ", ou présence à moins de la moitié des séances en"),
    "A11": ("rendez-vous manqués de suite", " en"),
}
"""Rules that count facts (which, in words), and a window, both of which may be set; their days count for nothing.
What A06 and A07 count is said by the law and by the ministry: they are switched on as they are."""
FIXED = frozenset({"S25", "S26", "T23"})
"""Rules whose days follow from a law or from the school year: nobody sets them."""
YEARLY = frozenset({"A14", "I10", "I11", "S02", "S03", "S04", "S05"})
"""Rules that speak on a day of the school year: a trial on less than a whole year sees them in part, or not."""
# Each must stay longer than the one before it, which it takes over from.
_IN_ORDER = (
    ("A01", "A02"),
    ("A09", "A10"),
    ("A15", "A16"),
    ("T03", "T04"),
    ("T14", "T15", "T16"),
    ("T09", "T10", "T11"),
    ("T26", "T27"),
)
# A quarter of the catalogue's value to three times it; facts counted: two to six.
PARTS, TIMES = 4, 3
FEWEST, MOST = 2, 6

LABELS = {
    "threshold_days": "Jours avant l'alerte",
    "lead_days": "Jours d'avance",
    "threshold_count": "Nombre",
    "window_days": "Dans une période de (jours)",
}
FIELDS = tuple(LABELS)
NAMES = (*FIELDS, "switched_on")


@dataclass(frozen=True, slots=True)
class Values:
    """What a setting says; None where the rule has nothing of the kind."""

    threshold_days: int | None = None
    lead_days: int | None = None
    threshold_count: int | None = None
    window_days: int | None = None
    switched_on: bool | None = None

    def words(self, rule_id: str) -> str:
        """In one short French phrase."""
        if self.switched_on is False:
            return "règle éteinte"
        said = []
        if self.threshold_count is not None:
            what, within = COUNTED[rule_id]
            said.append(f"{self.threshold_count} {what}{within} {self.window_days} jours")
        if self.threshold_days is not None and self.lead_days is not None:
            said.append(f"délai de {self.threshold_days} jours, avance de {self.lead_days} jours")
        elif self.threshold_days is not None:
            said.append(f"après {self.threshold_days} jours")
        elif self.lead_days is not None:
            said.append(f"{self.lead_days} jours avant")
        if self.switched_on:
            said.append("règle allumée")
        return ", ".join(said) or "sans délai"

    def columns(self) -> dict[str, int | bool | None]:
        """By the names of the columns of a setting."""
        return {name: getattr(self, name) for name in NAMES}

    @classmethod
    def of(cls, row: Any) -> Values:
        """From a row that has these columns."""
        return cls(*(getattr(row, name) for name in NAMES))

    @classmethod
    def read(cls, code: str) -> Values:
        """What `code` wrote."""
        days, lead, number, window, on = (None if part == "" else int(part) for part in code.split("/"))
        return cls(days, lead, number, window, None if on is None else bool(on))

    def code(self) -> str:
        """As a key for comparisons, at most 64 characters."""
        return "/".join("" if v is None else str(int(v)) for v in (getattr(self, n) for n in NAMES))


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that is in force (`begun`) or will be. `of_structure`: of one structure, not of the programme."""

    rule: str
    values: Values
    valid_from: date
    valid_until: date | None = None
    begun: bool = True
    of_structure: bool = False


Period = tuple[date | None, Thresholds]
"""(its first day; None: now and ever before, what stands)."""


def catalogue_values(rule_id: str) -> Values:
    """The catalogue's own, of what may be set."""
    rule = rules()[rule_id]
    counted = rule_id in COUNTED
    if rule_id in FIXED:
        return Values()
    return Values(
        (rule.threshold_days or None) if rule.threshold_count is None else None,
        rule.lead_days or None,
        rule.threshold_count if counted else None,
        rule.window_days if counted else None,
        False if rule_id in OFF_BY_DEFAULT else None,
    )


def settable(rule_id: str) -> tuple[str, ...]:
    """Names of the numbers that a rule lets be set, in the order of the form.

    None for a rule that fires on the day of its fact: a delay of zero is no delay.
    """
    usual = catalogue_values(rule_id)
    return tuple(name for name in FIELDS if getattr(usual, name) is not None)


def tunable_rules(programme: str, owned: Iterable[str]) -> list[Rule]:
    """Rules of a programme that are computed here (`owned`) and have something to set, in catalogue order."""
    mine = frozenset(owned)
    return [
        rule
        for rule in rules().values()
        if rule.id in mine and rule.concerns(programme) and (settable(rule.id) or rule.id in OFF_BY_DEFAULT)
    ]


def bounds(rule_id: str, name: str) -> tuple[int, int]:
    """Smallest and largest value that makes sense."""
    usual = getattr(catalogue_values(rule_id), name)
    if usual is None:
        raise LookupError(f"rule {rule_id} has no {name}")
    if name == "threshold_count":
        return FEWEST, MOST
    return max(1, -(-usual // PARTS)), usual * TIMES


def check(rule_id: str, values: Values, others: Callable[[str], Values]) -> None:
    """Raises BadInput with a French sentence per field; `others` gives what stands for another rule there."""
    problems: dict[str, str] = {}
    for name in settable(rule_id):
        given = getattr(values, name)
        low, high = bounds(rule_id, name)
        if given is None:
            problems[name] = "Écrivez un nombre entier, par exemple " + f"{(low + high) // 2}."
        elif given <= 0:
            problems[name] = f"{given} n'est pas possible : il faut au moins {low}. {_why_low(name)}"
        elif given < low:
            problems[name] = f"{given}, c'est trop court : il faut au moins {low}. {_why_low(name)}"
        elif given > high:
            problems[name] = f"{given}, c'est trop long : il faut au plus {high}. {_why_high(name)}"
    if not problems:
        problems |= _out_of_order(rule_id, values, others)
    if problems:
        raise BadInput("Ce réglage n'est pas possible.", problems)


def _why_low(name: str) -> str:
    if name == "threshold_count":
        return "Un seul fait n'est pas encore une suite."
    if name == "lead_days":
        return "En dessous du quart de l'avance habituelle, il ne reste plus le temps d'agir."
    return "En dessous du quart du délai habituel, l'alerte part avant que quiconque ait pu agir."


def _why_high(name: str) -> str:
    if name == "threshold_count":
        return "Au-delà, la rupture est faite quand l'alerte arrive."
    if name == "lead_days":
        return "Au-delà de trois fois l'avance habituelle, l'annonce vient trop tôt et se perd."
    return "Au-delà de trois fois le délai habituel, la rupture est faite quand l'alerte arrive."


def _out_of_order(rule_id: str, values: Values, others: Callable[[str], Values]) -> dict[str, str]:
    days = values.threshold_days
    for chain in _IN_ORDER:
        if rule_id not in chain or days is None:
            continue
        place = chain.index(rule_id)
        for other, later in [(r, False) for r in chain[:place]] + [(r, True) for r in chain[place + 1 :]]:
            theirs = others(other).threshold_days
            if theirs is None or (days < theirs if later else days > theirs):
                continue
            which = "plus court" if later else "plus long"
            return {
                "threshold_days": f"Ce délai doit rester {which} que celui de la règle {other} « "
                f"{rules()[other].signal} » ({theirs} jours), qui lui est liée."
            }
    return {}


def standing(settings: Iterable[Setting], rule_id: str, day: date) -> Values:
    """What stands for a rule on a day: the structure's setting, else the programme's, else the catalogue's."""
    found = [s for s in settings if s.rule == rule_id and _valid(s, day)]
    chosen = max(found, key=rank, default=None)
    return chosen.values if chosen else catalogue_values(rule_id)


def rank(setting: Setting) -> tuple[bool, date, bool]:
    """Who goes before whom: a structure's, then the latest to begin, then one that has an end."""
    return setting.of_structure, setting.valid_from, setting.valid_until is not None


def _valid(setting: Setting, day: date) -> bool:
    return setting.valid_from <= day and (setting.valid_until is None or day <= setting.valid_until)


def periods(settings: Sequence[Setting]) -> tuple[Period, ...]:
    """What stands now, then what will from each day on which something is already decided to change.

    Now is what has begun, whatever today is: the past is looked at as the present setting says.
    """
    now = [s for s in settings if s.begun]
    turns = {s.valid_from for s in settings if not s.begun}
    turns |= {s.valid_until + timedelta(days=1) for s in settings if s.valid_until}
    found: list[Period] = [(None, _together(now))]
    for day in sorted(turns):
        found.append(
            (day, _together([s for s in settings if (s.begun or s.valid_from <= day) and _until(s, day)]))
        )
    return tuple(found)


def _until(setting: Setting, day: date) -> bool:
    return setting.valid_until is None or day <= setting.valid_until


def _together(settings: Iterable[Setting]) -> Thresholds:
    chosen: dict[str, Values] = {}
    for setting in sorted(settings, key=rank):
        chosen[setting.rule] = setting.values
    return as_thresholds(chosen)


def as_thresholds(chosen: dict[str, Values]) -> Thresholds:
    """Rule -> values, as the rules read them."""
    if not chosen:
        return Thresholds.default()
    days = {
        rule: (v.threshold_days, v.lead_days)
        for rule, v in chosen.items()
        if v.threshold_days is not None or v.lead_days is not None
    }
    counts = {
        r: (v.threshold_count, v.window_days) for r, v in chosen.items() if v.threshold_count is not None
    }
    switched_on = frozenset(rule for rule, v in chosen.items() if v.switched_on)
    return Thresholds(days, counts=counts, switched_on=switched_on)


def over_time(
    schedule: Sequence[Period], compute: Callable[[Thresholds], dict[Key, Deadline]]
) -> dict[Key, Deadline]:
    """Deadlines under settings that follow one another: each stands where the setting of its day puts it.

    A shorter delay that begins on a later day so has its alerts on that day without anybody computing then; what
    a longer one no longer wants goes when the journey is counted again.
    """
    found = compute(schedule[0][1])
    for day, thresholds in schedule[1:]:
        assert day is not None
        kept = {key: one for key, one in found.items() if one.due_on < day}
        for key, one in compute(thresholds).items():
            kept.setdefault(key, replace(one, due_on=max(one.due_on, day)))
        found = kept
    return found


def first_overlap(
    others: Iterable[tuple[date, date | None]], valid_from: date, valid_until: date | None
) -> tuple[date, date | None] | None:
    """The first of the periods that shares a day with the one wanted."""
    for since, until in sorted(others, key=lambda one: one[0]):
        if (until is None or until >= valid_from) and (valid_until is None or since <= valid_until):
            return since, until
    return None
