"""Lines of a journey's timeline about what only pages bring, and about school: one statement for all of them."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import RowMapping, text

from coordination.cases.kinds_facts import ABSENCE, APPLICATION, FOLLOW_UP, INVITATION, RETENTION, STAY
from coordination.cases.timeline import Entry
from coordination.cases.vocabulary import (
    APPLICATION_ANSWERS,
    EXIT_SITUATIONS,
    INVITATION_ANSWERS,
    INVITATION_LABELS,
    RETENTION_CHOICES,
    STAY_DECISIONS,
    half_days_label,
)
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Opened, keystore, open_result

MOST_LINES = 200
# Kind -> (day, second day, its sealed cells): the cells come back as `one`, `two`, `three`.
_READ = {
    INVITATION: ("sent_on", "t.answered_on", ("kind", "answer")),
    APPLICATION: ("applied_on", "t.answered_on", ("employer", "job", "answer")),
    ABSENCE: ("on_date", "CAST(NULL AS date)", ("half_days",)),
    STAY: ("on_date", "CAST(NULL AS date)", ("decision", "reason")),
    FOLLOW_UP: ("on_date", "CAST(NULL AS date)", ("situation", "note")),
    RETENTION: ("on_date", "CAST(NULL AS date)", ("decision", "reason")),
}
_CELLS = ("one", "two", "three")


def _part(slug: str, table: str, day: str, second: str, cells: tuple[str, ...]) -> str:
    columns = [f"t.{cell}" for cell in cells] + ["CAST(NULL AS bytea)"] * (len(_CELLS) - len(cells))
    named = ", ".join(f"{column} AS {name}" for column, name in zip(columns, _CELLS, strict=True))
    return (
        f"SELECT '{slug}' AS slug, t.id, t.journey_id, t.folder_id, f.volet, t.{day} AS day, {second} AS later,"
        f" {named} FROM {table} t JOIN folder f ON f.id = t.folder_id WHERE t.journey_id = :journey"
    )


# Names of our own tables and columns, none of them from outside.
_LINES = text(
    "SELECT * FROM ("
    + " UNION ALL ".join(_part(kind.slug, kind.table, *read) for kind, read in _READ.items())
    + f") lines ORDER BY day DESC LIMIT {MOST_LINES}"
)


def fact_entries(grant: Grant, journey_id: uuid.UUID, programme: str) -> list[Entry]:
    """Invitations, applications, absences from school, decisions, what follows the end. One statement."""
    rows = db.session.execute(_LINES, {"journey": journey_id}).mappings().all()
    keys = keystore().get(list({row["folder_id"] for row in rows})) if rows else {}
    writable = {volet.value for volet in grant.writable}
    entries = []
    for kind, (_, _, cells) in _READ.items():
        mine = [_row(row, cells) for row in rows if row["slug"] == kind.slug]
        for row in open_result(kind.model, mine, keys):
            shape, title, detail = _said(kind.slug, row)
            may = row["volet"] in writable
            entries.append(
                Entry(
                    row["day"],
                    shape,
                    title,
                    detail,
                    record=kind.slug if may else "",
                    record_id=row["id"] if may else None,
                )
            )
    return entries


def _row(row: RowMapping, cells: tuple[str, ...]) -> Opened:
    """The row with its cells under their own names."""
    clear = {name: row[name] for name in ("id", "journey_id", "folder_id", "volet", "day", "later")}
    return Opened(clear | dict(zip(cells, (row[name] for name in _CELLS), strict=False)))


def _said(slug: str, row: Opened) -> tuple[str, str, str]:
    """(icon, title, detail)."""
    if slug == INVITATION.slug:
        what = INVITATION_LABELS.get(row["kind"] or "", "")
        return (
            "invitation",
            f"Invitation : {what.lower()}",
            _answer(row["later"], INVITATION_ANSWERS.get(row["answer"] or "", "")),
        )
    if slug == APPLICATION.slug:
        answer = _answer(row["later"], APPLICATION_ANSWERS.get(row["answer"] or "", ""))
        job = f"{row['job']}. " if row["job"] else ""
        return "application", f"Candidature : {row['employer'] or 'structure non précisée'}", job + answer
    if slug == ABSENCE.slug:
        return "absence", half_days_label(row["half_days"]).capitalize(), ""
    if slug == STAY.slug:
        decided = STAY_DECISIONS.get(row["decision"] or "", "")
        return "decision", f"Décision : {decided.lower()}", row["reason"] or ""
    if slug == FOLLOW_UP.slug:
        situation = EXIT_SITUATIONS.get(row["situation"] or "", "")
        return "after", f"Nouvelles après la sortie : {situation.lower()}", row["note"] or ""
    decision = RETENTION_CHOICES.get(row["decision"] or "", "")
    return "after", f"Conservation du dossier : {decision.lower()}", row["reason"] or ""


def _answer(on: date | None, label: str) -> str:
    return f"Réponse le {on:%d/%m/%Y} : {label.lower()}" if on else "Pas encore de réponse notée"
