"""What every command of the operator's tool shares: answers for a person or a machine, days, our errors."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from typing import Any

import click
import psycopg
from sqlalchemy.exc import OperationalError

from coordination.errors import CoordinationError

json_option = click.option("--json", "as_json", is_flag=True, help="Répondre en JSON.")


class Tool(click.Group):
    """Prints our errors as one French line, and nothing of a traceback's values."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CoordinationError as error:
            click.echo(f"Erreur : {error}", err=True)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except (psycopg.OperationalError, OperationalError):
            click.echo("Erreur : la base de données ne répond pas. Rien n'a été écrit.", err=True)
            ctx.exit(1)
        except Exception as error:
            # The kind of the fault only: its text may hold a value.
            click.echo(f"Erreur inattendue ({type(error).__name__}). Rien n'a été écrit.", err=True)
            if os.environ.get("COORDINATION_TRACEBACK"):
                raise
            ctx.exit(1)


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
