"""A world for the wall: people in every relation to journeys, and a row of every table in their folders."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
from flask import current_app

from coordination import clock
from tests.databases import superuser
from tests.support import day, email, folder_id, import_rows, journey_id, rows, scalar, world

IN_FOLDER = (
    "sheet",
    "schooling",
    "agreement",
    "saisine",
    "turn",
    "representative",
    "contact",
    "appointment",
    "objective",
    "action",
    "pause",
    "review",
    "barrier",
    "right_end",
    "life_event",
    "school_absence",
    "referral",
    "revision",
    "document",
    "document_part",
    "draft",
    "attendance",
    "invitation",
    "iae_application",
    "household_child",
    "stay_decision",
    "follow_up",
    "retention_decision",
    "week_decision",
)


# Rows that only their author sees (here: half of them are of DRAFTER).
OWN = {"draft"}


DRAFTER = "ref1"


Db = psycopg.Connection[Any]


# What an INSERT cannot leave out, beside the ids.
NEEDED = {
    "schooling": (", school_year", ", 2026"),
    "agreement": (", status, recorded_by", ", 'SIGNE', (SELECT id FROM account LIMIT 1)"),
    "saisine": (", on_date", ", current_date"),
    "turn": (", kind, on_date, by_id", ", 'SORTIE', current_date, (SELECT id FROM account LIMIT 1)"),
    "contact": (", on_date, mode", ", current_date, 'VAD'"),
    "appointment": (", on_date", ", current_date"),
    "objective": (", set_on", ", current_date"),
    "action": (", key", ", gen_random_uuid()"),
    "pause": (", from_on", ", current_date"),
    "review": (", due_on", ", current_date"),
    "barrier": (", identified_on", ", current_date"),
    "right_end": (", ends_on", ", current_date"),
    "life_event": (", on_date", ", current_date"),
    "school_absence": (", on_date", ", current_date"),
    "referral": (", key", ", gen_random_uuid()"),
    "invitation": (", sent_on", ", current_date"),
    "iae_application": (", applied_on", ", current_date"),
    "stay_decision": (", on_date", ", current_date"),
    "follow_up": (", on_date", ", current_date"),
    "retention_decision": (", on_date", ", current_date"),
    "attendance": (
        ", action_id, on_date, status",
        ", COALESCE((SELECT id FROM action LIMIT 1), gen_random_uuid()), current_date, 'PRESENT'",
    ),
    "week_decision": (
        ", week, decision, on_date, by_id",
        ", current_date, 'EPS', current_date, (SELECT id FROM account LIMIT 1)",
    ),
    "revision": (
        ", of_table, of_id, at, by_id, removed",
        ", 'contact', gen_random_uuid(), now(), (SELECT id FROM account LIMIT 1), false",
    ),
    "document": (", added_at, author_id", ", now(), (SELECT id FROM account LIMIT 1)"),
    # The reference waits for the end of the transaction: whoever sees no document may still try.
    "document_part": (
        ", document_id, number",
        ", COALESCE((SELECT id FROM document LIMIT 1), gen_random_uuid()), trunc(random() * 1e9)",
    ),
    "draft": (
        ", author_id, form, of_id, saved_at",
        f", (SELECT id FROM account WHERE email = '{email(DRAFTER)}'), 'f', gen_random_uuid(), now()",
    ),
}
EXTRA = ("suspended", "unsigned", "expired", "early", "late", "no.basis", "ended", "apart")


# The trial that every threshold of these tests refers to: who adds one need not see it.
TRIED = uuid.UUID(int=15)


SOMEBODY = (
    "COALESCE(CAST(%(by)s AS uuid), (SELECT id FROM account WHERE id IS DISTINCT FROM app_actor() LIMIT 1))"
)


TRIAL = (
    "INSERT INTO threshold_trial (id, rule, programme, from_on, until_on, made_by, made_at, present, journeys,"
    " weeks_before, weeks_after, referents, referents_before, referents_after, breaks, found_before, found_after,"
    " needless_before, needless_after) VALUES (gen_random_uuid(), 'A01', %(programme)s, current_date,"
    f" current_date, {SOMEBODY}, now(), '', 0, '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', 0, 0, 0, 0, 0)"
)


THRESHOLD = (
    "INSERT INTO threshold (id, rule, programme, valid_from, valid_until, status, trial_id, decided_by, decided_at)"
    " VALUES (gen_random_uuid(), 'A01', %(programme)s, current_date - (random() * 100000)::integer, NULL, 'FINI',"
    f" '{TRIED}', {SOMEBODY}, now())"
)


@contextmanager
def superuser_transaction() -> Iterator[Db]:
    """A superuser's transaction, undone at the end."""
    with psycopg.connect(superuser(current_app.config["SETTINGS"])) as connection:
        yield connection
        connection.rollback()


