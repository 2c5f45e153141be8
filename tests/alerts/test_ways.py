"""The main button of an alert: the page that ends it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask

from coordination.alerts.catalogue import rules
from coordination.alerts.explain import ENDS
from coordination.alerts.queries import AlertView, by_person
from coordination.alerts.sentences import sentence
from coordination.alerts.ways import ALSO, EXCHANGE, MEANWHILE, WAYS
from coordination.cases.kinds_facts import ALL_ADDED, ALL_KINDS
from coordination.cases.queries.reach import NOTHING, Reach
from coordination.cases.views.ways import Ways
from coordination.referrals.rules import REFERRAL_RULES

DAY, ONE, FOLDER = date(2026, 3, 2), uuid.uuid4(), uuid.uuid4()
ways = Ways(Reach(frozenset({FOLDER}), frozenset({ONE})))


@pytest.fixture
def page(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def alert(rule: str, subject: str = "") -> AlertView:
    return AlertView(
        id=ONE,
        journey_id=ONE,
        rule=rule,
        kind="overdue",
        subject_id=subject,
        because="",
        since=DAY,
        due_on=DAY,
        opened_on=DAY,
        status="OUVERTE",
        initial=False,
        escalated_on=None,
        version=1,
        folder_id=FOLDER,
        today=DAY,
    )


def test_of_the_same_severity_what_is_new_speaks_first() -> None:
    old = alert("T08")._replace(due_on=date(2025, 11, 16), initial=True)
    new = alert("A01")
    worse = alert("A02")._replace(initial=True)
    assert old.severity == new.severity != worse.severity
    (person,) = by_person([old, new])
    assert person.alerts == (new, old)
    (person,) = by_person([worse, old, new])
    assert person.alerts == (worse, new, old), "the worst speaks, new or not"
    other = uuid.uuid4()
    ahead = by_person([old, new._replace(journey_id=other, due_on=date(2026, 1, 1)), new])
    assert [one.journey_id for one in ahead] == [ONE, other], "people stand by their oldest"


def test_every_rule_has_its_way(app: Flask) -> None:
    assert set(WAYS) == set(rules())
    for way in (*WAYS.values(), *ALSO.values()):
        assert way.endpoint in app.view_functions and way.label
        assert way.slug in ("", *ALL_ADDED) and way.correct in ("", *ALL_KINDS)
        assert bool(way.slug) == (way.endpoint == "cases.add_record")


# Rule -> what its main button says, beside what ends the rule (explain.ENDS; source: the clocks' "stands until").
EXCHANGE_SAID, JOURNEY_SAID, EVENT_SAID = "Noter un échange", "Ouvrir le parcours", "Dire ce qui a été fait"
BUTTONS: dict[str, tuple[str, ...]] = {
    # An exchange is what ends these; A06 and A07 end by a later writing, whatever it is.
    EXCHANGE_SAID: (
        "A01",
        "A02",
        "A03",
        "A04",
        "A06",
        "A07",
        "A08",
        "A09",
        "A10",
        "A11",
        "A15",
        "A16",
        "I11",
        "T01",
    ),
    "Noter les présences": ("A05",),
    "Prévoir une action": ("A12", "I10", "T19", "T25"),
    "Noter une action commencée": ("T06", "T24"),
    "Mettre à jour les coordonnées": ("A13",),
    "Noter l'accord": ("A14", "T02", "S25"),
    "Noter la réponse": ("A17", "T28"),
    "Noter le retour": ("I01", "I02", "I03", "I04", "I05"),
    "Mettre l'action à jour": ("I06",),
    "Choisir qui suit le parcours": ("I07", "I08", "I09", "T05"),
    EVENT_SAID: ("I12", "S19", "S21", "S22", "S24"),
    "Changer l'étape": ("T03", "T04", "T21", "T22", "T23"),
    "Noter le bilan": ("T08",),
    "Noter un bilan": ("T32", "S14"),
    "Noter l'échange": ("T14", "T15", "T16", "T17", "T18"),
    "Noter un rendez-vous": ("T20",),
    "Noter la solution trouvée": ("T26", "T27"),
    "Noter le début": ("T29",),
    "Dire comment il s'est passé": ("T30",),
    "Noter le suivi": ("T31",),
    "Noter la scolarité": ("S02", "S03", "S04", "S05"),
    "Mettre le droit à jour": ("S10", "S11", "S12", "S13", "S15", "S16", "S17", "S18", "S23"),
    "Noter la décision": ("S26",),
    # Nothing but the end of the journey ends these, and they do not ask for it; or no page ends them yet.
    JOURNEY_SAID: ("S01", "S06", "S07", "S08", "S09", "S20", "T07", "T12", "T13"),
}
STAYS = {"T09", "T10", "T11"}
"""Their decisions have a record of their own."""


def test_the_button_of_each_rule_is_the_act_that_ends_it() -> None:
    expected = {rule: label for label, mine in BUTTONS.items() for rule in mine}
    assert {rule: way.label for rule, way in WAYS.items() if rule not in STAYS} == expected
    assert expected.keys() | STAYS == set(rules())


def test_no_button_ends_a_journey_for_a_birthday() -> None:
    assert not [rule for rule in WAYS if rule not in STAYS and WAYS[rule].endpoint == "cases.ending"]


def test_an_exchange_is_offered_where_it_ends_the_alert() -> None:
    assert all(WAYS[rule] is EXCHANGE for rule, ends in ENDS.items() if ends == "un échange")
    assert all(WAYS[rule] is not EXCHANGE for rule in ("I03", "T08", "T14", "A14", "T30", "S16"))


def test_what_no_page_can_end_yet_says_what_to_do_meanwhile() -> None:
    assert set(MEANWHILE) == REFERRAL_RULES
    for rule, said in MEANWHILE.items():
        assert WAYS[rule].label == "Noter l'échange" and WAYS[rule].endpoint == "cases.log_contact"
        assert said.endswith(
            "se note pour l'instant par l'import ; en attendant : appeler, puis noter l'échange, ou reporter."
        )
    assert MEANWHILE["T14"].startswith("La réponse de la structure se note")


def test_the_button_opens_what_the_alert_is_about(page: None) -> None:
    record = uuid.uuid4()
    assert ways.way_of(alert("A01")) == (f"/parcours/{ONE}/echange", "Noter un échange")
    assert ways.way_of(alert("I03", str(record))) == (f"/parcours/pause/{record}", "Noter le retour")
    assert ways.way_of(alert("T30", str(record)))[0] == f"/parcours/rendez-vous/{record}"
    # No record that can be opened: the journey.
    for subject in ("", "not-an-id"):
        assert ways.way_of(alert("I03", subject))[0] == f"/parcours/{ONE}"
        assert ways.way_of(alert("A05", subject)) == (f"/parcours/{ONE}", "Ouvrir le parcours")
    assert ways.way_of(alert("A05", str(record)))[0] == f"/parcours/action/{record}/presences"
    assert ways.way_of(alert("S22", str(record)))[0] == f"/parcours/evenement/{record}"
    assert ways.way_of(alert("T26", str(record)))[0] == f"/parcours/{ONE}/evenement"
    assert ways.way_of(alert("T31"))[0] == f"/parcours/{ONE}/suivi"
    assert ways.way_of(alert("A14"))[0] == f"/parcours/{ONE}/accord"


def test_what_the_reader_may_not_write_leads_to_the_journey(page: None) -> None:
    record, reader = str(uuid.uuid4()), Ways(NOTHING)
    for rule in ("S17", "A05", "T29", "I09", "T28"):
        assert reader.way_of(alert(rule, record)) == (f"/parcours/{ONE}", JOURNEY_SAID)
        assert reader.page_of(alert(rule, record)) is None and ways.page_of(alert(rule, record))
    # An event is written in the coordination volet, whoever is told of it; so is what is added.
    for rule in ("S22", "A01", "T25", "S02"):
        assert (
            reader.way_of(alert(rule, record))
            == ways.way_of(alert(rule, record))
            != (f"/parcours/{ONE}", JOURNEY_SAID)
        )


@pytest.mark.parametrize("rule", ["T09", "T10", "T11"])
def test_a_length_of_stay_is_decided_or_ends(page: None, rule: str) -> None:
    assert ways.way_of(alert(rule)) == (f"/parcours/{ONE}/decision", "Noter la décision")
    assert ways.also_of(alert(rule)) == (f"/parcours/{ONE}/sortie", "Terminer le parcours")
    assert "décision" in ENDS[rule] and "sortie" in ENDS[rule]
    assert ways.also_of(alert("S06")) is None


@pytest.mark.parametrize(
    ("because", "said"),
    [("agreement_refused", "refusé"), ("agreement_withdrawn", "retiré"), ("", "refusé ou retiré")],
)
def test_an_agreement_is_said_refused_or_withdrawn(because: str, said: str) -> None:
    assert sentence("A14", "overdue", DAY, DAY, because) == f"Accord {said} le 02/03/2026"


def test_the_new_school_year_claims_of_neither_that_it_is_missing() -> None:
    for today in (DAY, DAY + timedelta(days=1)):
        said = sentence("S25", "lead", DAY, today)
        assert "accord ou niveau scolaire" in said and "accord et" not in said
