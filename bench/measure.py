"""Medians, interleaved runs, and a line per goal."""

from __future__ import annotations

import os
import platform
import signal
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """Seconds of A and of B, taken in turn in the same run."""

    a: tuple[float, ...]
    b: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Median of A over median of B."""
        return statistics.median(self.a) / statistics.median(self.b)


def in_turn(a: Callable[[], float], b: Callable[[], float], runs: int, warm_up: int = 3) -> Pair:
    """Measure A, B, A, B… so that a slower moment of the machine falls on both."""
    for _ in range(warm_up):
        a(), b()
    taken = [(a(), b()) for _ in range(runs)]
    return Pair(tuple(x for x, _ in taken), tuple(y for _, y in taken))


def p95(values: tuple[float, ...]) -> float:
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]


def line(name: str, ratio: float, goal: float | None, detail: str = "") -> str:
    """One result: the ratio, its goal and whether it holds (without a goal: for information)."""
    holds = goal is None or ratio <= goal
    verdict = "pour information" if goal is None else f"au plus {goal:g} : {'ok' if holds else 'au-dessus'}"
    return f"{name:<70} {ratio:>8.2f}  {verdict:<24}  {detail}"


def milliseconds(values: tuple[float, ...]) -> str:
    return f"médiane {statistics.median(values) * 1000:.1f} ms, p95 {p95(values) * 1000:.1f} ms"


def machine() -> str:
    """What the absolute times depend on; ratios depend on it less."""
    load = os.getloadavg()[0]
    cores = os.cpu_count()
    return (
        f"Python {platform.python_version()}, {platform.machine()}, {cores} cœurs, charge {load:.1f} au départ."
        " Mesures alternées (A B A B…), rapports de médianes."
    )


def end_cleanly() -> None:
    """Asked to stop, a bench stops its server and removes its files, as it does at its end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
