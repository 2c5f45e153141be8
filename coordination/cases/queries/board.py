"""The coordinator's board: capacity, who waits, the load of each référent, files that nobody follows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coordination.alerts.sentences import BREAKS
from coordination.alerts.standing import Counts
from coordination.cases.queries.followers import Follower, Orphan, able_pairs, followers, orphans
from coordination.cases.queries.listing import Gauge, JourneyLine, gauges, lines
from coordination.cases.queries.people import account_names
from coordination.cases.queries.relays import Away, Leaving, leaving, uncovered
from coordination.cases.queries.running import Team, counted, running_and_counts
from coordination.clock import paris_date
from coordination.console import alphabetical
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Grant

CONTACT_RULES = frozenset({"A01", "A02", "A08", "A09", "A10"})
DUE_WITHIN = timedelta(days=14)
# Of each list, the board shows the beginning; the rest is one link away.
FIRST = 8
# Stages where somebody waits for the programme to make a place: code -> what is awaited.
WAITING = {
    "ATTENTE": "une place",
    "EPS_INSCRIT": "le passage en équipe pluridisciplinaire",
    "REPERE": "un premier rendez-vous",
}


@dataclass(frozen=True)
class Load:
    """What one référent carries; `stalled` and `due` count people. `able`: they may follow more."""

    id: uuid.UUID | None
    name: str
    followed: int
    backed: int
    stalled: int
    due: int
    able: bool


@dataclass(frozen=True)
class Waiting:
    """`since`, `from_opening`: as of `Staged`."""

    line: JourneyLine
    awaits: str
    since: date | None
    from_opening: bool


@dataclass(frozen=True)
class OrphanLine:
    line: JourneyLine
    why: str
    since: date | None


@dataclass(frozen=True)
class Board:
    away: tuple[Away, ...]
    leaving: tuple[Leaving, ...]
    gauges: tuple[Gauge, ...]
    breaks: tuple[tuple[str, str, int], ...]
    loads: tuple[Load, ...]
    waiting: tuple[Waiting, ...]
    waiting_total: int
    orphans: tuple[OrphanLine, ...]
    orphans_total: int

    @property
    def shown(self) -> list[str]:
        """Ids of the journeys named on the page, for the audit."""
        found = [waiting.line for waiting in self.waiting] + [orphan.line for orphan in self.orphans]
        return sorted({str(line.person.journey_id) for line in found})


def board(grant: Grant, actor: Actor, now: datetime) -> Board:
    """Everything of the board. A fixed number of statements."""
    today = paris_date(now)
    able = followers(actor, now)
    read, stalled = running_and_counts(able_pairs(able), FIRST, WAITING, CONTACT_RULES, today + DUE_WITHIN)
    lost, lost_total = orphans(able, read, now)
    gone, parting = uncovered(read.teams, today), leaving(read.teams, now)
    loads = _loads(able, read.teams, stalled)
    # Last, since the lines narrow the transaction to the journeys shown.
    ids = list(dict.fromkeys([one.journey_id for one in read.staged] + [one.journey_id for one in lost]))
    by_id = {line.person.journey_id: line for line in lines(grant, today, ids)}
    return Board(
        gone,
        parting,
        gauges(counted((team.programme, team.number) for team in read.teams)),
        tuple((code, label, stalled.by_break.get(code, 0)) for code, label in BREAKS.items()),
        loads,
        tuple(
            Waiting(by_id[id_], WAITING[stage], since, from_opening)
            for id_, stage, since, from_opening in read.staged
            if id_ in by_id
        ),
        read.staged_total,
        tuple(_orphan_lines(lost, by_id)),
        lost_total,
    )


def _orphan_lines(lost: Sequence[Orphan], by_id: dict[uuid.UUID, JourneyLine]) -> list[OrphanLine]:
    return [
        OrphanLine(by_id[orphan.journey_id], orphan.why, orphan.since)
        for orphan in lost
        if orphan.journey_id in by_id
    ]


def _loads(able: list[Follower], teams: Sequence[Team], stalled: Counts) -> tuple[Load, ...]:
    """By référent, those who can follow and follow nobody yet included; the most loaded first."""
    followed = counted((team.referent_id, team.number) for team in teams)
    backed = counted((team.backup_id, team.number) for team in teams)
    names = {follower.id: follower.name for follower in able}
    others = {id_ for id_ in followed if id_ and id_ not in names}
    every: dict[uuid.UUID | None, str] = dict([*names.items(), *account_names(others).items()])
    if followed[None]:
        every[None] = "Aucun référent"
    found = [
        Load(
            id_,
            name,
            followed[id_],
            backed[id_] if id_ else 0,
            stalled.stalled.get(id_, 0),
            stalled.due.get(id_, 0),
            id_ in names,
        )
        for id_, name in every.items()
    ]
    # A coordinator who follows nobody is no référent to weigh.
    kept = [load for load in found if load.followed or load.backed or load.able]
    return tuple(
        sorted(kept, key=lambda load: (load.id is not None, -load.followed, alphabetical(load.name)))
    )
