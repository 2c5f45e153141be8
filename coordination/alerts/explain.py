"""What "en savoir plus" says of an alert: its fact, the count, what ends it, where the threshold is from."""

from __future__ import annotations

from dataclasses import dataclass

from coordination import reference
from coordination.alerts.catalogue import OFF_BY_DEFAULT, Thresholds, rules
from coordination.alerts.formulas import formula
from coordination.alerts.in_force import InForce
from coordination.alerts.typography import Source, sources_of

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
_PREPARED = "la sortie du parcours ; tant que la suite se prépare : « Pris en charge », ou la reporter"
_MONTH_OVER = "le temps : le 1er du deuxième mois qui suit (pour octobre, le 1er décembre)"
ENDS = {
    **dict.fromkeys(("A01", "A02", "A03", "A04", "A08", "A09", "A10", "A11", "I11"), _EXCHANGE),
    **dict.fromkeys(("A15", "A16"), "toute écriture sur le parcours"),
    **dict.fromkeys(("I02", "I03", "I04", "I05"), "le retour noté"),
    "I01": "le retour noté, ou une date de reprise",
    **dict.fromkeys(("T09", "T10", "T11"), "une décision datée de l'annonce ou d'après, ou la sortie"),
    **dict.fromkeys(
        ("T14", "T15", "T16"),
        "une réponse datée, une première action, l'abandon, ou une autre orientation qui la remplace",
    ),
    **dict.fromkeys(("T22", "T23"), "la signature du contrat d'engagement"),
    **dict.fromkeys(("T26", "T27"), "l'événement « Solution trouvée »"),
    **dict.fromkeys(("S02", "S03", "S04"), "le nouveau niveau scolaire noté"),
    **dict.fromkeys(("S19", "S21", "S22", "S24", "I12"), "l'événement noté comme pris en compte"),
    **dict.fromkeys(("S01", "S06", "S07", "S08", "S09", "S20"), _PREPARED),
    "A05": "la prochaine présence",
    "A06": _MONTH_OVER,
    "A07": _MONTH_OVER,
    "A17": "une réponse à l'invitation",
    "T28": "une réponse à la candidature",
    "T31": "un suivi noté après la sortie",
    "T32": "un bilan de fond tenu",
    "S14": "un bilan tenu depuis l'orientation",
    "S26": "une décision de conservation",
    "A12": "une action prévue ou en cours",
    "A13": "un échange, ou des coordonnées corrigées",
    "A14": "un accord signé, et à chaque rentrée un accord renouvelé",
    "I06": "un autre état de l'action",
    "I07": "un suppléant, ou le retour du référent",
    "I08": "le passage de relais",
    "I09": "un référent nommé",
    "I10": "un échange, un rendez-vous ou une action en juillet ou août",
    "T06": "une action démarrée",
    "T08": "la date du bilan tenu",
    "T17": "une première action, ou l'orientation abandonnée",
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
    """What a rule counts and why, in plain French. `usual`: the catalogue's formula, where another stands.

    `reason`, `basis` and `sources` speak of the catalogue's own value.
    """

    formula: str
    usual: str | None
    ends: str
    reason: str
    basis: str
    sources: tuple[Source, ...]


def explain(rule_id: str, in_force: InForce) -> Explanation:
    """What pages say of a rule, with the thresholds in force."""
    rule = rules()[rule_id]
    usual = formula(rule_id, Thresholds.default())
    if rule_id in OFF_BY_DEFAULT:
        usual = f"règle éteinte ; une fois allumée : {usual}"
    return Explanation(
        formula(rule_id, in_force.thresholds),
        usual if rule_id in in_force.origins else None,
        ends(rule_id),
        reason(rule_id),
        BASES[rule.basis],
        sources_of(rule.source),
    )


def ends(rule_id: str) -> str:
    """What makes the rule fall silent."""
    return ENDS.get(rule_id, "une date de fin plus tardive" if rule_id.startswith("S") else "un fait nouveau")


def reason(rule_id: str) -> str:
    """Why this delay, in one sentence: the rationale of the catalogue, said in French."""
    return str(reference.load("alert_reasons")[rule_id])
