"""The alert rules as data (`data/alert_rules.json`): severity, recipients, thresholds, what replaces what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from coordination import reference
from coordination.errors import BadInput

SEVERITY_RANK: Mapping[str, int] = MappingProxyType(
    {name: rank for rank, name in enumerate(("CRITIQUE", "HAUTE", "VIGILANCE", "INFO"))}
)
"""Severity -> its place, the gravest first."""

DEFAULT_ESCALATION_DAYS = 7
"""Without action on an alert HAUTE or CRITIQUE whose rule names no delay."""

REPLACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"T16": ("T15", "T14"), "A02": ("A01",), "A10": ("A09",)}
)
"""On screen only: what an alert of the rule hides, for the same subject. An overdue hides its lead too."""

REPLACEMENTS = tuple(f"{worse}>{weaker}" for worse, hidden in REPLACES.items() for weaker in hidden)
"""The same as the database is told of it: "A02>A01"."""

OFF_BY_DEFAULT = frozenset({"A06", "A07"})
"""Rules on what another institution may choose to share: they stand only where the territory switched them on."""

RIGHT_OF_RULE: Mapping[str, str] = MappingProxyType(
    {
        "S10": "CDDI_CDD",
        "S11": "PASS_IAE",
        "S12": "FORMATION",
        "S13": "CEJ",
        "S15": "CSS",
        "S16": "TITRE_SEJOUR",
        "S17": "MDPH",
        "S18": "ARE_ASS",
        "S23": "MESURE_ASE",
    }
)
"""Which right a rule watches, so that an alert names it without its sealed line."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Days are calendar days; None: the rule has no threshold, or no anticipation, or no delay."""

    id: str
    break_type: str
    programme: str
    signal: str
    data_needed: tuple[str, ...]
    threshold_days: int | None
    lead_days: int | None
    severity: str
    rationale: str
    basis: str
    source: str | None
    threshold_count: int | None
    window_days: int | None
    recipients: tuple[str, ...]
    clock_from: str | None
    pause_on_school_holidays: bool
    escalate_after_days: int | None

    @property
    def lead_and_overdue(self) -> bool:
        """Announced before a date and due after it, rather than one of the two."""
        return self.threshold_days is not None and self.lead_days is not None

    def concerns(self, programme: str) -> bool:
        """Whether journeys of the programme (PRE, CITE_EMPLOI) are subject to the rule."""
        return self.programme in ("TOUS", programme)


@cache
def rules() -> Mapping[str, Rule]:
    """id -> rule, in the order of the catalogue."""
    return MappingProxyType(
        {
            line["id"]: Rule(
                id=line["id"],
                break_type=line["rupture_type"],
                programme=line["programme"],
                signal=reference.typeset(line["signal"]),
                data_needed=tuple(line["data_needed"]),
                threshold_days=line["default_threshold_days"],
                lead_days=line["lead_time_days"],
                severity=line["severity"],
                rationale=line["rationale"],
                basis=line["basis"],
                source=line["source"],
                threshold_count=line["threshold_count"],
                window_days=line["window_days"],
                recipients=tuple(line["recipients"]),
                clock_from=line["clock_from"],
                pause_on_school_holidays=line["pause_on_school_holidays"],
                escalate_after_days=line["escalate_after_days"],
            )
            for line in reference.load("alert_rules")["rules"]
        }
    )


@cache
def severity(rule_id: str, kind: str) -> str:
    """INFO for the announcement of a rule that will also be due; the rule's own severity otherwise."""
    rule = rules()[rule_id]
    return "INFO" if kind == "lead" and rule.lead_and_overdue else rule.severity


@cache
def serious() -> tuple[str, ...]:
    """`rule:kind` of all that is VIGILANCE or above."""
    return tuple(
        f"{rule}:{kind}" for rule in rules() for kind in ("lead", "overdue") if severity(rule, kind) != "INFO"
    )


def escalation_days(rule_id: str, kind: str = "overdue") -> int | None:
    """Days without action before the coordinator is told too; None: never."""
    named = rules()[rule_id].escalate_after_days
    if named is not None:
        return named
    return DEFAULT_ESCALATION_DAYS if severity(rule_id, kind) in ("HAUTE", "CRITIQUE") else None


def replaced(keys: Iterable[tuple[str, str, str]]) -> frozenset[tuple[str, str, str]]:
    """Among one journey's open (rule, kind, subject id), those that another one hides on screen."""
    shown = frozenset(keys)
    hidden = {(rule, "lead", subject) for rule, kind, subject in shown if kind == "overdue"}
    for rule, kind, subject in shown:
        hidden.update((weaker, kind, subject) for weaker in REPLACES.get(rule, ()))
    return shown & hidden


@dataclass(frozen=True)
class Thresholds:
    """(threshold, lead) in days per rule where they differ from the catalogue; None keeps the catalogue's.

    `switched_on`: those of OFF_BY_DEFAULT that the territory wants.
    `counts`: (how many facts, within how many days) per rule that counts, likewise.
    Raises BadInput for an unknown rule, a negative number, or days given to a rule that has none of the kind.
    """

    overrides: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    switched_on: frozenset[str] = frozenset()
    counts: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    _days: Mapping[str, tuple[int | None, int | None]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        days = {rule.id: (rule.threshold_days, rule.lead_days) for rule in rules().values()}
        for rule_id, wanted in self.overrides.items():
            known = days.get(rule_id)
            if known is None:
                raise BadInput(f"La règle {rule_id} n’existe pas.")
            for given, usual in zip(wanted, known, strict=True):
                if given is not None and (usual is None or given < 0):
                    raise BadInput(f"Le délai de {given} jours n’est pas possible pour la règle {rule_id}.")
            days[rule_id] = (
                known[0] if wanted[0] is None else wanted[0],
                known[1] if wanted[1] is None else wanted[1],
            )
        object.__setattr__(self, "_days", days)

    @staticmethod
    def default() -> Thresholds:
        """The catalogue's own values."""
        return _default()

    def threshold(self, rule: str) -> int:
        """Days after the fact. Raises LookupError for a rule without threshold."""
        return self._known(rule, 0)

    def lead(self, rule: str) -> int:
        """Days before the target date. Raises LookupError for a rule without anticipation."""
        return self._known(rule, 1)

    @property
    def off(self) -> frozenset[str]:
        """Rules that do not stand at all."""
        return OFF_BY_DEFAULT - self.switched_on

    def count(self, rule: str) -> tuple[int, int]:
        """How many facts, within how many days. Raises LookupError for a rule that counts nothing."""
        known = (rules()[rule].threshold_count, rules()[rule].window_days)
        wanted = self.counts.get(rule, (None, None))
        count, window = (
            usual if given is None else given for given, usual in zip(wanted, known, strict=True)
        )
        if count is None or window is None:
            raise LookupError(f"rule {rule} has no count or no window")
        return count, window

    def _known(self, rule: str, which: int) -> int:
        days = self._days[rule][which]
        if days is None:
            raise LookupError(f"rule {rule} has no {('threshold', 'lead')[which]}")
        return days


@cache
def _default() -> Thresholds:
    return Thresholds()
