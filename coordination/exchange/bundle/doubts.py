"""What is odd in a bundle and never refused. A warning names references, never a person or a sealed value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from coordination.exchange.bundle.faults import BundleWarning
from coordination.exchange.bundle.known import Targets
from coordination.exchange.bundle.lines import Line
from coordination.exchange.bundle.values import CITE_EMPLOI, PRE

# Youngest and oldest age on the day of opening; the PRE is for children of 2 to 16.
AGES: dict[str, tuple[int, int | None]] = {PRE: (2, 16), CITE_EMPLOI: (16, None)}

# Stages that a journey has once its exit is dated, and that no other has.
CLOSED = {PRE: {"SORTI", "VEILLE"}, CITE_EMPLOI: {"SORTI", "EN_EMPLOI_SUIVI"}}
# Stages that end a journey with or without a dated exit.
CLOSED_ANYWAY = {PRE: {"NON_RETENU"}, CITE_EMPLOI: set[str]()}
# Stages before the entry, and the dates that already tell an entry.
EARLY = {
    PRE: {"REPERAGE", "SAISINE", "ACCORD_PARENTAL", "EPS_INSCRIT"},
    CITE_EMPLOI: {"REPERE"},
}
# Stages after the entry.
LATE = {
    PRE: {"PARCOURS_VALIDE", "EN_COURS", "BILAN", "SORTIE_PREPAREE"},
    CITE_EMPLOI: {"ORIENTE", "EN_ACTION", "ENTRE_ETAPES"},
}
ENTRY_DATES = ("entered_on", "validated_on")
PAUSED = "SUSPENDU"

# file -> (column, its values, date that goes with them)
RECOMMENDED: dict[str, tuple[tuple[str, frozenset[str], str], ...]] = {
    "journeys.csv": (("agreement_status", frozenset({"SIGNE", "REFUS", "RETIRE"}), "agreement_on"),),
    "actions.csv": (
        ("status", frozenset({"PREVUE"}), "planned_start"),
        ("status", frozenset({"EN_COURS", "SUSPENDUE"}), "started_on"),
        (
            "status",
            frozenset({"TERMINEE_ATTEINTE", "TERMINEE_PARTIELLE", "TERMINEE_NON_ATTEINTE", "ABANDONNEE"}),
            "ended_on",
        ),
    ),
    "referrals.csv": (
        ("status", frozenset({"ENVOYEE", "VUE", "ACCEPTEE", "ATTENTE_PLACE", "REFUSEE"}), "sent_on"),
        ("status", frozenset({"ACCEPTEE", "DEMARREE", "NON_DEMARREE"}), "accepted_on"),
        ("status", frozenset({"REFUSEE"}), "refused_on"),
        ("status", frozenset({"DEMARREE"}), "first_action_on"),
    ),
}


# file -> dates without which rules cannot count, whatever the line.
COUNTED = {
    "journeys.csv": ("opened_on", "birth_date", "entered_on", "validated_on", "exit_on"),
    "pauses.csv": ("expected_return", "returned_on"),
}
HEADER = 1


def absent_columns(file: str, columns: Collection[str | None]) -> Iterator[BundleWarning]:
    """Recommended dates that a readable header leaves out: one warning each, where every line would have none."""
    wanted = (*COUNTED.get(file, ()), *(day for _, _, day in RECOMMENDED.get(file, ())))
    if columns:
        for column in dict.fromkeys(wanted):
            if column not in columns:
                yield BundleWarning(file, HEADER, column, "colonne recommandée absente")


def doubts(lines: Mapping[str, Sequence[Line]], targets: Targets) -> Iterator[BundleWarning]:
    """Everything odd in the lines of a bundle."""
    journeys = lines.get("journeys.csv", ())
    paused = _open_pauses(lines["pauses.csv"]) if "pauses.csv" in lines else None
    for journey in journeys:
        yield from _age(journey)
        yield from _stage(journey, paused)
        yield from _missing_on_journey(journey)
    yield from _duplicates(journeys)
    for file, rules in RECOMMENDED.items():
        for line in lines.get(file, ()):
            yield from _missing(line, rules)
    for pause in lines.get("pauses.csv", ()):
        if pause.values["expected_return"] is None and pause.values["returned_on"] is None:
            yield from _absent(pause, "expected_return", "pause ouverte sans retour prévu")
    for referral in lines.get("referrals.csv", ()):
        yield from _sent_too_early(referral, targets)


def age_on(birth_date: date, day: date) -> int:
    """Whole years on a day; who was born on 29 February has their birthday on 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def folded_words(*names: str) -> tuple[str, ...]:
    """The words of names without accents, case, hyphens or order: « Éloïse-Marie » and « marie eloise »."""
    bare = unicodedata.normalize("NFKD", " ".join(names).casefold())
    return tuple(sorted(re.findall(r"\w+", "".join(c for c in bare if not unicodedata.combining(c)))))


