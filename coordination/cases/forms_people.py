"""Forms about the person, who can be called, and school."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
)
from wtforms.widgets import HiddenInput

from coordination import reference
from coordination.cases.forms import DayField
from coordination.cases.vocabulary import SEXES, school_year_label
from coordination.web.forms import PageForm, options

SCHOOL_YEARS_BACK = 6


class Correction(PageForm):
    version = IntegerField(widget=HiddenInput(), default=0)
    retour = HiddenField()

    def typed(self) -> dict[str, Any]:
        """For the schemas: every field by its name; what was not sent at all is left out."""
        return {name: field.data for name, field in self._fields.items() if field.data is not None}

    def show_stored(self, stored: Mapping[str, Any]) -> None:
        """Fill the fields from an opened row: booleans are sealed as 1 and 0."""
        for name, field in self._fields.items():
            if name in stored:
                value = stored[name]
                field.data = value == "1" if isinstance(field, BooleanField) else value or ""
        self.version.data = stored["version"]


class IdentityForm(Correction):
    """The person and where they live."""

    first_name = StringField("Prénom")
    last_name = StringField("Nom")
    birth_date = DayField("Date de naissance")
    sex = RadioField("Sexe", validate_choice=False)
    phone = TelField("Téléphone")
    email = EmailField("E-mail")
    interpreter = BooleanField("Interprète nécessaire")
    prefers_oral = BooleanField("Préfère l'oral à l'écrit")
    address = StringField("Adresse")
    commune = SelectField("Commune", validate_choice=False)
    area = SelectField("Quartier ou résidence", validate_choice=False)
    arrived_on = DayField("Arrivée à cette adresse")

    def offer(self, programme: str, today: date) -> None:
        """The choices of the programme's territory; what was stored stays among them."""
        communes = reference.communes()
        if programme == "PRE":
            communes = {code: name for code, name in communes.items() if code in reference.pre_perimeter()}
        within = reference.pre_perimeter() if programme == "PRE" else None
        self.sex.choices = options({"": "Non renseigné", **SEXES[programme]})
        self.commune.choices = options(_with(communes, self.commune.data), "Non renseignée")
        self.area.choices = options(
            reference.areas_offered(today, self.area.data or "", within), "Non renseigné"
        )


class RelativeForm(Correction):
    """A person to call."""

    first_name = StringField("Prénom")
    last_name = StringField("Nom")
    tie = StringField("Lien avec la personne")
    phone = TelField("Téléphone")
    email = EmailField("E-mail")
    parental_authority = BooleanField("A l'autorité parentale")
    takes_part = BooleanField("Participe au suivi", default=True)
    trusted = BooleanField("Personne de confiance")
    interpreter = BooleanField("Interprète nécessaire")
    prefers_oral = BooleanField("Préfère l'oral à l'écrit")


class SchoolForm(Correction):
    """School and level of a school year."""

    year = SelectField("Année scolaire", validate_choice=False)
    school = StringField("Établissement")
    school_level = SelectField("Niveau", validate_choice=False)

    def offer(self, current_year: int) -> None:
        years = range(current_year + 1, current_year - SCHOOL_YEARS_BACK, -1)
        self.year.choices = options({str(year): school_year_label(year) for year in years})
        self.school_level.choices = options(reference.labels("school_level"), "Non renseigné")


class RemovalForm(PageForm):
    """Confirms a removal, knowing which version was read. `person`: what is asked of the last one."""

    person = HiddenField("Personne à appeler")
    version = IntegerField(widget=HiddenInput(), default=0)
    retour = HiddenField()


def _with(labels: Mapping[str, str], stored: Any) -> dict[str, str]:
    """A code that left the list (or comes from elsewhere) stays selectable where it stands."""
    kept = {str(stored): str(stored)} if stored and stored not in labels else {}
    return {**labels, **kept}


def school_year_of(day: date) -> int:
    """The school year of a day: it turns on the first of August."""
    return day.year if day.month >= 8 else day.year - 1
