"""`make bench-large`: the ratios that only show at a million journeys."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from statistics import median
from typing import NamedTuple

import psycopg
from sqlalchemy import Engine, text

from bench.fill import (
    DEADLINES_EACH,
    DUE_DAYS,
    DUE_EACH_DAY,
    MANY_DAYS,
    MANY_EACH_DAY,
    OWN,
    Base,
    fill,
    server,
    superuser,
)
from bench.measure import end_cleanly, in_turn, line, machine, milliseconds
from coordination import clock, embedded
from coordination.alerts import scan as scanning
from coordination.alerts.catalogue import rules
from coordination.worker import worker_engine

SMALL, LARGE = 10_000, 1_000_000
LIST_RUNS = 300
Taken = tuple[float, ...]

_COLUMNS = "j.id, j.ref, j.programme, j.stage, j.opened_on, j.referent_id"
# The wall filters; the query says nothing about who asks.
_OWN_LIST = f"SELECT {_COLUMNS} FROM journey j WHERE j.exit_on IS NULL ORDER BY j.ref"
# What one would write without the wall: the same conditions, by hand.
_BY_HAND = f"""
SELECT DISTINCT {_COLUMNS} FROM account c
JOIN access a ON a.actor_id = c.id AND a.from_at <= now() AND (a.until_at IS NULL OR a.until_at > now())
JOIN journey j ON j.id = a.journey_id
WHERE c.id = %s AND c.suspended_at IS NULL AND c.secrecy_basis <> 'AUCUN'
  AND c.charter_signed_on <= (now() AT TIME ZONE 'Europe/Paris')::date
  AND c.charter_expires_on > (now() AT TIME ZONE 'Europe/Paris')::date
  AND j.exit_on IS NULL ORDER BY j.ref
"""
_RANGE = (
    "SELECT journey_id, rule, kind, subject_id, folder_id, due_on, since, because FROM deadline"
    " WHERE alert_id IS NULL AND due_on <= %s"
)

_BARE_INSERT = """
INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on, initial,
                   status)
SELECT md5(%(on)s || ctid::text)::uuid, journey_id, folder_id, rule, kind, subject_id, since, due_on, because,
       %(on)s, false, 'OUVERTE' FROM deadline WHERE alert_id IS NULL AND due_on <= %(on)s
"""
_BARE_TIE = """
UPDATE deadline d SET alert_id = a.id FROM alert a
WHERE d.alert_id IS NULL AND d.due_on <= %(on)s AND a.journey_id = d.journey_id AND a.rule = d.rule
  AND a.kind = d.kind AND a.subject_id = d.subject_id AND a.since = d.since
