"""What an announcement looks forward to, and what it says before that day, on it and after it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.deadlines import LEAD, OVERDUE, lead_on
from coordination.alerts.sentences import PAST, PAST_AGES, SENTENCES, sentence
from coordination.alerts.targets import AGES, FROM_FACT, Target, months_of_age, target_of

USUAL = Thresholds.default()
DAY = timedelta(days=1)
D = date.fromisoformat


def opening(rule: str, month: date, thresholds: Thresholds = USUAL) -> date:
    """The first day of the alert about an age reached in that month, as the rules count it."""
    return lead_on(rule, month, thresholds).replace(day=1)


@pytest.mark.parametrize("rule", sorted(AGES))
def test_the_month_of_an_age_is_told_by_its_alert(rule: str) -> None:
    for number in range(240):
        month = date(2020 + number // 12, number % 12 + 1, 1)
        found = months_of_age(rule, opening(rule, month), USUAL)
        # A month of 31 days may hold the count of two months; a reader is told of both.
        assert month in found and len(found) <= 2
        assert len(found) == 1 or rules()[rule].lead_days == 90


def test_the_month_follows_the_lead_in_force() -> None:
    shorter = Thresholds({"S07": (None, 60)})
    assert months_of_age("S07", opening("S07", D("2026-09-01"), shorter), shorter) == (D("2026-09-01"),)


@pytest.mark.parametrize(
    ("rule", "since", "wanted"),
    [
        ("S03", "2026-09-01", Target(D("2026-09-01"))),
        ("T08", "2026-04-10", Target(D("2026-04-10"))),
        ("S16", "2026-08-31", Target(D("2026-08-31"))),
        ("T22", "2026-03-01", Target(D("2026-03-31"))),
        ("S26", "2024-03-01", Target(D("2026-03-01"))),
        # Born 2008-09-17: worked case 4.
        ("S07", "2026-03-01", Target(months=(D("2026-09-01"),))),
    ],
)
def test_the_target_of_an_announcement(rule: str, since: str, wanted: Target) -> None:
    assert target_of(rule, LEAD, D(since), USUAL) == wanted
    assert target_of(rule, OVERDUE, D(since), USUAL) is None


def test_every_announcement_has_its_kind_of_target() -> None:
    announced = {rule.id for rule in rules().values() if rule.lead_days is not None}
    assert announced >= AGES | FROM_FACT and not AGES & FROM_FACT
    # Only a rule that is also due after a delay can be announced before the end of it.
    assert all(rules()[rule].threshold_days for rule in FROM_FACT)


TARGET = D("2026-08-31")
BEFORE_AND_AFTER = [
    (
        "A14",
        "L'accord est à renouveler avant le 31/08/2026",
        "L'accord était à renouveler avant le 31/08/2026",
    ),
    ("I02", "Reprise prévue le 31/08/2026", "La reprise était prévue le 31/08/2026, pas encore notée"),
    (
        "I10",
        "Vacances d'été à partir du 31/08/2026, rien de prévu en juillet-août",
        "Vacances d'été commencées le 31/08/2026, rien de noté en juillet-août",
    ),
    ("T08", "Bilan à tenir le 31/08/2026", "Bilan prévu le 31/08/2026, pas encore tenu"),
    (
        "T23",
        "Contrat d'engagement à signer avant le 31/08/2026",
        "Le contrat d'engagement était à signer avant le 31/08/2026",
    ),
    (
        "S03",
        "Entrée en 6e à la rentrée du 31/08/2026",
        "Entrée en 6e prévue à la rentrée du 31/08/2026 : noter le nouveau niveau",
    ),
    ("S16", "Fin de titre de séjour (31/08/2026)", "Fin de titre de séjour (31/08/2026, date passée)"),
]


@pytest.mark.parametrize(("rule", "before", "after"), BEFORE_AND_AFTER)
def test_the_sentence_turns_on_the_day_after(rule: str, before: str, after: str) -> None:
    said = [sentence(rule, LEAD, TARGET, TARGET + shift) for shift in (-DAY, 0 * DAY, DAY)]
    assert said == [before, before, after]


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (
            "S01",
            "Bientôt 3 ans, en août 2026 : préparer",
            "3 ans en août 2026 : la première scolarisation est-elle faite ?",
        ),
        (
            "S06",
            "Bientôt 16 ans, en août 2026 : préparer",
            "16 ans en août 2026 : le relais après le PRE est-il prêt ?",
        ),
        ("S07", "Bientôt 18 ans, en août 2026 : préparer", "18 ans en août 2026 : la suite est-elle prête ?"),
        (
            "S08",
            "Bientôt 25 ans, en août 2026 : accès possible",
            "25 ans en août 2026 : le droit au RSA a-t-il été vérifié ?",
        ),
        (
            "S09",
            "Bientôt 26 ans, en août 2026 : fin de",
            "26 ans en août 2026 : le relais après la Mission Locale est-il prêt ?",
        ),
        (
            "S20",
            "Un enfant du foyer va avoir",
            "3, 6 ou 12 ans en août 2026 pour un enfant du foyer : son mode de garde a-t-il changé ?",
        ),
    ],
)
def test_an_age_is_asked_about_from_the_first_of_its_month(rule: str, before: str, after: str) -> None:
    month = D("2026-08-01")
    since = opening(rule, month)
    said = [sentence(rule, LEAD, since, month + s, "age", USUAL) for s in (-DAY, 0 * DAY, DAY)]
    assert said[0].startswith(before) and said[1:] == [after, after]
    # A list does not know the setting: it names no month.
    assert sentence(rule, LEAD, since, month, "age") == after.replace(" en août 2026", "")
    assert sentence(rule, LEAD, since, month - DAY, "age") == said[0].replace(", en août 2026", "")


@pytest.mark.parametrize(
    ("rule", "kind", "since", "due_on", "said"),
    [
        (
            "A01",
            "overdue",
            "2026-11-30",
            "2027-01-14",
            "Sans nouvel échange d'ici au 14/01/2027 : 45 jours de silence",
        ),
        (
            "A15",
            "overdue",
            "2026-11-30",
            "2027-01-29",
            "Sans rien d'écrit d'ici au 29/01/2027 : 60 jours",
        ),
        (
            "T30",
            "overdue",
            "2027-01-12",
            "2027-01-15",
            "Rendez-vous du 12/01/2027 : dire comment il s'est passé – à partir du 15/01/2027",
        ),
        ("I02", LEAD, "2027-01-20", "2027-01-13", "Reprise prévue le 20/01/2027 – à partir du 13/01/2027"),
    ],
)
def test_what_a_scan_for_a_later_day_opened_says_when(
    rule: str, kind: str, since: str, due_on: str, said: str
) -> None:
    """Read before its day. On that day it speaks as it always does."""
    due = D(due_on)
    assert sentence(rule, kind, D(since), D("2026-11-30"), due_on=due) == said
    assert sentence(rule, kind, D(since), due, due_on=due) == sentence(rule, kind, D(since), due)


def test_a_birthday_is_never_said_by_its_day() -> None:
    for rule in AGES:
        for today in ("2026-01-05", "2027-01-05"):
            assert "/" not in sentence(rule, LEAD, D("2026-01-01"), D(today), "age", USUAL)


def test_every_announcement_of_a_day_has_words_for_after_it() -> None:
    spoken = {rule for rule, kind in SENTENCES if kind == LEAD}
    assert spoken - FROM_FACT == {rule for rule, _ in PAST} | set(PAST_AGES)
