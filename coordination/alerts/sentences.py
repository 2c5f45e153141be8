"""The French sentence of an alert or deadline: neutral, from the rule, its fact's date and today. No name."""

from __future__ import annotations

from datetime import date

from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.deadlines import LEAD
from coordination.alerts.targets import AGES, months_of_age
from coordination.console import month_of

BREAKS = {
    "ABANDON": "Perte de contact",
    "INTERRUPTION": "Interruption",
    "TRANSITION": "Transition qui dure",
    "STATUT": "Changement de statut",
}
SEVERITIES = ("INFO", "VIGILANCE", "HAUTE", "CRITIQUE")
SEVERITY_LABELS = {
    "INFO": "Information",
    "VIGILANCE": "Vigilance",
    "HAUTE": "Haute",
    "CRITIQUE": "Critique",
}

_NO_EXCHANGE = "Aucun échange enregistré depuis {days} jours"
# {days}: days since the fact; {since}: its date; {when}: the month of an age, where it is known. A rule that is not
# here says its signal and its date.
SENTENCES: dict[tuple[str, str], str] = {
    ("A01", "overdue"): _NO_EXCHANGE,
    ("A02", "overdue"): _NO_EXCHANGE,
    ("A08", "overdue"): _NO_EXCHANGE,
    ("A09", "overdue"): _NO_EXCHANGE,
    ("A10", "overdue"): _NO_EXCHANGE,
    ("A03", "overdue"): "Deux rendez-vous de suite sans présence ni excuse, le dernier le {since}",
    ("A11", "overdue"): "Deux rendez-vous de suite sans présence ni excuse, le dernier le {since}",
    ("A04", "overdue"): "Trois tentatives sans réponse depuis le {since}",
    ("A13", "overdue"): "Coordonnées invalides, constatées le {since}",
    ("A14", "overdue"): "Accord refusé ou retiré le {since}",
    ("I01", "overdue"): "En pause depuis le {since}, sans date de reprise",
    ("I02", "lead"): "Reprise prévue le {since}",
    ("I03", "overdue"): "Reprise prévue le {since}, pas encore notée",
    ("I04", "overdue"): "En pause depuis le {since} : à réexaminer en équipe",
    ("I05", "overdue"): "En pause depuis le {since} : faire le point",
    ("T06", "overdue"): "Parcours validé le {since}, aucune action démarrée",
    ("T08", "lead"): "Bilan à tenir le {since}",
    ("T08", "overdue"): "Bilan prévu le {since}, pas encore tenu",
    ("T09", "lead"): "Bientôt 12 mois de parcours (entrée le {since}) : préparer la décision",
    ("T09", "overdue"): "12 mois de parcours (entrée le {since}) : décision à prendre",
    ("T10", "lead"): "Bientôt 18 mois de parcours (entrée le {since}) : préparer le relais",
    ("T10", "overdue"): "18 mois de parcours (entrée le {since}) : préparer le relais",
    ("T11", "lead"): "Bientôt 24 mois de parcours (entrée le {since})",
    ("T11", "overdue"): "24 mois de parcours (entrée le {since}) : sortie ou dérogation",
    ("T14", "overdue"): "Orientation envoyée le {since}, sans réponse",
    ("T15", "overdue"): "Orientation envoyée le {since}, toujours sans réponse : appeler",
    ("T16", "overdue"): "Orientation envoyée le {since}, restée sans réponse",
    ("T17", "overdue"): "Orientation acceptée le {since}, pas encore démarrée",
    ("T18", "overdue"): "Orientation refusée le {since}, pas d'autre solution notée",
    ("T19", "lead"): "L'action en cours se termine le {since}, rien n'est prévu après",
    ("T19", "overdue"): "Action terminée le {since}, pas d'étape suivante",
    ("S06", "lead"): "Bientôt 16 ans{when} : préparer la sortie du PRE et le relais",
    ("S07", "lead"): "Bientôt 18 ans{when} : préparer la majorité",
    ("S08", "lead"): "Bientôt 25 ans{when} : accès possible au RSA",
    ("S09", "lead"): "Bientôt 26 ans{when} : fin de l'accompagnement Mission Locale",
    ("S19", "overdue"): "Suspension de revenu annoncée le {since}",
    ("S21", "overdue"): "Déménagement noté le {since}",
    ("S24", "overdue"): "Expulsion ou relogement noté le {since}",
    ("A17", "overdue"): "Invitation envoyée le {since}, sans réponse notée",
    ("T28", "overdue"): "Candidature envoyée le {since}, sans réponse notée",
    ("S20", "lead"): "Un enfant du foyer va avoir 3, 6 ou 12 ans : voir si son mode de garde change",
    ("T31", "lead"): "Sortie en emploi le {since} : prendre des nouvelles à six mois",
    ("T31", "overdue"): "Sortie en emploi le {since} : suivi à six mois pas encore noté",
    ("S26", "lead"): "Bientôt deux ans depuis le {since} : préparer la décision de conservation du dossier",
    ("S26", "overdue"): "Deux ans depuis le {since} : décider de la conservation du dossier",
    ("S14", "lead"): "Parcours social depuis le {since} : préparer le bilan des six mois",
    ("S14", "overdue"): "Parcours social depuis le {since}, bilan des six mois pas encore tenu",
    ("T32", "lead"): "Bientôt 24 mois de parcours PLIE (entrée le {since}) : préparer un bilan de fond",
    ("T32", "overdue"): "24 mois de parcours PLIE (entrée le {since}), sans bilan de fond récent",
    ("A05", "overdue"): "Présences irrégulières à une action, au {since} : en parler",
    ("A06", "overdue"): "4 demi-journées d'absence à l'école ou plus sur le mois, atteintes le {since}",
    ("A07", "overdue"): "10 demi-journées d'absence à l'école ou plus sur le mois, atteintes le {since}",
    ("A12", "overdue"): "Arrêt le {since}, avant la fin prévue, pas d'étape suivante",
    ("A14", "lead"): "L'accord est à renouveler avant le {since}",
    ("A15", "overdue"): "Rien d'écrit sur ce parcours depuis le {since} ({days} jours)",
    ("A16", "overdue"): "Rien d'écrit depuis le {since} ({days} jours) : à décider en équipe",
    ("I06", "overdue"): "Action interrompue depuis le {since} : chercher une autre solution",
    ("I07", "lead"): "Référent absent à partir du {since}, personne ne le remplace",
    ("I07", "overdue"): "Référent absent depuis le {since}, personne ne le remplace",
    ("I08", "lead"): "Le référent s'en va le {since} : préparer le passage de relais",
    ("I09", "overdue"): "Parcours sans référent depuis le {since}",
    ("I10", "lead"): "Vacances d'été à partir du {since}, rien de prévu en juillet-août",
    ("I11", "overdue"): "Pas encore d'échange depuis la rentrée du {since}",
    ("I12", "overdue"): "Événement de vie noté le {since} : refaire le point",
    ("T20", "overdue"): "Personne repérée le {since}, pas encore de premier rendez-vous tenu",
    ("T21", "overdue"): "RSA ouvert le {since}, pas d'orientation notée",
    ("T22", "lead"): "Orientation du {since} : préparer le contrat d'engagement",
    ("T22", "overdue"): "Orientation du {since}, contrat d'engagement pas encore signé",
    ("T23", "lead"): "Contrat d'engagement à signer avant le {since}",
    ("T24", "overdue"): "Diagnostic du {since}, aucune action démarrée",
    ("T25", "overdue"): "Frein important repéré le {since}, pas encore d'action pour le lever",
    ("T26", "overdue"): "Sans solution depuis le {since}",
    ("T27", "overdue"): "Toujours sans solution depuis le {since} : en parler en équipe",
    ("T29", "lead"): "Entrée en formation prévue le {since} : la confirmer",
    ("T29", "overdue"): "Entrée en formation prévue le {since}, pas encore confirmée",
    ("T30", "overdue"): "Rendez-vous du {since} : dire comment il s'est passé",
    ("S01", "lead"): "Bientôt 3 ans{when} : préparer la première scolarisation",
    ("S02", "lead"): "Entrée en CP à la rentrée du {since}",
    ("S03", "lead"): "Entrée en 6e à la rentrée du {since}",
    ("S04", "lead"): "Fin de 3e : orientation pour la rentrée du {since}",
    ("S05", "overdue"): "Pas d'établissement connu à la rentrée du {since}",
    ("S22", "overdue"): "Changement d'établissement du {since} : joindre le nouvel établissement",
    ("S25", "lead"): "Rentrée du {since} : accord ou niveau scolaire à renouveler",
}


