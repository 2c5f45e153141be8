"""Every deadline from scratch: the rules alone, on facts in memory, as a recount runs them on one core."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from bench.measure import line, milliseconds
from coordination import clock
from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.cases.rules import deadlines
from coordination.exchange.bundle.reader import read_bundle
from coordination.exchange.evaluate.told import told
from coordination.exchange.simulate import simulate, write_bundle
from coordination.referrals.rules import deadlines as of_referrals

PRE, CITE, MONTHS, SEED = 149, 320, 18, 1
JOURNEYS, ROUNDS = 3_000, 9


def from_scratch() -> str:
    """Seconds that JOURNEYS journeys take, those of the reference territory again and again; the goal is one."""
    today, calendar, thresholds = clock.today(), Calendar.load(), Thresholds.default()
    with tempfile.TemporaryDirectory() as folder:
        write_bundle(simulate(pre=PRE, cite=CITE, months=MONTHS, seed=SEED, as_of=today), Path(folder))
        journeys = told(read_bundle(Path(folder), as_of=today).lines)
    taken, found = [], 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for journey in journeys:
            standing = deadlines(journey.facts, calendar, thresholds)
            standing |= of_referrals(journey.facts, journey.referrals, calendar, thresholds)
            found += len(standing)
        taken.append((time.perf_counter() - started) * JOURNEYS / len(journeys))
    assert found > len(journeys) * ROUNDS
    name = f"Échéances de {JOURNEYS} parcours de zéro, un cœur, en s"
    return line(name, median(taken), 1, milliseconds(tuple(taken)))
