"""The faults of the import bundle, read from the format's text and not from our importer.

Two readings of one contract must agree: what this finds nothing in, the importer must accept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from coordination import reference
from coordination.exchange.simulate import BUNDLE_COLUMNS, Bundle

PERIMETER = {"62765", "62525", "62040"}
IDENTITIES = {
    "structures.csv": ("code",),
    "users.csv": ("email", "role", "structure", "programme"),
    "journeys.csv": ("ref",),
    "representatives.csv": ("journey", "first_name", "last_name"),
    "actions.csv": ("journey", "key"),
    "referrals.csv": ("journey", "key"),
    "pauses.csv": ("journey", "from"),
    "reviews.csv": ("journey", "due_on"),
    "barriers.csv": ("journey", "barrier", "identified_on"),
    "rights.csv": ("journey", "kind", "ends_on"),
    "events.csv": ("journey", "on", "kind"),
    "school_absences.csv": ("journey", "on"),
}
NOT_EMPTY = {
    "contacts.csv": ("journey", "on", "mode", "author"),
    "appointments.csv": ("journey", "on"),
    "users.csv": ("email", "role"),
}
ORDERED = {
    "journeys.csv": (
        ("birth_date", "opened_on", "entered_on", "validated_on"),
        ("opened_on", "diagnosis_on"),
        ("opened_on", "exit_on"),
        ("entered_on", "exit_on"),
        ("validated_on", "exit_on"),
        ("diagnosis_on", "exit_on"),
        ("rsa_opened_on", "oriented_on", "contract_signed_on"),
    ),
    "actions.csv": (("planned_start", "planned_end"), ("started_on", "ended_on")),
    "referrals.csv": (
        ("sent_on", "seen_on", "accepted_on", "first_action_on"),
        ("sent_on", "seen_on", "refused_on"),
    ),
    "pauses.csv": (("from", "expected_return"), ("from", "returned_on")),
    "barriers.csv": (("identified_on", "lifted_on"),),
    "events.csv": (("on", "handled_on"),),
    "truth.csv": (("began_on", "observable_on"),),
}
PLANS = {"planned_start", "planned_end", "due_on", "expected_return", "ends_on"}
RIGHTS = ["CSS", "TITRE_SEJOUR", "MDPH", "ARE_ASS", "PASS_IAE", "CEJ", "CDDI_CDD", "FORMATION", "MESURE_ASE"]
EVENTS = [
    "DEMENAGEMENT",
    "CHANGEMENT_ETABLISSEMENT",
    "EVENEMENT_VIE",
    "SANCTION_REVENU",
    "EXPULSION_RELOGEMENT",
    "ARRET_ANTICIPE",
    "SITUATION_SANS_SOLUTION",
    "FIN_SANS_SOLUTION",
]
CODED = {
    ("structures.csv", "type"): "structure_type",
    ("users.csv", "role"): "user_role",
    ("users.csv", "programme"): "programme",
    ("journeys.csv", "programme"): "programme",
    ("journeys.csv", "school_level"): "school_level",
    ("journeys.csv", "agreement_status"): "parental_agreement",
    ("journeys.csv", "scheme"): "support_scheme",
    ("journeys.csv", "orientation_path"): "orientation_path",
    ("contacts.csv", "mode"): "contact_mode",
    ("contacts.csv", "outcome"): "contact_outcome",
    ("appointments.csv", "status"): "appointment_status",
    ("actions.csv", "kind"): "pre_action_type",
    ("actions.csv", "droit_commun"): "droit_commun_check",
    ("actions.csv", "status"): "action_status",
    ("referrals.csv", "refusal_reason"): "referral_refusal_reason",
    ("referrals.csv", "status"): "referral_status",
    ("pauses.csv", "reason"): "pause_reason",
    ("barriers.csv", "barrier"): "barrier",
    ("barriers.csv", "level"): "barrier_level",
    ("truth.csv", "type"): "rupture_type",
}
BY_PROGRAMME = {
    "stage": {"PRE": "pre_stage", "CITE_EMPLOI": "employment_stage"},
    "exit_reason": {"PRE": "pre_exit_reason", "CITE_EMPLOI": "employment_exit_reason"},
    "axis_or_barrier": {"PRE": "pre_axis", "CITE_EMPLOI": "barrier"},
}


def journeys(bundle: Bundle, programme: str = "") -> dict[str, dict[str, str]]:
    return {j["ref"]: j for j in bundle["journeys.csv"] if programme in ("", j["programme"])}


def dated(file: str, row: dict[str, str]) -> Iterator[tuple[str, date]]:
    for column, value in row.items():
        if value and (column.endswith("_on") or column in ("on", "from", "expected_return", "planned_start")):
            yield column, date.fromisoformat(value)


def is_nir(text: str) -> bool:
    for found in re.finditer(r"(?<!\d)\d(?:[ .]?\d){14}(?!\d)", text):
        digits = re.sub(r"\D", "", found[0])
        if 97 - int(digits[:13]) % 97 == int(digits[13:]):
            return True
    return False


def faults(bundle: Bundle, as_of: date) -> Iterator[str]:
    """Every fault of the format's list, one sentence each."""
    known = journeys(bundle)
    structures = {row["code"] for row in bundle["structures.csv"]}
    accounts = {row["email"] for row in bundle["users.csv"]}
    areas = {q["key"] for q in reference.territory()["qpv"]}
    areas |= {f["key"] for f in reference.territory()["fragile_areas"]} | {"QPV", "HORS_QPV", ""}
    for file, rows in bundle.items():
        seen: set[tuple[str, ...]] = set()
        for number, row in enumerate(rows, 2):
            where = f"{file}:{number} {row.get('journey') or row.get('ref', '')}"
            if tuple(row) != BUNDLE_COLUMNS[file]:
                yield f"{where} columns"
            if file in IDENTITIES:
                identity = tuple(row[column] for column in IDENTITIES[file])
                if identity in seen:
                    yield f"{where} repeated {identity}"
                seen.add(identity)
            for column in NOT_EMPTY.get(file, IDENTITIES.get(file, ())):
                if not row[column]:
                    yield f"{where} empty {column}"
            journey = (
                known.get(row["journey"]) if "journey" in row else row if file == "journeys.csv" else None
            )
            if "journey" in row and journey is None:
                yield f"{where} unknown journey"
            for column in ("structure", "to_structure"):
                if row.get(column) and row[column] not in structures:
                    yield f"{where} unknown structure {row[column]}"
            for column in ("author", "referent"):
                if row.get(column) and row[column] not in accounts:
                    yield f"{where} unknown account {row[column]}"
            for chain in ORDERED.get(file, ()):
                filled = [row[column] for column in chain if row[column]]
                if any(first > second for first, second in pairwise(filled)):
                    yield f"{where} order {chain} {filled}"
            last = (journey or {}).get("exit_on") or as_of.isoformat()
            for column, day in dated(file, row):
                to_come = file == "appointments.csv" and row["status"] == "A_VENIR"
                if column not in PLANS and not to_come and day.isoformat() > last:
                    yield f"{where} {column} after the last day"
            for column, value in row.items():
                if is_nir(value):
                    yield f"{where} a NIR in {column}"
                listed = CODED.get((file, column))
                if listed and value and value not in reference.labels(listed):
                    yield f"{where} unknown code {column}={value}"
                if column in BY_PROGRAMME and value:
                    assert journey is not None
                    if value not in reference.labels(BY_PROGRAMME[column][journey["programme"]]):
                        yield f"{where} unknown code {column}={value}"
                if column in ("parental_authority", "interpreter", "signed_agreement") and value not in "01":
                    yield f"{where} {column}={value}"
            if file == "journeys.csv":
                if row["programme"] == "PRE" and row["commune"] not in PERIMETER:
                    yield f"{where} outside the perimeter"
                if row["area"] not in areas or row["sex"] not in ("F", "M"):
                    yield f"{where} area or sex"
            if file == "rights.csv" and row["kind"] not in RIGHTS:
                yield f"{where} {row['kind']}"
            if file == "events.csv" and row["kind"] not in EVENTS:
                yield f"{where} {row['kind']}"
            if file == "referrals.csv" and row["follows"]:
                before = [r for r in rows if (r["journey"], r["key"]) == (row["journey"], row["follows"])]
                if not before or before[0]["sent_on"] > row["sent_on"]:
                    yield f"{where} follows {row['follows']}"