# Where the fact itself says more than its rule.
BY_FACT = {
    ("A14", "overdue", "agreement_refused"): "Accord refusé le {since}",
    ("A14", "overdue", "agreement_withdrawn"): "Accord retiré le {since}",
}

# Once the day that was announced is behind: the clock stands still, what it says must not.
PAST: dict[tuple[str, str], str] = {
    ("A14", "lead"): "L'accord était à renouveler avant le {since}",
    ("I02", "lead"): "La reprise était prévue le {since}, pas encore notée",
    ("I07", "lead"): "Absence du référent commencée le {since}, personne n'a été désigné pour le remplacer",
    ("I08", "lead"): "Le référent est parti le {since} : passer le relais",
    ("I10", "lead"): "Vacances d'été commencées le {since}, rien de noté en juillet-août",
    ("T08", "lead"): "Bilan prévu le {since}, pas encore tenu",
    ("T19", "lead"): "L'action en cours devait se terminer le {since}, rien n'est prévu après",
    ("T23", "lead"): "Le contrat d'engagement était à signer avant le {since}",
    ("T29", "lead"): "Entrée en formation prévue le {since}, pas encore confirmée",
    ("S02", "lead"): "Entrée en CP prévue à la rentrée du {since} : noter le nouveau niveau",
    ("S03", "lead"): "Entrée en 6e prévue à la rentrée du {since} : noter le nouveau niveau",
    ("S04", "lead"): "Rentrée du {since} après la 3e : noter le nouveau niveau",
    ("S25", "lead"): "Rentrée du {since} : accord ou niveau scolaire pas encore renouvelé",
}

