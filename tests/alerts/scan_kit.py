"""Bundles of one journey and what a scan opens of them; shared by the tests of the scan."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Flask

from coordination.worker import run_scan, standing_deadlines
from tests.exchange.bundle_examples import Rows
from tests.support import journey_line, people_lines

D = date.fromisoformat


def case(line: dict[str, str], **files: list[dict[str, str]]) -> Rows:
    """A bundle of one journey; `files`: lines without their journey, under the file's name without .csv."""
    bundle: Rows = {
        "structures.csv": [{"code": "ESCAL", "type": "CENTRE_SOCIAL"}],
        "users.csv": people_lines(),
        "journeys.csv": [line],
    }
    for file, lines in files.items():
        bundle[f"{file}.csv"] = [{"journey": line["ref"], **one} for one in lines]
    return bundle


def pre(ref: str = "PRE-1", **more: str) -> dict[str, str]:
    dates = {"opened_on": "2026-01-01", "agreement_on": "2026-01-02", "birth_date": "2015-01-01"}
    return journey_line(ref, "ref1", **(dates | more))


def cite(**more: str) -> dict[str, str]:
    return journey_line("CITE-1", "ml", opened_on="2026-01-01", agreement_on="2026-01-02", **more)


def contact(on: str, outcome: str = "ABOUTI", mode: str = "TELEPHONE") -> dict[str, str]:
    return {"on": on, "mode": mode, "outcome": outcome, "author": "ref1@ex.fr"}


def opened(app: Flask, on: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_scan(app.config["SETTINGS"], D(on)).as_json()["opened"]
    return found


def rules_of(alerts: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(alert["rule"], alert["kind"]) for alert in alerts}


def standing(app: Flask, rule: str, kind: str = "overdue") -> list[str]:
    """Due dates that stand for a rule."""
    found = standing_deadlines(app.config["SETTINGS"], None)
    return [one["due_on"] for one in found if (one["rule"], one["kind"]) == (rule, kind)]
