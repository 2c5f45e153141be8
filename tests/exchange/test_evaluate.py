"""`coordination evaluate`: every figure on bundles whose answer is known by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exchange.evaluate_kit import LOST, Truth, bundle, evaluate, figures, journey, met, quiet_and_calm


def test_the_figures_of_a_lost_contact(tmp_path: Path) -> None:
    """A09 on 20 February (45 days), A10 on 7 March (60 days), met again on 10 March: two weeks, one person."""
    told = figures(bundle(tmp_path / "b", quiet_and_calm()))
    assert (told["from"], told["to"], told["journeys"]) == ("2025-01-06", "2025-04-30", 2)
    assert told["types"]["ABANDON"] == {
        "breaks": 1,
        "found": 1,
        "recall": 1.0,
        "median_days_before_silence_60": 15,
        "alerts": 2,
        "precision": 1.0,
    }
    assert told["all"]["breaks"] == 1
    weeks = (31 + 28 + 31 + 30 - 5) / 7  # 6 January to 30 April
    assert told["referents"] == {
        "a@ex.fr": {"alerts_per_week": round(2 / weeks, 3)},
        "b@ex.fr": {"alerts_per_week": 0.0},
    }


def test_the_columns_of_days_beside_it(tmp_path: Path) -> None:
    told = figures(bundle(tmp_path / "b", quiet_and_calm()))["baselines"]
    assert set(told) == {"no_contact_30", "no_contact_60", "no_edit_30"}
    thirty, sixty, edit = (
        told[name]["types"]["ABANDON"] for name in ("no_contact_30", "no_contact_60", "no_edit_30")
    )
    assert (thirty["found"], thirty["alerts"], thirty["median_days_before_silence_60"]) == (1, 1, 30)
    assert (sixty["found"], sixty["alerts"], sixty["median_days_before_silence_60"]) == (1, 1, 0)
    assert (edit["found"], edit["alerts"]) == (1, 1)
    assert set(told["no_contact_30"]["referents"]) == {"a@ex.fr", "b@ex.fr"}


def test_a_voicemail_is_an_edit_and_no_contact(tmp_path: Path) -> None:
    rows = quiet_and_calm()
    rows["contacts.csv"] += [
        {**met("CITE-1", "2025-01-25")[0], "outcome": "MESSAGE"},
        {**met("CITE-1", "2025-02-20")[0], "mode": "TIERS", "outcome": "TIERS_NOUVELLES"},
    ]
    told = figures(bundle(tmp_path / "b", rows))["baselines"]
    assert told["no_contact_30"]["all"]["found"] == told["no_contact_60"]["all"]["found"] == 1
    assert told["no_edit_30"]["all"] == {
        "breaks": 1,
        "found": 0,
        "recall": 0.0,
        "median_days_before_silence_60": None,
        "alerts": 0,
        "precision": None,
    }


def test_an_ended_journey_leaves_the_columns_and_the_rules(tmp_path: Path) -> None:
    rows = quiet_and_calm()
    rows["journeys.csv"][0] |= {"exit_on": "2025-02-04", "stage": "SORTI", "exit_reason": "AUTRE"}
    rows["contacts.csv"] = met("CITE-2", "2025-01-26", "2025-02-15", "2025-03-07", "2025-03-27")
    told = figures(bundle(tmp_path / "b", rows))
    assert told["all"]["alerts"] == told["baselines"]["no_contact_30"]["all"]["alerts"] == 0


@pytest.mark.parametrize("type_", ["TRANSITION", "INTERRUPTION", "STATUT"])
def test_an_alert_of_another_type_finds_nothing(tmp_path: Path, type_: str) -> None:
    told = figures(bundle(tmp_path / "b", quiet_and_calm(), [("CITE-1", type_, "2025-01-07", "2025-01-25")]))
    assert told["types"][type_] == {
        "breaks": 1,
        "found": 0,
        "recall": 0.0,
        "median_days_before_silence_60": None,
        "alerts": 0,
        "precision": None,
    }
    assert told["types"]["ABANDON"]["precision"] == 0.0
    # A column of days has no type: it may have meant this one.
    assert told["baselines"]["no_contact_30"]["types"][type_]["found"] == 1


def test_a_break_that_the_sixty_days_never_see_gains_to_its_last_day(tmp_path: Path) -> None:
    """A move on 10 February, unhandled: S21 the same day; the column would have had until 30 April (79 days)."""
    rows = quiet_and_calm()
    rows["events.csv"] = [{"journey": "CITE-2", "on": "2025-02-10", "kind": "DEMENAGEMENT"}]
    told = figures(bundle(tmp_path / "b", rows, [("CITE-2", "STATUT", "2025-02-10", "2025-02-10")]))
    row = told["types"]["STATUT"]
    assert (row["found"], row["alerts"], row["precision"]) == (1, 1, 1.0)
    assert row["median_days_before_silence_60"] == 79
    assert told["types"]["ABANDON"]["precision"] == 0.0


def test_alerts_that_are_only_information_do_not_count(tmp_path: Path) -> None:
    """T14, ten days after a referral, is INFO; T15, ten days later, counts."""
    rows = quiet_and_calm()
    rows["referrals.csv"] = [
        {
            "journey": "CITE-2",
            "key": "O1",
            "to_structure": "ESCAL",
            "sent_on": "2025-02-03",
            "status": "ENVOYEE",
            "accepted_on": "2025-02-20",
            "first_action_on": "2025-02-21",
        },
    ]
    truth: Truth = [("CITE-2", "TRANSITION", "2025-02-03", "2025-02-13")]
    told = figures(bundle(tmp_path / "b", rows, truth), "--events")
    assert ("T14", "INFO") in {(one["rule"], one["severity"]) for one in told["opened"]}
    assert (told["types"]["TRANSITION"]["found"], told["types"]["TRANSITION"]["alerts"]) == (0, 0)


def test_events_come_in_the_order_of_the_replay(tmp_path: Path) -> None:
    rows = quiet_and_calm()
    rows["journeys.csv"] += [journey("CITE-0", ""), journey("CITE-3")]
    rows["appointments.csv"] += [
        {"journey": ref, "on": "2025-01-06", "status": "HONORE"} for ref in ("CITE-0", "CITE-3")
    ]
    rows["events.csv"] = [{"journey": "CITE-1", "on": "2025-02-20", "kind": "EXPULSION_RELOGEMENT"}]
    told = figures(bundle(tmp_path / "b", rows), "--events")
    first = [one for one in told["opened"] if one["on"] == "2025-02-20"]
    assert [(one["journey"], one["rule"]) for one in first] == [
        ("CITE-0", "A09"),
        ("CITE-1", "A09"),
        ("CITE-1", "S24"),
        ("CITE-3", "A09"),
    ]
    assert first[0] == {
        "on": "2025-02-20",
        "journey": "CITE-0",
        "referent": None,
        "rule": "A09",
        "kind": "overdue",
        "subject": None,
        "rupture_type": "ABANDON",
        "severity": "VIGILANCE",
    }
    days = [one["on"] for one in told["opened"]]
    assert days == sorted(days)
    assert "opened" not in figures(tmp_path / "b")


def test_the_last_day_may_be_given(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "b", quiet_and_calm())
    told = figures(folder, "--as-of", "2025-06-14")
    # CITE-2, last met on 30 April: A09 on 14 June, and no day before.
    assert told["to"] == "2025-06-14"
    assert told["referents"]["b@ex.fr"]["alerts_per_week"] > 0
    assert figures(folder, "--as-of", "2025-06-13")["referents"]["b@ex.fr"]["alerts_per_week"] == 0


def test_a_history_without_break_has_no_recall(tmp_path: Path) -> None:
    told = figures(bundle(tmp_path / "b", quiet_and_calm(), []))
    assert told["all"]["recall"] is None and told["all"]["found"] == 0
    assert told["all"]["precision"] == 0.0


def test_a_person_reads_a_table(tmp_path: Path) -> None:
    result = evaluate(bundle(tmp_path / "b", quiet_and_calm(), LOST))
    assert result.exit_code == 0
    assert "2 parcours rejoués du 2025-01-06 au 2025-04-30, 1 rupture connue." in result.stdout
    assert "Colonne « sans échange depuis 30 jours »" in result.stdout
    assert "100 %" in result.stdout and "a@ex.fr" in result.stdout
