"""Pages of journeys."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("cases", __name__, url_prefix="/parcours", template_folder="templates")
