"""The web server: gunicorn with threads, in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from config.settings import LOOPBACK, Settings
from coordination.embedded import dsn, role_url, without_secrets
from coordination.errors import BadInput


class _Server(BaseApplication):
    """Gunicorn without a configuration file."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self.settings = settings
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        from coordination import create_app

        # Made in each worker process: connections are never shared across a fork.
        return create_app(self.settings)


def serve(
    settings: Settings, host: str, port: int, workers: int, threads: int, *, with_worker: bool = False
) -> None:
    """Serve until interrupted. Raises BadInput when real data would rest on the embedded server."""
    if not settings.database_url and not _holds_demo(settings):
        raise BadInput(
            "Avec de vraies données, DATABASE_URL doit désigner un serveur PostgreSQL. "
            "La base embarquée ne sert que la démonstration : « coordination demo »."
        )
    if host not in ("0.0.0.0", "::", "") and host not in settings.hosts:
        settings = replace(settings, hosts=(*settings.hosts, host))
    if host in LOOPBACK:
        # No TLS on loopback: a Secure cookie would never come back.
        settings = replace(settings, secure_cookies=False)
    options = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "timeout": 60,
        "graceful_timeout": 10,
        "accesslog": None,
        "loglevel": "warning",
        "proc_name": "coordination",
        # Whether a request came by HTTPS is believed from a proxy on this machine, if there is one.
        "forwarded_allow_ips": ",".join(LOOPBACK[:2]) if settings.proxies else "",
    }
    worker = start_worker(settings) if with_worker else None
    try:
        _Server(settings, options).run()
    finally:
        if worker:
            worker.terminate()
            worker.wait(10)


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    """The daily scan in a process of its own, which knows of all our secrets its own role's password alone."""
    own = dsn(role_url(settings, "worker"))
    return subprocess.Popen(
        [sys.executable, "-m", "coordination.cli", "worker"],
        env=without_secrets(os.environ)
        | {"COORDINATION_HOME": str(settings.home), "DATABASE_URL_WORKER": own},
    )


def _holds_demo(settings: Settings) -> bool:
    from coordination import create_app
    from coordination.db import db
    from coordination.exchange.demo import is_demo

    with create_app(settings).app_context():
        demo = is_demo()
        db.session.remove()
        db.engine.dispose()
    return demo
