"""The milestones of a journey for its picture: its own dates, agreement, stages, ends and reopenings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from coordination.alerts.running import TURNED_DOWN
from coordination.cases.picture.facts import Moment
from coordination.cases.queries.listing import stage_label
from coordination.cases.stages import DATED_BY, TRANSITIONS
from coordination.cases.vocabulary import agreement_title

STEPS = (
    ("opened_on", "opened", "Ouverture du parcours", "Ouverture"),
    ("entered_on", "step", "Entrée dans le parcours", "Entrée"),
    ("diagnosis_on", "step", "Diagnostic partagé", "Diagnostic"),
    ("validated_on", "step", "Parcours validé", "Validé"),
    ("rsa_opened_on", "step", "Droit au RSA ouvert", "RSA ouvert"),
    ("oriented_on", "step", "Orientation décidée", "Orienté"),
    ("contract_signed_on", "agreement", "Contrat d'engagement signé", "Contrat signé"),
    ("exit_on", "exit", "Fin du parcours", "Fin"),
)
"""Column of the journey -> its drawing, its words, its caption."""
TAKEN_BACK = ", rouvert ensuite"
HANDED = "Parcours confié à"
_ENDS = {"SORTIE": ("Fin du parcours", "Fin"), TURNED_DOWN: ("Parcours non retenu", "Non retenu")}


class Turned(NamedTuple):
    """A turn of a journey (`kind`: as `models_life.Turn`), and who noted it."""

    on: date
    kind: str
    who: str | None

    @property
    def noted_by(self) -> str:
        return f", noté par {self.who}" if self.who else ""


class Handed(NamedTuple):
    """A change of who follows the journey: to whom, from whom if anybody did."""

    on: date
    to: str
    before: str | None


def course_moments(
    journey: Any,
    agreements: Sequence[tuple[date, str | None]],
    turned: Sequence[Turned],
    handed: Iterable[Handed] = (),
) -> tuple[Moment, ...]:
    """`journey`: its row; `agreements`: each day with the status noted."""
    return (
        *_steps(journey),
        *_agreements(journey, agreements),
        *_turns(turned),
        *_stages(journey, turned),
        *map(_relay, handed),
    )


def _steps(journey: Any) -> Iterator[Moment]:
    for name, shape, words, caption in STEPS:
        if on := getattr(journey, name):
            yield Moment("milestone", on, shape, words, caption)


def _agreements(journey: Any, noted: Iterable[tuple[date, str | None]]) -> Iterator[Moment]:
    """Each time that the agreement was noted; an import brings the last one alone, with the journey."""
    stands = [(journey.agreement_on, journey.agreement_status)] if journey.agreement_on else []
    # Of several of one day the last: where they overlap nobody reads where the agreement stands.
    for on, status in sorted(dict([*noted, *stands]).items()):
        label = agreement_title(journey.programme, status)
        yield Moment("milestone", on, "agreement" if status == "SIGNE" else "refusal", label, label)


def _relay(turn: Handed) -> Moment:
    before = f", suivi jusque-là par {turn.before}" if turn.before else ""
    return Moment("milestone", turn.on, "relay", f"{HANDED} {turn.to}{before}", "Relais")


def _turns(noted: Sequence[Turned]) -> Iterator[Moment]:
    """Each reopening, each time it was turned down, and the ends that a reopening took back.

    The journey itself says its present end alone. The caption of an end says that it was taken back: where both
    are close there may be no room for that of the reopening.
    """
    in_order = sorted(noted, key=lambda turn: turn.on)
    reopened = [turn for turn in in_order if turn.kind == "REOUVERTURE"]
    for place, turn in enumerate(turn for turn in in_order if turn.kind in _ENDS):
        back = place < len(reopened)
        if turn.kind == TURNED_DOWN or back:
            words, caption = _ENDS[turn.kind]
            said = f"{words}{TAKEN_BACK if back else ''}{turn.noted_by}"
            yield Moment("milestone", turn.on, "exit", said, f"{caption}, puis rouvert" if back else caption)
    for turn in reopened:
        yield Moment("milestone", turn.on, "opened", f"Parcours rouvert{turn.noted_by}", "Rouvert")


def _stages(journey: Any, noted: Sequence[Turned]) -> Iterator[Moment]:
    """Each stage that somebody took the journey to; a date of the journey of that day has the caption already."""
    for turn in noted:
        if turn.kind in TRANSITIONS[journey.programme] and turn.kind not in _ENDS:
            label = stage_label(journey.programme, turn.kind)
            names = DATED_BY[journey.programme].get(turn.kind, ())
            dated = any(getattr(journey, name) == turn.on for name in names)
            yield Moment(
                "milestone", turn.on, "step", f"Étape : {label}{turn.noted_by}", "" if dated else label
            )
