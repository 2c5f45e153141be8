"""Who acts in this request, and when. One instant per request."""

from __future__ import annotations

from datetime import date, datetime

from flask import g, request
from flask_login import current_user

from coordination import clock
from coordination.accounts.queries import SignedIn, find_signed_in
from coordination.accounts.sign_in import touch
from coordination.db import act_as, db
from coordination.privacy.actor import VISITOR, Actor


def now() -> datetime:
    """The instant of this request, in UTC."""
    if "now" not in g:
        g.now = clock.now()
    instant: datetime = g.now
    return instant


def today() -> date:
    """The Europe/Paris date of this request."""
    return clock.paris_date(now())


def signed_in() -> SignedIn | None:
    """The account signed in, or None. Never touches the database, so that error pages can ask."""
    holder: SignedIn | None = g.get("signed_in")
    return holder


def actor() -> Actor:
    """Who acts, for the policy; VISITOR when nobody is signed in."""
    holder = signed_in()
    return holder.actor if holder else VISITOR


def load_signed_in(token: str) -> SignedIn | None:
    """For Flask-Login: who holds this token now. Suspension and revocation act here, on the next request."""
    return find_signed_in(token, now())


def know_who() -> None:
    """Before every request but style sheets: load the account and tell the database who acts."""
    # A context around several requests (a shell, a test) shares its `g`: nothing of the last one may stay.
    for name in ("now", "signed_in", "_login_user", "csrf_token", "csrf_valid", "account_names"):
        g.pop(name, None)
    if request.endpoint in ("static", "bootstrap.static", "health.healthz"):
        return
    holder = current_user._get_current_object()
    if isinstance(holder, SignedIn):
        g.signed_in = holder
        touch(holder, now())
    act_as(db.session(), actor().id)
