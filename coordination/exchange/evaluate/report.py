"""What an evaluation tells: one object for `--json`, a table for a person. No name stands in it.

The object: `{"from", "to", "journeys", "types", "all", "referents", "baselines"}`. `types`: type of break ->
`{"breaks", "found", "recall", "median_days_before_silence_60", "alerts", "precision"}`, and `all` the same for all
of them; shares between 0 and 1, null where there is nothing to divide by. `referents`: e-mail ("" for the
journeys of nobody) -> `{"alerts_per_week"}`. `baselines`: `no_contact_30`, `no_contact_60`, `no_edit_30` -> the
same `types`, `all` and `referents`. With events, also `opened`: every alert in the order of the replay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from coordination.alerts.catalogue import rules
from coordination.console import count
from coordination.exchange.evaluate.measure import Figures, Raised
from coordination.exchange.evaluate.run import Evaluation, Side

TITLES = {
    "no_contact_30": "Colonne « sans échange depuis 30 jours »",
    "no_contact_60": "Colonne « sans échange depuis 60 jours »",
    "no_edit_30": "Colonne « rien d’écrit depuis 30 jours »",
}
HEADER = ("", "ruptures", "trouvées", "rappel", "jours gagnés", "alertes", "précision")
WIDTHS = (16, 8, 8, 7, 12, 7, 9)


def as_json(evaluation: Evaluation, *, events: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {
        "from": evaluation.first.isoformat(),
        "to": evaluation.last.isoformat(),
        "journeys": len(evaluation.referents),
        **_side(evaluation.rules),
        "baselines": {name: _side(side) for name, side in evaluation.baselines.items()},
    }
    if events:
        told["opened"] = [_event(one, evaluation.referents[one.journey]) for one in evaluation.opened]
    return told


def _side(side: Side) -> dict[str, Any]:
    return {
        "types": {type_: _row(figures) for type_, figures in side.types.items()},
        "all": _row(side.all),
        "referents": {
            email: {"alerts_per_week": round(number, 3)} for email, number in side.per_week.items()
        },
    }


def _row(figures: Figures) -> dict[str, Any]:
    return {
        "breaks": figures.breaks,
        "found": figures.found,
        "recall": _rounded(figures.recall),
        "median_days_before_silence_60": figures.median_days_before_silence_60,
        "alerts": figures.alerts,
        "precision": _rounded(figures.precision),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _event(one: Raised, referent: str) -> dict[str, Any]:
    alert = one.alert
    return {
        "on": alert.on.isoformat(),
        "journey": one.journey,
        "referent": referent or None,
        "rule": alert.rule,
        "kind": alert.kind,
        "subject": alert.subject,
        "rupture_type": rules()[alert.rule].break_type,
        "severity": alert.severity,
    }


def as_text(evaluation: Evaluation) -> str:
    """The table in French, the rules first, then the columns that users have today."""
    lines = [
        f"{len(evaluation.referents)} parcours rejoués du {evaluation.first} au {evaluation.last}, "
        + count(evaluation.rules.all.breaks, "rupture connue.", "ruptures connues."),
        "",
        _cells(HEADER),
    ]
    sides = {"Les règles": evaluation.rules}
    sides |= {TITLES[name]: side for name, side in evaluation.baselines.items()}
    for title, side in sides.items():
        lines += ["", title, *_rows(side)]
    lines += [
        "",
        "Jours gagnés : à la médiane, sur la colonne des 60 jours (au moins, quand elle n’a rien vu).",
        "Alertes : VIGILANCE et plus, une par personne et par semaine, sans la situation de départ.",
        "",
        "Personnes signalées par semaine            les règles  dont à tort  sans échange 30 j",
    ]
    plain = evaluation.baselines["no_contact_30"].per_week
    for email, number in evaluation.rules.per_week.items():
        numbers = (number, evaluation.rules.false[email], plain[email])
        told = (_number(each).rjust(width) for each, width in zip(numbers, (14, 13, 19), strict=True))
        lines.append(f"  {email or '(sans référent)':<36}{''.join(told)}")
    lines += [
        "",
        "À tort : hors de toute rupture, et autre chose que le rappel d’une date (âge, droit, durée).",
    ]
    return "\n".join(lines)


def _rows(side: Side) -> Iterator[str]:
    for type_, figures in {**side.types, "Toutes": side.all}.items():
        gained = figures.median_days_before_silence_60
        yield _cells(
            (
                f"  {type_.capitalize()}",
                str(figures.breaks),
                str(figures.found),
                _percent(figures.recall),
                "-" if gained is None else f"{gained:.0f}",
                str(figures.alerts),
                _percent(figures.precision),
            )
        )


def _cells(cells: tuple[str, ...]) -> str:
    first, *others = (
        cell.ljust(width) if place == 0 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )
    return "  ".join((first, *others)).rstrip()


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _number(number: float) -> str:
    return f"{number:.1f}".replace(".", ",")
