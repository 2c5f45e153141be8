"""Under which names the pages answer, and whose word is taken for where a request comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from config.settings import LOOPBACK, Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Plain: the layout's links would be built from the very name that is refused.
REFUSED = "Ce nom de serveur n'est pas reconnu.\n"
_PORT = re.compile(r":\d*$")


class _BehindProxies:
    """Takes the word of so many proxies, for requests that come from this machine only."""

    def __init__(self, app: WSGIApplication, proxies: int) -> None:
        self.direct = app
        self.forwarded = ProxyFix(app, x_for=proxies, x_proto=proxies)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        app = self.forwarded if environ.get("REMOTE_ADDR") in LOOPBACK else self.direct
        return app(environ, start_response)


def protect(app: Flask, settings: Settings) -> None:
    """Register before whatever looks at a request."""
    # Not Flask's TRUSTED_HOSTS: it knows neither IPv6 addresses nor capitals.
    known = {host.lower() for host in settings.hosts}

    def refuse_unknown_host() -> Response | None:
        host = _PORT.sub("", request.environ.get("HTTP_HOST") or request.environ.get("SERVER_NAME", ""))
        if host.strip("[]").lower() in known and not isinstance(request.routing_exception, SecurityError):
            return None
        return Response(REFUSED, 400, mimetype="text/plain")

    app.before_request(refuse_unknown_host)
    if settings.proxies:
        app.wsgi_app = _BehindProxies(app.wsgi_app, settings.proxies)  # type: ignore[method-assign]
