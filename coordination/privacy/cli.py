"""`coordination keys` and `coordination audit`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from sqlalchemy import text

from config.settings import Settings
from coordination import clock
from coordination.console import Tool, count, json_option, show
from coordination.embedded import connected, role_url, write_private
from coordination.errors import BadInput
from coordination.privacy import audit as chains
from coordination.privacy import keys as on_disk
from coordination.privacy.reconcile import open_keystore, reconcile_keys
from coordination.privacy.recovery import make_recovery_pair, recover


def register(main: click.Group, settings: Callable[[], Settings]) -> None:
    """Add both groups; `settings` is read when a command runs."""
    for group in (keys, audit):
        group.context_settings = {"obj": settings}
        main.add_command(group)


@click.group(cls=Tool)
def keys() -> None:
    """Clés : état, rotation sans arrêt, ménage, récupération."""


@keys.command()
@click.pass_obj
@json_option
def status(settings: Callable[[], Settings], as_json: bool) -> None:
    """Versions des clés de chiffrement, et combien de clés de volets chacune protège."""
    store = open_keystore(settings())
    counts = store.count_by_kek()
    data = {
        "active": store.keks.active,
        "versions": [{"version": v, "keys": counts.get(v, 0)} for v in sorted(store.keks.keys)],
        "missing": sorted(set(counts) - set(store.keks.keys)),
        "recovery": store.recovery_key is not None,
    }
    show(
        as_json,
        data,
        lambda: "\n".join(
            f"version {v} : {counts.get(v, 0)} clés de volets{' (en service)' if v == store.keks.active else ''}"
            for v in sorted(store.keks.keys)
        ),
    )
    if data["missing"]:
        click.echo(f"Erreur : versions absentes : {data['missing']}", err=True)
        sys.exit(1)


@keys.command()
@click.pass_obj
@json_option
def new(settings: Callable[[], Settings], as_json: bool) -> None:
    """Fabrique la version suivante, qui ne sert encore qu'à ouvrir."""
    version = on_disk.new_kek(settings())
    show(
        as_json,
        {"version": version},
        f"Clé version {version} prête. Copiez-la partout, puis « keys activate ».",
    )


@keys.command()
@click.argument("version", type=int)
@click.pass_obj
@json_option
def activate(settings: Callable[[], Settings], version: int, as_json: bool) -> None:
    """Met une version en service pour les nouvelles clés de volets."""
    on_disk.activate_kek(settings(), version)
    show(as_json, {"active": version}, f"Clé version {version} en service.")


@keys.command()
@click.pass_obj
@json_option
def rewrap(settings: Callable[[], Settings], as_json: bool) -> None:
    """Protège toutes les clés de volets avec la version en service, sans arrêter le service."""
    moved = open_keystore(settings()).rewrap()
    show(as_json, {"moved": moved}, f"{moved} clés de volets déplacées.")


@keys.command()
@click.argument("version", type=int)
@click.pass_obj
@json_option
def retire(settings: Callable[[], Settings], version: int, as_json: bool) -> None:
    """Retire une version, une fois prouvé qu'elle ne protège plus rien."""
    left = open_keystore(settings()).count_by_kek().get(version, 0)
    if left:
        raise BadInput(
            f"La clé version {version} protège encore {left} clés de volets : « keys rewrap » d'abord."
        )
    on_disk.retire_kek(settings(), version)
    show(as_json, {"retired": version}, f"Clé version {version} retirée.")


@keys.command()
@click.pass_obj
@json_option
def reconcile(settings: Callable[[], Settings], as_json: bool) -> None:
    """Supprime les clés de ce qui est effacé et celles sans volet, nomme ce qui n'est pas en ordre."""
    found = reconcile_keys(settings(), clock.now())
    data = {
        "removed": found.removed,
        "folders_without_key": found.folders_without_key,
        "unread": found.unread,
        "erased": found.erased,
        "unproven": found.unproven,
        "standing": found.standing,
    }
    erased = count(found.erased, "clé de volet effacé supprimée", "clés de volets effacés supprimées")
    orphans = count(found.removed - found.erased, "clé sans volet supprimée", "clés sans volet supprimées")
    missing = count(len(found.folders_without_key), "volet sans clé", "volets sans clé")
    show(as_json, data, f"{erased} ; {orphans} ; {missing}.")
    for sentence in filter(None, [found.warning, *found.anomalies]):
        click.echo(sentence, err=True)
    if found.anomalies:
        sys.exit(1)


