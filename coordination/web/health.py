"""Whether the machinery runs, for those who watch it: no session, no personal data."""

from __future__ import annotations

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from coordination.accounts.queries import read_once
from coordination.clock import LATE_AFTER
from coordination.web import current
from coordination.web.alive import LAST_SCAN
from coordination.web.routing import declares_public

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@declares_public("les sondes de surveillance n'ont pas de session")
def healthz() -> ResponseReturnValue:
    """200 with the state of the database and of the daily scan; 503 when the database is away."""
    try:
        last = read_once(LAST_SCAN)[0].at
    except SQLAlchemyError as error:
        current_app.logger.error("The database does not answer (%s).", type(error).__name__)
        return {"database": "absent", "last_scan": None, "worker": "late"}, 503
    late = last is None or current.now() - last > LATE_AFTER
    return {
        "database": "ok",
        "last_scan": last.isoformat() if last else None,
        "worker": "late" if late else "ok",
    }


# A probe on this machine speaks plain HTTP, also where people must use HTTPS.
healthz.talisman_view_options = {"force_https": False}  # type: ignore[attr-defined]