def _age(line: Line) -> Iterator[BundleWarning]:
    born, opened = line.day("birth_date"), line.day("opened_on")
    lowest, highest = AGES.get(line.text("programme") or "", (0, None))
    if born and opened and born <= opened:
        age = age_on(born, opened)
        if age < lowest or (highest is not None and age > highest):
            yield _warn(line, "birth_date", "âge hors du dispositif à l’ouverture")


def _stage(line: Line, paused: frozenset[str] | None) -> Iterator[BundleWarning]:
    programme, stage = line.text("programme"), line.text("stage")
    if programme not in CLOSED or stage is None:
        return
    if "exit_on" not in line.unread:
        exit_on = line.day("exit_on")
        if exit_on and stage not in CLOSED[programme] | CLOSED_ANYWAY[programme]:
            yield _warn(line, "stage", f"étape {stage} alors que la sortie est datée")
        if not exit_on and stage in CLOSED[programme]:
            yield _warn(line, "stage", f"étape {stage} sans date de sortie")
    if stage in EARLY[programme]:
        for column in ENTRY_DATES:
            if line.day(column):
                yield _warn(line, "stage", f"étape {stage} alors que {column} est rempli")
    if stage == PAUSED and paused is not None and line.text("ref") not in paused:
        yield _warn(line, "stage", f"étape {stage} sans pause ouverte")


def _missing_on_journey(line: Line) -> Iterator[BundleWarning]:
    for column in ("opened_on", "birth_date"):
        yield from _absent(line, column)
    programme, stage = line.text("programme"), line.text("stage")
    if programme in LATE and stage in LATE[programme]:
        yield from _absent(line, "entered_on")
        if programme == PRE:
            yield from _absent(line, "validated_on")
    if line.values["exit_reason"] is not None:
        yield from _absent(line, "exit_on", "motif de sortie sans date")


def _missing(line: Line, rules: Sequence[tuple[str, frozenset[str], str]]) -> Iterator[BundleWarning]:
    for column, values, day in rules:
        value = line.text(column)
        if value in values:
            yield from _absent(line, day, f"date recommandée absente avec {value}")


def _absent(line: Line, column: str, reason: str = "date recommandée absente") -> Iterator[BundleWarning]:
    if line.values[column] is None and column not in line.unread:
        yield _warn(line, column, reason)


def _duplicates(journeys: Sequence[Line]) -> Iterator[BundleWarning]:
    first: dict[tuple[object, ...], str] = {}
    for line in journeys:
        names = folded_words(line.text("first_name") or "", line.text("last_name") or "")
        ref, born = line.text("ref"), line.day("birth_date")
        if ref and born and len(names) > 1:
            other = first.setdefault((line.text("programme"), born, names), ref)
            if other != ref:
                yield _warn(line, "ref", f"doublon possible de {other}")


def _sent_too_early(line: Line, targets: Targets) -> Iterator[BundleWarning]:
    ref, followed, sent = line.text("journey"), line.text("follows"), line.day("sent_on")
    if ref and followed and sent:
        before = targets.sent_on(ref, followed)
        if before and sent < before:
            yield _warn(line, "sent_on", f"envoyée avant {followed}, qu’elle remplace ({before})")


def _open_pauses(pauses: Sequence[Line]) -> frozenset[str]:
    """The journeys with a pause whose return is not known."""
    return frozenset(line.text("journey") or "" for line in pauses if line.values["returned_on"] is None)


def _warn(line: Line, column: str, reason: str) -> BundleWarning:
    return BundleWarning(line.file, line.number, column, reason)
