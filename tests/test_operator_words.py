"""What the operator's tool answers to a command line, or an environment, that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from coordination import cli


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("scan --on", "il manque la valeur de --on."),
        ("scan --json=1", "--json ne prend pas de valeur."),
        ("recompute --pending --every 0", "--every : un nombre entier à partir de 1 est attendu."),
        ("serve --workers 0", "--workers : un nombre entier entre 1 et 64 est attendu."),
        ("scan --on demain", "--on : « demain » n'est pas une date (attendu : 2026-03-01)."),
        (
            "user charter x@y.fr --version 1 --expires-on 2027-13-01",
            "--expires-on : « 2027-13-01 » n'est pas une date (attendu : 2026-03-01).",
        ),
        ("scan --when now", "option inconnue : --when."),
    ],
)
def test_a_wrong_command_line_is_answered_in_french(words: str, sentence: str) -> None:
    told = CliRunner().invoke(cli.main, words.split())
    assert told.exit_code == 2 and told.stdout == ""
    assert told.stderr.startswith(f"Erreur : {sentence} (« ") and told.stderr.endswith("donne l'aide.)\n")


def every_command(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            yield from every_command(one, *path, name)
        else:
            yield *path, name


# Words that click writes by itself.
ENGLISH = re.compile(
    r"Usage:|Options:|Commands:|\brequired\b|\b(TEXT|INTEGER|RANGE|PATH|FILE|FLOAT|BOOLEAN|DIRECTORY|ARGS|COMMAND)\b"
    r"|x[<>]=|<=x|default:|Show this|env var"
)


@pytest.mark.parametrize("path", list(every_command(cli.main)), ids=" ".join)
def test_help_is_french_from_end_to_end(path: tuple[str, ...]) -> None:
    told = CliRunner().invoke(cli.main, [*path, "--help"])
    assert told.exit_code == 0 and told.stdout.startswith("Usage : ")
    assert not ENGLISH.search(told.stdout), told.stdout


def test_help_says_what_is_expected() -> None:
    serve = " ".join(CliRunner().invoke(cli.main, ["serve", "--help"]).stdout.split())
    assert (
        "Options : --host TEXTE" in serve and "--port NOMBRE Port sur lequel écouter. [de 1 à 65535]" in serve
    )
    charter = CliRunner().invoke(cli.main, ["user", "charter", "--help"]).stdout
    assert "[obligatoire]" in charter and "user charter [OPTIONS] EMAIL" in charter
    assert "restore [OPTIONS] [DOSSIER]" in CliRunner().invoke(cli.main, ["restore", "--help"]).stdout
    whole = CliRunner().invoke(cli.main, ["--help"]).stdout
    assert "[OPTIONS] COMMANDE [ARGUMENTS]..." in whole and "Commandes :" in whole
    missing = CliRunner().invoke(cli.main, ["backup"])
    assert missing.exit_code == 2 and "il manque DOSSIER." in missing.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "here:secret@host"),
        ("DATABASE_URL", "mysql://u:secret@host/base"),
        ("KEYSTORE_URL", "secret"),
        ("DATABASE_URL_WORKER", "http://u:secret@host"),
        ("COORDINATION_PROXIES", "secret"),
        ("COORDINATION_SMTP_URL", "secret"),
        ("COORDINATION_SMTP_URL", "smtp://u:secret/@host"),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_kept_to_oneself(
    name: str, value: str, tmp_path: Path
) -> None:
    mail = {
        "COORDINATION_SMTP_URL": "smtp://host",
        "COORDINATION_MAIL_FROM": "a@x.fr",
        "COORDINATION_PUBLIC_URL": "https://x",
    }
    told = CliRunner().invoke(
        cli.main, ["scan"], env={**mail, "COORDINATION_HOME": str(tmp_path / "home"), name: value}
    )
    assert told.exit_code == 2 and told.stdout == ""
    assert told.stderr.startswith(f"Erreur : {name} : ")
    assert "secret" not in told.stderr
    assert not (tmp_path / "home").exists()


def test_an_address_that_cannot_be_read_is_not_repeated(tmp_path: Path) -> None:
    env = {"COORDINATION_HOME": str(tmp_path), "DATABASE_URL": "postgresql://u:secret@host:nowhere/base"}
    told = CliRunner().invoke(cli.main, ["dburl", "--role", "web"], env=env)
    assert told.exit_code == 2 and "illisible" in told.stderr and "secret" not in told.stderr


def test_a_folder_that_cannot_be_written_is_explained_in_french(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder, why in (
        ("/proc/nowhere", "ce dossier ne peut pas exister là"),
        (tmp_path / "file", "un fichier se trouve là où il faudrait un dossier"),
        (tmp_path / "file" / "under", "un fichier se trouve là où il faudrait un dossier"),
        (tmp_path / ("x" * 300), "ce nom est trop long"),
    ):
        words = ["simulate", str(folder), "--journeys", "pre=1,cite=1", "--months", "1"]
        told = CliRunner().invoke(cli.main, words)
        assert told.exit_code == 2 and told.stdout == ""
        assert told.stderr == f"Erreur : Le dossier « {folder} » ne peut pas être écrit : {why}.\n"
