"""The one table of permissions: which action needs what. Row-level security has already hidden the rest.

A predicate sees small facts (`Actor`, `Subject`), never a database row. A right to do something needs any of
the listed predicates.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from coordination.errors import Forbidden
from coordination.privacy.actor import Actor
from coordination.privacy.volets import Volet

TEAM = frozenset({"referent", "backup"})
FOLLOWING_ROLES = ("REFERENT_PRE", "CONSEILLER_ML", "REFERENT_PLIE")
COORDINATING_ROLES = ("COORD_PRE", "COORD_CITE")
# Roles that never see a person, whatever they sign.
FACELESS_ROLES = ("PILOTAGE", "DPO", "ADMIN")


class Action(StrEnum):
    """What can be done; the value stands in the audit."""

    SIGN_IN = "connexion"
    SIGN_OUT = "deconnexion"
    VIEW_START = "accueil"
    VIEW_DAY = "ma_journee"
    LIST_JOURNEYS = "liste_parcours"
    LIST_STALLED = "liste_parcours_bloques"
    SEARCH = "recherche"
    OPEN_JOURNEY = "consultation_parcours"
    NEW_JOURNEY = "ouverture_parcours"
    LOG_CONTACT = "saisie_echange"
    WRITE_RECORD = "saisie_element"
    CHANGE_PEOPLE = "modification_personnes"
    RECORD_AGREEMENT = "saisie_accord"
    CHANGE_STAGE = "changement_etape"
    ASSIGN_REFERENT = "affectation_referent"
    HAND_OVER = "passage_relais"
    PLAN_LEAVE = "absences"
    END_JOURNEY = "sortie_parcours"
    REOPEN_JOURNEY = "reouverture_parcours"
    LINK_FAMILY = "lien_famille"
    ANSWER_ALERT = "reponse_alerte"
    REVIEW_WEEK = "revue_semaine"
    VIEW_FORECAST = "a_venir"
    ADD_DOCUMENT = "ajout_document"
    LIST_DOCUMENTS = "liste_documents"
    READ_DOCUMENT = "lecture_document"
    REMOVE_DOCUMENT = "retrait_document"
    KEEP_DRAFT = "brouillon"
    KEEP_DRAFT_ALONE = "brouillon_sans_parcours"
    SHARE_VOLET = "partage_volet"
    VIEW_COUNTS = "chiffres"
    VIEW_AUDIT = "consultation_journal"
    MANAGE_ACCOUNTS = "gestion_comptes"
    MANAGE_LISTS = "gestion_listes"
    SET_THRESHOLDS = "reglage_seuils"
    CHOOSE_PASSWORD = "choix_mot_de_passe"
    IMPORT = "import"
    EXPORT = "export"
    RECOMPUTE = "recalcul_echeances"
    BACKUP = "sauvegarde"
    RESTORE = "restauration"


# Works that change who may open what. They take their turn before they read anything: what `sync_access` computes
# rests on who follows, who is away and what is agreed, and two that lock the same rows lock them in one order.
IN_TURN = frozenset(
    {
        Action.NEW_JOURNEY,
        Action.RECORD_AGREEMENT,
        Action.CHANGE_STAGE,
        Action.ASSIGN_REFERENT,
        Action.HAND_OVER,
        Action.PLAN_LEAVE,
        Action.END_JOURNEY,
        Action.REOPEN_JOURNEY,
        Action.SHARE_VOLET,
        Action.MANAGE_ACCOUNTS,
        Action.IMPORT,
    }
)


@dataclass(frozen=True)
class Subject:
    """The journey an action is about, reduced to the actor's relation to it."""

    journey_id: uuid.UUID
    programme: str
    bases: frozenset[str] = frozenset()
    readable: frozenset[Volet] = frozenset()
    writable: frozenset[Volet] = frozenset()


@dataclass(frozen=True)
class Grant:
    """Proof that the policy allowed `action`; sealed fields open and audit lines are written only with one."""

    actor_id: uuid.UUID
    action: Action
    journey_id: uuid.UUID | None
    readable: frozenset[Volet] = field(default=frozenset())
    writable: frozenset[Volet] = field(default=frozenset())


Predicate = Callable[[Actor, "Subject | None"], bool]


def anybody(actor: Actor, subject: Subject | None) -> bool:
    return True


def signed_in(actor: Actor, subject: Subject | None) -> bool:
    return actor.kind == "person"


def operator(actor: Actor, subject: Subject | None) -> bool:
    return actor.kind == "operator"