@keys.command("recovery-init")
@click.pass_obj
@json_option
def recovery_init(settings: Callable[[], Settings], as_json: bool) -> None:
    """Fabrique la paire de récupération ; la clé privée s'affiche une fois et ne reste pas sur le serveur."""
    path = settings().keys_dir / "recovery.pub"
    if path.exists():
        raise BadInput("Une clé de récupération existe déjà.")
    private, public = make_recovery_pair()
    write_private(path, public.hex().encode())
    show(
        as_json,
        {"private": private.hex()},
        f"À garder hors du serveur, sur papier ou clé scellée :\n{private.hex()}\n"
        "Les volets ouverts dès maintenant pourront être récupérés avec elle.",
    )


@keys.command("recovery-drill")
@click.pass_obj
@json_option
def recovery_drill(settings: Callable[[], Settings], as_json: bool) -> None:
    """Exercice : ouvre un échantillon de clés avec la clé de récupération, lue sur l'entrée standard."""
    private = bytes.fromhex(sys.stdin.readline().strip())
    store = open_keystore(settings())
    with store.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT folder_id, recovery FROM dek WHERE recovery IS NOT NULL ORDER BY random() LIMIT 50")
        ).all()
    opened = store.get([row.folder_id for row in rows])
    good = sum(recover(private, row.recovery, row.folder_id) == opened[row.folder_id].secret for row in rows)
    show(as_json, {"tried": len(rows), "good": good}, f"{good} clés sur {len(rows)} récupérées.")
    if good != len(rows):
        sys.exit(1)


@click.group(cls=Tool)
def audit() -> None:
    """Journal des accès : vérification des chaînes, points de contrôle."""


def _witness(settings: Settings) -> Path:
    return settings.home / "witness"


@audit.command()
@click.pass_obj
@click.option(
    "--witness", type=click.Path(path_type=Path), help="Dossier des points de contrôle gardés ailleurs."
)
@json_option
def verify(settings: Callable[[], Settings], witness: Path | None, as_json: bool) -> None:
    """Refait toutes les empreintes du journal et compare aux points de contrôle."""
    if witness and not witness.is_dir():
        raise BadInput(
            f"Le dossier « {witness} » n'existe pas : ses points de contrôle ne peuvent être comparés."
        )
    public = on_disk.audit_key(settings()).public_key()
    checkpoints, forged = chains.read_witness(witness or _witness(settings()), public)
    store = open_keystore(settings())
    with connected(role_url(settings(), "maintenance")) as connection:
        result = chains.verify_all(connection, checkpoints, store.heads, clock.now())
    store.engine.dispose()
    data = {
        "entries": result.entries,
        "chains": result.chains,
        "checkpoints": len(checkpoints),
        "problems": [
            {"structure": str(p.structure_id), "sequence": p.sequence, "reason": p.reason}
            for p in result.problems
        ],
        "forged_checkpoints": forged,
        "warnings": [] if checkpoints else [chains.UNWITNESSED],
    }
    sound = not result.problems and not forged
    sentence = "le journal est intact" if sound else f"{len(result.problems) + len(forged)} anomalie(s)"
    show(as_json, data, f"{count(result.entries, 'ligne')}, {count(result.chains, 'chaîne')} : {sentence}.")
    if not checkpoints:
        click.echo(
            f"Attention, {chains.UNWITNESSED}. Pour en faire un, à garder hors de ce serveur :"
            " coordination audit checkpoint --witness DOSSIER",
            err=True,
        )
    if not sound:
        for problem in result.problems[:20]:
            click.echo(f"{problem.structure_id} {problem.place} : {problem.reason}", err=True)
        sys.exit(1)


@audit.command()
@click.pass_obj
@click.option("--witness", type=click.Path(path_type=Path), help="Où déposer le point de contrôle.")
@json_option
def checkpoint(settings: Callable[[], Settings], witness: Path | None, as_json: bool) -> None:
    """Signe l'état de chaque chaîne et le dépose chez un témoin."""
    with connected(role_url(settings(), "maintenance")) as connection, connection.begin():
        made = chains.checkpoint(
            connection, on_disk.audit_key(settings()), clock.now(), witness or _witness(settings())
        )
    show(as_json, {"chains": len(made)}, f"{count(len(made), 'chaîne signée', 'chaînes signées')}.")
