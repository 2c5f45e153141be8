"""The forms of a journey. They carry what was typed and where its errors stand; commands decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from wtforms import HiddenField, IntegerField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import HiddenInput

from coordination import reference
from coordination.web.filters import short_date
from coordination.web.forms import DayField as DayField
from coordination.web.forms import PageForm

# The order in which a référent reaches for them; the others follow, behind one more tap.
USUAL_MODES = ("TELEPHONE", "SMS", "VAD", "RDV_STRUCTURE", "RDV_EXTERIEUR", "TIERS")
LATEST_MODES = 3
USUAL_DELAYS = ((7, "Une semaine"), (14, "Deux semaines"), (30, "Un mois"))
ANOTHER_DAY = "autre"
# To reload what a refused form answered would send it once more.
NOT_LISTED = (
    "Ce choix n'est pas dans la liste : choisissez-en un autre, ou ouvrez de nouveau la page depuis le menu."
)


def choices(labels: Mapping[str, str]) -> list[SelectChoice]:
    """code -> label, as a field wants them."""
    return [SelectChoice(code, label) for code, label in labels.items()]


class ContactForm(PageForm):
    """Log an exchange. `when` is a day in ISO form, or ANOTHER_DAY and then `on`."""

    when = RadioField("Quand ?", validate_choice=False)
    on = DayField("Date de l'échange")
    mode = RadioField("Moyen", validate_choice=False)
    outcome = RadioField("Résultat", validate_choice=False)
    note = TextAreaField("Note")
    retour = HiddenField()

    def offer(self, today: date) -> None:
        """The choices of the day. What was chosen on another day than today stays chosen, as a date."""
        yesterday = today - timedelta(days=1)
        days = {
            today.isoformat(): f"Aujourd'hui, {short_date(today)}",
            yesterday.isoformat(): f"Hier, {short_date(yesterday)}",
            ANOTHER_DAY: "Un autre jour",
        }
        self.when.choices = choices(days)
        if not self.is_submitted():
            self.when.data = today.isoformat()
        self._keep_day()
        self.order_modes(())
        self.outcome.choices = choices(reference.labels("contact_outcome"))

    def order_modes(self, latest: Sequence[str]) -> int:
        """The ways that this person used last come first, then the usual ones; how many that makes."""
        labels = reference.labels("contact_mode")
        latest = [code for code in latest if code in labels][:LATEST_MODES]
        first = dict.fromkeys([*latest, *USUAL_MODES])
        self.mode.choices = choices({code: labels[code] for code in dict.fromkeys([*first, *labels])})
        return len(first)

    def typed(self) -> dict[str, Any]:
        """For `schemas.read_contact`."""
        return {
            "on": self.on.data if self.when.data in (ANOTHER_DAY, None) else self.when.data,
            "mode": self.mode.data or "",
            "outcome": self.outcome.data or "",
            "note": self.note.data or "",
        }

    def resume(self, fields: Mapping[str, Sequence[str]]) -> None:
        super().resume(fields)
        self._keep_day()

    def _keep_day(self) -> None:
        days = [choice.value for choice in self.when.choices]
        if self.when.data and self.when.data not in days:
            self.on.data, self.when.data = self.on.data or self.when.data, ANOTHER_DAY


class AlertForm(PageForm):
    """Answer an alert, knowing which version was read."""

    status = RadioField(
        "Que faire de cette alerte",
        choices=choices({"REPORTEE": "La reporter", "SANS_OBJET": "La classer sans objet"}),
        validate_choice=False,
    )
    when = RadioField("Jusqu'à quand ?", validate_choice=False)
    until = DayField("Date du retour")
    reason = RadioField("Motif", validate_choice=False)
    comment = TextAreaField("Précision")
    version = IntegerField(widget=HiddenInput(), default=0)
    retour = HiddenField()

    def offer(self, today: date) -> None:
        """The usual delays, and the reasons. A delay chosen on another day stays chosen, as a date."""
        delays = {(today + timedelta(days=days)).isoformat(): label for days, label in USUAL_DELAYS}
        self.when.choices = choices(delays | {ANOTHER_DAY: "Une autre date"})
        if self.when.data and self.when.data not in (*delays, ANOTHER_DAY):
            self.until.data, self.when.data = self.until.data or self.when.data, ANOTHER_DAY
        self.reason.choices = choices(reference.labels("alert_dismiss_reason"))

    def typed(self) -> dict[str, Any]:
        """For `schemas.read_answer`."""
        return {
            "status": self.status.data or "",
            "until": self._until(),
            "reason": self.reason.data or "",
            "comment": self.comment.data or "",
        }

    def _until(self) -> str:
        if self.status.data != "REPORTEE":
            return ""
        chosen = self.until.data if self.when.data in (ANOTHER_DAY, None) else self.when.data
        return chosen or ""
