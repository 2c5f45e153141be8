"""Sending: nothing lost, nothing to who left, one Message-ID however often."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from config.settings import Mail, Settings
from coordination.alerts.outbox import queue_digests
from coordination.alerts.sending import LONGEST_WAIT, deliver, message_id, wait
from coordination.worker import run_day
from tests.alerts.mail_kit import BASE, MONDAY, WEDNESDAY, alert, at, charters, engine, mails, post_office
from tests.support import import_rows, rows, scalar, world


@pytest.fixture
def house(app: Flask) -> Flask:
    """Two mails wait: to ref1 and to ref2."""
    import_rows(world())
    rows("DELETE FROM alert")
    charters()
    with engine() as connected:
        queue_digests(connected, BASE, MONDAY, at(MONDAY))
        rows("DELETE FROM mail")
        for ref in ("PRE-1", "PRE-2"):
            alert(ref, WEDNESDAY)
        queue_digests(connected, BASE, WEDNESDAY, at(WEDNESDAY))
    return app


def send(mail: Mail, hour: int = 9, days: int = 0) -> int:
    with engine() as connected:
        return deliver(connected, mail, at(WEDNESDAY + timedelta(days=days), hour))


def test_each_gets_theirs_once(house: Flask) -> None:
    with post_office() as (box, mail):
        assert (send(mail), send(mail)) == (2, 0)
    assert box.to == ["ref1@ex.fr", "ref2@ex.fr"]
    _, message = box.received[0]
    assert message["Message-ID"].endswith("@parcours.example>") and message["Auto-Submitted"]
    text = message.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert f"{BASE}/" in text and "PRE-" not in text
    assert set(mails("state").values()) == {"ENVOYE"}


def test_any_number_of_senders_at_once(house: Flask) -> None:
    def one() -> None:
        with house.app_context():
            send(mail)

    with post_office() as (box, mail):
        senders = [threading.Thread(target=one) for _ in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert box.to == ["ref1@ex.fr", "ref2@ex.fr"]


def test_a_server_that_is_down_loses_nothing(house: Flask) -> None:
    with post_office() as (box, mail):
        pass
    assert send(mail) == 0
    assert set(mails("state").values()) == {"A_ENVOYER"} and sum(mails("attempts").values()) == 1
    with post_office() as (box, mail):
        assert send(mail, days=1) == 2
    assert len(box.received) == 2


def test_a_refusal_for_good_is_noted_and_the_others_go(house: Flask) -> None:
    with post_office() as (box, mail):
        box.rcpt_answer["ref1@ex.fr"] = "550 unknown"
        assert send(mail) == 1 and send(mail, days=1) == 0
    assert mails("state") == {"ref1": "REFUSE", "ref2": "ENVOYE"} and mails("answer")["ref1"] == 550


def test_a_refusal_for_now_is_tried_again_later(house: Flask) -> None:
    with post_office() as (box, mail):
        box.rcpt_answer["ref1@ex.fr"] = "451 later"
        assert send(mail) == 1 and send(mail) == 0
        box.rcpt_answer.clear()
        assert send(mail, hour=10) == 1
    assert set(mails("state").values()) == {"ENVOYE"} and mails("attempts")["ref1"] == 2


def test_who_left_since_it_was_written_gets_nothing(house: Flask) -> None:
    rows("UPDATE account SET suspended_at = now() WHERE email = 'ref1@ex.fr'")
    with post_office() as (box, mail):
        assert send(mail) == 1
    assert box.to == ["ref2@ex.fr"] and mails("state")["ref1"] == "ANNULE"


def test_a_death_after_the_server_s_answer_sends_again_under_the_same_id(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coordination.alerts import sending

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with post_office() as (box, mail):
        with monkeypatch.context() as patch:
            patch.setattr(sending, "_settle", die)
            with pytest.raises(KeyboardInterrupt):
                send(mail)
        assert send(mail) == 2
    assert len(box.received) == 3
    assert len({message["Message-ID"] for _, message in box.received}) == 2


def test_waiting_grows_and_has_an_end() -> None:
    waits = [wait(n) for n in range(2000)]
    assert waits == sorted(waits) and waits[0] == timedelta(minutes=2) and waits[-1] == LONGEST_WAIT


def test_the_message_id_depends_on_person_kind_and_day_alone() -> None:
    same = message_id("a", "RESUME", WEDNESDAY, "x@y.fr")
    assert same == message_id("a", "RESUME", WEDNESDAY, "z@y.fr")
    assert (
        len(
            {
                same,
                message_id("b", "RESUME", WEDNESDAY, "x@y.fr"),
                message_id("a", "PANNE", WEDNESDAY, "x@y.fr"),
            }
        )
        == 3
    )


def test_without_settings_nothing_is_written(app: Flask) -> None:
    import_rows(world())
    with engine() as connected:
        run_day(connected, None, MONDAY, at(MONDAY))
    assert scalar("SELECT count(*) FROM mail") + scalar("SELECT count(*) FROM digest_run") == 0


GIVEN = {
    "COORDINATION_SMTP_URL": "smtps://u%40x:p%3A@mail.fr",
    "COORDINATION_MAIL_FROM": "c@x.fr",
    "COORDINATION_PUBLIC_URL": "https://x.fr/",
}


def test_settings() -> None:
    assert Mail.from_env(GIVEN) == Mail("mail.fr", 465, "c@x.fr", "https://x.fr", "whole", "u@x", "p:")
    assert "p:" not in repr(Settings.from_env(GIVEN))
    for name in GIVEN:
        assert Settings.from_env({k: v for k, v in GIVEN.items() if k != name}).mail is None
    with pytest.raises(ValueError):
        Mail.from_env(GIVEN | {"COORDINATION_SMTP_URL": "smtp+plain://mail.fr"})
    assert replace(Settings.from_env(GIVEN), mail=None).mail is None


def test_digests_that_could_not_leave_become_one(house: Flask) -> None:
    """The server was away for days: one mail tells all of it, to who still has something to read."""
    thursday, friday = WEDNESDAY + timedelta(days=1), WEDNESDAY + timedelta(days=2)
    alert("PRE-1", thursday, "A02")
    with engine() as connected:
        queue_digests(connected, BASE, thursday, at(thursday))
        queue_digests(connected, BASE, friday, at(friday))
        states = rows(
            "SELECT split_part(a.email, '@', 1), m.on_date, m.state FROM mail m JOIN account a"
            " ON a.id = m.account_id WHERE a.email LIKE 'ref%%' ORDER BY 1, 2"
        )
        assert [state for who, _, state in states if who == "ref1"] == ["ANNULE", "ANNULE", "A_ENVOYER"]
        assert "ANNULE" in [state for who, _, state in states if who == "ref2"]
        with post_office() as (box, mail):
            deliver(connected, mail, at(friday, 12))
    assert box.to.count("ref1@ex.fr") == box.to.count("ref2@ex.fr") == 1
    text = next(m for to, m in box.received if to == "ref1@ex.fr").get_payload(decode=True)
    assert "1 parcours avec du nouveau" in text.decode()  # type: ignore[union-attr]


def test_an_address_with_accents_is_refused_where_the_server_cannot_carry_it(house: Flask) -> None:
    rows("UPDATE account SET email = 'éric@ex.fr' WHERE email = 'ref1@ex.fr'")
    with post_office(accents=False) as (_, mail):
        assert send(mail) == 1
    assert mails("state") == {"éric": "REFUSE", "ref2": "ENVOYE"} and mails("answer")["éric"] == 553
    rows("UPDATE mail SET state = 'A_ENVOYER'")
    with post_office() as (box, mail):
        assert send(mail, days=1) == 2
    assert "éric@ex.fr" in box.to
