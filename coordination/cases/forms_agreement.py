"""The form of the agreement: what was said, when, by whom, for what."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date

from wtforms import HiddenField, IntegerField, RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from coordination.cases.checks import Faults
from coordination.cases.commands.agreements import NewAgreement
from coordination.cases.forms import DayField
from coordination.cases.forms_people import school_year_of
from coordination.cases.vocabulary import agreement_statuses
from coordination.cases.volets import VOLETS_AFTER_AGREEMENT
from coordination.privacy.volets import LABELS, Volet
from coordination.web.forms import PageForm, options


class AgreementForm(PageForm):
    """Where the agreement stands. `offer` before anything else."""

    status = RadioField("Où en est l'accord ?", validate_choice=False)
    on = DayField("Date")
    signer = SelectField("Qui a signé ?", validate_choice=False)
    volets = SelectMultipleField(
        "Ce que la signature couvre",
        validate_choice=False,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    remark = TextAreaField("Précision")
    version = IntegerField(widget=HiddenInput(), default=0)
    retour = HiddenField()

    def offer(self, programme: str, people: Mapping[uuid.UUID, str]) -> None:
        """The choices of the programme; `people`: representatives by id."""
        self.status.choices = options(agreement_statuses(programme))
        self.signer.choices = options(
            {str(id_): name for id_, name in people.items()},
            "Non précisé" if programme == "PRE" else "La personne elle-même",
        )
        self.volets.choices = options({v.value: LABELS[v] for v in VOLETS_AFTER_AGREEMENT[programme]})

    def read(self, today: date) -> tuple[NewAgreement, Faults]:
        """What was typed, and a sentence for what cannot be read."""
        on, faults = self.on.read()
        new = NewAgreement(
            self.status.data or "",
            on,
            _volets(self.volets.data or []),
            _uuid(self.signer.data),
            school_year_of(on or today),
            self.remark.data or "",
        )
        return new, faults


def _volets(codes: Sequence[str]) -> tuple[Volet, ...]:
    return tuple(volet for volet in Volet if volet.value in codes)


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        # Nobody's: the command refuses it beside the field.
        return uuid.UUID(int=0)
