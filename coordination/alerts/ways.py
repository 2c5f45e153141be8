"""Where what ends an alert is written: the page that its main button opens (what ends it: see explain.ENDS)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """A page of a journey and the words of its button.

    `slug`: the kind of record to add. `correct`: that of the record which the alert is about, to correct it.
    `of_subject`: the page is not of the journey but of that record, which it takes under this name. `there`: it
    writes in the folder of the alert, which its reader may not write in. `led`: it is for who leads the journey
    (Action.HAND_OVER). The others write in the coordination volet, as whoever may answer an alert does.
    """

    endpoint: str
    label: str
    slug: str = ""
    correct: str = ""
    of_subject: str = ""
    there: bool = False
    led: bool = False

    @property
    def restricted(self) -> bool:
        """Whether not all who may answer the alert may open the page."""
        return self.there or self.led


EXCHANGE = Way("cases.log_contact", "Noter un échange")
JOURNEY = Way("cases.journey", "Ouvrir le parcours")
# Until referrals have their pages nothing that ends these can be written: a call is what can be done meanwhile.
_PARTNER = Way("cases.log_contact", "Noter l'échange")
_EXIT = Way("cases.ending", "Terminer le parcours")
_COURSE = Way("cases.course", "Changer l'étape")
_TEAM = Way("cases.team", "Choisir qui suit le parcours", led=True)
_AGREEMENT = Way("cases.agreement", "Noter l'accord")
_SCHOOLING = Way("cases.schooling", "Noter la scolarité")
_IDENTITY = Way("cases.identity", "Mettre à jour les coordonnées")


def _add(slug: str, label: str) -> Way:
    return Way("cases.add_record", label, slug=slug)


def _correct(slug: str, label: str, *, there: bool = True) -> Way:
    """From the journey where the alert names no record."""
    return Way(JOURNEY.endpoint, label, correct=slug, there=there)


_ACTION = _add("action", "Prévoir une action")
_PAUSE = _correct("pause", "Noter le retour")
# A change of school is told to those who read the school volet (S22); the event itself stands in coordination.
_EVENT = _correct("evenement", "Dire ce qui a été fait", there=False)
_RIGHT = _correct("droit", "Mettre le droit à jour")

_STAY = ("T09", "T10", "T11")
WAYS: dict[str, Way] = {
    **dict.fromkeys(("A01", "A02", "A03", "A04", "A08", "A09", "A10", "A11", "I11"), EXCHANGE),
    # Any writing ends these, and an exchange is the usual one.
    **dict.fromkeys(("A15", "A16"), EXCHANGE),
    # A talk is what they ask for; nothing written ends A06 and A07 at once.
    **dict.fromkeys(("A06", "A07", "T01"), EXCHANGE),
    "A05": Way("cases.sessions", "Noter les présences", of_subject="action_id", there=True),
    **dict.fromkeys(("I01", "I02", "I03", "I04", "I05"), _PAUSE),
    **dict.fromkeys(_STAY, _add("decision", "Noter la décision")),
    # The end of the journey would end these, but they ask to prepare what follows, not to end it.
    **dict.fromkeys(("S01", "S06", "S07", "S08", "S09", "S20"), JOURNEY),
    **dict.fromkeys(("T14", "T15", "T16", "T17", "T18"), _PARTNER),
    **dict.fromkeys(("T07", "T12", "T13"), JOURNEY),
    **dict.fromkeys(("T21", "T22", "T23"), _COURSE),
    **dict.fromkeys(("T25", "A12", "T19", "I10"), _ACTION),
    # One that is only planned ends neither.
    **dict.fromkeys(("T06", "T24"), _add("action", "Noter une action commencée")),
    # « Solution trouvée » is an event.
    **dict.fromkeys(("T26", "T27"), _add("evenement", "Noter la solution trouvée")),
    **dict.fromkeys(("S02", "S03", "S04", "S05"), _SCHOOLING),
    **dict.fromkeys(("S19", "S21", "S22", "S24", "I12"), _EVENT),
    **dict.fromkeys(("S10", "S11", "S12", "S13", "S15", "S16", "S17", "S18", "S23"), _RIGHT),
    **dict.fromkeys(("I07", "I08", "I09", "T05"), _TEAM),
    **dict.fromkeys(("A14", "T02", "S25"), _AGREEMENT),
    **dict.fromkeys(("T03", "T04"), _COURSE),
    "T20": _add("rendez-vous", "Noter un rendez-vous"),
    "A13": _IDENTITY,
    "A17": _correct("invitation", "Noter la réponse"),
    "I06": _correct("action", "Mettre l'action à jour"),
    "T29": _correct("action", "Noter le début"),
    "T08": _correct("bilan", "Noter le bilan"),
    "T28": _correct("candidature", "Noter la réponse"),
    "T30": _correct("rendez-vous", "Dire comment il s'est passé"),
    "T31": _add("suivi", "Noter le suivi"),
    "T32": _add("bilan", "Noter un bilan"),
    "S14": _add("bilan", "Noter un bilan"),
    "S26": _add("conservation", "Noter la décision"),
}

_MEANWHILE = (
    "{} se note pour l'instant par l'import ; en attendant : appeler, puis noter l'échange, ou reporter."
)
MEANWHILE: dict[str, str] = {
    **dict.fromkeys(("T14", "T15", "T16"), _MEANWHILE.format("La réponse de la structure")),
    "T17": _MEANWHILE.format("La première action dans la structure"),
    "T18": _MEANWHILE.format("Une nouvelle orientation"),
}
"""What to do about an alert that no page can end yet."""
ALSO: dict[str, Way] = dict.fromkeys(_STAY, _EXIT)
"""A second page that ends the alert, beside that of its main button."""
