"""A very large invented base, written straight by the superuser: ids, codes and dates, no personal field."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from shutil import rmtree

import psycopg
from psycopg import sql

from config.settings import Settings
from coordination import embedded
from coordination.privacy.keys import init_keys
from coordination.provision import provision

OWN = 75
PER_COORDINATOR = 5_000
DEADLINES_EACH = 6
DUE_DAYS = 20
DUE_EACH_DAY = 1_000
# After these days, and on the large base alone, days on which much comes due at once: a return from holidays.
MANY_DAYS = 5
MANY_EACH_DAY = 15_000
OPEN_ALERTS = 2_000
# Prime with every size used here, so that what is due together lies apart on disk, as in real life.
STRIDE = 7919

# A million rows need their indexes once, at the end; foreign keys hold by construction.
_BEFORE = """
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
"""

_FILL = f"""
INSERT INTO account (id, email, display_name, kind, secrecy_basis, charter_version, charter_signed_on,
                     charter_expires_on)
SELECT md5(kind || n)::uuid, kind || n || '@demo.example', kind || ' ' || n, 'person', 'PROFESSION', '2026-1',
       %(today)s::date - 30, %(today)s::date + 300
FROM (SELECT 'referent' AS kind, generate_series(0, (%(journeys)s - 1) / {OWN}) AS n
      UNION ALL SELECT 'coordination', generate_series(0, (%(journeys)s - 1) / {PER_COORDINATOR})) AS people;

INSERT INTO journey (id, ref, programme, stage, opened_on, agreement_status, agreement_on, entered_on, referent_id,
                     planned_rhythm_days)
SELECT md5('j' || n)::uuid, 'PRE-' || lpad(n::text, 8, '0'), 'PRE', 'EN_COURS', %(today)s::date - 200 - n %% 300,
       'SIGNE', %(today)s::date - 190 - n %% 300, %(today)s::date - 180 - n %% 300,
       -- A caseload is not a run of numbers: the files of one person lie apart.
       md5('referent' || (n * {STRIDE}::bigint) %% %(journeys)s / {OWN})::uuid, 14
FROM generate_series(0, %(journeys)s - 1) AS n;

INSERT INTO folder (id, journey_id, volet)
SELECT md5(volet || n)::uuid, md5('j' || n)::uuid, volet
FROM generate_series(0, %(journeys)s - 1) AS n, unnest(ARRAY['coordination', 'social']) AS volet;

INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at)
SELECT gen_random_uuid(), actor, md5('j' || n)::uuid, md5(volet || n)::uuid, basis, true, '2026-01-01'
FROM generate_series(0, %(journeys)s - 1) AS n, LATERAL (
  SELECT md5('referent' || (n * {STRIDE}::bigint) %% %(journeys)s / {OWN})::uuid, 'referent',
         unnest(ARRAY['coordination', 'social'])
  UNION ALL SELECT md5('coordination' || n / {PER_COORDINATOR})::uuid, 'coordinator', 'coordination'
) AS relation (actor, basis, volet);

INSERT INTO action (id, journey_id, folder_id, key, status)
SELECT md5('action' || n)::uuid, md5('j' || n)::uuid, md5('coordination' || n)::uuid, 'a' || n, 'EN_COURS'
FROM generate_series(0, %(journeys)s - 1) AS n;

INSERT INTO referral (id, journey_id, folder_id, key, sent_on, status)
SELECT md5('referral' || n)::uuid, md5('j' || n)::uuid, md5('coordination' || n)::uuid, 'o' || n,
       %(today)s::date - 60, 'ENVOYEE'
FROM generate_series(0, %(journeys)s - 1) AS n;

