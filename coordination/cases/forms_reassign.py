"""The form that gives journeys to another référent."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from wtforms import SelectField, SelectMultipleField

from coordination.cases.commands.reassign import Reassignment
from coordination.cases.queries.followers import Follower
from coordination.errors import BadInput
from coordination.web.forms import PageForm, options

NOT_A_CHOICE = "Ce choix n'est pas dans la liste : rechargez la page."


class ReassignForm(PageForm):
    """`journeys`: « id:version » of each journey ticked."""

    journeys = SelectMultipleField("Parcours", choices=[], validate_choice=False)
    referent = SelectField("Nouveau référent", choices=[], validate_choice=False)

    def offer(self, able: Sequence[Follower], without: uuid.UUID | None) -> None:
        """Whoever can follow, but for the one who follows now."""
        labels = {str(follower.id): follower.name for follower in able if follower.id != without}
        self.referent.choices = options(labels, "Choisir une personne")

    def read(self) -> Reassignment:
        """Raises BadInput for what no page of ours offers."""
        try:
            pairs = [value.split(":", 1) for value in dict.fromkeys(self.journeys.data or ())]
            journeys = [(uuid.UUID(id_), int(version)) for id_, version in pairs]
        except (ValueError, TypeError):
            raise BadInput(NOT_A_CHOICE, {"journeys": NOT_A_CHOICE}) from None
        try:
            referent_id = uuid.UUID(self.referent.data) if self.referent.data else None
        except ValueError:
            raise BadInput(NOT_A_CHOICE, {"referent": NOT_A_CHOICE}) from None
        return Reassignment(journeys, referent_id)

    def ticked(self) -> frozenset[str]:
        """Ids ticked, whatever the version that was read: a page shown again keeps the choice."""
        return frozenset(value.split(":", 1)[0] for value in self.journeys.data or ())
