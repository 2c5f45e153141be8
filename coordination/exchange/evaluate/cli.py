"""The command `evaluate`: needs no database and no key, and writes nothing."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from coordination import clock
from coordination.console import Day, json_option, show


def register(main: click.Group) -> None:
    main.add_command(evaluate_)


@click.command("evaluate")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--as-of", type=Day(), help="Dernier jour rejoué (par défaut celui du dernier fait).")
@click.option("--events", is_flag=True, help="Avec --json : toutes les alertes, dans l'ordre du rejeu.")
@json_option
def evaluate_(directory: Path, as_of: date | None, events: bool, as_json: bool) -> None:
    """Rejoue un dossier jour par jour et compare les alertes à ses ruptures connues (truth.csv)."""
    # Other commands start without all this.
    from coordination.exchange.evaluate import report
    from coordination.exchange.evaluate.bundle import read, replayed

    result, breaks = read(directory, as_of or clock.today())
    if result.faults:
        _refuse(result, as_json)
    else:
        found = replayed(result, breaks, as_of)
        show(as_json, report.as_json(found, events=events), lambda: report.as_text(found))


def _refuse(result: Any, as_json: bool) -> None:
    from coordination.exchange.bundle import report

    if as_json:
        show(True, report.as_json(result), "")
        click.echo(f"Erreur : {len(result.faults)} faute(s), rien n'a été rejoué.", err=True)
    else:
        click.echo(report.as_text(result), err=True)
    sys.exit(2)
