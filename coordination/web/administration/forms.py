"""Forms of the administrator. They carry what was typed; commands decide."""

from __future__ import annotations

from wtforms import BooleanField, EmailField, IntegerField, PasswordField, SelectField, StringField
from wtforms.widgets import HiddenInput

from coordination import reference
from coordination.accounts.vocabulary import SECRECY_BASES
from coordination.web.forms import DayField, PageForm, options


def _communes(kept: str = "") -> dict[str, str]:
    """INSEE code -> name, by name; one that is `kept` stays, under its code where it has no name here."""
    named = reference.communes()
    return {**named, **({kept: kept} if kept and kept not in named else {})}


class Versioned(PageForm):
    """A form about a row as it was read."""

    version = IntegerField(widget=HiddenInput())


class PersonForm(Versioned):
    """An account: who, and on which basis of secrecy."""

    display_name = StringField("Prénom et nom")
    email = EmailField("Adresse e-mail professionnelle")
    secrecy_basis = SelectField("Base du secret professionnel", validate_choice=False)
    charter_version = StringField("Version de la charte signée")
    charter_signed_on = DayField("Signée le")
    charter_expires_on = DayField("Valable jusqu'au")

    def offer(self) -> None:
        self.secrecy_basis.choices = options(SECRECY_BASES)


class RoleForm(PageForm):
    """A role with its days."""

    role = SelectField("Rôle", validate_choice=False)
    structure = SelectField("Structure", validate_choice=False)
    programme = SelectField("Dispositif", validate_choice=False)
    from_on = DayField("À partir du")
    until_on = DayField("Jusqu'au (compris)")

    def offer(self, structures: dict[str, str]) -> None:
        """`structures`: code -> name of those that are not retired."""
        self.role.choices = options(reference.labels("user_role"), "Choisir…")
        self.structure.choices = options(structures, "Aucune")
        self.programme.choices = options(reference.labels("programme"), "Les deux")


class NewPersonForm(PersonForm, RoleForm):
    """A new account with its first role."""

    def offer(self, structures: dict[str, str]) -> None:  # type: ignore[override]
        """The choices of both halves."""
        PersonForm.offer(self)
        RoleForm.offer(self, structures)


class RoleDatesForm(Versioned):
    from_on = DayField("À partir du")
    until_on = DayField("Jusqu'au (compris)")


class StructureForm(Versioned):
    code = StringField("Code")
    name = StringField("Nom")
    type = SelectField("Type", validate_choice=False)
    commune = SelectField("Commune", validate_choice=False)
    retired_on = DayField("Retirée à partir du")

    def offer(self, type_: str = "", commune: str = "") -> None:
        """What is offered today, and what stands: a type that was retired, a commune of another territory."""
        types = reference.labels("structure_type")
        kept = {type_: reference.label("structure_type", type_)} if type_ and type_ not in types else {}
        self.type.choices = options(types | kept, "Non renseigné")
        self.commune.choices = options(_communes(commune), "Non renseignée")


class LabelForm(Versioned):
    label = StringField("Libellé")
    retired = BooleanField("Retiré : ne se propose plus")


class AreaForm(Versioned):
    code = StringField("Code")
    label = StringField("Nom du quartier ou de la résidence")
    commune = SelectField("Commune", validate_choice=False)
    valid_from = DayField("Fragile à partir du")
    valid_until = DayField("Jusqu'au (compris)")

    def offer(self) -> None:
        self.commune.choices = options(_communes(), "Choisir…")


class SchoolYearForm(Versioned):
    starts_on = DayField("Premier jour")
    ends_on = DayField("Dernier jour")


class PasswordForm(PageForm):
    """A person's own choice, by a link."""

    password = PasswordField("Nouveau mot de passe", render_kw={"autocomplete": "new-password"})
    again_password = PasswordField("Le même, encore une fois", render_kw={"autocomplete": "new-password"})
