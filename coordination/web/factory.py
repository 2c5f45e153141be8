"""Puts the application together: keys, database, guards, pages."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, request
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined

from config.settings import Settings
from coordination.accounts import lists
from coordination.db import db
from coordination.embedded import role_url, sqlalchemy_url
from coordination.privacy.keys import forbid_core_dumps, load_keks, recovery_public, secret_key
from coordination.privacy.keystore import Keystore
from coordination.web import (
    administration,
    current,
    drafts,
    entry,
    faults,
    filters,
    guide,
    headers,
    health,
    journal_check,
    navigation,
    origin,
    routing,
    uploads,
)

OWN_PAGES = (
    entry.blueprint,
    drafts.blueprint,
    journal_check.blueprint,
    administration.blueprint,
    guide.blueprint,
    health.blueprint,
)
LARGEST_REQUEST = 2 * 1024 * 1024


class HeadReads(uploads.MemoryRequest):
    """A HEAD is read as the GET whose headers it asks for: what is not a GET writes, and no token guards a HEAD."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.method == "HEAD":
            self.method = "GET"


class Application(Flask):
    """Flask, whose log of an unexpected error names places in the code and never a value."""

    request_class = HeadReads

    def log_exception(self, exc_info: Any) -> None:
        kind, _error, trace = exc_info
        frames = traceback.extract_tb(trace)
        ours = [frame for frame in frames if "site-packages" not in frame.filename]
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in (*ours, frames[-1])]
        # The text of a database error may hold what a person typed.
        self.logger.error("%s in %s\n  %s", kind.__name__, request.endpoint, "\n  ".join(places))


def build(settings: Settings, features: Sequence[Blueprint] = ()) -> Flask:
    """See `coordination.create_app`. `features`: pages of the packages above this one."""
    forbid_core_dumps()
    app = Application("coordination", static_folder="web/static", template_folder=None)
    web = role_url(settings, "web")
    app.config.update(
        SETTINGS=settings,
        TESTING=settings.testing,
        SECRET_KEY=secret_key(settings, "session"),
        SQLALCHEMY_DATABASE_URI=sqlalchemy_url(web),
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=7),
        BOOTSTRAP_SERVE_LOCAL=True,
        # A page may stay open for as long as the session lives.
        WTF_CSRF_TIME_LIMIT=None,
        # Our pages send no Referer, which this check would ask for; the token, SameSite and the check of
        # Sec-Fetch-Site in `headers` stand in its place.
        WTF_CSRF_SSL_STRICT=False,
        WTF_I18N_ENABLED=False,
    )
    app.logger.setLevel(logging.INFO)
    # An undefined name in a template is a fault, not an empty string.
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    db.init_app(app)
    app.extensions["keystore"] = Keystore.connect(
        role_url(settings, "keystore", web), load_keks(settings), recovery_public(settings)
    )
    _sign_in(app)
    origin.protect(app, settings)
    headers.protect(app, secure=settings.secure_cookies)
    app.before_request(current.know_who)
    uploads.register(app)
    app.before_request(_read_lists)
    CSRFProtect(app)
    Bootstrap5(app)
    app.before_request(routing.stand_at_the_door)
    filters.register(app)
    faults.register(app)
    app.register_error_handler(faults.SessionOver, entry.form_too_late)
    navigation.register(app)
    for blueprint in (*OWN_PAGES, *features):
        app.register_blueprint(blueprint)
    routing.refuse_undeclared(app)
    return app


def _read_lists() -> None:
    """Labels that the administrator changed in another process show here within seconds."""
    if request.endpoint not in (*routing.STATIC, "health.healthz"):
        lists.refresh()


def _sign_in(app: Flask) -> None:
    manager = LoginManager()
    # Its `current_user` in templates would ask the database again, also on the page that says it is away.
    manager.init_app(app, add_context_processor=False)
    # Phones change address all day; a session is bound to its token and its row, not to an address.
    manager.session_protection = None
    manager.user_loader(current.load_signed_in)
