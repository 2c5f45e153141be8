"""The form that gives journeys to another référent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from wtforms import SelectField, SelectMultipleField

from coordination.cases.commands.reassign import Backing, Reassignment
from coordination.cases.forms import NOT_LISTED
from coordination.cases.queries.followers import Follower
from coordination.errors import BadInput
from coordination.web.forms import PageForm, options


class TickedForm(PageForm):
    """`journeys`: « id:version » of each journey ticked."""

    journeys = SelectMultipleField("Parcours", choices=[], validate_choice=False)

    def pairs(self) -> list[tuple[uuid.UUID, int]]:
        """Raises BadInput for what no page of ours offers."""
        try:
            pairs = [value.split(":", 1) for value in dict.fromkeys(self.journeys.data or ())]
            return [(uuid.UUID(id_), int(version)) for id_, version in pairs]
        except (ValueError, TypeError):
            raise BadInput(NOT_LISTED, {"journeys": NOT_LISTED}) from None

    def chosen(self, name: str) -> uuid.UUID | None:
        """The person chosen in a list. Raises BadInput for what no page of ours offers."""
        try:
            return uuid.UUID(self[name].data) if self[name].data else None
        except ValueError:
            raise BadInput(NOT_LISTED, {name: NOT_LISTED}) from None

    def ticked(self) -> frozenset[str]:
        """Ids ticked, whatever the version that was read: a page shown again keeps the choice."""
        return frozenset(value.split(":", 1)[0] for value in self.journeys.data or ())


class ReassignForm(TickedForm):
    """The journeys, and who follows them from now on."""

    referent = SelectField("Nouveau référent", choices=[], validate_choice=False)

    def offer(self, able: Sequence[Follower], without: uuid.UUID | None) -> None:
        """Whoever can follow, but for the one who follows now."""
        labels = {str(follower.id): follower.offered for follower in able if follower.id != without}
        self.referent.choices = options(labels, "Choisir une personne")

    def read(self) -> Reassignment:
        return Reassignment(self.pairs(), self.chosen("referent"))


class BackingForm(TickedForm):
    """The journeys of an absence, and who stands in for them."""

    backup = SelectField("Suppléant des parcours cochés", choices=[], validate_choice=False)

    def offer(self, people: Mapping[uuid.UUID, str]) -> None:
        labels = {str(id_): name for id_, name in people.items()}
        self.backup.choices = options(labels, "Choisir une personne")

    def read(self) -> Backing:
        return Backing(self.pairs(), self.chosen("backup"))
