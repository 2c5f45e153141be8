"""What "en savoir plus" says of an alert: its fact, the count, what ends it, where the threshold is from."""

from __future__ import annotations

from dataclasses import dataclass

from coordination import reference
from coordination.alerts.catalogue import Thresholds, rules

BASES = {
    "sourced": "un texte ou une étude",
    "reasoned": "un choix raisonné, à vérifier à l'usage",
    "mixed": "un texte ou une étude, complété par un choix raisonné",
}

FACTS = {
    "exchange": "le dernier échange",
    "agreement": "l'accord signé",
    "opening": "l'ouverture du parcours",
    "pause_return": "le retour de pause",
    "absences": "le deuxième rendez-vous manqué de suite",
    "attempts": "la première des tentatives sans réponse",
    "invalid_details": "le constat de coordonnées invalides",
    "agreement_refused": "le refus de l'accord",
    "agreement_withdrawn": "le retrait de l'accord",
    "pause": "le début de la pause",
    "expected_return": "la reprise prévue",
    "validation": "la validation du parcours",
    "entry": "l'entrée dans le parcours",
    "review": "la date prévue du bilan",
    "referral_sent": "l'envoi de l'orientation",
    "referral_accepted": "l'accord du partenaire",
    "referral_refused": "le refus du partenaire",
    "action_end": "la fin de l'action",
    "action_planned_end": "la fin prévue de l'action",
    "age": "le mois à partir duquel préparer cet âge",
    "right_end": "la fin du droit",
    "event": "l'événement",
    "sessions": "la séance qui fait le signe",
    "school_absences": "l'absence qui atteint le nombre",
    "school_year": "le changement d'année scolaire",
    "summer": "le début des vacances d'été",
    "action_suspended": "l'interruption de l'action",
    "action_stopped": "la fin de l'action",
    "action_planned_start": "le début prévu",
    "appointment": "le rendez-vous",
    "diagnosis": "le diagnostic",
    "barrier": "le repérage du frein",
    "rsa_opening": "l'ouverture du RSA",
    "orientation": "l'orientation",
    "contract_limit": "la date limite du contrat d'engagement",
    "writing": "la dernière écriture sur le parcours",
    "leave": "le début de l'absence",
    "referent_end": "le départ du référent",
    "invitation": "l'envoi de l'invitation",
    "application": "l'envoi de la candidature",
    "child_age": "le mois à partir duquel préparer cet âge",
    "exit": "la sortie du parcours",
}

_EXCHANGE = "un échange"
ENDS = {
    **dict.fromkeys(("A01", "A02", "A03", "A04", "A08", "A09", "A10", "A11", "I11"), _EXCHANGE),
    **dict.fromkeys(("A15", "A16"), "toute écriture sur le parcours"),
    **dict.fromkeys(("I02", "I03", "I04", "I05"), "le retour noté"),
    "I01": "le retour noté, ou une date de reprise",
    **dict.fromkeys(("T09", "T10", "T11"), "une décision datée de l'annonce ou d'après, ou la sortie"),
    **dict.fromkeys(("T14", "T15", "T16"), "une réponse datée, ou une autre orientation qui la remplace"),
    **dict.fromkeys(("T22", "T23"), "la signature du contrat d'engagement"),
    **dict.fromkeys(("T26", "T27"), "la fin de la situation sans solution"),
    **dict.fromkeys(("S02", "S03", "S04"), "le changement de niveau"),
    **dict.fromkeys(("S19", "S21", "S22", "S24", "I12"), "l'événement noté comme pris en compte"),
    **dict.fromkeys(("S01", "S06", "S07", "S08", "S09"), "la sortie du parcours"),
    "A05": "la prochaine présence",
    "A06": "le premier du mois qui suit le mois suivant",
    "A07": "le premier du mois qui suit le mois suivant",
    "A17": "une réponse à l'invitation",
    "T28": "une réponse à la candidature",
    "T31": "un suivi noté après la sortie",
    "T32": "un bilan de fond tenu",
    "S14": "un bilan tenu depuis l'orientation",
    "S20": "la sortie du parcours",
    "S26": "une décision de conservation",
    "A12": "une action prévue ou en cours",
    "A13": "un échange, ou des coordonnées corrigées",
    "A14": "un accord signé pour la nouvelle année scolaire",
    "I06": "un autre état de l'action",
    "I07": "un suppléant, ou le retour du référent",
    "I08": "le passage de relais",
    "I09": "un référent nommé",
    "I10": "un rendez-vous ou une action prévus en juillet ou août",
    "T06": "une action démarrée",
    "T08": "la date du bilan tenu",
    "T17": "une première action",
    "T18": "une nouvelle orientation envoyée",
    "T19": "une autre action prévue ou en cours",
    "T20": "un rendez-vous honoré",
    "T21": "une orientation",
    "T24": "une action démarrée",
    "T25": "une action sur ce frein, ou le frein levé",
    "T29": "le début noté, ou l'abandon",
    "T30": "l'issue du rendez-vous",
    "S05": "un établissement noté",
    "S25": "l'accord et le niveau renouvelés",
}


@dataclass(frozen=True)
class Explanation:
    """Plain French. `source`: an address or a text, None where the threshold was reasoned."""

    fact: str
    count: str
    ends: str
    basis: str
    reason: str
    source: str | None


def explain(rule_id: str, kind: str, because: str, thresholds: Thresholds) -> Explanation:
    """What the page of an alert says of its rule, with the threshold in force."""
    rule = rules()[rule_id]
    return Explanation(
        FACTS.get(because, "le fait qui compte"),
        _count(rule_id, kind, thresholds),
        ends(rule_id),
        BASES[rule.basis],
        reason(rule_id),
        rule.source,
    )


def ends(rule_id: str) -> str:
    """What makes the rule fall silent."""
    return ENDS.get(rule_id, "une date de fin plus tardive" if rule_id.startswith("S") else "un fait nouveau")


def reason(rule_id: str) -> str:
    """Why this delay, in one sentence: the rationale of the catalogue, said in French."""
    return str(reference.load("alert_reasons")[rule_id])


def formula(rule_id: str, thresholds: Thresholds) -> str:
    """How the rule counts, with its announcement where it has one."""
    rule = rules()[rule_id]
    kinds = ["overdue"] if rule.threshold_days is not None or rule.lead_days is None else []
    if rule.lead_days is not None:
        kinds.insert(0, "lead")
    return ", puis ".join(_count(rule_id, kind, thresholds) for kind in kinds)


def _count(rule_id: str, kind: str, thresholds: Thresholds) -> str:
    rule = rules()[rule_id]
    if kind == "lead" and rule.lead_days is not None:
        return f"annoncé {thresholds.lead(rule_id)} jours avant l'échéance"
    if rule.threshold_count is not None and rule.window_days is not None:
        count, window = thresholds.count(rule_id)
        return f"{count} fois en {window} jours"
    if not rule.threshold_days:
        return "le jour même"
    paused = ", sans compter les vacances scolaires" if rule.pause_on_school_holidays else ""
    return f"{thresholds.threshold(rule_id)} jours après{paused}"
