"""Bundles so small that their figures are known by hand, and the command that measures them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from coordination import cli
from tests.exchange.bundle_examples import Rows, write

TRUTH = ("journey", "type", "began_on", "observable_on")
Truth = list[tuple[str, str, str, str]]


def journey(ref: str, referent: str = "a@ex.fr", **more: str) -> dict[str, str]:
    """A journey of the Cité de l'emploi on which nothing but silence can go wrong."""
    return {
        "ref": ref,
        "programme": "CITE_EMPLOI",
        "opened_on": "2025-01-06",
        "referent": referent,
        "stage": "EN_ACTION",
        **more,
    }


def met(ref: str, *days: str) -> list[dict[str, str]]:
    line = {"journey": ref, "mode": "TELEPHONE", "outcome": "ABOUTI", "author": "a@ex.fr"}
    return [{**line, "on": day} for day in days]


def quiet_and_calm() -> Rows:
    """CITE-1 is silent from 6 January to 10 March, then met; CITE-2 is met every twenty days until 30 April."""
    return {
        "structures.csv": [{"code": "ESCAL", "type": "CENTRE_SOCIAL"}],
        "users.csv": [
            {
                "email": f"{name}@ex.fr",
                "role": "CONSEILLER_ML",
                "structure": "ESCAL",
                "programme": "CITE_EMPLOI",
            }
            for name in "ab"
        ],
        "journeys.csv": [journey("CITE-1"), journey("CITE-2", "b@ex.fr")],
        "contacts.csv": met("CITE-1", "2025-03-10", "2025-04-01")
        + met("CITE-2", "2025-01-26", "2025-02-15", "2025-03-07", "2025-03-27", "2025-04-16", "2025-04-30"),
        # Kept: the first meeting itself is no delay here.
        "appointments.csv": [
            {"journey": ref, "on": "2025-01-06", "status": "HONORE"} for ref in ("CITE-1", "CITE-2")
        ],
    }


LOST: Truth = [("CITE-1", "ABANDON", "2025-01-07", "2025-01-25")]


def bundle(folder: Path, rows: Rows, truth: Truth | None = LOST) -> Path:
    folder.mkdir(exist_ok=True)
    write(folder, rows)
    if truth is not None:
        with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerows([TRUTH, *truth])
    return folder


def evaluate(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(cli.main, ["evaluate", str(folder), *options])


def figures(folder: Path, *options: str) -> Any:
    result = evaluate(folder, "--json", *options)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)