def build_world() -> None:
    """PEOPLE, a row of every table in every folder, grants of every kind, accounts that may see nothing."""
    import_rows(world())
    for name in EXTRA:
        rows(
            "INSERT INTO account (id, email, display_name) VALUES (gen_random_uuid(), %s, %s)",
            email(name),
            name,
        )
    signed = {"secrecy_basis": "PROFESSION", "charter_signed_on": day(-30), "charter_expires_on": day(30)}
    faults: dict[str, dict[str, Any]] = {
        "suspended": {"suspended_at": clock.now()},
        "unsigned": {"charter_signed_on": None},
        "expired": {"charter_expires_on": day()},
        "no.basis": {"secrecy_basis": "AUCUN"},
    }
    for name in EXTRA:
        values = signed | faults.get(name, {})
        assigned = ", ".join(f"{column} = %s" for column in values)
        rows(f"UPDATE account SET {assigned} WHERE email = %s", *values.values(), email(name))
    fill_folders()
    now = clock.now()
    for name in EXTRA:
        give(name, "PRE-1", "social", "receiver", write=True)
        # "apart" writes in one volet and not in the skeleton of the journey, which "ended" only reads.
        if name != "apart":
            give(name, "PRE-1", "coordination", "receiver", write=name != "ended")
    rows("UPDATE access SET from_at = %s WHERE actor_id = %s", now + timedelta(hours=1), account("early"))
    rows("UPDATE access SET until_at = %s WHERE actor_id = %s", now - timedelta(hours=1), account("late"))
    give("centre", "PRE-1", "social", "receiver")
    give("ccas", "CITE-1", "coordination", "receiver", until=now + timedelta(days=1))
    give("ecole", "PRE-2", "scolarite", "meeting", until=now + timedelta(hours=2))
    for programme, role_code in (("PRE", "COORD_PRE"), ("PRE", "DPO"), ("PRE", "PILOTAGE")):
        rows(
            "INSERT INTO membership (id, account_id, role, programme, ended_at) VALUES"
            " (gen_random_uuid(), %s, %s, %s, now() - interval '1 hour')",
            account("ended"),
            role_code,
            programme,
        )
    rows(
        "INSERT INTO membership (id, account_id, role, started_at) VALUES"
        " (gen_random_uuid(), %s, 'DPO', now() + interval '1 hour')",
        account("early"),
    )
    rows("INSERT INTO coded_label (list, code, label, position) VALUES ('pause_reason', 'SANTE', 'Santé', 0)")
    rows("INSERT INTO school_year VALUES ('2026-09-01', '2027-07-05', 1, gen_random_uuid())")
    rows(
        "INSERT INTO password_link (token_hash, account_id, expires_at)"
        " SELECT convert_to(email, 'UTF8'), id, now() FROM account WHERE kind = 'person'"
    )
    rows(
        "INSERT INTO mail (id, account_id, kind, on_date, subject, body, queued_at, next_at)"
        " SELECT gen_random_uuid(), id, 'RESUME', '2026-11-23', 's', 'b', now(), now()"
        " FROM account WHERE kind = 'person'"
    )


def fill_folders() -> None:
    """A row of every table that hangs on a folder in each of them, a deadline and an alert."""
    with superuser_transaction() as connection:
        for table in IN_FOLDER:
            names, values = NEEDED.get(table, ("", ""))
            connection.execute(
                f"INSERT INTO {table} (id, journey_id, folder_id{names})"  # type: ignore[arg-type]
                f" SELECT gen_random_uuid(), journey_id, id{values} FROM folder"
            )
        # And drafts of somebody else, in the very same folders.
        connection.execute(
            "INSERT INTO draft (id, journey_id, folder_id, author_id, form, of_id, saved_at)"
            " SELECT gen_random_uuid(), journey_id, id, (SELECT id FROM account WHERE email = %s), 'f',"
            " gen_random_uuid(), now() FROM folder",
            (email("coord.pre"),),
        )
        # And one of each that hangs on no journey.
        connection.execute(
            "INSERT INTO draft (id, folder_id, author_id, form, of_id, saved_at) SELECT gen_random_uuid(),"
            " gen_random_uuid(), id, 'f', gen_random_uuid(), now() FROM account"
        )
        # Everybody is away once, replaced by the next one.
        connection.execute(
            "INSERT INTO leave (id, account_id, backup_id, from_on, until_on) SELECT gen_random_uuid(), id, next,"
            " current_date, current_date FROM (SELECT id, lead(id) OVER (ORDER BY id) AS next FROM account"
            " WHERE kind = 'person') AS everybody WHERE next IS NOT NULL"
        )
        # A threshold and its trial in each programme; every journey waits for a recount.
        for programme in ("PRE", "CITE_EMPLOI"):
            connection.execute(TRIAL, {"programme": programme, "by": None})
        connection.execute("UPDATE threshold_trial SET id = %s WHERE programme = 'PRE'", (TRIED,))
        for programme in ("PRE", "CITE_EMPLOI"):
            connection.execute(THRESHOLD, {"programme": programme, "by": None})
        connection.execute(
            "INSERT INTO recompute_queue (journey_id, since) SELECT id, now() FROM journey ON CONFLICT DO NOTHING"
        )
        connection.execute(
            "INSERT INTO deadline (journey_id, folder_id, rule, kind, subject_id, due_on, since, because)"
            " SELECT journey_id, id, 'X1', 'overdue', volet, current_date, current_date, 'exchange' FROM folder"
        )
        connection.execute(
            "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, due_on, since, because,"
            " opened_on, status, initial) SELECT gen_random_uuid(), journey_id, id, 'X1', 'overdue', volet,"
            " current_date, current_date, 'exchange', current_date, 'OUVERTE', false FROM folder"
        )
        connection.execute(
            "INSERT INTO alert_event (id, alert_id, journey_id, folder_id, what, on_date)"
            " SELECT gen_random_uuid(), id, journey_id, folder_id, 'OUVERTE', current_date FROM alert"
        )
        connection.commit()


def give(
    name: str, ref: str, volet: str, basis: str, *, write: bool = False, until: datetime | None = None
) -> None:
    rows(
        "INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, until_at)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, now() - interval '1 minute', %s)",
        account(name),
        journey_id(ref),
        folder_id(ref, volet),
        basis,
        write,
        until,
    )


def account(name: str) -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM account WHERE email = %s", email(name))))
