"""The state of the service, for the administrator: analysis, calendar, mails. No journey, no content of a mail."""

from __future__ import annotations

from flask import current_app
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select, text

from coordination.accounts.models import Account
from coordination.accounts.queries import read_once
from coordination.alerts.calendar import Calendar
from coordination.alerts.models_mail import Mail
from coordination.alerts.outbox import LATE_AFTER
from coordination.db import db
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.administration.pages import blueprint, show
from coordination.web.alive import LAST_SCAN
from coordination.web.routing import declares

SHOWN = 50


@blueprint.get("/etat-du-service")
@declares(Action.MANAGE_ACCOUNTS)
def service() -> ResponseReturnValue:
    last = read_once(LAST_SCAN)[0].at
    with consult(current.actor(), Action.MANAGE_ACCOUNTS, current.now()) as r:
        grant = r.require()
        totals = db.session.execute(
            select(
                func.count().filter(Mail.state == "A_ENVOYER").label("waiting"),
                func.count().filter(Mail.state == "A_ENVOYER", Mail.attempts > 0).label("failing"),
                func.max(Mail.sent_at).label("sent_at"),
            )
        ).one()
        refused = db.session.execute(
            select(Account.display_name, Account.email, Mail.on_date, Mail.answer)
            .join(Account, Account.id == Mail.account_id)
            .where(Mail.state == "REFUSE")
            .order_by(Mail.on_date.desc(), Account.email)
            .limit(SHOWN)
        ).all()
        recounts = db.session.scalar(text("SELECT waiting_recounts()"))
        r.audit(grant, ("état du service",))
    return show(
        "service.html",
        last=last,
        late=last is None or current.now() - last > LATE_AFTER,
        known_until=Calendar.load().last_known,
        mail=current_app.config["SETTINGS"].mail is not None,
        totals=totals,
        refused=refused,
        recounts=recounts,
    )
