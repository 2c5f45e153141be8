"""The stages of a journey: one transition table per programme (codes of `pre_stage` and `employment_stage`).

A dictionary is enough: what may follow what. SORTI and NON_RETENU are ends, which a reopening takes back.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from coordination.alerts.running import TURNED_DOWN

PRE: dict[str, frozenset[str]] = {
    "REPERAGE": frozenset({"SAISINE", "NON_RETENU"}),
    "SAISINE": frozenset({"ACCORD_PARENTAL", "EPS_INSCRIT", "NON_RETENU"}),
    "ACCORD_PARENTAL": frozenset({"EPS_INSCRIT", "NON_RETENU"}),
    "EPS_INSCRIT": frozenset({"ATTENTE", "DIAGNOSTIC", "PARCOURS_VALIDE", "ACCORD_PARENTAL", "NON_RETENU"}),
    "ATTENTE": frozenset({"EPS_INSCRIT", "DIAGNOSTIC", "PARCOURS_VALIDE", "NON_RETENU"}),
    "DIAGNOSTIC": frozenset({"PARCOURS_VALIDE", "ATTENTE", "NON_RETENU"}),
    "PARCOURS_VALIDE": frozenset({"EN_COURS", "SUSPENDU", "SORTI"}),
    "EN_COURS": frozenset({"BILAN", "SUSPENDU", "SORTIE_PREPAREE", "SORTI"}),
    "BILAN": frozenset({"EN_COURS", "SUSPENDU", "SORTIE_PREPAREE", "SORTI"}),
    "SUSPENDU": frozenset({"EN_COURS", "BILAN", "SORTIE_PREPAREE", "SORTI"}),
    "SORTIE_PREPAREE": frozenset({"EN_COURS", "SORTI"}),
    "SORTI": frozenset({"VEILLE", "EN_COURS"}),
    "VEILLE": frozenset({"EN_COURS", "SORTI"}),
    "NON_RETENU": frozenset(
        {"REPERAGE", "SAISINE", "ACCORD_PARENTAL", "EPS_INSCRIT", "ATTENTE", "DIAGNOSTIC"}
    ),
}
CITE_EMPLOI: dict[str, frozenset[str]] = {
    "REPERE": frozenset({"PREMIER_RDV", "DIAGNOSTIC", "SORTI"}),
    "PREMIER_RDV": frozenset({"DIAGNOSTIC", "ORIENTE", "SUSPENDU", "SORTI"}),
    "DIAGNOSTIC": frozenset({"ORIENTE", "EN_ACTION", "SUSPENDU", "SORTI"}),
    "ORIENTE": frozenset({"EN_ACTION", "ENTRE_ETAPES", "DIAGNOSTIC", "SUSPENDU", "SORTI"}),
    "EN_ACTION": frozenset({"ENTRE_ETAPES", "ORIENTE", "EN_EMPLOI_SUIVI", "SUSPENDU", "SORTI"}),
    "ENTRE_ETAPES": frozenset({"ORIENTE", "EN_ACTION", "EN_EMPLOI_SUIVI", "SUSPENDU", "SORTI"}),
    "SUSPENDU": frozenset({"DIAGNOSTIC", "ORIENTE", "EN_ACTION", "ENTRE_ETAPES", "SORTI"}),
    "EN_EMPLOI_SUIVI": frozenset({"ENTRE_ETAPES", "ORIENTE", "SORTI"}),
    "SORTI": frozenset({"DIAGNOSTIC", "ORIENTE", "EN_ACTION"}),
}
SUSPENDED = "SUSPENDU"
# Stages that end a journey: it goes on from them by a reopening alone.
ENDED = ("SORTI", "VEILLE", TURNED_DOWN)
NEEDS_AGREEMENT = "Il faut d'abord l'accord signé des parents."
TRANSITIONS = {"PRE": PRE, "CITE_EMPLOI": CITE_EMPLOI}

# Statuses of an agreement under which nothing is shared any more.
FROZEN = ("REFUS", "RETIRE")
# What a person decided on a day; the other statuses only say how far the asking has come.
DATED = ("SIGNE", *FROZEN)

# Before the signed agreement a PRE journey goes no further than asking for it.
AFTER_AGREEMENT = frozenset(PRE) - {
    "REPERAGE",
    "SAISINE",
    "ACCORD_PARENTAL",
    TURNED_DOWN,
    "SORTI",
}


def refusal(programme: str, stage: str | None, wanted: str, agreement: str | None) -> str | None:
    """Why a journey may not pass from `stage` to `wanted`, in French; None if it may."""
    table = TRANSITIONS[programme]
    if wanted not in table:
        return "Choisissez une étape de la liste."
    if stage is not None and wanted not in table.get(stage, frozenset()):
        return "Cette étape ne suit pas celle où en est le parcours."
    if programme == "PRE" and wanted in AFTER_AGREEMENT and agreement != "SIGNE":
        return NEEDS_AGREEMENT
    return None


def dated_too_soon(programme: str, agreement: str | None, day: date | None, kept: date | None) -> str | None:
    """Why a date that a stage after the agreement stands for may not be written; what stood before it may stay."""
    if programme != "PRE" or agreement == "SIGNE" or day in (None, kept):
        return None
    return NEEDS_AGREEMENT


class Awaited(NamedTuple):
    """What comes next where nothing is planned: the page where it is noted, the words for it and for the way."""

    page: str
    words: str
    way: str

    @property
    def turns_down(self) -> bool:
        return self is TURN_DOWN


_AGREEMENT = Awaited("cases.agreement", "Recueillir l'accord des parents", "Noter l'accord")
_NEXT = Awaited("cases.course", "Passer à l'étape suivante", "Changer l'étape")
_FIRST = Awaited("cases.course", "Proposer un premier rendez-vous, puis changer l'étape", "Changer l'étape")
END = Awaited("cases.ending", "Terminer le parcours", "Noter la sortie")
TURN_DOWN = Awaited("cases.course", "Clore le parcours par l'étape « Non retenu »", "Changer l'étape")


def way_out(programme: str, stage: str | None, agreement: str | None) -> Awaited:
    """How a running journey stops: one that has not begun has no exit, it is turned down."""
    return TURN_DOWN if refusal(programme, stage, "SORTI", agreement) else END


def awaited(programme: str, stage: str | None, agreement: str | None, *, met: bool = False) -> Awaited | None:
    """What comes next where nothing is planned; None: unknown. `met`: an exchange took place."""
    if stage in (TURNED_DOWN, "SORTI"):
        return None
    if agreement in FROZEN:
        return way_out(programme, stage, agreement)
    if programme != "PRE":
        return (_NEXT if met else _FIRST) if stage == "REPERE" else None
    if agreement != "SIGNE":
        return _AGREEMENT
    return _NEXT if stage in PRE and stage not in AFTER_AGREEMENT else None


# Where a journey resumes when the stage before its pause is unknown, or may not follow a pause.
_RESUMES = {"PRE": "EN_COURS", "CITE_EMPLOI": "EN_ACTION"}


def stage_after_pause(programme: str, before: str | None) -> str:
    """The stage of a journey that comes back, knowing the one where its pause found it."""
    if before and before in TRANSITIONS[programme]["SUSPENDU"]:
        return before
    return "DIAGNOSTIC" if before == "PREMIER_RDV" else _RESUMES[programme]


# What a stage stands for in the dates of the journey (formats/import-bundle.md): entered is the acceptance by the
# EPS or the first diagnosis, validated the validated journey.
DATED_BY: dict[str, dict[str, tuple[str, ...]]] = {
    "PRE": {
        "ATTENTE": ("entered_on",),
        "DIAGNOSTIC": ("entered_on", "diagnosis_on"),
        "PARCOURS_VALIDE": ("entered_on", "validated_on"),
        "EN_COURS": ("entered_on", "validated_on"),
    },
    "CITE_EMPLOI": {"DIAGNOSTIC": ("entered_on", "diagnosis_on")},
}


def next_stages(programme: str, stage: str | None, agreement: str | None) -> tuple[str, ...]:
    """The stages that may follow, in the order of the table; all of them where none is known."""
    return tuple(code for code in TRANSITIONS[programme] if not refusal(programme, stage, code, agreement))


def where_ended(stage: str | None) -> str:
    """The stage from which an ended journey goes on: an import may end one without its stage."""
    return stage if stage in ENDED else "SORTI"


def stages_after_end(programme: str, stage: str | None, agreement: str | None) -> tuple[str, ...]:
    """Where an ended journey may go on; none: not before the agreement."""
    found = next_stages(programme, where_ended(stage), agreement)
    return tuple(code for code in found if code not in ENDED)
