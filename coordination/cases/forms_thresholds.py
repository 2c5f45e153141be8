"""Forms of thresholds: what to try, and from when to apply what was tried."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from wtforms import RadioField, SelectField, StringField

from coordination.alerts.catalogue import OFF_BY_DEFAULT
from coordination.alerts.in_force import Place
from coordination.alerts.settings import COUNTED, FIELDS, LABELS, YEARLY, Values, bounds, settable
from coordination.cases.commands.thresholds import Decision, NewTrial
from coordination.cases.forms import NOT_LISTED
from coordination.errors import BadInput
from coordination.web.forms import DayField, PageForm, options

WHOLE_YEAR = "12"
PERIODS = {"6": "Les 6 derniers mois", WHOLE_YEAR: "Les 12 derniers mois"}


class TrialForm(PageForm):
    """The numbers of a rule, kept as typed. Fields that the rule has not are left out by `offer`."""

    threshold_days = StringField(LABELS["threshold_days"])
    lead_days = StringField(LABELS["lead_days"])
    threshold_count = StringField(LABELS["threshold_count"])
    window_days = StringField(LABELS["window_days"])
    switched_on = RadioField(
        "Cette règle", choices=options({"oui": "Allumée", "non": "Éteinte"}), validate_choice=False
    )
    structure = SelectField("Pour quels parcours", choices=[], validate_choice=False)
    months = RadioField(
        "Essayer sur",
        choices=options(PERIODS),
        default="6",
        validate_choice=False,
    )

    def offer(self, rule_id: str, structures: Mapping[str, str], programme: str) -> None:
        """Only what the rule lets be set; the whole programme or one structure of it."""
        self.structure.choices = options(structures, f"Tout le dispositif ({programme})")
        for name in FIELDS:
            if name not in settable(rule_id):
                delattr(self, name)
        if rule_id in COUNTED:
            self.threshold_count.label.text = COUNTED[rule_id][0].capitalize()
        if rule_id not in OFF_BY_DEFAULT:
            del self.switched_on
        if rule_id in YEARLY:
            self.months.choices = options({WHOLE_YEAR: PERIODS[WHOLE_YEAR]})
            self.months.data = WHOLE_YEAR

    def show(self, values: Values) -> None:
        """What stands today, to begin with."""
        for name in FIELDS:
            if name in self:
                self[name].data = str(getattr(values, name) or "")
        if "switched_on" in self:
            self.switched_on.data = "oui" if values.switched_on else "non"

    def read(self, rule_id: str, programme: str) -> NewTrial:
        """Raises BadInput beside each field that is no number or no choice of ours."""
        problems: dict[str, str] = {}
        numbers: dict[str, int | None] = {}
        for name in FIELDS:
            if name not in self:
                continue
            typed = (self[name].data or "").strip()
            try:
                numbers[name] = int(typed[:12])
            except ValueError:
                low, high = bounds(rule_id, name)
                problems[name] = f"Écrivez un nombre entier entre {low} et {high}."
        structure_id = None
        if self.structure.data:
            try:
                structure_id = uuid.UUID(self.structure.data)
            except ValueError:
                problems["structure"] = NOT_LISTED
            if str(structure_id) not in {str(choice.value) for choice in self.structure.choices or ()}:
                problems["structure"] = NOT_LISTED
        if problems:
            raise BadInput("Ce réglage n'est pas possible.", problems)
        on = self.switched_on.data == "oui" if "switched_on" in self else None
        place = Place(rule_id, programme, structure_id)
        return NewTrial(place, Values(**numbers, switched_on=on), self.months.data or "6")


class DecisionForm(PageForm):
    valid_from = DayField("À partir du")
    valid_until = DayField("Jusqu'au")

    def read(self, trial_id: uuid.UUID) -> Decision:
        """Raises BadInput beside an impossible date."""
        return Decision(trial_id, self.valid_from.day(), self.valid_until.day())
