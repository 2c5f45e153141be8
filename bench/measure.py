"""Medians, interleaved runs, and a line per goal."""

from __future__ import annotations

import statistics
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


def line(name: str, ratio: float, goal: float, detail: str = "") -> str:
    """One result: the ratio, its goal, and whether it holds."""
    verdict = "ok" if ratio <= goal else "AU-DESSUS"
    return f"{name:<58} {ratio:>8.2f}  (au plus {goal:g})  {verdict}  {detail}"


def milliseconds(values: tuple[float, ...]) -> str:
    return f"médiane {statistics.median(values) * 1000:.1f} ms, p95 {p95(values) * 1000:.1f} ms"
