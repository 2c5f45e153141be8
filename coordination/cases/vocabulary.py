"""French words of a journey that no coded list of the territory carries."""

from __future__ import annotations

from coordination import reference

PROGRAMMES = {"PRE": "PRE", "CITE_EMPLOI": "Cité de l'emploi"}
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
    if not code:
        return "non renseigné"
    named = {area["key"]: area["name"] for area in reference.territory()["qpv"]}
    named |= {area.code: area.label for area in reference.fragile_areas()}
    return named.get(code) or {
        "QPV": "quartier prioritaire (à préciser)",
        "HORS_QPV": "hors quartier prioritaire",
    }.get(code, code)


def commune_label(insee: str | None) -> str:
    if not insee:
        return "non renseignée"
    return {c["insee"]: c["name"] for c in reference.territory()["communes"]}.get(insee, insee)