# The same for ages, whose dates tell the month at most: right on every day of that month and after it.
PAST_AGES: dict[str, str] = {
    "S01": "3 ans{when} : la première scolarisation est-elle faite ?",
    "S06": "16 ans{when} : le relais après le PRE est-il prêt ?",
    "S07": "18 ans{when} : la suite est-elle prête ?",
    "S08": "25 ans{when} : le droit au RSA a-t-il été vérifié ?",
    "S09": "26 ans{when} : le relais après la Mission Locale est-il prêt ?",
    "S20": "3, 6 ou 12 ans{when} pour un enfant du foyer : son mode de garde a-t-il changé ?",
}

# A deadline still to come says what would make it an alert, not what is true today.
SILENCE_RULES = frozenset({"A01", "A02", "A08", "A09", "A10"})
# The same, where an alert was opened before its day.
_UNBROKEN = {
    **dict.fromkeys(SILENCE_RULES, "Sans nouvel échange d'ici au {day} : {days} jours de silence"),
    **dict.fromkeys(("A15", "A16"), "Sans rien d'écrit d'ici au {day} : {days} jours"),
}


def french_day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def sentence(
    rule: str,
    kind: str,
    since: date,
    today: date,
    because: str = "",
    thresholds: Thresholds | None = None,
    *,
    due_on: date | None = None,
) -> str:
    """What the alert says, in one neutral sentence, right for `today`. `because`: the fact, where it is known.

    `thresholds`: those in force, where they are known. Without them an age is taken as announced by the catalogue's
    own lead, and its month is not named: a list does not know what was set for each of its journeys. `due_on`: the
    day of an alert that stands; a scan that was run for a later day opens what is not due yet.
    """
    if due_on and due_on > today:
        return _ahead(rule, kind, since, due_on, because, thresholds)
    months = months_of_age(rule, since, thresholds or Thresholds.default()) if rule in AGES else ()
    when = " ou ".join(map(month_of, months)) if thresholds else ""
    if months and today >= months[0]:
        return PAST_AGES[rule].format(when=when and f" en {when}")
    behind = rule not in AGES and kind == LEAD and today > since
    template = (
        (PAST.get((rule, kind)) if behind else None)
        or BY_FACT.get((rule, kind, because))
        or SENTENCES.get((rule, kind))
    )
    if template is None:
        past_words = ", date passée" if behind else ""
        return f"{rules()[rule].signal} ({french_day(since)}{past_words})"
    return template.format(
        days=max((today - since).days, 0), since=french_day(since), when=when and f", en {when}"
    )


def _ahead(
    rule: str, kind: str, since: date, due_on: date, because: str, thresholds: Thresholds | None
) -> str:
    """What is true on the day it is due, and that day; of a silence, that it lasts if nobody breaks it."""
    day = french_day(due_on)
    if rule in _UNBROKEN:
        return _UNBROKEN[rule].format(day=day, days=(due_on - since).days)
    return f"{sentence(rule, kind, since, due_on, because, thresholds)} – à partir du {day}"


def coming_sentence(rule: str, kind: str, since: date, due_on: date) -> str:
    """What a deadline will say if nothing happens until then."""
    if rule in SILENCE_RULES:
        return f"Sans nouvel échange d'ici là : {(due_on - since).days} jours de silence"
    return sentence(rule, kind, since, due_on)


def worst(severities: list[str]) -> str:
    """The most severe of a list."""
    return max(severities, key=SEVERITIES.index)
