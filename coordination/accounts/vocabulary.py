"""What the pages and commands say about accounts, roles and actions, in French."""

from __future__ import annotations

from dataclasses import dataclass

from coordination.privacy.policy import COORDINATING_ROLES, FACELESS_ROLES, Action

SECRECY_BASES = {
    "PROFESSION": "Secret par profession (travail social, santé)",
    "MISSION_L133_5": "Secret par mission (CASF, art. L133-5)",
    "MISSION_ASE": "Secret par mission (aide sociale à l'enfance)",
    "CONTRACTUEL": "Obligation prévue au contrat",
    "AUCUN": "Aucune base enregistrée",
}

PROGRAMME_OF_ROLE = {
    "REFERENT_PRE": "PRE",
    "COORD_PRE": "PRE",
    "CONSEILLER_ML": "CITE_EMPLOI",
    "REFERENT_PLIE": "CITE_EMPLOI",
    "COORD_CITE": "CITE_EMPLOI",
}
"""Roles that mean nothing in the other programme."""
WITHOUT_STRUCTURE = frozenset({*COORDINATING_ROLES, *FACELESS_ROLES})
"""Roles of the territory as a whole; every other one is held somewhere."""

ACTIONS = {
    Action.SIGN_IN: "Connexion",
    Action.SIGN_OUT: "Déconnexion",
    Action.VIEW_START: "Page d'accueil",
    Action.VIEW_DAY: "Ma journée",
    Action.LIST_JOURNEYS: "Liste des parcours",
    Action.LIST_STALLED: "Parcours bloqués",
    Action.SEARCH: "Recherche par nom",
    Action.OPEN_JOURNEY: "Consultation d'un parcours",
    Action.NEW_JOURNEY: "Ouverture d'un parcours",
    Action.LOG_CONTACT: "Saisie d'un échange",
    Action.WRITE_RECORD: "Saisie ou correction d'un élément du parcours",
    Action.CHANGE_PEOPLE: "Correction de l'identité, des proches ou de la scolarité",
    Action.RECORD_AGREEMENT: "Saisie d'un accord",
    Action.CHANGE_STAGE: "Changement d'étape ou de dates",
    Action.ASSIGN_REFERENT: "Affectation d'un référent",
    Action.HAND_OVER: "Changement de référent ou de suppléant",
    Action.PLAN_LEAVE: "Absences et remplacements",
    Action.END_JOURNEY: "Sortie d'un parcours",
    Action.REOPEN_JOURNEY: "Réouverture d'un parcours",
    Action.LINK_FAMILY: "Lien de famille entre parcours",
    Action.ANSWER_ALERT: "Réponse à une alerte",
    Action.REVIEW_WEEK: "Revue de la semaine",
    Action.VIEW_FORECAST: "À venir",
    Action.SHARE_VOLET: "Partage d'un volet",
    Action.ADD_DOCUMENT: "Ajout d'un document",
    Action.LIST_DOCUMENTS: "Liste des documents",
    Action.READ_DOCUMENT: "Lecture d'un document",
    Action.REMOVE_DOCUMENT: "Retrait d'un document",
    Action.KEEP_DRAFT: "Brouillon",
    Action.KEEP_DRAFT_ALONE: "Brouillon hors d'un parcours",
    Action.VIEW_COUNTS: "Consultation des chiffres",
    Action.VIEW_AUDIT: "Consultation du journal",
    Action.MANAGE_ACCOUNTS: "Gestion des comptes",
    Action.MANAGE_LISTS: "Gestion des listes",
    Action.SET_THRESHOLDS: "Réglage des seuils d'alerte",
    Action.CHOOSE_PASSWORD: "Choix du mot de passe",
    Action.IMPORT: "Import",
    Action.EXPORT: "Export",
    Action.RECOMPUTE: "Calcul des échéances",
    Action.BACKUP: "Sauvegarde",
    Action.RESTORE: "Restauration",
}


@dataclass(frozen=True)
class RoleGuide:
    """What a role finds here: what it is for, what works today, what comes, what it never sees."""

    purpose: str
    today: tuple[str, ...]
    coming: tuple[str, ...] = ()
    never: str = ""


