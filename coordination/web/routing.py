"""Default deny: every endpoint declares its policy, or the application does not start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from coordination.db import NOBODY
from coordination.errors import CoordinationError
from coordination.privacy.policy import Action, Subject, can
from coordination.privacy.volets import Volet
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.faults import SessionOver

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

# Views that come from libraries and cannot be decorated: style sheets and scripts, no data.
STATIC = {"static": "nos feuilles de style", "bootstrap.static": "les feuilles de style de Bootstrap"}

# Every relation to a journey at once: what even this would not allow, no journey can allow.
CLOSEST = Subject(
    NOBODY,
    "",
    frozenset({"referent", "backup", "coordinator", "receiver", "meeting", "operator"}),
    frozenset(Volet),
    frozenset(Volet),
)


class UndeclaredEndpoint(CoordinationError):
    """An endpoint without a policy: the application refuses to start."""


@dataclass(frozen=True)
class Declared:
    """The policy of an endpoint: an action, or None and the reason why anybody may come."""

    action: Action | None
    reason: str = ""


def declares(action: Action) -> Callable[[View], View]:
    """The view does `action`. Its own `consult` or `work` decides on the journey concerned, if any."""
    return _mark(Declared(action))


def declares_public(reason: str) -> Callable[[View], View]:
    """The view is for anybody, signed in or not, for the reason given."""
    return _mark(Declared(None, reason))


def _mark(declared: Declared) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.declared = declared  # type: ignore[attr-defined]
        return view

    return mark


def policy_of(app: Flask, endpoint: str) -> Declared | None:
    """What an endpoint declared; None if nothing."""
    if endpoint in STATIC:
        return Declared(None, STATIC[endpoint])
    return getattr(app.view_functions.get(endpoint), "declared", None)


def refuse_undeclared(app: Flask) -> None:
    """Raises UndeclaredEndpoint, naming every endpoint that declares nothing."""
    missing = sorted({r.endpoint for r in app.url_map.iter_rules() if not policy_of(app, r.endpoint)})
    if missing:
        raise UndeclaredEndpoint(f"Sans règle d'accès déclarée : {', '.join(missing)}.")


def stand_at_the_door() -> ResponseReturnValue | None:
    """Before a view: sends a visitor to the sign-in form, refuses (and logs) what a role never does."""
    if request.endpoint is None:
        return None
    declared = policy_of(current_app, request.endpoint)
    if declared is None:
        # Added after the start: closed all the same.
        raise UndeclaredEndpoint(f"Sans règle d'accès déclarée : {request.endpoint}.")
    if declared.action is None:
        return None
    actor = current.actor()
    if actor.kind == "visitor":
        return _to_sign_in()
    if not can(actor, declared.action) and not can(actor, declared.action, CLOSEST):
        with consult(actor, declared.action, current.now()) as refused:
            refused.require()
    return None


def _to_sign_in() -> ResponseReturnValue:
    if request.method != "GET":
        raise SessionOver()
    if "_user_id" in session:
        flash("Votre session est terminée. Reconnectez-vous pour continuer.", "info")
    # A path of ours, kept in the session: never an address somebody else could have made.
    session["after_sign_in"] = "/" + request.full_path.rstrip("?").lstrip("/")
    return redirect(url_for("entry.start"), 303)
