"""Every column is classified by hand: sealed, or in clear for a reason that somebody wrote down."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask
from sqlalchemy import LargeBinary

from coordination.alerts.catalogue import rules
from coordination.alerts.sources import sources
from coordination.exchange.bundle.columns import COLUMN, COLUMNS, SEALED
from coordination.exchange.bundle.values import codes_of
from coordination.exchange.mapping import JOURNEY_COLUMNS, RECORDS, SHEET_COLUMNS, volet_of
from coordination.privacy.volets import Volet
from migrations.models import Base
from tests.support import role, rows

ROW = {"id", "journey_id", "folder_id", "version", "position"}
# Table -> columns in clear beside ROW. Each is an id, a reference, a code that a scan or a list filters on, a
# day, an instant, a counter, or a professional's own name and address. Nothing here tells who a beneficiary is.
CLEAR: dict[str, str] = {
    "journey": "ref programme stage opened_on agreement_status agreement_on entered_on validated_on diagnosis_on"
    " referent_id backup_id planned_rhythm_days rsa_opened_on oriented_on contract_signed_on exit_on written_on"
    " suspended_from",
    "sheet": "",
    "schooling": "school_year",
    "agreement": "status on_date school_year recorded_by cancels",
    "saisine": "on_date structure_id",
    "turn": "kind on_date by_id to_id from_id",
    "leave": "account_id backup_id from_on until_on",
    "household_member": "household_id",
    "representative": "",
    "contact": "on_date mode outcome author_id",
    "appointment": "on_date status structure_id",
    "objective": "set_on reached_on",
    "action": "key structure_id droit_commun planned_start started_on planned_end ended_on status suspended_on",
    "attendance": "action_id on_date status",
    "pause": "from_on expected_return returned_on",
    "review": "due_on held_on",
    "barrier": "identified_on lifted_on",
    "right_end": "ends_on",
    "life_event": "on_date handled_on",
    "school_absence": "on_date",
    "invitation": "sent_on answered_on",
    "iae_application": "applied_on answered_on",
    "household_child": "",
    "stay_decision": "on_date",
    "follow_up": "on_date",
    "retention_decision": "on_date",
    "referral": "key to_structure_id sent_on seen_on accepted_on refused_on first_action_on status follows_id",
    "deadline": "rule kind subject_id due_on since because alert_id",
    "alert": "rule kind subject_id since due_on because opened_on initial status escalated_on acted_on acted_by"
    " postponed_until way_out resolved_on resolved_because",
    "alert_event": "alert_id what on_date by_id until_on way_out because",
    "week_decision": "week decision on_date by_id until_on settled_on",
    "threshold": "rule programme structure_id threshold_days lead_days threshold_count window_days"
    " switched_on valid_from valid_until status trial_id decided_by decided_at",
    # Counts by week and by professional, of a whole programme or of a structure of it.
    "threshold_trial": "rule programme structure_id threshold_days lead_days threshold_count window_days"
    " switched_on from_on until_on made_by made_at present journeys weeks_before weeks_after referents"
    " referents_before referents_after breaks found_before found_after days_gained needless_before needless_after"
    " unread",
    "recompute_queue": "since",
    # Counts and links, composed without a key (tests/alerts/test_digest.py).
    "mail": "account_id kind on_date subject body state attempts queued_at next_at sent_at answer",
    "digest_run": "on_date queued_at",
    "scan_run": "on_date finished_at opened",
    "import_run": "committed_at as_of scanned",
    "state": "name value",
    "folder": "volet open agreed created_at heard_on",
    "access": "actor_id basis can_write from_at until_at granted_by leave_id",
    "volet_right": "role programme relation volet can_write",
    "audit_entry": "structure_id sequence previous hash body at_us actor_id action result detail",
    "audit_checkpoint": "structure_id sequence hash at_us signature",
    "idempotency": "account_id key request_hash answer at",
    "revision": "of_table of_id at by_id removed",
    "document": "added_at author_id removed_at removed_by_id",
    "document_part": "document_id number",
    "draft": "author_id form of_id saved_at",
    # `proof`: a code over the two others, keyed.
    "tombstone": "at proof",
    "structure": "code name type commune retired_on",
    "coded_label": "list code label retired_on",
    "area": "code label commune valid_from valid_until",
    "school_year": "starts_on ends_on",
    "password_link": "token_hash account_id expires_at used_at",
    "account": "email display_name kind password_hash secrecy_basis charter_version charter_signed_on"
    " charter_expires_on second_factor created_at suspended_at",
    "membership": "account_id role structure_id programme started_at ended_at",
    "sign_in_session": "token_hash account_id started_at last_seen_at revoked_at",
    "sign_in_attempt": "subject at",
    "written": "mark at",
}
SEALED_COLUMNS: dict[str, str] = {
    "sheet": "first_name last_name birth_date sex address commune area school school_level scheme orientation_path"
    " exit_reason phone email interpreter prefers_oral arrived_on diagnosis",
    "schooling": "school school_level",
    "agreement": "volets signer remark",
    "saisine": "source reasons remark",
    "turn": "decided_by note",
    "representative": "first_name last_name tie phone email parental_authority interpreter signed_agreement"
    " takes_part trusted prefers_oral",
    "contact": "note",
    "appointment": "at_time place",
    "objective": "axis fact baseline outcome own_words",
    "action": "kind axis_or_barrier owner contract_objective detail",
    "pause": "reason",
    "review": "conclusions",
    "barrier": "barrier level",
    "right_end": "kind",
    "life_event": "kind",
    "school_absence": "half_days",
    "invitation": "kind answer",
    "iae_application": "employer job answer",
    "household_child": "birth_month care",
    "stay_decision": "decision reason",
    "follow_up": "situation note",
    "retention_decision": "decision reason",
    "referral": "refusal_reason",
    "alert": "comment",
    "revision": "said",
    "document": "kind name media size",
    "document_part": "content",
    "draft": "said",
}
# Clear columns that hold bytes, and are hashes, signatures or keys of their own.
OTHER_BYTES = {
    "tombstone.proof",
    "audit_entry.previous",
    "audit_entry.hash",
    "audit_entry.body",
    "audit_checkpoint.hash",
    "audit_checkpoint.signature",
    "idempotency.request_hash",
    "account.second_factor",
    "sign_in_session.token_hash",
    "password_link.token_hash",
    "sign_in_attempt.subject",
}


def words(listed: dict[str, str]) -> set[str]:
    return {f"{table}.{column}" for table, columns in listed.items() for column in columns.split()}


def test_every_column_of_the_database_is_classified(app: Flask) -> None:
    found = {
        f"{table}.{column}": kind
        for table, column, kind in rows(
            "SELECT table_name, column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name <> 'alembic_version'"
        )
        if column not in ROW
    }
    assert found.keys() == words(CLEAR) | words(SEALED_COLUMNS)
    assert words(CLEAR) & words(SEALED_COLUMNS) == set()
    assert {c for c, kind in found.items() if kind == "bytea"} == words(SEALED_COLUMNS) | OTHER_BYTES
    assert not {kind for kind in found.values()} & {"json", "jsonb", "hstore", "xml", "tsvector"}


def test_sealed_columns_are_declared_sealed_and_never_load_by_themselves() -> None:
    declared = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if "padding" in column.info
    }
    assert declared == words(SEALED_COLUMNS)
    for mapper in Base.registry.mappers:
        for column in mapper.column_attrs:
            if "padding" in column.columns[0].info:
                assert column.deferred and column.strategy_key, column
                assert isinstance(column.columns[0].type, LargeBinary) and column.columns[0].nullable


def test_sealed_columns_have_neither_index_nor_constraint(app: Flask) -> None:
    """An index on ciphertext would only serve a search that must not exist."""
    indexed = rows(
        "SELECT c.relname || '.' || a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)"
    )
    assert {name for (name,) in indexed} & words(SEALED_COLUMNS) == set()


def test_what_the_bundle_calls_sealed_is_sealed_in_the_database() -> None:
    """Both ways: no sealed column of a file is kept in clear, no clear column of a file is kept sealed."""
    kept = {f"journeys.csv.{name}": f"sheet.{name}" for name in SHEET_COLUMNS}
    kept |= {f"journeys.csv.{name}": f"journey.{column}" for name, column in JOURNEY_COLUMNS.items()}
    for file, mapped in RECORDS.items():
        table = mapped.model.__tablename__
        kept |= {f"{file}.{name}": f"{table}.{column}" for name, column in mapped.columns.items()}
    for file, columns in COLUMNS.items():
        for name in columns:
            place = kept.get(f"{file}.{name}")
            if place:
                assert (place in words(SEALED_COLUMNS)) == (name in SEALED[file]), place
            else:
                assert file in ("structures.csv", "users.csv") or name == "journey", (file, name)
                assert name not in SEALED[file]
    # Sealed columns that no file carries: what people write on pages.
    others = words(SEALED_COLUMNS) - set(kept.values())
    pages = {
        "alert": "comment",
        "revision": "said",
        "sheet": "phone email interpreter prefers_oral arrived_on diagnosis",
        "representative": "takes_part trusted prefers_oral",
        "objective": SEALED_COLUMNS["objective"],
        "action": "owner contract_objective detail",
        "appointment": SEALED_COLUMNS["appointment"],
        "review": "conclusions",
        "schooling": SEALED_COLUMNS["schooling"],
        "agreement": SEALED_COLUMNS["agreement"],
        **{table: SEALED_COLUMNS[table] for table in ("document", "document_part", "draft")},
        "saisine": SEALED_COLUMNS["saisine"],
        "turn": SEALED_COLUMNS["turn"],
        **{
            table: SEALED_COLUMNS[table]
            for table in (
                "invitation",
                "iae_application",
                "household_child",
                "stay_decision",
                "follow_up",
                "retention_decision",
            )
        },
    }
    assert others == words(pages)


def test_the_worker_reads_the_columns_it_was_granted_and_nothing_sealed(app: Flask) -> None:
    with role(app.config["SETTINGS"], "worker") as connection:
        for place in sorted(words(CLEAR) | words(SEALED_COLUMNS)):
            table, column = place.split(".")
            sealed = place in words(SEALED_COLUMNS)
            try:
                connection.execute(f"SELECT {column} FROM {table} LIMIT 1")  # type: ignore[arg-type]
                granted = True
            except psycopg.errors.InsufficientPrivilege:
                granted = False
            connection.rollback()
            assert not (sealed and granted), place
            if place in OTHER_BYTES or table in ("audit_entry", "contact", "access", "idempotency"):
                assert not granted, place


WORKER_WRITES = {
    # Those that nobody came back to, unread: the policy shows it no other.
    "draft": {"DELETE"},
    "alert": {"INSERT", "UPDATE"},
    "deadline": {"UPDATE"},
    "scan_run": {"INSERT"},
    "import_run": {"UPDATE"},
    "mail": {"INSERT", "UPDATE"},
    "digest_run": {"INSERT"},
}


def test_the_worker_writes_alerts_and_nothing_else(app: Flask) -> None:
    found: dict[str, set[str]] = {}
    for table, verb in rows(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = 'coord_worker'"
        " UNION SELECT table_name, privilege_type FROM information_schema.role_column_grants"
        " WHERE grantee = 'coord_worker'"
    ):
        if verb != "SELECT":
            found.setdefault(table, set()).add(verb)
    assert found == WORKER_WRITES
    for column in ("comment", "way_out", "acted_by", "folder_id", "journey_id"):
        query = "SELECT has_column_privilege('coord_worker', 'alert', %s, 'UPDATE')"
        assert rows(query, column)[0][0] is False, column
    functions = rows(
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
        " AND has_function_privilege('coord_worker', p.oid, 'EXECUTE') ORDER BY 1"
    )
    # On its day a setting begins: by a function that turns its status and lists who is to be counted again.
    # What ends because its day has come is closed by a function too: it takes a day, and moves none.
    # Marks of a day ago, which say nothing but that something was written.
    # How much awaits whom, and where to write: ids, codes and professional addresses.
    assert [name for (name,) in functions] == [
        "begin_thresholds",
        "coordination_sheet",
        "digest_alerts",
        "end_with_time",
        "mail_recipient",
        "sweep_written",
    ]


def test_neither_the_worker_nor_the_pages_reach_each_other_s_database(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    with role(settings, "worker") as connection:
        database = connection.info.dbname
        for name in ("worker", "web", "maintenance", "owner"):
            query = "SELECT has_database_privilege(%s, %s, 'CONNECT')"
            assert connection.execute(query, (f"coord_{name}", f"{database}_keys")).fetchone() == (False,)
        query = "SELECT has_database_privilege('coord_keystore', %s, 'CONNECT')"
        assert connection.execute(query, (database,)).fetchone() == (False,)


def test_no_role_of_ours_is_a_superuser(app: Flask) -> None:
    found = {
        name.removeprefix("coord_"): powers
        for name, *powers in rows(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin"
            " FROM pg_roles WHERE rolname LIKE 'coord\\_%'"
        )
    }
    assert found.keys() == {"web", "worker", "maintenance", "owner", "definer", "keystore"}
    for name, powers in found.items():
        assert powers == [False] * 4 + [name in ("maintenance", "definer"), name != "definer"], name


def test_functions_of_the_wall_pin_their_search_path_and_belong_to_nobody_who_logs_in(app: Flask) -> None:
    for function, definer, owner, config in rows(
        "SELECT proname, prosecdef, proowner::regrole::text, proconfig FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace"
    ):
        assert owner == "coord_definer", function
        assert not definer or config == ["search_path=public, pg_temp"], function


def test_rules_of_the_features_do_not_overlap_and_are_in_the_catalogue(app: Flask) -> None:
    owned = [rule for source in sources() for rule in source.rules]
    assert len(owned) == len(set(owned))
    assert set(owned) <= set(rules())
    every = {rule.split("-")[0] for rule in rules()}
    assert set(owned) <= every


@pytest.mark.parametrize(
    ("file", "values", "volet"),
    [
        ("rights.csv", {"kind": "MDPH"}, Volet.SANTE),
        ("rights.csv", {"kind": "MESURE_ASE"}, Volet.PROTECTION),
        ("rights.csv", {"kind": "CSS"}, Volet.SOCIAL),
        ("rights.csv", {"kind": "TITRE_SEJOUR"}, Volet.SOCIAL),
        ("rights.csv", {"kind": "CEJ"}, Volet.EMPLOI),
        ("barriers.csv", {"barrier": "SANTE"}, Volet.SANTE),
        ("school_absences.csv", {}, Volet.SCOLARITE),
        ("contacts.csv", {}, Volet.COORDINATION),
        ("referrals.csv", {}, Volet.COORDINATION),
    ],
)
def test_the_volet_of_a_line(file: str, values: dict[str, str], volet: Volet) -> None:
    assert volet_of(file, values, "PRE") is volet


def test_every_right_has_a_volet_other_than_coordination() -> None:
    for kind in codes_of(COLUMN["rights.csv"]["kind"].codes, None):
        assert volet_of("rights.csv", {"kind": kind}, "PRE") is not Volet.COORDINATION