"""


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def own_list(base: Base) -> str:
    """75 journeys of a million: under row-level security, then by a join that a careful hand would write."""
    web = embedded.dsn(embedded.role_url(base.settings, "web"))
    maintenance = embedded.dsn(embedded.role_url(base.settings, "maintenance"))
    chosen = random.Random(1)
    with psycopg.connect(web) as walled, psycopg.connect(maintenance, autocommit=True) as free:
        people = [
            row[0]
            for row in free.execute("SELECT id FROM account WHERE display_name LIKE 'referent%'").fetchall()
        ]
        asked: list[object] = []

        def under_the_wall() -> float:
            walled.rollback()
            asked[:] = [chosen.choice(people)]
            walled.execute("SELECT set_config('app.actor', %s, true)", (str(asked[0]),))
            # Once without counting: both then find the same pages in memory.
            walled.execute(_OWN_LIST).fetchall()
            found: list[object] = []
            seconds = timed(lambda: found.extend(walled.execute(_OWN_LIST).fetchall()))
            assert len(found) in (OWN, LARGE % OWN), len(found)
            return seconds

        def by_hand() -> float:
            free.execute(_BY_HAND, asked).fetchall()
            return timed(lambda: free.execute(_BY_HAND, asked).fetchall())

        pair = in_turn(under_the_wall, by_hand, LIST_RUNS, warm_up=20)
    name = f"Ses {OWN} parcours sur {spaced(base.journeys)} / jointure à la main"
    return line(name, pair.ratio, 1.1, f"{milliseconds(pair.a)}, jointure {median(pair.b) * 1000:.1f} ms")


def range_seconds(base: Base, on: date) -> float:
    """The bare index range, read once before so that what follows finds it in memory."""
    with psycopg.connect(superuser(base.settings), autocommit=True) as connection:
        connection.execute(_RANGE, (on,)).fetchall()
        return timed(lambda: connection.execute(_RANGE, (on,)).fetchall())


def finding_seconds(base: Base, on: date, *, taking: bool) -> float:
    """What the scan asks first, as the worker asks it; `taking`: it also takes each line for itself, a write."""
    asked = str(scanning._OPEN).split("due AS (")[1].split("),\n")[0]
    wanted = text(asked if taking else asked.split(" FOR UPDATE")[0])
    with worker_of(base).connect() as connection:
        connection.execute(scanning._BY_INDEX)
        seconds = timed(lambda: connection.execute(wanted, {"on": on, "known": list(rules())}).all())
        connection.rollback()
        return seconds


def bare_write_seconds(base: Base, on: date) -> float:
    """The least that opening the same alerts can cost: the two writes alone, past every policy, undone after.

    Whoever keeps them has their keys checked: undone, they are asked for before the end.
    """
    with psycopg.connect(superuser(base.settings)) as connection:
        # Left to guess, the planner reads whole tables, and the scan would shine beside it.
        connection.execute(str(scanning._BY_INDEX))
        started = time.perf_counter()
        connection.execute(_BARE_INSERT, {"on": on})
        connection.execute(_BARE_TIE, {"on": on})
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        seconds = time.perf_counter() - started
        connection.rollback()
    return seconds


@cache
def worker_of(base: Base) -> Engine:
    """As `coordination worker` has it: one connection for as long as it lives.

    A worker of months has every page of the server's shared memory in its own map, one of this morning maps each
    page it meets: it is read through once before anything is measured.
    """
    engine = worker_engine(base.settings)
    with engine.begin() as connection:
        connection.execute(scanning._BY_INDEX)
        # By its key: a table read in order passes through a few pages of memory only.
        connection.execute(
            text("SELECT count(due_on) FROM deadline WHERE journey_id > :first"), {"first": uuid.UUID(int=0)}
        )
    return engine


def scan_seconds(base: Base, on: date, due: int = DUE_EACH_DAY) -> float:
    """The whole scan of a day as the worker does it, its `due` alerts written and committed."""
    result = scanning.scan(worker_of(base), on, clock.now(), named=False)
    assert result.number == due, result.number
    return result.elapsed_s


def a_day_passes(base: Base) -> None:
    """Between two scans lie many checkpoints; after each the log takes a page whole at its first change."""
    with psycopg.connect(superuser(base.settings), autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def logged(base: Base) -> float:
    """Megabytes that the server's log has been given since it began."""
    with psycopg.connect(superuser(base.settings), autocommit=True) as connection:
        row = connection.execute("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn) / 1e6").fetchone()
    assert row is not None
    return float(row[0])


def day_of(base: Base, on: date) -> tuple[float, ...]:
    """What was measured of one day on a base, always in this order: what comes before each is the same on both."""
    bare = range_seconds(base, on)
    finding, taking = (finding_seconds(base, on, taking=taking) for taking in (False, True))
    a_day_passes(base)
    writes = bare_write_seconds(base, on)
    a_day_passes(base)
    before = logged(base)
    scan = scan_seconds(base, on)
    log = logged(base) - before
    # Asked for the day before, it finds nothing due: that day is done, this one is too late for it.
    idle = scan_seconds(base, on - timedelta(days=1), due=0)
    return bare, finding, taking, writes, scan, idle, log


def scans(small: Base, large: Base, today: date) -> list[str]:
    """Each day in turn on both bases: the range, what the scan finds, the whole scan with its alerts written."""
    days = [today + timedelta(days=number) for number in range(1, DUE_DAYS + 1)]
    taken = [(day_of(small, on), day_of(large, on)) for on in days]
    kept = taken[3:]  # the first days fill caches
    of_small, of_large = ([Day(*day[place]) for day in kept] for place in (0, 1))
    return told(of_small, of_large)


