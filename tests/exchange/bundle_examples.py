"""A bundle that is right, to be spoilt one cell at a time."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from coordination.exchange.bundle.columns import COLUMNS
from coordination.exchange.bundle.reader import Known, ReadResult, read_bundle

AS_OF = date(2026, 4, 1)
Rows = dict[str, list[dict[str, str]]]


def good() -> Rows:
    """A bundle with a line in every file and no fault."""
    pre, cite = {"journey": "PRE-1"}, {"journey": "CITE-1"}
    return {
        "structures.csv": [
            {"code": "ESCAL", "name": "Centre social", "type": "CENTRE_SOCIAL", "commune": "62525"}
        ],
        "users.csv": [
            {"email": "a@ex.fr", "display_name": "A", "role": "REFERENT_PRE", "programme": "PRE"},
            {"email": "a@ex.fr", "display_name": "A", "role": "COORD_CITE", "structure": "ESCAL"},
        ],
        "journeys.csv": [
            {
                **{
                    "ref": "PRE-1",
                    "programme": "PRE",
                    "first_name": "Léa",
                    "last_name": "Martin",
                    "sex": "F",
                },
                **{"birth_date": "2016-05-01", "commune": "62765", "area": "SELB", "school_level": "CE1"},
                **{"opened_on": "2025-09-01", "agreement_status": "SIGNE", "agreement_on": "2025-09-10"},
                **{"entered_on": "2025-10-01", "validated_on": "2025-11-01", "diagnosis_on": "2025-10-15"},
                **{"referent": "a@ex.fr", "planned_rhythm_days": "14", "stage": "EN_COURS"},
            },
            {
                **{"ref": "CITE-1", "programme": "CITE_EMPLOI", "first_name": "Ali", "last_name": "Ben"},
                **{"birth_date": "1990-05-01", "commune": "62014", "area": "CH", "opened_on": "2025-01-01"},
                **{
                    "entered_on": "2025-02-01",
                    "stage": "SORTI",
                    "scheme": "CEJ",
                    "orientation_path": "EMPLOI",
                },
                **{
                    "rsa_opened_on": "2025-01-01",
                    "oriented_on": "2025-01-02",
                    "contract_signed_on": "2025-01-03",
                },
                **{"exit_on": "2026-02-01", "exit_reason": "EMPLOI_DURABLE"},
            },
        ],
        "representatives.csv": [
            {**pre, "first_name": "Marie", "last_name": "Martin", "tie": "mère", "parental_authority": "1"}
        ],
        "contacts.csv": [
            {**pre, "on": "2026-01-05", "mode": "VAD", "outcome": "ABOUTI", "author": "a@ex.fr"}
        ],
        "appointments.csv": [{**pre, "on": "2026-01-05", "status": "HONORE", "structure": "ESCAL"}],
        "actions.csv": [
            {
                **{**pre, "key": "A1", "kind": "SPORT", "axis_or_barrier": "SCOLARITE", "structure": "ESCAL"},
                **{"droit_commun": "MOBILISE", "planned_start": "2026-01-05", "started_on": "2026-01-06"},
                **{"planned_end": "2026-06-30", "status": "EN_COURS"},
            },
            {**cite, "key": "A1", "axis_or_barrier": "MOBILITE"},
        ],
        "referrals.csv": [
            {
                **{
                    **pre,
                    "key": "R1",
                    "to_structure": "ESCAL",
                    "sent_on": "2026-01-05",
                    "seen_on": "2026-01-06",
                },
                **{"refused_on": "2026-01-07", "refusal_reason": "COMPLET", "status": "REFUSEE"},
            },
            {
                **{**pre, "key": "R2", "to_structure": "ESCAL", "sent_on": "2026-01-08", "follows": "R1"},
                **{"accepted_on": "2026-01-09", "first_action_on": "2026-01-10", "status": "DEMARREE"},
            },
        ],
        "pauses.csv": [
            {
                **{**pre, "from": "2026-02-01", "expected_return": "2026-03-01", "returned_on": "2026-03-02"},
                "reason": "FAMILLE",
            }
        ],
        "reviews.csv": [{**pre, "due_on": "2026-01-05", "held_on": "2026-01-06"}],
        "barriers.csv": [
            {
                **{**cite, "barrier": "GARDE", "level": "FORT", "identified_on": "2025-03-01"},
                "lifted_on": "2025-04-01",
            }
        ],
        "rights.csv": [{**cite, "kind": "CSS", "ends_on": "2027-01-01"}],
        "events.csv": [{**cite, "on": "2025-03-01", "kind": "DEMENAGEMENT", "handled_on": "2025-03-02"}],
        "school_absences.csv": [{**pre, "on": "2026-01-05", "half_days": "2"}],
    }


def write(directory: Path, rows: Rows) -> Path:
    for file, lines in rows.items():
        with (directory / file).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS[file], restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)
    return directory


def read(directory: Path, rows: Rows, known: Known | None = None) -> ReadResult:
    return read_bundle(write(directory, rows), as_of=AS_OF, known=known)
