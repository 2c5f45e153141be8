"""The web server: gunicorn with threads, in this process."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import click
import fasteners
from flask import Flask
from gunicorn.app.base import BaseApplication
from sqlalchemy.exc import SQLAlchemyError

from config.settings import LOOPBACK, Settings
from coordination import clock
from coordination.embedded import dsn, private_folder, role_url, without_secrets
from coordination.errors import BadInput, KeyUnavailable
from coordination.privacy.reconcile import reconcile_keys

PR_SET_PDEATHSIG = 1
# Seconds between two looks at what waits to be counted again.
RECOUNT_EVERY = 60
# What the worker needs to write mails.
MAIL = ("COORDINATION_SMTP_URL", "COORDINATION_MAIL_FROM", "COORDINATION_PUBLIC_URL")


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
    _put_keys_right(settings)
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
    beside = [start_recounts(settings), *([start_worker(settings)] if with_worker else ())]
    if not with_worker:
        click.echo(f"Pages servies sur http://{host}:{port} (Ctrl-C pour arrêter).", err=True)
    try:
        _Server(settings, options).run()
    finally:
        for process in beside:
            process.terminate()
        for process in beside:
            process.wait(10)


def refuse_taken_port(host: str, port: int, how: str = "--port") -> None:
    """Raises BadInput if somebody already listens there, before anything is touched; `how`: to name another."""
    family, *_, place = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError:
            raise BadInput(f"Le port {port} est déjà pris : choisissez-en un autre ({how}).") from None


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """One demonstration at a time in a folder: a second one would change its passwords and stop its database."""
    lock = fasteners.InterProcessLock(private_folder(settings.keys_dir) / ".demo-lock")
    if not lock.acquire(blocking=False):
        raise BadInput("La démonstration tourne déjà dans ce dossier. Arrêtez-la d'abord (Ctrl-C).")
    try:
        yield
    finally:
        lock.release()


def _put_keys_right(settings: Settings) -> None:
    """What a kill left between the two databases. Said, never a reason not to serve the rest."""
    try:
        found = reconcile_keys(settings, clock.now())
    except (SQLAlchemyError, KeyUnavailable) as error:
        why = str(error) if isinstance(error, KeyUnavailable) else type(error).__name__
        click.echo(f"Clés non vérifiées au démarrage ({why}).", err=True)
        return
    for sentence in filter(None, [found.warning, *found.anomalies]):
        click.echo(sentence, err=True)


def start_recounts(settings: Settings) -> subprocess.Popen[bytes]:
    """What a role, a référent or a threshold made to be counted again, in a process that has the pages' keys."""
    return subprocess.Popen(
        [sys.executable, "-m", "coordination.cli", "recompute", "--pending", "--every", str(RECOUNT_EVERY)],
        env=os.environ | {"COORDINATION_HOME": str(settings.home)},
        preexec_fn=_end_with_parent,
    )


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    """The daily scan in a process of its own: of our secrets it knows its role's password and the mail server's."""
    own = dsn(role_url(settings, "worker"))
    return subprocess.Popen(
        [sys.executable, "-m", "coordination.cli", "worker"],
        env=without_secrets(os.environ)
        | {name: os.environ[name] for name in MAIL if name in os.environ}
        | {"COORDINATION_HOME": str(settings.home), "DATABASE_URL_WORKER": own},
        preexec_fn=_end_with_parent,
    )


def _end_with_parent() -> None:
    """A demonstration that is killed leaves no worker behind, where the system knows how to say so (Linux)."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _holds_demo(settings: Settings) -> bool:
    from coordination import create_app
    from coordination.db import db
    from coordination.exchange.demo import is_demo

    with create_app(settings).app_context():
        demo = is_demo()
        db.session.remove()
        db.engine.dispose()
    return demo
