"""French words of a journey that no coded list of the territory carries."""

from __future__ import annotations

from coordination import reference
from coordination.web.filters import MONTHS

# A child in the PRE, an adult in the Cité de l'emploi.
SEXES = {"PRE": {"F": "Fille", "M": "Garçon"}, "CITE_EMPLOI": {"F": "Femme", "M": "Homme"}}
PROGRAMMES = {"PRE": "PRE", "CITE_EMPLOI": "Cité de l'emploi"}
AGREEMENT_NAMES = {"PRE": "Accord des parents", "CITE_EMPLOI": "Accord de la personne"}
# Where an agreement may stand in the PRE alone.
OF_PARENTS = ("UN_SEUL_PARENT",)
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
# Codes of `appointment_status` that say what became of it; the others wait for one of these.
OUTCOMES = ("HONORE", "ABS_EXCUSEE", "ABS_NON_EXCUSEE", "ANNULE_SERVICE")
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

ATTENDANCE_LABELS = {"PRESENT": "Présence", "EXCUSE": "Absence excusée", "ABSENT": "Absence"}
ATTENDANCE_COUNTS = {
    "PRESENT": ("présence", "présences"),
    "EXCUSE": ("absence excusée", "absences excusées"),
    "ABSENT": ("absence", "absences"),
}
INVITATION_LABELS = {
    "REUNION": "Réunion d'information",
    "ATELIER": "Atelier",
    "ENTRETIEN": "Entretien",
}
INVITATION_ANSWERS = {
    "VIENDRA": "Viendra",
    "AUTRE_DATE": "Demande une autre date",
    "NE_VIENDRA_PAS": "Ne viendra pas",
}
APPLICATION_ANSWERS = {
    "ENTRETIEN": "Entretien proposé",
    "RETENUE": "Candidature retenue",
    "REFUSEE": "Candidature refusée",
    "RETIREE": "Candidature retirée",
}
EXIT_SITUATIONS = {
    "EMPLOI": "En emploi",
    "FORMATION": "En formation",
    "RECHERCHE": "Sans emploi",
    "AUTRE": "Autre situation",
    "INCONNUE": "Personne non jointe",
}
# Codes of the EPS's own decisions (eps_decision), whose labels speak of 12 months alone and of the exit as done.
STAY_DECISIONS = {
    "POURSUITE": "Poursuite du parcours",
    "PROLONGATION": "Prolongation",
    "SORTIE": "Préparer la sortie",
}
RETENTION_CHOICES = {"EFFACER": "Effacer le dossier", "CONSERVER": "Le garder plus longtemps"}
ACTION_KINDS, OTHER_ACTION = "pre_action_type", "AUTRE"
BY_PROGRAMME: dict[str, dict[str, str]] = {
    "stage": {"PRE": "pre_stage", "CITE_EMPLOI": "employment_stage"},
    "exit_reason": {"PRE": "pre_exit_reason", "CITE_EMPLOI": "employment_exit_reason"},
    "axis_or_barrier": {"PRE": "pre_axis", "CITE_EMPLOI": "barrier"},
}
"""Lists that depend on the programme of the journey: name -> programme -> coded list."""

_OWN = {
    "right_kind": RIGHT_LABELS,
    "event_kind": EVENT_LABELS,
    "attendance": ATTENDANCE_LABELS,
    "invitation_kind": INVITATION_LABELS,
    "invitation_answer": INVITATION_ANSWERS,
    "application_answer": APPLICATION_ANSWERS,
    "exit_situation": EXIT_SITUATIONS,
    "retention_choice": RETENTION_CHOICES,
    "stay_decision": STAY_DECISIONS,
}


def coded(codes: str, programme: str | None, *, every: bool = False) -> dict[str, str]:
    """code -> French label of a list for a journey of `programme`, in its order; `every`: the retired ones too."""
    labels = reference.every_label if every else reference.labels
    if codes in BY_PROGRAMME:
        return labels(BY_PROGRAMME[codes][programme or ""])
    if codes == "contract_objective":
        return reference.contract_objectives()
    return _OWN[codes] if codes in _OWN else labels(codes)


