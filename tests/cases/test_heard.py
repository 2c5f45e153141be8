"""The day of a volet's last exchange, which the database keeps, is always what its exchanges say."""

from __future__ import annotations

import random
import uuid

from flask import Flask

from coordination import clock
from coordination.cases.commands.contacts import NewContact, log_contact
from tests.support import day, folder_id, import_rows, journey_id, person, rows, world

FROM_SCRATCH = """
SELECT f.id, f.heard_on, max(e.on_date) FROM folder f LEFT JOIN (
  SELECT folder_id, on_date FROM contact WHERE outcome = 'ABOUTI' AND mode <> 'TIERS'
  UNION ALL SELECT folder_id, on_date FROM appointment WHERE status = 'HONORE') AS e ON e.folder_id = f.id
GROUP BY f.id
"""


def heard() -> dict[uuid.UUID, object]:
    """Of each volet, checked against its exchanges."""
    found = rows(FROM_SCRATCH)
    assert [kept for _, kept, _ in found] == [said for _, _, said in found]
    return {folder: kept for folder, kept, _ in found}


def test_a_page_that_notes_an_exchange_moves_the_day_forward_and_never_back(app: Flask) -> None:
    import_rows(world())
    journey, folder = journey_id("PRE-1"), folder_id("PRE-1", "coordination")
    for days_ago, kept in ((9, 9), (2, 2), (5, 2)):
        log_contact(
            person("ref1"), journey, NewContact(day(-days_ago), "TELEPHONE", "ABOUTI", ""), clock.now()
        )
        assert heard()[folder] == day(-kept)
    log_contact(person("ref1"), journey, NewContact(day(), "TELEPHONE", "SANS_REPONSE", ""), clock.now())
    log_contact(person("ref1"), journey, NewContact(day(), "TIERS", "ABOUTI", ""), clock.now())
    assert heard()[folder] == day(-2)


def test_whatever_is_written_in_whatever_order(app: Flask) -> None:
    """Several lines at once, corrected, moved to another volet, removed, with what is no exchange among them."""
    import_rows(world())
    drawn = random.Random(46)
    places = rows("SELECT id, journey_id FROM folder ORDER BY id")[:4]
    for _ in range(60):
        table = drawn.choice(("contact", "appointment"))
        said = "outcome" if table == "contact" else "status"
        value = drawn.choice(("ABOUTI", "ECHEC") if table == "contact" else ("HONORE", "ANNULE"))
        folder, journey = drawn.choice(places)
        more = ", mode" if table == "contact" else ""
        mode = f", '{drawn.choice(('VAD', 'TIERS'))}'" if table == "contact" else ""
        match drawn.choice(("add", "add", "say", "date", "move", "remove")):
            case "add":
                rows(
                    f"INSERT INTO {table} (id, journey_id, folder_id, on_date, {said}{more})"
                    f" SELECT gen_random_uuid(), %s, %s, date '2026-01-01' + n, %s{mode}"
                    " FROM generate_series(1, 3) AS n",
                    *(journey, folder, value),
                )
            case "say":
                rows(f"UPDATE {table} SET {said} = %s WHERE folder_id = %s", value, folder)
            case "date":
                rows(f"UPDATE {table} SET on_date = on_date + %s", drawn.choice((-3, 3)))
            case "move":
                rows(
                    f"UPDATE {table} SET folder_id = %s, journey_id = %s WHERE {said} = %s",
                    folder,
                    journey,
                    value,
                )
            case "remove":
                rows(f"DELETE FROM {table} WHERE folder_id = %s AND on_date > '2026-01-02'", folder)
        heard()
    assert any(heard().values())
