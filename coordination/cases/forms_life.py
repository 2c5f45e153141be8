"""Forms of the life of a journey: its opening, course, team, end, family, and the absences of who follows it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from coordination import reference
from coordination.cases.forms import DayField
from coordination.cases.forms_people import Correction
from coordination.cases.queries.leave_plan import Absence
from coordination.cases.queries.listing import stage_label
from coordination.web.forms import PageForm, options

STAGE_LISTS = {"PRE": "pre_stage", "CITE_EMPLOI": "employment_stage"}


def people_options(people: Mapping[uuid.UUID, str], empty: str | None) -> list[object]:
    return [*options({str(id_): name for id_, name in people.items()}, empty)]


class OpeningForm(PageForm):
    """Open a journey. `offer` before anything else. In the order of the page, which the faults are told in."""

    programme = HiddenField()
    not_same = BooleanField("Ce n'est pas la même personne : ouvrir le parcours")
    first_name = StringField("Prénom")
    last_name = StringField("Nom")
    birth_date = DayField("Date de naissance")
    commune = SelectField("Commune", validate_choice=False)
    phone = TelField("Téléphone")
    relative_first_name = StringField("Prénom du parent ou du responsable")
    relative_last_name = StringField("Nom du parent ou du responsable")
    relative_phone = TelField("Son téléphone")
    opened_on = DayField("Saisine reçue le")
    source = SelectField("Qui l'envoie ?", validate_choice=False)
    structure_id = SelectField("Structure", validate_choice=False)
    reasons = SelectMultipleField(
        "Pour quels motifs ?",
        validate_choice=False,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    remark = TextAreaField("Précision")
    referent_id = SelectField("Référent", validate_choice=False)
    ref = StringField("Référence")

    def offer(
        self, programme: str, structures: Mapping[uuid.UUID, str], people: Mapping[uuid.UUID, str]
    ) -> None:
        """The choices of the programme."""
        self.programme.data = programme
        if programme != "PRE":
            self.opened_on.label.text = "Repérage le"
        communes = reference.communes()
        if programme == "PRE":
            communes = {code: name for code, name in communes.items() if code in reference.pre_perimeter()}
        self.commune.choices = options(communes, "Non renseignée")
        self.source.choices = options(reference.labels("pre_referral_source"), "Choisir")
        self.reasons.choices = options(reference.labels("pre_referral_reason"))
        self.structure_id.choices = people_options(structures, "Aucune, ou pas dans la liste")
        self.referent_id.choices = people_options(people, "Personne pour l'instant")


class CourseForm(Correction):
    """Stage, dates, rhythm."""

    stage = RadioField("Étape", validate_choice=False)
    stage_on = DayField("Jour du changement d'étape")
    opened_on = DayField("Ouvert le")
    entered_on = DayField("Entrée dans le parcours")
    validated_on = DayField("Parcours validé le")
    diagnosis_on = DayField("Diagnostic partagé le")
    planned_rhythm_days = StringField("Un échange tous les… jours")
    scheme = SelectField("Cadre d'accompagnement", validate_choice=False)
    orientation_path = SelectField("Type de parcours", validate_choice=False)
    rsa_opened_on = DayField("Ouverture du RSA")
    oriented_on = DayField("Orientation le")
    contract_signed_on = DayField("Contrat signé le")
    note = TextAreaField("Précision sur ce changement d'étape")

    def offer(self, programme: str, stage: str | None, stages: Sequence[str]) -> None:
        """The stage where it stands, then those that may follow."""
        if programme != "PRE":
            self.diagnosis_on.label.text = "Diagnostic le"
        codes = [*([stage] if stage else []), *(code for code in stages if code != stage)]
        self.stage.choices = options({code: stage_label(programme, code) for code in codes})
        self.scheme.choices = options(reference.labels("support_scheme"), "Non renseigné")
        self.orientation_path.choices = options(reference.labels("orientation_path"), "Non renseigné")


class TeamForm(Correction):
    """Référent, backup, the words of the handover."""

    referent_id = SelectField("Référent", validate_choice=False)
    backup_id = SelectField("Suppléant", validate_choice=False)
    note = TextAreaField("Mot de passage de relais")

    def offer(self, people: Mapping[uuid.UUID, str]) -> None:
        self.referent_id.choices = people_options(people, "Personne pour l'instant")
        self.backup_id.choices = people_options(people, "Aucun suppléant")


class EndingForm(Correction):
    """The end of a journey."""

    reason = SelectField("Motif de sortie", validate_choice=False)
    on = DayField("Date de sortie")
    decided_by = StringField("Qui a décidé ?")
    decided_on = DayField("Jour de la décision")
    note = TextAreaField("Précision")

    def offer(self, coded_list: str) -> None:
        self.reason.choices = options(reference.labels(coded_list), "Choisir")


class ReopeningForm(Correction):
    """Where an ended journey goes on."""

    stage = RadioField("Étape où le parcours reprend", validate_choice=False)
    on = DayField("Reprise le")
    note = TextAreaField("Pourquoi ce parcours reprend")

    def offer(self, programme: str, stages: Sequence[str]) -> None:
        self.stage.choices = options({code: stage_label(programme, code) for code in stages})


class FamilyForm(PageForm):
    """Another journey of the family, by one of those suggested or by its reference."""

    chosen = RadioField("Même nom ou même adresse, parmi ce que vous voyez", validate_choice=False)
    ref = StringField("Référence du parcours du frère, de la sœur ou du proche")
    retour = HiddenField()


class LeaveForm(PageForm):
    """An absence and who replaces."""

    from_on = DayField("Premier jour d'absence")
    until_on = DayField("Dernier jour d'absence")
    backup_id = SelectField("Qui vous remplace ?", validate_choice=False)

    def offer(self, people: Mapping[uuid.UUID, str]) -> None:
        self.backup_id.choices = people_options(
            people, "Personne pour l'instant : la coordination sera prévenue"
        )


class ReplacementForm(PageForm):
    """Who replaces during an absence that is noted; `before`: who did when the page was read."""

    backup_id = SelectField("Qui remplace ?", validate_choice=False)
    before = HiddenField()

    def offer(self, absence: Absence) -> None:
        self.backup_id.choices = people_options(absence.people, "Personne pour l'instant")
        # Sent or shown again after somebody else's choice: `before` is what this page shows.
        self.before.data = str(absence.backup_id or "")
        if self.backup_id.data is None:
            self.backup_id.data = self.before.data


class ButtonForm(PageForm):
    """A form of one button."""

    version = IntegerField(widget=HiddenInput(), default=0)
    retour = HiddenField()
