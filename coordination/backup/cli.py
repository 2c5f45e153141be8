"""`coordination backup` and `coordination restore`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask

from config.settings import Settings
from coordination import clock
from coordination.backup import make, swap
from coordination.backup import restore as putting_back
from coordination.backup.check import Steps
from coordination.console import Command, count, json_option, show
from coordination.errors import BadInput
from coordination.privacy.policy import Action
from coordination.privacy.tombstones import anomaly
from coordination.privacy.work import work


def register(main: click.Group, settings: Callable[[], Settings], application: Callable[[], Flask]) -> None:
    """Add both commands; settings and application are made when a command runs."""
    for one in (backup, restore):
        one.context_settings = {"obj": (settings, application)}
        main.add_command(one)


def _note(application: Callable[[], Flask], action: Action, detail: str) -> None:
    """One line in the log of accesses, as the operator."""
    from coordination.accounts.commands import operator_actor

    with application().app_context(), work(operator_actor(), action, clock.now()) as w:
        w.audit(w.require(), (detail,))


def _table(steps: Steps) -> str:
    width = max(len(step.name) for step in steps.done)
    lines = [f"{step.name:<{width}}  {step.seconds:6.1f} s  {step.found}" for step in steps.done]
    return "\n".join([*lines, f"{'Total':<{width}}  {steps.seconds:6.1f} s"])


def _told(steps: Steps) -> dict[str, Any]:
    """What every answer says of the steps."""
    return {"steps": [step.as_json() for step in steps.done], "unproven": sorted(map(str, steps.unproven))}


def _stop_if_unproven(steps: Steps) -> None:
    """Said once all is done: what was asked for is complete, and somebody has to look into the rest."""
    if steps.unproven:
        click.echo(anomaly(steps.unproven), err=True)
        sys.exit(1)


@click.command(cls=Command)
@click.argument("directory", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def backup(obj: tuple[Callable[[], Settings], Callable[[], Flask]], directory: Path, as_json: bool) -> None:
    """Sauvegarde données et clés dans DOSSIER (deux archives chiffrées), et le prouve en restaurant ailleurs."""
    settings, application = obj
    steps = Steps()
    # Written before the copy, which so holds it: everything leaves the house.
    _note(application, Action.BACKUP, "sauvegarde")
    made = make.backup(settings(), directory, clock.now(), steps)
    sizes = {kind: stored.bytes for kind, stored in made.archives.items()}
    data = {
        "backup": str(made.backup),
        "revision": made.revision,
        "bytes": sizes,
        "rows": {kind: sum(tables.values()) for kind, tables in made.counts.items()},
        "chains": len(made.heads),
        **_told(steps),
    }
    show(
        as_json,
        data,
        lambda: (
            f"{_table(steps)}\nSauvegarde complète et vérifiée dans {directory}."
            "\nGardez data.archive et keys.archive dans deux endroits différents, chacun avec manifest.json ;"
            " keys.archive s'efface après 30 jours."
        ),
    )
    _stop_if_unproven(steps)


@click.command(cls=Command)
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option(
    "--keys-from", type=click.Path(path_type=Path), help="Sauvegarde plus récente d'où prendre les clés."
)
@click.option("--replace", is_flag=True, help="Remplacer l'installation en place, qui est gardée à côté.")
@click.option(
    "--drill", is_flag=True, help="Exercice : tout restaurer et vérifier à part, sans rien remplacer."
)
@click.option("--undo", is_flag=True, help="Remettre en service la dernière base remplacée.")
@click.option("--drop-old", is_flag=True, help="Supprimer les bases remplacées.")
@json_option
@click.pass_obj
def restore(
    obj: tuple[Callable[[], Settings], Callable[[], Flask]],
    directory: Path | None,
    keys_from: Path | None,
    replace: bool,
    drill: bool,
    undo: bool,
    drop_old: bool,
    as_json: bool,
) -> None:
    """Restaure la sauvegarde DOSSIER : tout est vérifié à côté avant d'être mis en place."""
    settings, application = obj
    if sum((directory is not None, undo, drop_old)) != 1 or (drill and replace):
        raise BadInput(
            "Donnez le dossier d'une sauvegarde, ou --undo, ou --drop-old (--drill sans --replace)."
        )
    if undo:
        back, present = putting_back.undo(settings(), clock.now())
        _note(application, Action.RESTORE, "retour")
        show(
            as_json,
            {"back": back, "kept": present},
            f"La base {back} est remise en service ; celle d'avant est gardée sous le nom {present}.",
        )
    elif drop_old:
        names = swap.drop_kept(settings())
        dropped = count(len(names), "base remplacée supprimée", "bases remplacées supprimées")
        show(as_json, {"dropped": names}, f"{dropped}.")
    else:
        assert directory is not None
        _restore(settings(), application, directory, keys_from, replace, drill, as_json)


def _restore(
    settings: Settings,
    application: Callable[[], Flask],
    directory: Path,
    keys_from: Path | None,
    replace: bool,
    drill: bool,
    as_json: bool,
) -> None:
    steps = Steps()
    # Its models name the sealed columns that the checks open.
    with application().app_context():
        pass
    if drill:
        checked = putting_back.drill(settings, directory, keys_from, steps)
        taken_at = checked.manifest.taken_at
        data: dict[str, Any] = {"backup": str(checked.manifest.backup), "drill": True}
        sentence = (
            f"Exercice réussi : la sauvegarde du {taken_at:%d/%m/%Y à %H:%M} UTC se restaure."
            " Rien n'a changé."
        )
    else:
        done = putting_back.restore(
            settings, directory, clock.now(), steps, replace=replace, keys_from=keys_from
        )
        _note(application, Action.RESTORE, "restauration")
        data = {
            "backup": str(done.backup),
            "kept": done.kept,
            "erased": done.erased,
            "suspended": done.suspended,
        }
        sentence = (
            f"Restauration faite : sauvegarde du {done.taken_at:%d/%m/%Y à %H:%M} UTC."
            f"\nLa base remplacée est gardée sous le nom {done.kept} :"
            "\n  « coordination restore --undo » la remet en service ;"
            "\n  « coordination restore --drop-old » la supprime, quand vous êtes sûr."
            "\nCe qui a été saisi depuis la sauvegarde est à refaire : accords retirés, rôles terminés,"
            " mots de passe changés. Tout le monde doit se connecter à nouveau."
        )
    show(as_json, {**data, **_told(steps)}, lambda: f"{_table(steps)}\n{sentence}")
    _stop_if_unproven(steps)
