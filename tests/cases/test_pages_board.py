"""The coordinator's board: what is stalled and by what, who is silent, who carries what, who waits."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.queries import load_actor
from coordination.cases.commands.course import Course, change_course
from coordination.cases.queries.stalled import Filters, opaque
from coordination.privacy.actor import Actor
from coordination.web.filters import long_date
from tests.cases.life_kit import course
from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    account,
    browser,
    journeys_of,
    last_audit,
    names,
    silent_journey,
    statements,
    without_break,
)
from tests.conftest import TODAY
from tests.support import rows, scalar

BOARD, STALLED, SILENCES, ORPHANS = (
    f"/parcours/{name}" for name in ("tableau", "bloques", "silences", "reaffecter")
)


def options_of(page: str, select: str) -> dict[str, str]:
    """code -> label of a list of choices, the first line left out."""
    inside = re.search(rf'<select[^>]*name="{select}".*?</select>', page, re.S)
    assert inside
    return dict(re.findall(r'<option value="([^"]+)"[^>]*>([^<]+)<', inside.group()))


def test_the_board_tells_capacity_load_waiting_and_orphans(site: Flask) -> None:
    rows("UPDATE journey SET stage = 'ATTENTE' WHERE ref = 'PRE-0002'")
    rows("UPDATE journey SET referent_id = NULL WHERE ref = 'PRE-0003'")
    page = browser(site, COORDINATOR).get(BOARD).text
    for words in (
        "pour 130 places",
        "Charge par référent",
        "Aucun référent",
        "Une place",
        "date d&#39;ouverture",
    ):
        assert words in page, words
    shown = last_audit("liste_parcours_bloques")[2].split(",")
    for ref in ("PRE-0002", "PRE-0003"):
        assert ref in page
        assert str(scalar("SELECT id FROM journey WHERE ref = %s", ref)) in shown
    assert "CITE-" not in page


def test_since_when_somebody_waits_is_the_day_the_stage_was_set(site: Flask) -> None:
    rows(
        "UPDATE journey SET stage = 'EPS_INSCRIT', agreement_status = 'SIGNE', agreement_on = '2026-05-04'"
        " WHERE ref = 'PRE-0002'"
    )
    journey_id, version = rows("SELECT id, version FROM journey WHERE ref = 'PRE-0002'")[0]
    boss = load_actor(account(COORDINATOR), clock.now())
    kept = {name: date.fromisoformat(day) for name, day in course(journey_id).items() if name.endswith("_on")}
    rhythm = int(course(journey_id).get("planned_rhythm_days", 0)) or None
    waiting_now = Course("ATTENTE", TODAY, planned_rhythm_days=rhythm, **kept)
    change_course(boss, journey_id, waiting_now, version, clock.now())
    page = browser(site, COORDINATOR).get(BOARD).text
    waiting = page[page.index("En attente <span") :]
    # The audit bears the hour of the server, not of the pages' clock.
    assert long_date(clock.paris_date(datetime.now(UTC))) in waiting and "Une place" in waiting


def test_the_load_counts_files_alerts_and_exchanges_due(site: Flask) -> None:
    page = browser(site, COORDINATOR).get(BOARD).text
    name = scalar("SELECT display_name FROM account WHERE email = %s", REFERENT)
    line = re.search(rf"<th[^>]*>{name}.*?</tr>", page, re.S)
    assert line
    assert f"<div>{len(journeys_of(REFERENT))}<svg" in line.group()
    stalled = scalar(
        "SELECT count(DISTINCT j.id) FROM alert a JOIN journey j ON j.id = a.journey_id WHERE j.referent_id = %s"
        " AND j.exit_on IS NULL AND a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE')",
        account(REFERENT),
    )
    shown = re.search(r">(\d+)<span class=\"visually-hidden\"> parcours avec une alerte", line.group())
    assert shown and 0 < int(shown.group(1)) <= stalled


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE account SET suspended_at = now() WHERE email = %s", "suspendu"),
        (
            "UPDATE membership SET ended_at = '2026-11-21' WHERE account_id ="
            " (SELECT id FROM account WHERE email = %s)",
            "plus ce rôle",
        ),
        ("UPDATE account SET charter_expires_on = '2026-11-22' WHERE email = %s", "Charte de"),
    ],
)
def test_a_file_whose_referent_is_gone_is_an_orphan(site: Flask, change: str, why: str) -> None:
    client = browser(site, COORDINATOR)
    refs = [r[0] for r in rows("SELECT ref FROM journey WHERE referent_id = %s", account(REFERENT))]
    before = client.get(ORPHANS).text
    assert not any(ref in before for ref in refs)
    rows(change, REFERENT)
    page = client.get(BOARD).text
    assert why in page and "ne peut plus suivre" in page
    after = client.get(ORPHANS).text
    assert all(ref in after for ref in refs)


def test_stalled_files_are_cut_four_ways_and_filtered(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    everybody = set(names(client.get(STALLED)))
    for cut in ("referent", "quartier", "ecole"):
        page = client.get(f"{STALLED}?par={cut}")
        assert set(names(page)) == everybody
        choices = options_of(page.text, cut)
        headings = re.findall(r'<h2 id="groupe-\d+">([^<]+?) <', page.text)
        assert sorted(headings) == sorted(choices.values())
        seen: list[str] = []
        for code in choices:
            seen += names(client.get(f"{STALLED}?par={cut}&{cut}={code}"))
        assert sorted(seen) == sorted(names(page)), "each person in one group, and in no other"


def test_a_cut_or_a_filter_that_tells_nothing_is_not_offered(site: Flask) -> None:
    """Adults have no school; a neighbourhood where nobody is stalled finds nobody."""
    adults = browser(site, "coordination.cite@demo.example")
    page = adults.get(f"{STALLED}?par=ecole").text
    assert "Établissement" not in page and 'value="ecole"' not in page
    assert options_of(page, "type"), "by type of break, as by default"
    assert 'name="ecole"' not in adults.get(f"{STALLED}?ecole={'0' * 16}").text
    children = browser(site, COORDINATOR)
    with statements() as sent:
        page = children.get(STALLED).text
    assert 'value="ecole"' in page and not re.search('name="(quartier|ecole)"', page)
    assert not any("area" in statement and "sheet" in statement for statement in sent), "sealed: nobody asked"
    rows("UPDATE sheet SET school = NULL")
    alone = children.get(f"{STALLED}?par=ecole").text
    assert 'name="ecole"' not in alone and "Non renseigné" in alone


def test_no_neighbourhood_nor_school_stands_in_an_address(site: Flask) -> None:
    page = browser(site, COORDINATOR).get(f"{STALLED}?par=quartier").text
    for cut in ("quartier", "ecole"):
        for code in options_of(page, cut):
            assert re.fullmatch(r"[0-9a-f]{16}", code)
    me, other = Actor(uuid.uuid4()), Actor(uuid.uuid4())
    assert opaque(me, "area", "QPV") == opaque(me, "area", "QPV")
    assert len({opaque(a, c, "QPV") for a in (me, other) for c in ("area", "school")}) == 4


def test_filters_meet_and_unknown_ones_find_nobody(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    journey_id = silent_journey(REFERENT)
    silent = scalar("SELECT ref FROM journey WHERE id = %s", journey_id)
    without_break(journey_id, "INTERRUPTION")
    mine = f"{STALLED}?type=ABANDON&referent={account(REFERENT)}"
    assert silent in client.get(mine).text
    assert silent not in client.get(f"{STALLED}?type=INTERRUPTION&referent={account(REFERENT)}").text
    assert silent not in client.get(f"{STALLED}?type=ABANDON&referent={account(COORDINATOR)}").text
    for odd in (
        "referent=%27--",
        "quartier=Saint-Omer",
        "type=AUTRE",
        "par=nom",
        "page=-3",
        "ecole=" + "x" * 999,
    ):
        assert client.get(f"{STALLED}?{odd}").status_code == 200
    assert not names(client.get(f"{STALLED}?quartier=Saint-Omer"))


def test_an_address_keeps_only_what_is_asked() -> None:
    asked = Filters.read({"type": "ABANDON", "par": "ecole", "autre": "x"})
    assert asked.address() == {"type": "ABANDON", "par": "ecole"}
    assert asked.address(school="ab") == {"type": "ABANDON", "par": "ecole", "ecole": "ab"}
    assert not asked.alone and Filters.read({"type": "ABANDON"}).alone


def test_a_group_alone_is_shown_page_by_page(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coordination.cases.queries.stalled.PAGE", 1)
    client = browser(site, COORDINATOR)
    path = f"{STALLED}?par=referent&referent={account(REFERENT)}"
    page = client.get(path)
    assert len(names(page)) == 1 and "Page suivante" in page.text
    assert not set(names(page)) & set(names(client.get(f"{path}&page=2")))


def test_the_longest_silence_comes_first_and_pauses_last(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    page = client.get(SILENCES).text
    lengths = [int(n) for n in re.findall(r'<strong class="nowrap">(\d+) jours?<', page)]
    paused = page.count("en pause</span>")
    active = lengths[: len(lengths) - paused]
    assert active == sorted(active, reverse=True) and len(active) > 5
    assert page.count('class="strip"') == page.count('class="person-name"')
    someone = rows("SELECT id, ref FROM journey WHERE id = %s", silent_journey(REFERENT))[0]
    folder = scalar("SELECT id FROM folder WHERE journey_id = %s AND volet = 'coordination'", someone[0])
    rows(
        "INSERT INTO pause (id, journey_id, folder_id, from_on) VALUES (gen_random_uuid(), %s, %s, %s)",
        someone[0],
        folder,
        TODAY,
    )
    refs = re.findall(r"PRE-\d{4}", client.get(SILENCES).text)
    assert someone[1] in refs[-(paused + 1) :]


def test_a_family_that_refused_is_left_alone(site: Flask) -> None:
    rows("UPDATE journey SET agreement_status = 'REFUS' WHERE ref = 'PRE-0001'")
    assert "PRE-0001" not in browser(site, COORDINATOR).get(SILENCES).text


def test_the_board_is_for_those_who_coordinate(site: Flask) -> None:
    for email in (REFERENT, "admin@demo.example", "pilotage@demo.example"):
        client = browser(site, email)
        for path in (BOARD, STALLED, SILENCES, ORPHANS, f"{ORPHANS}/{account(REFERENT)}"):
            assert client.get(path).status_code == 403, (email, path)
    menu = browser(site, COORDINATOR).get(BOARD).text
    assert '<a href="/parcours/tableau" aria-current="page">' in menu
    assert "/parcours/tableau" not in browser(site, REFERENT).get("/parcours/ma-journee").text


def test_the_board_costs_the_same_for_few_people_and_for_many(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    paths = (BOARD, STALLED, f"{STALLED}?par=ecole", SILENCES)

    def cost() -> dict[str, int]:
        found = {}
        for path in paths:
            with statements() as sent:
                assert client.get(path).status_code == 200
            found[path] = len(sent)
        return found

    # Somebody in each list, so that none of them saves a statement by being empty.
    rows("UPDATE journey SET stage = 'ATTENTE' WHERE ref = 'PRE-0002'")
    kept = [silent_journey(REFERENT), *journeys_of(REFERENT)[-3:]]
    kept.append(scalar("SELECT id FROM journey WHERE ref = 'PRE-0002'"))
    many = cost()
    rows("UPDATE journey SET exit_on = %s WHERE NOT id = ANY(%s)", TODAY, kept)
    rows("DELETE FROM alert WHERE NOT journey_id = ANY(%s)", kept)
    few = cost()
    assert {path: abs(few[path] - many[path]) <= 1 for path in paths} == dict.fromkeys(paths, True), (
        few,
        many,
    )
    assert many[BOARD] <= 22 and many[STALLED] <= 16 and many[SILENCES] <= 14, many


def test_a_coordinator_who_follows_a_journey_finds_their_day_from_the_board(site: Flask) -> None:
    journey, own = journeys_of(REFERENT)[0], account(COORDINATOR)
    rows("UPDATE journey SET referent_id = %s WHERE id = %s", own, journey)
    client = browser(site, COORDINATOR)
    refused = scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'")
    table = client.get(BOARD).text.split('id="charge"')[1].split("</table>")[0]
    assert table.count('href="/parcours/ma-journee"') == 1
    lines = [line for line in table.split("<tr ") if str(own) in line]
    assert len(lines) == 1 and 'href="/parcours/ma-journee"' in lines[0]
    ref = scalar("SELECT ref FROM journey WHERE id = %s", journey)
    assert "1 parcours suivi" in client.get("/parcours/ma-journee").text
    mine = client.get("/parcours/mes-parcours").text
    assert ref in mine and mine.count('class="person-name"') == 1
    assert scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'") == refused
