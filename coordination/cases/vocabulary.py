"""French words of a journey that no coded list of the territory carries."""

from __future__ import annotations

from coordination import reference

SEXES = {"F": "Fille ou femme", "M": "Garçon ou homme"}
PROGRAMMES = {"PRE": "PRE", "CITE_EMPLOI": "Cité de l'emploi"}
DOCUMENT_KINDS = {
    "ACCORD": "Accord signé",
    "SCOLARITE": "Bulletin ou autre pièce scolaire",
    "COURRIER": "Courrier",
    "ATTESTATION": "Attestation",
    "COMPTE_RENDU": "Compte rendu",
    "AUTRE": "Autre document",
}
RIGHT_LABELS = {
    "CSS": "complémentaire santé solidaire",
    "TITRE_SEJOUR": "titre de séjour",
    "MDPH": "notification MDPH",
    "ARE_ASS": "allocation chômage (ARE, ASS)",
    "PASS_IAE": "PASS IAE",
    "CEJ": "contrat d'engagement jeune",
    "CDDI_CDD": "contrat de travail (CDDI, CDD)",
    "FORMATION": "formation",
    "MESURE_ASE": "mesure de protection",
}
EVENT_LABELS = {
    "DEMENAGEMENT": "Déménagement",
    "CHANGEMENT_ETABLISSEMENT": "Changement d'établissement",
    "EVENEMENT_VIE": "Événement de vie",
    "SANCTION_REVENU": "Suspension de revenu annoncée ou décidée",
    "EXPULSION_RELOGEMENT": "Expulsion ou relogement",
    "ARRET_ANTICIPE": "Arrêt avant la fin prévue",
    "SITUATION_SANS_SOLUTION": "Situation sans solution",
    "FIN_SANS_SOLUTION": "Solution trouvée",
}


def axis_label(programme: str, code: str | None) -> str:
    """French label of an action's axis (PRE) or barrier (Cité de l'emploi)."""
    return reference.label("pre_axis" if programme == "PRE" else "barrier", code) if code else ""


def area_label(code: str | None) -> str:
    """French name of a neighbourhood or fragile residence."""
    return reference.areas().get(code, code) if code else "non renseigné"


def commune_label(insee: str | None) -> str:
    return reference.communes().get(insee, insee) if insee else "non renseignée"


def school_year_label(year: int) -> str:
    """« 2026-2027 »."""
    return f"{year}-{year + 1}"
