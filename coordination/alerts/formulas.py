"""How each rule counts, in French, with the thresholds in force (source: "Exact clocks of the core rules", "The
other rules", and the docstrings of the rules themselves)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.settings import COUNTED
from coordination.console import count

_HOLIDAYS = ", sans compter les vacances scolaires"
_PAUSED = " Rien ne court pendant une pause"
_RHYTHM = "1,5 fois le rythme prévu du parcours si c'est plus long"
_PRE_START = " On compte depuis le plus récent : dernier échange, accord des parents ou retour de pause."
_CITE_START = " On compte depuis le plus récent : dernier échange, ouverture du parcours ou retour de pause."
_MISSED = (
    "{count} rendez-vous de suite manqués sans excuse, en {window} au plus, sans échange ce jour-là ni depuis."
    " Un rendez-vous honoré ou excusé interrompt la suite ; un rendez-vous annulé par le service, ou dont"
    " l'issue n'est pas notée, ne compte pas"
)
_HALF_DAYS = (
    "{count} demi-journées d'absence ou plus dans un même mois civil, le jour où ce nombre est atteint."
    " Si plusieurs mois l'atteignent, c'est le dernier qui compte"
)
_ANSWER = "{days} après l'envoi de l'orientation, vue ou non"
# No birthday in words either: the first day of a month says no more than the month.
_AGE = "{lead} avant le mois des {age}, ramené au premier jour du mois"
_RIGHT = "{lead} avant la date de fin, la plus tardive si plusieurs sont notées"
_THAT_DAY = "le jour même de l'événement"

FORMULAS: Mapping[str, str] = MappingProxyType(
    {
        "A01": "{days} sans échange" + _HOLIDAYS + ", ou " + _RHYTHM + "." + _PRE_START + _PAUSED,
        "A02": "{days} sans échange"
        + _HOLIDAYS
        + " ; si le rythme prévu allonge le délai de la règle A01, celui-ci s'allonge d'autant."
        + _PRE_START
        + _PAUSED,
        "A03": _MISSED,
        "A04": "{count} tentatives de suite sans réponse (ou avec un simple message) en {window} au plus, par"
        " au moins 2 moyens différents, depuis le dernier échange",
        "A05": "pour une action : {count} absences de suite, ou au moins 4 séances en {window} (sans compter les"
        " vacances scolaires) dont moins de la moitié avec présence. Une absence excusée interrompt la suite,"
        " mais n'est pas une présence",
        "A06": _HALF_DAYS,
        "A07": _HALF_DAYS,
        "A08": "en CEJ : {days} sans échange, ou " + _RHYTHM + "." + _CITE_START + _PAUSED,
        "A09": "hors CEJ : {days} sans échange, ou " + _RHYTHM + "." + _CITE_START + _PAUSED,
        "A10": "hors CEJ : {days} sans échange ; si le rythme prévu allonge le délai de la règle A09, celui-ci"
        " s'allonge d'autant." + _CITE_START + _PAUSED,
        "A11": _MISSED,
        "A12": "le jour de l'arrêt anticipé, ou de la fin d'une action abandonnée avant sa fin prévue, si"
        " aucune action n'est prévue ni en cours",
        "A13": "le jour où des coordonnées sont notées invalides, s'il n'y a pas eu d'échange depuis",
        "A14": "le jour du refus ou du retrait ; pour un accord signé, {lead} avant le 31 août qui suit sa"
        " signature",
        "A15": "{days} sans rien d'écrit sur le parcours" + _HOLIDAYS + "." + _PAUSED,
        "A16": "{days} sans rien d'écrit sur le parcours." + _PAUSED,
        "A17": "{days} après l'envoi de l'invitation",
        "I01": "le jour où commence une pause sans date de reprise",
        "I02": "{lead} avant la reprise prévue, au plus tôt le premier jour de la pause",
        "I03": "{days} après la reprise prévue",
        "I04": "{days} après le début de la pause, avec ou sans date de reprise",
        "I05": "{days} après le début de la pause, avec ou sans date de reprise",
        "I06": "{days} après l'interruption de l'action" + _HOLIDAYS,
        "I07": "{lead} avant l'absence du référent, puis {days} après son début si elle dure jusque-là, quand"
        " personne ne le remplace",
        "I08": "{lead} avant le dernier jour du référent",
        "I09": "{days} sans référent",
        "I10": "{lead} avant les vacances d'été, si aucun échange, rendez-vous ou action n'a de date en"
        " juillet ou en août",
        "I11": "{days} après la rentrée, sans échange depuis ce jour",
        "I12": _THAT_DAY,
        "T01": "{days} après la saisine, sans échange avec la famille",
        "T02": "{days} après la saisine, sans accord signé",
        "T03": "{days} après la saisine, si l'EPS ne l'a pas examinée",
        "T04": "{days} après la saisine, si l'EPS ne l'a pas examinée",
        "T05": "{days} après la validation, sans référent",
        "T06": "{days} après la validation du parcours" + _HOLIDAYS + ", si aucune action n'a commencé",
        "T07": "{days} après la date à laquelle la décision devait être exécutée",
        "T08": "{lead} avant la date prévue du bilan, puis {days} après s'il n'est pas tenu",
        "T09": "{days} après l'entrée dans le parcours, annoncé {lead} avant",
        "T10": "{days} après l'entrée dans le parcours, annoncé {lead} avant",
        "T11": "{days} après l'entrée dans le parcours, annoncé {lead} avant",
        "T12": "{days} d'attente d'une place",
        "T13": "{days} d'attente d'une place de soin",
        "T14": _ANSWER,
        "T15": _ANSWER,
        "T16": _ANSWER,
        "T17": "{days} après l'accord de la structure" + _HOLIDAYS,
        "T18": "{days} après le refus de la structure, sans autre orientation envoyée",
        "T19": "{lead} avant la fin prévue de la seule action en cours, si rien n'est prévu ; {days} après la"
        " fin de la dernière action, si rien n'est prévu ni en cours",
        "T20": "{days} après l'ouverture du parcours, sans rendez-vous honoré",
        "T21": "{days} après l'ouverture du RSA, sans orientation",
        "T22": "{days} après l'orientation, annoncé {lead} avant",
        "T23": "{lead} avant le 1er janvier 2027, pour un parcours ouvert avant le 1er janvier 2025",
        "T24": "{days} après le diagnostic, si aucune action n'a commencé",
        "T25": "{days} après le repérage d'un frein fort, sans action sur ce frein",
        "T26": "{days} après le début de la situation sans solution",
        "T27": "{days} après le début de la situation sans solution",
        "T28": "{days} après l'envoi de la candidature",
        "T29": "{lead} avant le début prévu de la formation, puis {days} après s'il n'est pas noté",
        "T30": "{days} après la date du rendez-vous, si l'on n'a pas dit comment il s'est passé",
        "T31": "{days} après une sortie en emploi, annoncé {lead} avant",
        "T32": "{days} après l'entrée dans un parcours PLIE, annoncé {lead} avant, sans bilan tenu dans les"
        " 180 jours qui précèdent",
        "S01": _AGE.replace("{age}", "3 ans"),
        "S02": "{lead} avant la rentrée du 1er septembre qui suit la GS",
        "S03": "{lead} avant la rentrée du 1er septembre qui suit le CM2",
        "S04": "{lead} avant la rentrée du 1er septembre qui suit la 3e",
        "S05": "le premier 1er septembre, à partir de celui de l'année de la saisine, où le jeune a 15, 16 ou"
        " 17 ans, si aucun établissement n'est noté",
        "S06": _AGE.replace("{age}", "16 ans"),
        "S07": _AGE.replace("{age}", "18 ans"),
        "S08": _AGE.replace("{age}", "25 ans"),
        "S09": _AGE.replace("{age}", "26 ans"),
        **dict.fromkeys(("S10", "S11", "S12", "S13", "S15", "S16", "S17", "S18", "S23"), _RIGHT),
        "S14": "{days} après l'orientation vers un parcours social, annoncé {lead} avant, sans bilan tenu depuis",
        "S19": _THAT_DAY,
        "S20": _AGE.replace("{age}", "3, 6 ou 12 ans d'un enfant du foyer"),
        "S21": _THAT_DAY,
        "S22": "{days} après le changement d'établissement",
        "S24": _THAT_DAY,
        "S25": "{lead} avant le 1er septembre d'une année scolaire sans accord ou sans niveau à jour",
        "S26": "{days} après la sortie, ou après le dernier échange s'il est plus récent ; annoncé {lead} avant",
    }
)
"""`{days}`, `{lead}`, `{count}`, `{window}`: what stands for the journey."""


def formula(rule_id: str, thresholds: Thresholds) -> str:
    """How the rule counts, announcement included."""
    rule = rules()[rule_id]
    said: dict[str, str | int] = {}
    if rule.threshold_days is not None:
        said["days"] = count(thresholds.threshold(rule_id), "jour")
    if rule.lead_days is not None:
        said["lead"] = count(thresholds.lead(rule_id), "jour")
    if rule_id in COUNTED:
        number, window = thresholds.count(rule_id)
        said |= {"count": number, "window": count(window, "jour")}
    elif rule.threshold_count is not None:
        # The other rules that count read the catalogue alone.
        said["count"] = rule.threshold_count
    return FORMULAS[rule_id].format(**said)
