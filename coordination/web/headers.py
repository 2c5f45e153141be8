"""Headers that tell the browser what our pages never do, and cookies nobody else can read."""

from __future__ import annotations

from flask import Flask, Response, abort, request
from flask_talisman import DENY, Talisman

CONTENT_POLICY = {
    "default-src": "'self'",
    # Bootstrap draws the arrow of a list and the tick of a box with images inside its style sheet.
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# A document that somebody brought: it may show itself inside our pages, and do nothing else.
DOCUMENT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
_CLOSED = "X-Closed-Document"
READING = ("GET", "OPTIONS")


def protect(app: Flask, *, secure: bool) -> None:
    """`secure` False only on loopback without TLS: the cookie then travels on plain HTTP."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-coordination" if secure else "coordination",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    # First here, so last on the way out: Talisman writes its own policy over whatever it finds.
    app.after_request(_close_documents)
    app.extensions["talisman"] = Talisman(
        app,
        force_https=secure,
        session_cookie_secure=secure,
        strict_transport_security=secure,
        content_security_policy=CONTENT_POLICY,
        frame_options=DENY,
        referrer_policy="no-referrer",
    )
    app.before_request(_refuse_other_sites)
    app.after_request(_keep_nothing)


def close_document(response: Response) -> Response:
    """Mark an answer as a document of somebody's: its own policy, in place of that of our pages."""
    response.headers[_CLOSED] = "1"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _close_documents(response: Response) -> Response:
    if response.headers.pop(_CLOSED, None):
        response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _refuse_other_sites() -> None:
    """A browser says where a form comes from; what another site sends is refused before any token is read."""
    if request.method not in READING and request.headers.get("Sec-Fetch-Site", "none") not in (
        "same-origin",
        "none",
    ):
        abort(400)


def _keep_nothing(response: Response) -> Response:
    """Pages stay in no cache, so that the next person at this computer finds nothing."""
    if request.endpoint not in ("static", "bootstrap.static"):
        response.headers["Cache-Control"] = "no-store"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
