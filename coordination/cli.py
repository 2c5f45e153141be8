"""The operator's tool. Errors go to standard error: exit code 2 for bad input, 1 for a failure."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from config.settings import Settings
from coordination import clock, embedded
from coordination.accounts import cli as accounts_cli
from coordination.alerts.deadlines import LEAD, OVERDUE
from coordination.alerts.scan import ScanResult
from coordination.alerts.targets import AGES, since_is_target
from coordination.backup import cli as backup_cli
from coordination.console import Day, Tool, json_option, show
from coordination.errors import BadInput
from coordination.exchange import trial_cli
from coordination.privacy import cli as privacy_cli


@click.group(cls=Tool)
def main() -> None:
    """Coordination des parcours d'insertion et de réussite éducative."""


def settings() -> Settings:
    try:
        return Settings.from_env(os.environ)
    except ValueError as error:
        raise BadInput(str(error)) from None


def application() -> Any:
    """The application, for commands that need keys and the session."""
    from coordination import create_app

    return create_app(settings())


# A lead says that something is to be prepared; an overdue that its day has come.
_KINDS = {"lead": "à préparer, dès le", "overdue": "échéance du"}


@main.command()
@json_option
def init(as_json: bool) -> None:
    """Crée bases, rôles, clés et tables ; sans danger si tout existe déjà."""
    from coordination.accounts.commands import ensure_operator
    from coordination.privacy.keys import init_keys
    from coordination.provision import provision

    init_keys(settings())
    provision(settings())
    with application().app_context():
        ensure_operator(clock.now())
    show(as_json, {"ready": True}, "Prêt : bases, rôles, clés et tables sont en place.")


@main.command()
@click.option(
    "--role", required=True, type=click.Choice(["owner", "maintenance", "web", "worker", "keystore"])
)
@json_option
def dburl(role: str, as_json: bool) -> None:
    """Adresse de connexion d'un rôle de base de données (contient son mot de passe)."""
    url = embedded.dsn(embedded.role_url(settings(), role))
    show(as_json, {"url": url}, url)


@main.command("import")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--as-of", type=Day(), help="Jour de l'import (aujourd'hui par défaut).")
@click.option(
    "--commit", is_flag=True, help="Enregistrer ; sans cette option, tout est vérifié, rien n'est écrit."
)
@json_option
def import_(directory: Path, as_of: date | None, commit: bool, as_json: bool) -> None:
    """Vérifie un dossier d'import et, avec --commit, l'enregistre."""
    from coordination.accounts.commands import operator_actor
    from coordination.accounts.lists import refresh
    from coordination.exchange.bundle.reader import read_bundle
    from coordination.exchange.bundle.report import as_json as report
    from coordination.exchange.bundle.report import as_text
    from coordination.exchange.store import store_bundle
    from coordination.exchange.stored import known

    day = as_of or clock.today()
    with application().app_context():
        # Neighbourhoods that the administrator added are codes like the others.
        refresh(at_once=True)
        operator = operator_actor()
        result = read_bundle(directory, as_of=day, known=known(operator))
        changes = None
        if not result.faults:
            changes = store_bundle(operator, result.lines, as_of=day, now=clock.now(), commit=commit)
    written = commit and changes is not None
    if result.faults and not as_json:
        click.echo(as_text(result, changes, written=written), err=True)
    else:
        show(
            as_json,
            report(result, changes, written=written),
            lambda: as_text(result, changes, written=written),
        )
    if result.faults:
        if as_json:
            click.echo(f"Erreur : {len(result.faults)} faute(s), rien n'a été écrit.", err=True)
        sys.exit(2)


@main.command("export-bundle")
@click.argument("directory", type=click.Path(path_type=Path))
@json_option
def export_bundle(directory: Path, as_json: bool) -> None:
    """Écrit le territoire sous la forme d'un dossier d'import (contient des données personnelles en clair)."""
    from coordination.accounts.commands import operator_actor
    from coordination.exchange.export import export_bundle as write

    with application().app_context():
        counts = write(operator_actor(), directory, clock.now())
    show(as_json, {"files": counts}, f"{sum(counts.values())} lignes écrites dans {directory}.")


@main.command()
@click.option("--on", "on", type=Day(), help="Jour de l'analyse (aujourd'hui par défaut).")
@json_option
def scan(on: date | None, as_json: bool) -> None:
    """Ouvre les alertes dont l'échéance est atteinte. N'a besoin d'aucune clé."""
    from coordination.worker import run_scan

    result = run_scan(settings(), on or clock.today())
    show(as_json, result.as_json(), lambda: _as_lines(result))


def _as_lines(result: ScanResult) -> str:
    """What a scan opened, for a person: a reference, a rule, a date a line; no name, the scan knows none."""
    lines = [result.words]
    for alert in result.opened:
        start = ", situation de départ" if alert.initial else ""
        lines.append(f"{alert.journey}  {alert.rule}  {_KINDS[alert.kind]} {alert.due_on}{start}")
    return "\n".join(lines)