_FOLLOWING = (
    "Voir chaque matin qui attend un signe de vous.",
    "Noter un échange, une tournée, la suite d'un rendez-vous en quelques gestes.",
    "Tenir le parcours à jour : accord, actions, objectifs, pauses, bilans, documents.",
    "Noter vos absences et qui vous remplace.",
)
GUIDES = {
    "REFERENT_PRE": RoleGuide(
        "Vous accompagnez des enfants et leur famille.",
        _FOLLOWING,
        never="Vous ne voyez que les parcours dont vous êtes référent ou suppléant.",
    ),
    "CONSEILLER_ML": RoleGuide(
        "Vous accompagnez des personnes vers l'emploi, à la Mission Locale.",
        _FOLLOWING,
        never="Vous ne voyez que les parcours dont vous êtes référent ou suppléant.",
    ),
    "REFERENT_PLIE": RoleGuide(
        "Vous accompagnez des personnes vers l'emploi, au PLIE.",
        _FOLLOWING,
        never="Vous ne voyez que les parcours dont vous êtes référent ou suppléant.",
    ),
    "COORD_PRE": RoleGuide(
        "Vous coordonnez le Projet de réussite éducative.",
        (
            "Voir tous les parcours du PRE, ceux qui s'arrêtent et ceux dont on n'a plus de nouvelles.",
            "Répartir les parcours entre référents, ouvrir et clore un parcours.",
            "Rechercher un enfant par son nom.",
        ),
        ("Préparer l'ordre du jour de l'EPS et saisir ses décisions en séance.",),
        "Vous ne voyez pas les parcours de la Cité de l'emploi.",
    ),
    "COORD_CITE": RoleGuide(
        "Vous coordonnez la Cité de l'emploi.",
        (
            "Voir tous les parcours de la Cité, ceux qui s'arrêtent et ceux dont on n'a plus de nouvelles.",
            "Répartir les parcours entre référents, ouvrir et clore un parcours.",
            "Rechercher une personne par son nom.",
        ),
        ("Suivre les orientations restées sans réponse.",),
        "Vous ne voyez pas les parcours du PRE.",
    ),
    "EPS_ECOLE": RoleGuide(
        "Vous siégez à l'équipe pluridisciplinaire de soutien pour votre école ou votre collège.",
        ("Vous connecter et vérifier que votre compte est en règle.",),
        (
            "Envoyer une saisine pour un élève, avec l'accord de ses parents.",
            "Lire l'ordre du jour d'une séance, puis la décision prise.",
            "Suivre la tâche qui vous est confiée.",
        ),
        "Vous ne verrez jamais les volets social, santé et protection. Une fiche ne s'ouvre que le temps de"
        " la séance.",
    ),
    "EPS_SOCIAL": RoleGuide(
        "Vous siégez à l'équipe pluridisciplinaire de soutien comme professionnel du social ou de la santé.",
        ("Vous connecter et vérifier que votre compte est en règle.",),
        (
            "Envoyer une saisine, avec l'accord des parents.",
            "Lire l'ordre du jour d'une séance, puis la décision prise.",
            "Suivre la tâche qui vous est confiée.",
        ),
        "Une fiche ne s'ouvre que le temps de la séance où elle est examinée.",
    ),
    "CENTRE_SOCIAL": RoleGuide(
        "Vous rencontrez les habitants au centre social et dans le quartier.",
        ("Vous connecter et vérifier que votre compte est en règle.",),
        (
            "Repérer une personne en une minute, sur un téléphone.",
            "Noter une démarche d'aller-vers.",
            "Savoir ce qu'est devenue la personne que vous avez orientée.",
        ),
        "Vous ne verrez que les volets joints à une orientation que vous recevez.",
    ),
    "CCAS": RoleGuide(
        "Vous accompagnez l'accès aux droits et aux aides de la commune.",
        ("Vous connecter et vérifier que votre compte est en règle.",),
        (
            "Voir les droits qui se terminent bientôt.",
            "Répondre à une orientation reçue.",
            "Noter une aide accordée.",
        ),
        "Vous ne verrez que les volets joints à une orientation que vous recevez.",
    ),
    "MEDIATEUR_SANTE": RoleGuide(
        "Vous facilitez l'accès aux soins et aux droits de santé.",
        ("Vous connecter et vérifier que votre compte est en règle.",),
        ("Répondre à une orientation reçue.", "Dire que le premier rendez-vous a eu lieu."),
        "Vous ne verrez que les volets joints à une orientation que vous recevez, jamais une pathologie.",
    ),
    "PILOTAGE": RoleGuide(
        "Vous suivez l'action dans son ensemble.",
        ("Lire les chiffres par étape et par type de rupture.",),
        never="Aucun nom, aucune fiche : les effectifs de moins de 5 personnes sont cachés.",
    ),
    "DPO": RoleGuide(
        "Vous veillez à la protection des données des familles.",
        ("Lire le journal des accès : ce qui est fait, ce qui est refusé.",),
        ("Suivre les demandes des familles et les durées de conservation.",),
        "Vous ne voyez le contenu d'aucun parcours.",
    ),
    "ADMIN": RoleGuide(
        "Vous tenez les comptes et les structures.",
        (
            "Créer un compte, lui donner des rôles et leurs dates, le suspendre.",
            "Tenir la charte et la base du secret de chacun.",
            "Tenir les structures, les listes, les quartiers fragiles, les années scolaires.",
        ),
        (),
        "Vous ne voyez aucun parcours.",
    ),
}
