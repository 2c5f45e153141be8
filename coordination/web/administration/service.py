"""The state of the service, for the administrator: analysis, calendar, mails. No journey, no content of a mail."""

from __future__ import annotations

from flask import current_app
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from coordination.accounts.queries import read_once
from coordination.clock import LATE_AFTER
from coordination.db import db
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.administration.pages import blueprint, show
from coordination.web.alive import LAST_SCAN
from coordination.web.routing import declares

# The last fifty refusals: who mends addresses need not read more at once.
TOTALS = text(
    "SELECT count(*) FILTER (WHERE state = 'A_ENVOYER') AS waiting,"
    " count(*) FILTER (WHERE state = 'A_ENVOYER' AND attempts > 0) AS failing, max(sent_at) AS sent_at FROM mail"
)
REFUSED = text(
    "SELECT a.display_name, a.email, m.on_date, m.answer FROM mail m JOIN account a ON a.id = m.account_id"
    " WHERE m.state = 'REFUSE' ORDER BY m.on_date DESC, a.email LIMIT 50"
)


@blueprint.get("/etat-du-service")
@declares(Action.MANAGE_ACCOUNTS)
def service() -> ResponseReturnValue:
    last = read_once(LAST_SCAN)[0].at
    with consult(current.actor(), Action.MANAGE_ACCOUNTS, current.now()) as r:
        grant = r.require()
        totals = db.session.execute(TOTALS).one()
        refused = db.session.execute(REFUSED).all()
        recounts = db.session.scalar(text("SELECT waiting_recounts()"))
        r.audit(grant, ("état du service",))
    return show(
        "service.html",
        last=last,
        late=last is None or current.now() - last > LATE_AFTER,
        known_until=current_app.extensions["calendar_known_until"],
        mail=current_app.config["SETTINGS"].mail is not None,
        totals=totals,
        refused=refused,
        recounts=recounts,
    )