INSERT INTO deadline (journey_id, rule, kind, subject_id, folder_id, due_on, since, because)
SELECT md5('j' || n / {DEADLINES_EACH})::uuid, (ARRAY['T01', 'T06', 'T08', 'T10', 'T14', 'T19'])[1 + n %% 6],
       'overdue', CASE n %% 6 WHEN 4 THEN md5('referral' || n / {DEADLINES_EACH})::uuid::text
                   WHEN 5 THEN md5('action' || n / {DEADLINES_EACH})::uuid::text ELSE '' END,
       md5('coordination' || n / {DEADLINES_EACH})::uuid,
       %(today)s::date + CASE
         WHEN place < {DUE_DAYS * DUE_EACH_DAY} THEN 1 + place / {DUE_EACH_DAY}
         WHEN place < {DUE_DAYS * DUE_EACH_DAY + MANY_DAYS * MANY_EACH_DAY} AND %(many)s
           THEN {1 + DUE_DAYS} + (place - {DUE_DAYS * DUE_EACH_DAY}) / {MANY_EACH_DAY}
         ELSE 100 + place %% 1000 END,
       %(today)s::date - 40, 'exchange'
FROM (SELECT n, ((n * {STRIDE}::bigint) %% (%(journeys)s * {DEADLINES_EACH}))::int AS place
      FROM generate_series(0, %(journeys)s * {DEADLINES_EACH} - 1) AS n) AS numbered;

-- What the past leaves: an alert resolved on every journey, and as many open ones whatever the size.
INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on, initial,
                   status, resolved_on)
SELECT gen_random_uuid(), md5('j' || n)::uuid, md5('coordination' || n)::uuid, 'T02', 'overdue', '',
       %(today)s::date - 90, %(today)s::date - 60, 'exchange',
       %(today)s::date - CASE WHEN is_open THEN 1 ELSE 60 END, false,
       CASE WHEN is_open THEN 'OUVERTE' ELSE 'RESOLUE' END,
       CASE WHEN NOT is_open THEN %(today)s::date - 50 END
FROM (SELECT n, (n * {STRIDE}::bigint) %% %(journeys)s < {OPEN_ALERTS} AS is_open
      FROM generate_series(0, %(journeys)s - 1) AS n) AS past;
"""

_PLAIN_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relname IN ('journey', 'folder', 'access', 'deadline', 'alert', 'action', 'referral') AND NOT i.indisunique
"""


@dataclass(frozen=True)
class Base:
    """A filled base. `size`: bytes on disk."""

    settings: Settings
    journeys: int
    size: int


@contextmanager
def server() -> Iterator[Settings]:
    """An embedded server with keys, removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="coordination-bench-"))
    settings = Settings(home=home, secure_cookies=False)
    try:
        init_keys(settings)
        with psycopg.connect(embedded.dsn(embedded.start(settings)), autocommit=True) as connection:
            # Fewer checkpoints while filling; the measures read what a real server would hold in memory.
            for setting in ("max_wal_size = '3GB'", "shared_buffers = '512MB'", "autovacuum = off"):
                connection.execute(f"ALTER SYSTEM SET {setting}")
        embedded.stop(settings)
        embedded.start(settings)
        yield settings
    finally:
        embedded.stop(settings)
        rmtree(home, ignore_errors=True)


def superuser(settings: Settings) -> str:
    """Connection string past every policy."""
    return embedded.dsn(embedded.admin_url(settings))


def fill(server_settings: Settings, name: str, journeys: int, today: date) -> Base:
    """A database `name` of the server with this many journeys, as the migrations made it."""
    admin = embedded.start(server_settings)
    settings = replace(server_settings, database_url=embedded.dsn(admin.set(database=name)))
    provision(settings)
    # A tenth of the deadlines at most: on a small base there are too few for such days.
    many = journeys * DEADLINES_EACH > 10 * MANY_DAYS * MANY_EACH_DAY
    values = {"journeys": journeys, "today": today, "many": many}
    with psycopg.connect(superuser(settings), autocommit=True) as connection:
        connection.execute(_BEFORE)
        indexes = connection.execute(_PLAIN_INDEXES).fetchall()
        for index, _definition in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
        for statement in _FILL.split(";\n"):
            if statement.strip():
                psycopg.ClientCursor(connection).execute(statement, values)
        for _index, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM (FREEZE, ANALYZE)")
        connection.execute("CHECKPOINT")
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return Base(settings, journeys, row[0])
