"""`make ruptures`: the table of docs/ruptures.md, measured again on invented territories (about a minute)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import reduce
from operator import add
from pathlib import Path
from statistics import mean

from coordination.exchange.evaluate.bundle import read, replayed
from coordination.exchange.evaluate.measure import Figures
from coordination.exchange.evaluate.run import Evaluation
from coordination.exchange.simulate import simulate, write_bundle

SEEDS = (1, 2, 3, 4, 5)
AS_OF = date(2026, 3, 2)
PRE, CITE, MONTHS = 149, 320, 18
COLUMNS = {
    "no_contact_30": "Sans échange 30 j",
    "no_contact_60": "Sans échange 60 j",
    "no_edit_30": "Rien d’écrit 30 j",
}


def main() -> None:
    print(f"{PRE} parcours PRE et {CITE} parcours Cité de l’emploi, {MONTHS} mois jusqu’au {AS_OF}, "
          f"graines {SEEDS[0]} à {SEEDS[-1]}, saisie imparfaite.\n", flush=True)  # fmt: skip
    broken = [measured(seed) for seed in SEEDS]
    for text in sides(broken):
        print(text)
    print()
    for text in seeds(broken, [measured(seed, breaks=False) for seed in SEEDS]):
        print(text, flush=True)


def measured(seed: int, *, breaks: bool = True) -> Evaluation:
    """One territory, through the files that `coordination simulate` writes and `coordination evaluate` reads."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = simulate(pre=PRE, cite=CITE, months=MONTHS, seed=seed, as_of=AS_OF, breaks=breaks)
        write_bundle(bundle, Path(folder))
        result, known = read(Path(folder), AS_OF)
        assert not result.faults
        return replayed(result, known, AS_OF)


def sides(found: Sequence[Evaluation]) -> Iterable[str]:
    """The rules and the columns of days, all seeds together."""
    yield "| | ruptures | trouvées | rappel | jours gagnés sur 60 j | alertes | dont lignes nouvelles | précision |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for type_ in found[0].rules.types:
        yield _row(f"Règles, {type_.lower()}", total(found, lambda e, t=type_: e.rules.types[t]))
    yield _row("**Règles, toutes**", total(found, lambda e: e.rules.all))
    for name, title in COLUMNS.items():
        yield _row(title, total(found, lambda e, n=name: e.baselines[n].all))


def seeds(broken: Sequence[Evaluation], calm: Sequence[Evaluation]) -> Iterable[str]:
    """The goals, seed by seed: with breaks, and in the same territories without any."""
    yield (
        "| graine | rappel | rappel 30 j | alertes | alertes 30 j | jours gagnés sur 60 j "
        "| par référent et semaine (le plus chargé) | à tort, sans rupture (le plus chargé) "
        "| tout compris, sans rupture |"
    )
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for seed, with_breaks, without in zip(SEEDS, broken, calm, strict=True):
        rules, plain = with_breaks.rules.all, with_breaks.baselines["no_contact_30"].all
        yield (
            f"| {seed} | {_percent(rules.recall)} | {_percent(plain.recall)} | {rules.alerts} | {plain.alerts} "
            f"| {rules.median_days_before_silence_60:.0f} | {_load(with_breaks.rules.per_week)} "
            f"| {_load(without.rules.false)} | {_load(without.rules.per_week)} |"
        )


def total(found: Sequence[Evaluation], part: Callable[[Evaluation], Figures]) -> Figures:
    return reduce(add, map(part, found))


def _row(title: str, figures: Figures) -> str:
    gained = figures.median_days_before_silence_60
    return (
        f"| {title} | {figures.breaks} | {figures.found} | {_percent(figures.recall)} "
        f"| {'-' if gained is None else f'{gained:.0f}'} | {figures.alerts} | {figures.lines} "
        f"| {_percent(figures.precision)} |"
    )


def _load(per_week: dict[str, float]) -> str:
    """Mean over the référents, and the most loaded one; the journeys of nobody left out."""
    loads = [number for email, number in per_week.items() if email]
    return f"{mean(loads):.2f} ({max(loads):.2f})".replace(".", ",")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %".replace(".", ",")


if __name__ == "__main__":
    main()