def agreement_statuses(programme: str) -> dict[str, str]:
    """code -> French label of what may be noted of an agreement: the list speaks of families, an adult has none."""
    labels = reference.labels("parental_agreement")
    if programme == "PRE":
        return labels
    return {code: _of_adult(label) for code, label in labels.items() if code not in OF_PARENTS}


def agreement_label(programme: str, status: str | None) -> str:
    """French label of where an agreement stands."""
    label = reference.label("parental_agreement", status)
    return label if programme == "PRE" else _of_adult(label)


def agreement_title(programme: str, status: str | None) -> str:
    """The same, where nothing around says that an agreement is spoken of."""
    label = agreement_label(programme, status)
    return label if label.startswith("Accord") else f"Accord : {label.lower()}"


def _of_adult(label: str) -> str:
    return label.replace("la famille", "la personne")


# Kinds of action that are for a child: not offered for an adult, though an import may bring any.
_FOR_A_CHILD = frozenset({"ENTRETIEN_FAMILLE", "SOUTIEN_SCO", "COUP_POUCE", "VACANCES", "MEDIATION_ECOLE"})
# The list has no kind for what most adults do: it is written beside « Autre », which stands first.
_FOR_AN_ADULT = (
    OTHER_ACTION,
    "ACC_PHYSIQUE",
    "DECOUVERTE_METIERS",
    "MEDIATION_SANTE",
    "AIDE_MATERIELLE",
    "VAD",
)
_WHAT_ADULTS_DO = "{} : formation, immersion, insertion, emploi… (à préciser)"
LONGEST_NAME = 60


def offered(codes: str, programme: str) -> dict[str, str]:
    """As `coded`, what a form offers: for an adult, of the kinds of action, theirs alone and in their order."""
    every = coded(codes, programme)
    if codes != ACTION_KINDS or programme == "PRE":
        return every
    kept = [c for c in (*_FOR_AN_ADULT, *every) if c in every and c not in _FOR_A_CHILD]
    return {c: _WHAT_ADULTS_DO.format(every[c]) if c == OTHER_ACTION else every[c] for c in kept}


def action_label(programme: str, kind: str | None, axis: str | None, detail: str | None) -> str:
    """What an action is called: its kind; of another kind or none, its first words, else what it is about."""
    if kind and kind != OTHER_ACTION:
        return reference.label(ACTION_KINDS, kind)
    words = (detail or "").partition("\n")[0].strip()
    return shortened(words, LONGEST_NAME) or axis_label(programme, axis) or "Autre action"


def shortened(words: str, most: int) -> str:
    """At most so many signs, cut between two words where there is one."""
    if len(words) <= most:
        return words
    head = words[:most].rpartition(" ")[0] or words[: most - 1]
    return head.rstrip(" ,;:.") + "…"


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


def month_label(month: str) -> str:
    """« mars 2021 » from "2021-03"."""
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"


def hour_label(hour: str) -> str:
    """« 9 h », « 14 h 30 » from "14:30"."""
    whole, minute = hour.split(":")
    return f"{int(whole)}\N{NO-BREAK SPACE}h" + (f"\N{NO-BREAK SPACE}{minute}" if minute != "00" else "")


def appointment_label(hour: str | None, place: str | None) -> str:
    """« 14 h 30, à la mairie », as much of it as is known."""
    return ", ".join(filter(None, (hour_label(hour) if hour else "", place)))


def half_days_label(number: str | None) -> str:
    """« 2 demi-journées d'absence »."""
    many = "s" if number not in ("0", "1") else ""
    return f"{number} demi-journée{many} d'absence" if number else "Absence"


def outcome_labels() -> dict[str, str]:
    """What an appointment may have become, in the words of the list: those by which it is told afterwards."""
    labels = reference.labels("appointment_status")
    return {code: labels[code] for code in OUTCOMES}
