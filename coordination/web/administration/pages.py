"""What these pages share: their blueprint, a refused form shown again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template

from coordination.errors import BadInput, Conflict, CoordinationError
from coordination.web.forms import PageForm

blueprint = Blueprint("administration", __name__, template_folder="../templates")


def show(template: str, status: int = 200, **values: Any) -> Response:
    """A page of the administrator."""
    return make_response(render_template(f"administration/{template}", **values), status)


def refuse(form: PageForm, error: CoordinationError) -> int:
    """Put a refusal on its form; the status of the page that shows it again."""
    if isinstance(error, BadInput):
        form.refuse(error)
        return 422
    assert isinstance(error, Conflict)
    form.form_errors.append(str(error))
    return 409
