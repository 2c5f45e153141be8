"""What people write about a journey, kind by kind: one table drives the forms, the checks and the commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from coordination.cases import models
from coordination.cases.dates import CHAINS, FACTS, Chain
from coordination.cases.volets import volet_of_action, volet_of_barrier, volet_of_objective, volet_of_right
from coordination.privacy.volets import Volet

Values = Mapping[str, Any]


class Shape(StrEnum):
    """How a cell is asked for, and so the type of its value."""

    DAY = "day"  # date
    CODE = "code"  # str, one of `codes`
    LINE = "line"  # str, a few words
    TEXT = "text"  # str, several lines
    STRUCTURE = "structure"  # UUID
    NUMBER = "number"  # int
    MONTH = "month"  # str, "2021-03"
    HOUR = "hour"  # str, "14:30"


@dataclass(frozen=True)
class Cell:
    """One column of a record as people fill it in.

    `codes`: name of its list (see `vocabulary.coded`). `first`: how many choices stand before « Autres ».
    `start`: what a new record begins with ("today", "last", or a code). `moves`: it may decide of the volet.
    `either`: it is needed where another cell is empty, so that it is not called optional.
    """

    name: str
    label: str
    shape: Shape = Shape.DAY
    codes: str = ""
    required: bool = False
    help: str = ""
    first: int = 0
    start: str = ""
    moves: bool = False
    either: bool = False


@dataclass(frozen=True)
class RecordKind:
    """A kind of record. `slug`: its place in addresses. `group`: the facts that rules read (see rules.GROUPS).

    `rare`: cells behind one more tap on a new record. `programmes`: those whose journeys it concerns.
    `after_end`: it is written on an ended journey, and there alone. `listed`: the page that adds one shows those
    already noted. `told`: it is whole as it was noted, so that changing it is mending it.
    """

    slug: str
    model: Any
    cells: tuple[Cell, ...]
    new: str
    name: str
    saved: str
    help: str = ""
    group: str = ""
    volet: Callable[[str, Values], Volet] = lambda _programme, _values: Volet.COORDINATION
    rare: frozenset[str] = frozenset()
    programmes: frozenset[str] = frozenset({"PRE", "CITE_EMPLOI"})
    after_end: bool = False
    listed: bool = False
    told: bool = False

    def concerns(self, programme: str, ended: bool) -> bool:
        """Whether it can be added to a journey of that programme."""
        return programme in self.programmes and (ended or not self.after_end)

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)

    @property
    def change(self) -> str:
        """What changing one is called: most have a next step (a return, a result, an end) with nothing wrong."""
        return "Corriger" if self.told else "Mettre à jour"

    @property
    def chains(self) -> tuple[Chain, ...]:
        """Dates that follow each other."""
        return CHAINS.get(self.table, ())

    @property
    def facts(self) -> frozenset[str]:
        """Dates of what happened."""
        return FACTS.get(self.table, frozenset())

    def cell(self, name: str) -> Cell:
        return next(cell for cell in self.cells if cell.name == name)


_STRUCTURE = Cell("structure_id", "Structure", Shape.STRUCTURE, start="last")

OBJECTIVE = RecordKind(
    "objectif",
    models.Objective,
    (
        Cell(
            "fact",
            "Ce qui doit changer",
            Shape.TEXT,
            required=True,
            help="Un fait que l'on pourra constater.",
        ),
        Cell(
            "own_words",
            "Les mots de la famille ou de la personne",
            Shape.TEXT,
            help="Tels qu'ils ont été dits.",
        ),
        Cell("axis", "Domaine", Shape.CODE, "axis_or_barrier", moves=True, first=4),
        Cell("baseline", "Où l'on en est", Shape.TEXT, help="Ce qui se constate au départ."),
        Cell("set_on", "Fixé le", required=True, start="today"),
        Cell("outcome", "Ce qui a changé", Shape.TEXT),
        Cell("reached_on", "Atteint le"),
    ),
    "Un objectif",
    "Objectif",
    "Objectif enregistré.",
    volet=lambda _programme, values: volet_of_objective(values.get("axis")),
    rare=frozenset({"outcome", "reached_on"}),
)
ACTION = RecordKind(
    "action",
    models.Action,
    (
        Cell("kind", "Type d'action", Shape.CODE, "pre_action_type", required=True, first=6, moves=True),
        Cell("detail", "Précisions", Shape.TEXT, help="Avec « Autre », l'action se lit sous ces mots."),
        Cell("axis_or_barrier", "Pour avancer sur", Shape.CODE, "axis_or_barrier", first=4, moves=True),
        Cell(
            "droit_commun",
            "Le droit commun (ce qui existe déjà pour tous)",
            Shape.CODE,
            "droit_commun_check",
            required=True,
        ),
        _STRUCTURE,
        Cell("owner", "Qui s'en occupe", Shape.LINE, help="Un nom ou une fonction."),
        Cell("planned_start", "Début prévu", start="today", either=True),
        Cell("planned_end", "Fin prévue"),
        Cell("contract_objective", "Objectif du contrat de ville", Shape.CODE, "contract_objective"),
        Cell("status", "Où en est l'action", Shape.CODE, "action_status", required=True, start="PREVUE"),
        Cell("started_on", "Commencée le"),
        Cell("suspended_on", "Interrompue depuis le", help="Si l'action est interrompue en ce moment."),
        Cell("ended_on", "Terminée le"),
    ),
    "Une action",
    "Action",
    "Action enregistrée.",
    group="actions",
    volet=lambda _programme, values: volet_of_action(values.get("kind"), values.get("axis_or_barrier")),
    rare=frozenset({"detail", "contract_objective", "status", "started_on", "suspended_on", "ended_on"}),
)
ATTENDANCE = RecordKind(
    "seance",
    models.Attendance,
    (
        Cell("status", "Présence", Shape.CODE, "attendance", required=True),
        Cell("on_date", "Date de la séance", required=True),
    ),
    "Des présences",
    "Séance",
    "Présence enregistrée.",
    group="sessions",
    told=True,
)
BARRIER = RecordKind(
    "frein",
    models.Barrier,
    (
        Cell("barrier", "Ce qui freine", Shape.CODE, "barrier", required=True, first=8, moves=True),
        Cell("level", "Importance", Shape.CODE, "barrier_level"),
        Cell("identified_on", "Repéré le", required=True, start="today"),
        Cell("lifted_on", "Levé le"),
    ),
    "Un frein",
    "Frein",
    "Frein enregistré.",
    help="La conséquence dans la vie de tous les jours, jamais une maladie.",
    group="barriers",
    volet=lambda programme, values: volet_of_barrier(programme, values.get("barrier")),
    rare=frozenset({"lifted_on"}),
)
APPOINTMENT = RecordKind(
    "rendez-vous",
    models.Appointment,
    (
        Cell("on_date", "Date du rendez-vous", required=True),
        Cell("at_time", "Heure", Shape.HOUR),
        Cell("place", "Lieu ou précision", Shape.LINE),
        _STRUCTURE,
        Cell(
            "status",
            "Où il en est",
            Shape.CODE,
            "appointment_status",
            required=True,
            start="A_VENIR",
        ),
    ),
    "Un rendez-vous",
    "Rendez-vous",
    "Rendez-vous enregistré.",
    group="appointments",
)
PAUSE = RecordKind(
    "pause",
    models.Pause,
    (
        Cell("reason", "Motif", Shape.CODE, "pause_reason", required=True),
        Cell("from_on", "Depuis le", required=True, start="today"),
        Cell(
            "expected_return", "Reprise prévue le", help="Sans date, la pause reste ouverte et sera rappelée."
        ),
        Cell("returned_on", "Reprise le"),
    ),
    "Une pause",
    "Pause",
    "Pause enregistrée.",
    group="pauses",
    rare=frozenset({"returned_on"}),
)
REVIEW = RecordKind(
    "bilan",
    models.Review,
    (
        Cell("due_on", "Prévu le", required=True),
        Cell("held_on", "Tenu le"),
        Cell("conclusions", "Conclusions", Shape.TEXT, help="La famille ou la personne peut les lire."),
    ),
    "Un bilan",
    "Bilan",
    "Bilan enregistré.",
    group="reviews",
)
RIGHT = RecordKind(
    "droit",
    models.Right,
    (
        Cell("kind", "Droit", Shape.CODE, "right_kind", required=True, moves=True),
        Cell("ends_on", "Se termine le", required=True),
    ),
    "Une fin de droit",
    "Fin de droit",
    "Fin de droit enregistrée.",
    group="rights",
    volet=lambda _programme, values: volet_of_right(values.get("kind")),
)
EVENT = RecordKind(
    "evenement",
    models.LifeEvent,
    (
        Cell("kind", "Ce qui s'est passé", Shape.CODE, "event_kind", required=True),
        Cell("on_date", "Le", required=True, start="today"),
        Cell("handled_on", "Pris en compte le"),
    ),
    "Un événement",
    "Événement",
    "Événement enregistré.",
    group="events",
    rare=frozenset({"handled_on"}),
)
EXCHANGE = RecordKind(
    "echange",
    models.Contact,
    (
        Cell(
            "note",
            "Note",
            Shape.TEXT,
            help="Des faits, des mots simples : la famille ou la personne peut lire cette note.",
        ),
        Cell("mode", "Moyen", Shape.CODE, "contact_mode", required=True, first=6),
        Cell("outcome", "Résultat", Shape.CODE, "contact_outcome", required=True),
        Cell("on_date", "Date de l'échange", required=True),
    ),
    "Un échange",
    "Échange",
    "Échange enregistré.",
    group="contacts",
    told=True,
)

KINDS: dict[str, RecordKind] = {
    kind.slug: kind
    for kind in (ACTION, APPOINTMENT, OBJECTIVE, BARRIER, PAUSE, REVIEW, RIGHT, EVENT, ATTENDANCE, EXCHANGE)
}
ADDED = tuple(slug for slug in KINDS if slug not in (ATTENDANCE.slug, EXCHANGE.slug))
"""Kinds added from the journey; attendance is entered from its action, an exchange has its own short page."""
