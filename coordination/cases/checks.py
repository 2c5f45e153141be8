"""What cannot be, said beside the field: pure checks of what people type."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from coordination import reference
from coordination.errors import BadInput
from coordination.privacy.nir import holds_nir

NIR_REFUSED = (
    "Ce texte contient un numéro de sécurité sociale. Retirez-le : il ne doit figurer nulle part ici."
)
REFUSED = "Rien n'a été enregistré : corrigez les champs signalés."
ASKED = "Rien n'est encore enregistré : vérifiez, puis confirmez."
RETIRED = "Cette réponse a été retirée de la liste depuis. Choisissez-en une autre."


def before_opening(opened_on: date) -> str:
    """What is said of a day before the journey began."""
    return f"Le parcours a commencé le {opened_on:%d/%m/%Y} : la date ne peut pas être avant."


def ended_since(exit_on: date) -> str:
    """What is said of a day after the end of the journey."""
    return f"Le parcours est terminé depuis le {exit_on:%d/%m/%Y}."


LONG_AGO = timedelta(days=365)
"""Before so long a day is mostly one whose year was typed wrong."""
Faults = Mapping[str, str]
"""Field -> French sentence, of what could not be read: a command tells them together with what its rules refuse."""


class Problems(dict[str, str]):
    """Field -> French sentence; raises BadInput at the end if there is any, or a question without its answer.

    Nothing more is said of the `faults`: a field that could not be read reaches the rules as an empty one.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__(faults or {})
        self._unread = frozenset(self)
        self._questions: dict[str, str] = {}

    def __setitem__(self, field: str, sentence: str) -> None:
        if field not in self._unread:
            super().__setitem__(field, sentence)

    def ask(self, field: str, sentence: str) -> None:
        """What can be and is unlikely. The sentence names what is doubted: it is what one confirms."""
        self._questions.setdefault(field, sentence)

    def ask_long_ago(self, field: str, day: date, today: date) -> None:
        """A year typed wrong is likelier than such a day."""
        if day < today - LONG_AGO:
            self.ask(field, f"Le {day:%d/%m/%Y}, c'était il y a plus d'un an. Vérifiez l'année.")

    def stop_if_any(self, sure: Collection[str] = ()) -> None:
        """`sure`: the sentences that were confirmed."""
        asked = {field: text for field, text in self._questions.items() if field not in self}
        if self or not set(asked.values()) <= set(sure):
            raise BadInput(REFUSED if self else ASKED, dict(self), asked)

    def code(self, field: str, coded_list: str, code: str | None) -> None:
        """The code must be one of the list."""
        if code in reference.labels(coded_list):
            return
        if code in reference.every_label(coded_list):
            self[field] = RETIRED
        else:
            self[field] = "Choisissez une des réponses proposées."

    def free_text(self, field: str, text: str | None, longest: int = 10_000) -> None:
        """A free text holds no NIR and has a length that a page can show."""
        if text and len(text) > longest:
            self[field] = f"Ce texte est trop long : {longest} caractères au plus."
        elif text and holds_nir(text):
            self[field] = NIR_REFUSED

    def past_day(self, field: str, day: date | None, today: date, earliest: date | None = None) -> None:
        """A fact has a date, not in the future, not before the journey."""
        if day is None:
            self[field] = "Indiquez une date, par exemple 12/10/2026."
        elif day > today:
            self[field] = "Cette date est dans le futur : n'indiquez ici que ce qui a eu lieu."
        elif earliest and day < earliest:
            self[field] = before_opening(earliest)
