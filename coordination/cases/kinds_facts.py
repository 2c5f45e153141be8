"""Kinds of records that concern one programme, or an ended journey, beside those of `kinds`."""

from __future__ import annotations

from coordination.cases import models, models_facts
from coordination.cases.kinds import ADDED, KINDS, Cell, RecordKind, Shape
from coordination.privacy.volets import Volet

PRE = frozenset({"PRE"})
CITE = frozenset({"CITE_EMPLOI"})

INVITATION = RecordKind(
    "invitation",
    models_facts.Invitation,
    (
        Cell("kind", "Invitation à", Shape.CODE, "invitation_kind", required=True),
        Cell("sent_on", "Envoyée le", required=True, start="today"),
        Cell("answer", "Réponse", Shape.CODE, "invitation_answer"),
        Cell("answered_on", "Réponse reçue le"),
    ),
    "Une invitation",
    "Invitation",
    "Invitation enregistrée.",
    group="invitations",
    rare=frozenset({"answer", "answered_on"}),
    programmes=CITE,
)
APPLICATION = RecordKind(
    "candidature",
    models_facts.IaeApplication,
    (
        Cell("employer", "Structure d'insertion", Shape.LINE, required=True, help="Son nom."),
        Cell("job", "Poste", Shape.LINE),
        Cell("applied_on", "Envoyée le", required=True, start="today"),
        Cell("answer", "Réponse", Shape.CODE, "application_answer"),
        Cell("answered_on", "Réponse reçue le"),
    ),
    "Une candidature",
    "Candidature",
    "Candidature enregistrée.",
    help="Une candidature à une structure d'insertion par l'activité économique.",
    group="applications",
    volet=lambda _programme, _values: Volet.EMPLOI,
    rare=frozenset({"answer", "answered_on"}),
    programmes=CITE,
)
CHILD = RecordKind(
    "enfant",
    models_facts.HouseholdChild,
    (
        Cell(
            "birth_month",
            "Mois de naissance",
            Shape.MONTH,
            required=True,
            help="Le mois et l'année suffisent, par exemple 03/2021.",
        ),
        Cell("care", "Mode de garde", Shape.TEXT, help="En quelques mots. Aucun nom d'enfant ici."),
    ),
    "Un enfant du foyer",
    "Enfant du foyer",
    "Enfant du foyer enregistré.",
    help="Sert à prévenir quand les aides à la garde changent : à 3, 6 et 12 ans.",
    group="children",
    programmes=CITE,
    listed=True,
)
FOLLOW_UP = RecordKind(
    "suivi",
    models_facts.FollowUp,
    (
        Cell("on_date", "Nouvelles prises le", required=True, start="today"),
        Cell("situation", "Situation", Shape.CODE, "exit_situation", required=True),
        Cell("note", "Précisions", Shape.TEXT),
    ),
    "Un suivi après la sortie",
    "Suivi de sortie",
    "Suivi après la sortie enregistré.",
    help="La situation de la personne quelques mois après son parcours, surtout à six mois.",
    group="follow_ups",
    programmes=CITE,
    after_end=True,
    told=True,
)
RETENTION = RecordKind(
    "conservation",
    models_facts.RetentionDecision,
    (
        Cell("decision", "Ce qui est décidé", Shape.CODE, "retention_choice", required=True),
        Cell("on_date", "Décidé le", required=True, start="today"),
        Cell("reason", "Pourquoi", Shape.TEXT, help="Nécessaire pour garder le dossier plus longtemps."),
    ),
    "La décision de conservation",
    "Conservation",
    "Décision de conservation enregistrée.",
    help="Cette page garde la trace de la décision. Elle n'efface rien par elle-même.",
    group="retention_decisions",
    after_end=True,
    told=True,
)
ABSENCE = RecordKind(
    "absence",
    models.SchoolAbsence,
    (
        Cell(
            "on_date",
            "Le",
            required=True,
            start="today",
            help="Le jour de l'absence ; pour un relevé du mois, un jour de ce mois.",
        ),
        Cell(
            "half_days", "Nombre de demi-journées", Shape.NUMBER, required=True, help="Deux pour une journée."
        ),
    ),
    "Une absence à l'école",
    "Absence à l'école",
    "Absence à l'école enregistrée.",
    group="school_absences",
    volet=lambda _programme, _values: Volet.SCOLARITE,
    programmes=PRE,
    listed=True,
    told=True,
)

STAY = RecordKind(
    "decision",
    models_facts.StayDecision,
    (
        Cell("decision", "Ce qui est décidé", Shape.CODE, "stay_decision", required=True),
        Cell("on_date", "Décidé le", required=True, start="today"),
        Cell("reason", "Pourquoi", Shape.TEXT, required=True, help="La famille peut lire ce texte."),
    ),
    "Une décision",
    "Décision",
    "Décision enregistrée.",
    help="La suite d'un parcours qui arrive à 12, 18 ou 24 mois. Elle éteint l'alerte de cette échéance si elle"
    " est datée du jour de l'annonce ou d'après.",
    group="stay_decisions",
    programmes=PRE,
    told=True,
)

OWN_KINDS: dict[str, RecordKind] = {
    kind.slug: kind for kind in (INVITATION, APPLICATION, CHILD, ABSENCE, STAY, FOLLOW_UP, RETENTION)
}
ALL_KINDS: dict[str, RecordKind] = {**KINDS, **OWN_KINDS}
"""Slug -> kind, of every record that pages write."""
ALL_ADDED = (*ADDED, *OWN_KINDS)
"""Slugs of those added from a journey."""


def offered(programme: str, *, ended: bool) -> list[RecordKind]:
    """What can be added to a journey."""
    return [kind for kind in map(ALL_KINDS.__getitem__, ALL_ADDED) if kind.concerns(programme, ended)]
