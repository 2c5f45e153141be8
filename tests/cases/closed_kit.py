"""A journey in full swing, facts in any of its volets, and readers who do not have all of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from coordination.alerts.commands import Answer, answer_alert
from coordination.cases.commands.agreements import NewAgreement, record_agreement
from coordination.cases.commands.attendance import note_sessions
from coordination.cases.commands.documents import NewDocument, attach_document
from coordination.cases.commands.records import add_fact, correct_fact, remove_fact
from coordination.cases.kinds_facts import ALL_KINDS
from coordination.errors import BadInput
from tests.cases.life_kit import version
from tests.cases.pages_kit import NOW, account
from tests.cases.records_kit import filled
from tests.conftest import TODAY
from tests.people import make_account
from tests.support import import_rows, person, rows, scalar, sign_charters

T = TypeVar("T")
COLLEAGUE = "colleague@demo.example"
WRITERS = {"CITE_EMPLOI": "mipe.ml@demo.example", "PRE": "referent.pre@demo.example"}
COORDINATORS = {"CITE_EMPLOI": "coordination.cite@demo.example", "PRE": "coordination.pre@demo.example"}
STAGES = {"CITE_EMPLOI": "EN_ACTION", "PRE": "EN_COURS"}


@dataclass(frozen=True)
class Reader:
    """`basis`: how they came to the journey; `volets`: all that they read of it."""

    email: str
    programme: str
    basis: str
    volets: frozenset[str]

    def __str__(self) -> str:
        return f"{self.email.split('@')[0]} {self.programme} {'+'.join(sorted(self.volets))}"


@dataclass
class World:
    """One journey in full swing, with all its volets open to who follows it."""

    programme: str
    journey: uuid.UUID

    @property
    def writer(self) -> str:
        return WRITERS[self.programme]

    def note(self, slug: str, /, **values: Any) -> uuid.UUID:
        kind = ALL_KINDS[slug]
        given = filled(kind, **values)
        who = person(self.writer)
        return _confirmed(lambda sure: add_fact(who, kind, self.journey, given, NOW, sure=sure))

    def correct(self, slug: str, record: uuid.UUID, /, **values: Any) -> None:
        kind = ALL_KINDS[slug]
        number = scalar(f"SELECT version FROM {kind.table} WHERE id = %s", record)
        given = filled(kind, **values)
        who = person(self.writer)
        _confirmed(lambda sure: correct_fact(who, kind, record, number, given, NOW, sure=sure))

    def remove(self, slug: str, record: uuid.UUID) -> None:
        remove_fact(person(self.writer), ALL_KINDS[slug], self.journey, record, 1, NOW)

    def attach(self, volet: str) -> None:
        new = NewDocument("AUTRE", volet, "Pièce.pdf", b"%PDF-1.7\n1 0 obj\n")
        attach_document(person(self.writer), self.journey, new, NOW)

    def sessions(self, action: uuid.UUID, status: str = "ABSENT") -> None:
        days = {TODAY - timedelta(days=7 * n): status for n in (1, 2, 3)}
        note_sessions(person(self.writer), action, days, NOW)

    def answer(self, volets: Collection[str], who: str) -> int:
        """Somebody answers one alert after the other of these volets; how many."""
        found = rows(
            "SELECT a.id, a.version FROM alert a JOIN folder f ON f.id = a.folder_id WHERE a.journey_id = %s"
            " AND f.volet = ANY (%s) AND a.status = 'OUVERTE' ORDER BY a.rule",
            self.journey,
            [*volets],
        )
        for alert, number in found:
            answer_alert(person(who), alert, Answer("PRISE_EN_CHARGE"), number, NOW)
        return len(found)

    def has_measure(self) -> None:
        """A measure of child protection, which an import alone brings."""
        ref = scalar("SELECT ref FROM journey WHERE id = %s", self.journey)
        ends = str(TODAY + timedelta(days=30))
        import_rows({"rights.csv": [{"journey": ref, "kind": "MESURE_ASE", "ends_on": ends}]}, TODAY)
        sign_charters(charter_expires_on=date(2126, 1, 1))


def _confirmed(act: Callable[[Collection[str]], T]) -> T:
    """Done, whatever is asked about it first."""
    try:
        return act(())
    except BadInput as asked:
        assert asked.asked, asked.fields
        return act(tuple(asked.asked.values()))


def begin(reader: Reader) -> World:
    writer = account(WRITERS[reader.programme])
    journey = scalar(
        "SELECT id FROM journey WHERE referent_id = %s AND stage = %s AND exit_on IS NULL AND backup_id IS NULL"
        " ORDER BY ref LIMIT 1",
        writer,
        STAGES[reader.programme],
    )
    world = World(reader.programme, journey)
    if reader.email == COLLEAGUE:
        role = {"CITE_EMPLOI": "CONSEILLER_ML", "PRE": "REFERENT_PRE"}[reader.programme]
        colleague = make_account(role, email=COLLEAGUE, programme=reader.programme)
        rows("UPDATE journey SET backup_id = %s WHERE id = %s", colleague, journey)
    rows("DELETE FROM pause WHERE journey_id = %s", journey)
    days = ("opened_on", "entered_on", "validated_on", "diagnosis_on")
    rows(
        f"UPDATE journey SET {', '.join(f'{name} = %s' for name in days)} WHERE id = %s",
        *(TODAY - timedelta(days=n) for n in (300, 200, 190, 180)),
        journey,
    )
    parents = rows("SELECT id FROM representative WHERE journey_id = %s ORDER BY position LIMIT 1", journey)
    signed = NewAgreement("SIGNE", TODAY - timedelta(days=120), signer_id=parents[0][0] if parents else None)
    record_agreement(person(world.writer), journey, signed, version(journey), NOW)
    # Facts that everybody sees, each of which a fact of health may answer.
    for table in ("attendance", "action"):
        rows(f"DELETE FROM {table} WHERE journey_id = %s", journey)
    barrier = "MOBILITE" if reader.programme == "CITE_EMPLOI" else "SCOLARITE"
    world.note("action", axis_or_barrier=barrier, status="TERMINEE_ATTEINTE", planned_start=-40, ended_on=-30)
    if reader.programme == "CITE_EMPLOI":
        world.note("frein", barrier="MOBILITE", identified_on=-60)
    return world


def give(world: World, reader: Reader) -> None:
    """The reader has these volets of the journey and no other one."""
    who = account(reader.email)
    write = reader.basis in ("referent", "backup")
    rows("DELETE FROM access WHERE actor_id = %s AND journey_id = %s", who, world.journey)
    rows(
        "INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at) SELECT"
        " gen_random_uuid(), %s, journey_id, id, %s, %s OR (volet = 'coordination' AND %s = 'coordinator'),"
        " '2026-01-01' FROM folder WHERE journey_id = %s AND volet = ANY (%s)",
        *(who, reader.basis, write, reader.basis, world.journey, [*reader.volets]),
    )


def health(world: World) -> None:
    """An action of every kind, seen to and corrected, a barrier, a right that ends, an objective, a document."""
    barrier = "MOBILITE" if world.programme == "CITE_EMPLOI" else "SCOLARITE"
    running = world.note("action", kind="PSY", axis_or_barrier=barrier, status="EN_COURS", started_on=-50)
    world.note("action", kind="BILAN_SANTE", axis_or_barrier="SANTE", status="PREVUE", planned_start=5)
    world.note(
        "action",
        kind="PSY",
        axis_or_barrier=barrier,
        status="TERMINEE_ATTEINTE",
        started_on=-20,
        ended_on=-1,
        planned_start=-20,
    )
    wrong = world.note(
        "action", kind="ORTHOPHONIE", axis_or_barrier="SANTE", status="PREVUE", planned_start=1
    )
    world.correct("action", wrong, kind="PSY", axis_or_barrier="SANTE", status="SUSPENDUE", suspended_on=-30)
    # As an import may leave it: a rule then lacks that day.
    rows("UPDATE action SET suspended_on = NULL WHERE id = %s", wrong)
    gone = world.note("action", kind="PSY", axis_or_barrier="SANTE", planned_start=9)
    world.remove("action", gone)
    if world.programme == "PRE":
        world.sessions(running)
    else:
        world.note("frein", barrier="SANTE", identified_on=-70)
    world.note("droit", kind="MDPH", ends_on=20)
    world.note("objectif", axis="SANTE")
    world.attach("sante")


def everything(world: World) -> None:
    """What stands in every volet but coordination."""
    health(world)
    world.note("droit", kind="CSS", ends_on=10)
    world.attach("social")
    if world.programme == "PRE":
        world.note("frein", barrier="MOBILITE")
        world.note("absence", on_date=-1, half_days=4)
        world.attach("scolarite")
    else:
        world.note("droit", kind="CEJ", ends_on=10)
        world.note("frein", barrier="LANGUE", identified_on=-70)
        world.note("candidature", employer="Un chantier", applied_on=-50)
        world.attach("emploi")


def social_apart(world: World) -> None:
    """As `health`, with what stands in the volet of employment."""
    health(world)
    world.note("droit", kind="CEJ", ends_on=10)
    world.note("candidature", employer="Un chantier", applied_on=-50)
    world.attach("emploi")


def measure(world: World) -> None:
    world.has_measure()
