"""What every command of the operator's tool shares: answers for a person or a machine, days, our errors; and the
French of numbers and months, which pages and alerts say too."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click
import psycopg
from sqlalchemy.exc import OperationalError

from coordination.errors import BadInput, CoordinationError

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def alphabetical(text: str | None) -> str:
    """Where a name stands in a French list, accents and capitals aside: a server may know bytes alone."""
    plain = unicodedata.normalize("NFKD", text or "")
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()


json_option = click.option("--json", "as_json", is_flag=True, help="Répondre en JSON.")


# What stands for a value in a line of help, by the name of its type; and for an argument, by its own.
_VALUES = {"text": "TEXTE", "integer": "NOMBRE", "integer range": "NOMBRE", "path": "CHEMIN"}
_ARGUMENTS = {"directory": "DOSSIER"}
# What click puts between brackets after the sentence of an option.
_BRACKETS = (
    (re.compile(r"(\d+)<=x<=(\d+)"), r"de \1 à \2"),
    (re.compile(r"x>=(\d+)"), r"à partir de \1"),
    (re.compile(r"\brequired\]$"), "obligatoire]"),
)


class _Help(click.HelpFormatter):
    """The words that click adds to a help of ours, in French."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or "Usage : ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(f"{'Commandes' if heading == 'Commands' else heading} ")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        for pattern, french in _BRACKETS:
            rows = [(name, pattern.sub(french, text)) for name, text in rows]
        super().write_dl(rows, col_max, col_spacing)


class _Context(click.Context):
    formatter_class = _Help


class _InFrench(click.Command):
    """A command whose help speaks French, click's own words too."""

    context_class = _Context

    def __init__(self, *args: Any, **extra: Any) -> None:
        super().__init__(*args, **extra)
        for one in self.params:
            if isinstance(one, click.Argument):
                name = _ARGUMENTS.get(one.name or "")
                one.metavar = one.metavar or (name if one.required or name is None else f"[{name}]")
            else:
                one.metavar = one.metavar or _VALUES.get(one.type.name)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option:
            option.help = "Affiche cette aide."
        return option


class Command(_InFrench):
    """For a command that is made outside its group."""


class Tool(_InFrench, click.Group):
    """Prints errors as one French line, and nothing of a traceback's values."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **extra: Any) -> None:
        super().__init__(*args, **{"subcommand_metavar": "COMMANDE [ARGUMENTS]..."} | extra)

    def main(self, *args: Any, **extra: Any) -> Any:
        run: Any = super().main
        if not extra.pop("standalone_mode", True):
            return run(*args, standalone_mode=False, **extra)
        try:
            code = run(*args, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            sys.exit(2)
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else "coordination"
            click.echo(f"Erreur : {in_french(error)} (« {where} --help » donne l'aide.)", err=True)
            sys.exit(2)
        except click.ClickException as error:
            click.echo(f"Erreur : {error.message}", err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Interrompu.", err=True)
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(f"Commande inconnue : « {args[0]} ».", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CoordinationError as error:
            click.echo(f"Erreur : {error}", err=True)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except (psycopg.OperationalError, OperationalError) as error:
            click.echo(f"Erreur : {_of_database(error)}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            # Whoever read has read enough (`| head`); what is left in the buffer has nowhere to go either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except Exception as error:
            # The kind of the fault only: its text may hold a value.
            click.echo(f"Erreur inattendue ({type(error).__name__}). Rien n'a été écrit.", err=True)
            if os.environ.get("COORDINATION_TRACEBACK"):
                raise
            ctx.exit(1)


# The server answered, and knows no such account or database: nothing was made there yet, or the address is wrong.
_NOTHING_THERE = re.compile(r"password authentication failed|(role|database) \S+ does not exist")


def _of_database(error: Exception) -> str:
    if _NOTHING_THERE.search(str(error)):
        return (
            "la base de données n'existe pas encore, ou ne connaît pas ce compte : lancez « coordination init »,"
            " ou vérifiez DATABASE_URL. Rien n'a été écrit."
        )
    return "la base de données ne répond pas. Rien n'a été écrit."


_REASONS = {
    errno.ENOENT: "ce dossier ne peut pas exister là",
    errno.EACCES: "vous n'avez pas le droit d'y écrire",
    errno.EPERM: "vous n'avez pas le droit d'y écrire",
    errno.EROFS: "ce disque ne permet que la lecture",
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "la place qui vous est donnée sur ce disque est pleine",
    errno.EEXIST: "un fichier porte déjà ce nom",
    errno.ENOTDIR: "un fichier se trouve là où il faudrait un dossier",
    errno.ENAMETOOLONG: "ce nom est trop long",
}


def reason_of(error: OSError) -> str:
    """Why the system refused, in French: its own words depend on the machine."""
    return _REASONS.get(error.errno or 0, f"le système refuse, erreur {error.errno}")


@contextmanager
def writing_into(directory: Path) -> Iterator[None]:
    """A folder that somebody named: it may be a file, somebody else's, or nowhere. Raises BadInput."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"Le dossier « {directory} » ne peut pas être écrit : {reason_of(error)}.") from None


def in_french(error: click.UsageError) -> str:
    """One sentence for what click found wrong on a command line."""
    if isinstance(error, click.MissingParameter):
        return f"il manque {_named(error)}."
    if isinstance(error, click.NoSuchOption):
        return f"option inconnue : {error.option_name}."
    if isinstance(error, click.BadParameter):
        kind = error.param.type if error.param else None
        if isinstance(kind, click.Choice):
            return f"{_named(error)} : les valeurs possibles sont {', '.join(map(str, kind.choices))}."
        if isinstance(kind, click.IntRange):
            bounds = f"à partir de {kind.min}" if kind.max is None else f"entre {kind.min} et {kind.max}"
            return f"{_named(error)} : un nombre entier {bounds} est attendu."
        if kind is click.INT:
            return f"{_named(error)} : un nombre entier est attendu."
        return f"{_named(error)} : {error.message}"
    if isinstance(error, click.BadOptionUsage):
        wanted = "requires an argument" in error.message
        name = error.option_name
        return f"il manque la valeur de {name}." if wanted else f"{name} ne prend pas de valeur."
    if error.message.startswith("Got unexpected extra"):
        return "il y a un argument en trop."
    if error.message.startswith("Missing command"):
        return "il manque une commande."
    return error.message


def _named(error: click.BadParameter) -> str:
    parameter = error.param
    if parameter is None:
        return error.param_hint if isinstance(error.param_hint, str) else "un argument"
    return parameter.opts[-1] if isinstance(parameter, click.Option) else (parameter.human_readable_name)


def count(number: int, one: str, several: str | None = None) -> str:
    """« 1 ligne », « 3 lignes »: zero and one are singular in French."""
    return f"{number} {one if abs(number) < 2 else several or one + 's'}"


def month_of(day: date) -> str:
    """« septembre 2026 »."""
    return f"{MONTHS[day.month - 1]} {day.year}"


class Day(click.ParamType):
    name = "DATE"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"« {value} » n'est pas une date (attendu : 2026-03-01).", param, ctx)


def show(as_json: bool, data: Any, text: str | Callable[[], str]) -> None:
    """Print for a machine or for a person."""
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False))
    else:
        click.echo(text() if callable(text) else text)