def many_at_once(large: Base, today: date) -> str:
    """Days on which 15 000 come due: the whole scan against opening as many rows by bare SQL."""
    first = today + timedelta(days=1 + DUE_DAYS)
    taken = []
    for on in (first + timedelta(days=number) for number in range(MANY_DAYS)):
        range_seconds(large, on)
        taken.append((bare_write_seconds(large, on), scan_seconds(large, on, due=MANY_EACH_DAY)))
    # The first day grows the files that the others find.
    writes, scan = zip(*taken[1:], strict=True)
    detail = f"{milliseconds(scan)}, écritures nues {median(writes) * 1000:.0f} ms"
    name = f"Balayage, {spaced(MANY_EACH_DAY)} échus sur {spaced(LARGE)} parcours / mêmes écritures, nues"
    return line(name, median(scan) / median(writes), 3, detail)


class Day(NamedTuple):
    """Seconds of each measure on one day of one base; `log`: megabytes that the scan gave the server's log."""

    range: float
    finding: float
    taking: float
    writes: float
    scan: float
    idle: float
    log: float


def told(small: Sequence[Day], large: Sequence[Day]) -> list[str]:
    """The lines about scans; what each compares is in its words."""
    deadlines = spaced(LARGE * DEADLINES_EACH)

    def of(days: Sequence[Day], name: str) -> Taken:
        return tuple(getattr(day, name) for day in days)

    def growth(name: str, words: str, goal: float | None = 1.2) -> str:
        detail = f"{milliseconds(of(large, name))}, petite base {median(of(small, name)) * 1000:.1f} ms"
        ratio = median(of(large, name)) / median(of(small, name))
        return line(f"{words}, {spaced(LARGE)} parcours / {spaced(SMALL)}", ratio, goal, detail)

    bare, writes = median(of(large, "range")), median(of(large, "writes"))
    scan = median(of(large, "scan"))
    return [
        line(
            f"Trouver l'échu du jour, {deadlines} échéances / intervalle d'index nu",
            median(of(large, "finding")) / bare,
            2,
            f"{milliseconds(of(large, 'finding'))}, intervalle {bare * 1000:.1f} ms",
        ),
        line(
            "  en le réservant / intervalle d'index nu",
            median(of(large, "taking")) / bare,
            2,
            milliseconds(of(large, "taking")),
        ),
        line(
            f"Balayage du jour, {DUE_EACH_DAY} alertes / intervalle et mêmes écritures, nus",
            scan / (bare + writes),
            2,
            f"{milliseconds(of(large, 'scan'))}, écritures nues {writes * 1000:.1f} ms",
        ),
        # A range that is read writes nothing: no goal can hold here, and the number is told all the same.
        line(f"Balayage du jour, {DUE_EACH_DAY} alertes / intervalle d'index nu seul", scan / bare, 2),
        growth("finding", "Trouver l'échu du jour"),
        growth("taking", "  en le réservant", None),
        growth("idle", "Balayage, rien d'échu"),
        # As many buffers are asked for on both bases; what grows is how many are distinct. At a million each alert
        # changes its own pages (deadline, folder, a leaf of each key), and the log takes each of them whole.
        growth("scan", f"Balayage, {DUE_EACH_DAY} échus"),
        growth("writes", "Les mêmes écritures, nues", None),
        f"  Mo écrits au journal par ce balayage : {median(of(large, 'log')):.1f},"
        f" petite base {median(of(small, 'log')):.1f}",
    ]


def spaced(number: int) -> str:
    """A number as French writes it."""
    return f"{number:,}".replace(",", " ")


def main() -> None:
    end_cleanly()
    print(machine(), flush=True)
    today = clock.today()
    with server() as settings:
        started = time.perf_counter()
        small = fill(settings, "petite", SMALL, today)
        large = fill(settings, "grande", LARGE, today)
        taken = time.perf_counter() - started
        print(f"Remplissage : {taken:.0f} s, {large.size / 1e9:.1f} Go.", flush=True)
        print(own_list(large), flush=True)
        for words in scans(small, large, today):
            print(words, flush=True)
        print(many_at_once(large, today), flush=True)


if __name__ == "__main__":
    main()