def role(*codes: str) -> Predicate:
    def holds(actor: Actor, subject: Subject | None) -> bool:
        return actor.has(*codes)

    return holds


def sees_journey(actor: Actor, subject: Subject | None) -> bool:
    return subject is not None and bool(subject.readable)


def writes_coordination(actor: Actor, subject: Subject | None) -> bool:
    return subject is not None and Volet.COORDINATION in subject.writable


def writes_somewhere(actor: Actor, subject: Subject | None) -> bool:
    return subject is not None and bool(subject.writable)


def follows(actor: Actor, subject: Subject | None) -> bool:
    return subject is not None and bool(subject.bases & TEAM)


def is_referent(actor: Actor, subject: Subject | None) -> bool:
    return subject is not None and "referent" in subject.bases


def coordinates(actor: Actor, subject: Subject | None) -> bool:
    return subject is not None and "coordinator" in subject.bases


POLICY: dict[Action, tuple[Predicate, ...]] = {
    Action.SIGN_IN: (anybody,),
    Action.SIGN_OUT: (anybody,),
    Action.VIEW_START: (signed_in,),
    # A coordinator may be given a journey too.
    Action.VIEW_DAY: (role(*FOLLOWING_ROLES), role(*COORDINATING_ROLES)),
    Action.LIST_JOURNEYS: (role(*COORDINATING_ROLES),),
    Action.LIST_STALLED: (role(*COORDINATING_ROLES),),
    Action.SEARCH: (role(*FOLLOWING_ROLES), role(*COORDINATING_ROLES)),
    Action.OPEN_JOURNEY: (sees_journey,),
    Action.NEW_JOURNEY: (role(*FOLLOWING_ROLES), role(*COORDINATING_ROLES), operator),
    Action.LOG_CONTACT: (writes_coordination,),
    Action.WRITE_RECORD: (writes_coordination,),
    Action.CHANGE_PEOPLE: (writes_coordination,),
    Action.RECORD_AGREEMENT: (writes_coordination,),
    Action.CHANGE_STAGE: (writes_coordination,),
    Action.ASSIGN_REFERENT: (coordinates, operator),
    Action.HAND_OVER: (is_referent, coordinates),
    Action.PLAN_LEAVE: (role(*FOLLOWING_ROLES), role(*COORDINATING_ROLES)),
    Action.END_JOURNEY: (writes_coordination,),
    Action.REOPEN_JOURNEY: (writes_coordination,),
    Action.LINK_FAMILY: (writes_coordination,),
    Action.ANSWER_ALERT: (follows, coordinates),
    Action.REVIEW_WEEK: (coordinates,),
    Action.VIEW_FORECAST: (role(*FOLLOWING_ROLES), role(*COORDINATING_ROLES)),
    # Which volet, the folder decides.
    Action.ADD_DOCUMENT: (writes_somewhere,),
    Action.LIST_DOCUMENTS: (sees_journey,),
    Action.READ_DOCUMENT: (sees_journey,),
    Action.REMOVE_DOCUMENT: (writes_somewhere,),
    Action.KEEP_DRAFT: (writes_coordination,),
    Action.KEEP_DRAFT_ALONE: (role(*FOLLOWING_ROLES), role(*COORDINATING_ROLES)),
    Action.SHARE_VOLET: (follows, coordinates),
    Action.VIEW_COUNTS: (role("PILOTAGE"), role(*COORDINATING_ROLES)),
    Action.VIEW_AUDIT: (role("DPO"), operator),
    Action.MANAGE_ACCOUNTS: (role("ADMIN"), operator),
    Action.MANAGE_LISTS: (role("ADMIN"), operator),
    Action.SET_THRESHOLDS: (role(*COORDINATING_ROLES),),
    Action.CHOOSE_PASSWORD: (anybody,),
    Action.IMPORT: (operator,),
    Action.EXPORT: (operator,),
    Action.RECOMPUTE: (operator,),
    Action.BACKUP: (operator,),
    Action.RESTORE: (operator,),
}


def can(actor: Actor, action: Action, subject: Subject | None = None) -> bool:
    """Whether the policy allows `action`."""
    return any(allows(actor, subject) for allows in POLICY[action])


def require(actor: Actor, action: Action, subject: Subject | None = None) -> Grant:
    """A Grant, or Forbidden."""
    if not can(actor, action, subject):
        raise Forbidden("Votre rôle ne permet pas cette action.")
    if subject is None:
        return Grant(actor.id, action, None, frozenset(Volet), frozenset())
    return Grant(actor.id, action, subject.journey_id, subject.readable, subject.writable)
