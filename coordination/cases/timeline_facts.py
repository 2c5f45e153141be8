"""Lines of a journey's timeline about what only pages bring, and about school."""

from __future__ import annotations

import uuid
from datetime import date

from coordination.cases.kinds_facts import ABSENCE, APPLICATION, FOLLOW_UP, INVITATION, RETENTION, STAY
from coordination.cases.queries.folders import writable_folders
from coordination.cases.timeline import Entry, Source
from coordination.cases.vocabulary import (
    APPLICATION_ANSWERS,
    EXIT_SITUATIONS,
    INVITATION_ANSWERS,
    INVITATION_LABELS,
    RETENTION_CHOICES,
    STAY_DECISIONS,
    half_days_label,
)
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Opened, Read, open_journey_rows

MOST_LINES = 200
# Kind -> the day of its line, and what else is told.
_TOLD = {
    INVITATION: ("sent_on", "answered_on", "kind", "answer"),
    APPLICATION: ("applied_on", "answered_on", "employer", "job", "answer"),
    ABSENCE: ("on_date", "half_days"),
    STAY: ("on_date", "decision", "reason"),
    FOLLOW_UP: ("on_date", "situation", "note"),
    RETENTION: ("on_date", "decision", "reason"),
}
_READS = {kind: Read(kind.model, columns, f"-{columns[0]}", MOST_LINES) for kind, columns in _TOLD.items()}


def fact_entries(grant: Grant, journey_id: uuid.UUID, programme: str) -> list[Entry]:
    """Invitations, applications, absences from school, decisions, what follows the end: the latest of them."""
    writable = writable_folders(grant, journey_id)
    entries = []
    for kind, read in _READS.items():
        for row in open_journey_rows(grant, journey_id, read):
            shape, title, detail = _said(kind.slug, row)
            entry = Entry(row[read.columns[0]], shape, title, detail)
            entries.append(
                entry.corrected_at(kind.slug, row["id"]) if row["folder_id"] in writable else entry
            )
    return sorted(entries, key=lambda entry: entry.on, reverse=True)[:MOST_LINES]


def _said(slug: str, row: Opened) -> tuple[str, str, str]:
    """(icon, title, detail)."""
    if slug == INVITATION.slug:
        what = INVITATION_LABELS.get(row["kind"] or "", "")
        return (
            "invitation",
            f"Invitation : {what.lower()}",
            _answer(row["answered_on"], INVITATION_ANSWERS.get(row["answer"] or "", "")),
        )
    if slug == APPLICATION.slug:
        answer = _answer(row["answered_on"], APPLICATION_ANSWERS.get(row["answer"] or "", ""))
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


FACTS = Source(tuple(_READS.values()), fact_entries)