@main.command()
@click.option(
    "--pending", is_flag=True, help="Seulement les parcours en attente après un changement de seuil."
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="SECONDES",
    help="Avec --pending : regarder sans fin, à cet intervalle, ce qui attend (« serve » le fait déjà).",
)
@json_option
def recompute(pending: bool, every: int | None, as_json: bool) -> None:
    """Recalcule toutes les échéances à partir des faits."""
    from coordination.accounts.commands import operator_actor
    from coordination.exchange.recompute import count_again

    if every:
        if not pending:
            raise click.UsageError("« --every » va avec « --pending ».")
        from coordination.recounting import recount_for_ever

        recount_for_ever(application(), every)
        return
    with application().app_context():
        done = count_again(operator_actor(), clock.now(), clock.today(), pending=pending)
    show(as_json, done.counts(), done.words)
    if done.unread:
        # What was asked for is not wholly done: whoever runs it every night must notice.
        sys.exit(1)


@main.command()
@click.option("--journey", "ref", help="Référence d'un parcours (tous par défaut).")
@json_option
def deadlines(ref: str | None, as_json: bool) -> None:
    """Liste les échéances qui courent, passées et à venir."""
    from coordination.worker import standing_deadlines

    found = standing_deadlines(settings(), ref)
    show(
        as_json,
        {"deadlines": found},
        lambda: "\n".join(_deadline_lines(found)) or "Aucune échéance.",
    )


def _deadline_lines(found: list[dict[str, Any]]) -> Iterator[str]:
    """What stands, for a person: for what day, where that is known, else since what day."""

    def fact(one: dict[str, Any]) -> tuple[Any, ...]:
        return one["journey"], one["rule"], one["subject"], one["since"]

    # What is announced before the end of a delay is due on the day that the delay ends.
    ends = {fact(one): one["due_on"] for one in found if one["kind"] == OVERDUE}
    for one in found:
        rule, kind, since = one["rule"], one["kind"], one["since"]
        target = since if since_is_target(rule, kind) else ends.get(fact(one)) if kind == LEAD else None
        # Of an age no day is known here, nor is there another fact.
        more = f", pour le {target}" if target else "" if rule in AGES else f", fait du {since}"
        yield f"{one['journey']}  {rule}  {_KINDS[kind]} {one['due_on']}{more}"


@main.command()
@json_option
@click.option("--once", is_flag=True, help="Une analyse maintenant, puis fin.")
def worker(once: bool, as_json: bool) -> None:
    """Analyse chaque jour ce qui est dû, sans détenir aucune clé."""
    from coordination.worker import run_once, run_worker

    if once:
        result = run_once(settings())
        show(as_json, result.as_json(), result.words)
    else:
        run_worker(settings())


@main.command()
@click.option("--host", default="127.0.0.1", help="Adresse sur laquelle écouter.")
@click.option("--port", default=8000, type=click.IntRange(1, 65535), help="Port sur lequel écouter.")
@click.option("--workers", default=2, type=click.IntRange(1, 64), help="Nombre de processus.")
@click.option("--threads", default=4, type=click.IntRange(1, 64), help="Nombre de fils par processus.")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Sert les pages. Avec de vraies données, DATABASE_URL est exigée."""
    from coordination.serve import refuse_taken_port
    from coordination.serve import serve as run

    refuse_taken_port(host, port)
    run(settings(), host, port, workers, threads)


@main.command()
@click.option("--port", default=8000, type=click.IntRange(1, 65535), help="Port sur lequel servir.")
@click.option("--load-only", is_flag=True, help="Charge le territoire sans servir les pages.")
@json_option
def demo(port: int, load_only: bool, as_json: bool) -> None:
    """Charge le territoire de démonstration (personnes inventées) et le sert."""
    from coordination.serve import alone, refuse_taken_port

    refuse_taken_port("127.0.0.1", port, "PORT=8001")
    with alone(settings()):
        _demo(port, load_only, as_json)


def _demo(port: int, load_only: bool, as_json: bool) -> None:
    from coordination.accounts.commands import ensure_operator, operator_actor
    from coordination.exchange.demo import ACCOUNTS, DOMAIN, load_demo
    from coordination.privacy.keys import init_keys
    from coordination.provision import provision
    from coordination.serve import serve as run
    from coordination.worker import run_scan

    password = os.environ.get("DEMO_PASSWORD") or secrets.token_urlsafe(12)
    click.echo("Préparation de la base et du territoire de démonstration (environ une minute)…", err=True)
    init_keys(settings())
    provision(settings())
    with application().app_context():
        ensure_operator(clock.now())
        counts = load_demo(operator_actor(), password, clock.today(), clock.now())
    # A fortnight of mornings, so that some alerts are new and most are the starting situation.
    for days in range(14, -1, -1):
        run_scan(settings(), clock.today() - timedelta(days=days))
    accounts = [name + DOMAIN for name in ACCOUNTS]
    url = f"http://127.0.0.1:{port}"
    lines = [f"{counts['journeys']} parcours inventés. Adresse : {url}", "Comptes :"]
    lines += [f"  {email}" for email in accounts] + [f"Mot de passe de tous : {password}"]
    show(as_json, {"url": url, "accounts": accounts, "password": password, **counts}, "\n".join(lines))
    if not load_only:
        try:
            run(settings(), "127.0.0.1", port, 2, 4, with_worker=True)
        finally:
            embedded.stop(settings())


accounts_cli.register(main, application)
privacy_cli.register(main, settings)
backup_cli.register(main, settings, application)
trial_cli.register(main)

if __name__ == "__main__":
    main()
