"""Invented territories and their trial: `simulate` and `evaluate`. Neither needs a database or a key."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from coordination import clock
from coordination.console import Day, json_option, show, writing_into
from coordination.errors import BadInput


def register(main: click.Group) -> None:
    """Add both commands. What they import waits until they run: other commands start without it."""
    main.command()(simulate)
    main.command()(evaluate)


@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--journeys", default="pre=149,cite=320", help="Par exemple pre=149,cite=320.")
@click.option("--months", default=18, type=click.IntRange(1, 120), help="Mois d'histoire.")
@click.option("--random-seed", "seed", default=1, type=int, help="Graine : la même donne le même territoire.")
@click.option("--as-of", type=Day(), help="Dernier jour de l'histoire (aujourd'hui par défaut).")
@click.option(
    "--without-breaks", is_flag=True, help="Aucun parcours ne rompt : pour compter les fausses alertes."
)
@click.option("--perfect-entry", is_flag=True, help="Tout est saisi, le jour même et sans erreur.")
@json_option
def simulate(
    directory: Path,
    journeys: str,
    months: int,
    seed: int,
    as_of: date | None,
    without_breaks: bool,
    perfect_entry: bool,
    as_json: bool,
) -> None:
    """Écrit un territoire inventé, avec ses ruptures (truth.csv), sous la forme d'un dossier d'import."""
    from coordination.exchange.simulate import simulate as draw
    from coordination.exchange.simulate import write_bundle

    with writing_into(directory):
        if directory.exists() and any(directory.iterdir()):
            raise BadInput(f"Le dossier « {directory} » n'est pas vide.")
    counts = _counts(journeys)
    bundle = draw(
        pre=counts.get("pre", 0),
        cite=counts.get("cite", 0),
        months=months,
        seed=seed,
        as_of=as_of or clock.today(),
        breaks=not without_breaks,
        perfect_entry=perfect_entry,
    )
    with writing_into(directory):
        write_bundle(bundle, directory)
    sizes = {file: len(rows) for file, rows in bundle.items()}
    show(as_json, {"files": sizes}, f"{sum(sizes.values())} lignes écrites dans {directory}.")


def _counts(text: str) -> dict[str, int]:
    try:
        pairs = dict(part.split("=") for part in text.split(","))
        counts = {name.strip(): int(number) for name, number in pairs.items()}
    except ValueError:
        raise BadInput(f"« {text} » : attendu pre=149,cite=320.") from None
    if set(counts) - {"pre", "cite"} or min(counts.values()) < 0:
        raise BadInput(f"« {text} » : attendu pre=149,cite=320.")
    return counts


@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--as-of", type=Day(), help="Dernier jour rejoué (par défaut celui du dernier fait).")
@click.option("--events", is_flag=True, help="Avec --json : toutes les alertes, dans l'ordre du rejeu.")
@json_option
def evaluate(directory: Path, as_of: date | None, events: bool, as_json: bool) -> None:
    """Rejoue un dossier jour par jour et compare les alertes à ses ruptures connues (truth.csv)."""
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
