"""The macros and the base of forms: errors beside their field, in French, no NIR, one key per form."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template_string
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from coordination.clock import NOT_A_DATE, TOO_LONG_AGO
from coordination.errors import BadInput
from coordination.web.forms import DayField, NoNir, PageForm, body, options

PAGE = """{% import "web/forms.html" as ui with context %}
{{ ui.error_summary(form) }}<form method="post">{{ ui.hidden(form) }}
{{ ui.choices(form.mode, help="Une seule réponse.") }}{{ ui.field(form.note, help="Des faits.", rows=6) }}
{{ ui.field(form.place, optional=true) }}{{ ui.field(form.school) }}{{ ui.tick(form.told) }}
{{ ui.submit("Enregistrer") }}</form>{{ ui.post_button("/x", "Vu", fields={"id": "7"}) }}"""


class NoteForm(PageForm):
    mode = RadioField("Comment", choices=options({"VISITE": "Visite", "TELEPHONE": "Téléphone"}))
    note = TextAreaField("Note", [InputRequired(), NoNir()])
    place = StringField("Lieu")
    school = SelectField("École", choices=options({"a": "École A"}, empty="Aucune"))
    told = BooleanField("Famille informée")


def shown(
    app: Flask, data: dict[str, Any] | None = None, refusal: BadInput | None = None
) -> tuple[str, NoteForm]:
    app.config["WTF_CSRF_ENABLED"] = False
    with app.test_request_context("/", method="POST" if data is not None else "GET", data=data):
        form = NoteForm()
        if data is not None:
            form.validate()
        if refusal:
            form.refuse(refusal)
        return render_template_string(PAGE, form=form), form


def test_a_new_form_has_labels_help_and_a_key(app: Flask) -> None:
    page, form = shown(app)
    assert '<label class="form-label" for="note">Note</label>' in page
    assert 'aria-describedby="note-help"' in page
    assert "<legend" in page and "Téléphone" in page
    assert "(facultatif)" in page
    assert f'name="idempotency_key" value="{form.key}"' in page
    assert "field-error" not in page and "error-summary" not in page
    assert page.count('name="csrf_token"') == 2
    assert '<input type="hidden" name="id" value="7">' in page
    assert "[]" not in page


def test_a_refused_form_keeps_what_was_typed_and_its_key(app: Flask) -> None:
    page, form = shown(app, {"mode": "VISITE", "note": "", "place": "Maison <Léo>", "idempotency_key": "k1"})
    assert form.key == "k1" and 'value="k1"' in page
    assert "Maison &lt;Léo&gt;" in page
    assert 'aria-describedby="note-help note-error"' in page
    assert 'id="note-error"' in page and '<a href="#note">Note\N{NO-BREAK SPACE}: ' in page
    assert "This field" not in page, "messages of the library are French too"
    assert 'checked id="mode-0"' in page


def test_messages_of_a_command_stand_beside_the_field(app: Flask) -> None:
    refusal = BadInput("Refusé.", {"place": "Ce lieu est fermé."})
    page, _form = shown(app, {"mode": "VISITE", "note": "Tout va bien."}, refusal)
    assert 'id="place-error">Ce lieu est fermé.<' in page
    page, _form = shown(app, {"mode": "VISITE", "note": "Tout va bien."}, BadInput("Le parcours est clos."))
    assert "<li>Le parcours est clos.</li>" in page


@pytest.mark.parametrize("note", ["né sous le 2 55 08 14 168 025 38", "255081416802538"])
def test_a_nir_is_refused_beside_the_text(app: Flask, note: str) -> None:
    page, form = shown(app, {"mode": "VISITE", "note": note})
    assert form.note.errors == [NoNir.message]
    assert "numéro de sécurité sociale" in page


def test_the_body_is_the_same_for_the_same_form(app: Flask) -> None:
    def sent(**fields: str) -> bytes:
        with app.test_request_context("/", method="POST", data=fields):
            return body()

    first = sent(note="Oui", csrf_token="a", idempotency_key="k")
    assert first == sent(csrf_token="b", idempotency_key="k", note="Oui")
    assert first != sent(note="Non", csrf_token="a", idempotency_key="k")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0001-01-01", TOO_LONG_AGO),
        # What a browser sends of « 12/10/26 ».
        ("0026-10-12", TOO_LONG_AGO),
        ("31/12/1899", TOO_LONG_AGO),
        ("12/10/26", NOT_A_DATE),
        ("30/02/2026", NOT_A_DATE),
        ("demain", NOT_A_DATE),
        ("01/01/1900", ""),
        ("9999-12-31", ""),
        ("", ""),
    ],
)
def test_a_day_typed_is_of_our_times(app: Flask, typed: str, sentence: str) -> None:
    class DayForm(PageForm):
        on = DayField("Le")

    with app.test_request_context("/", method="POST", data={"on": typed}):
        day, faults = DayForm().on.read()
    assert faults == ({"on": sentence} if sentence else {})
    assert (day is None) == (bool(sentence) or not typed)
