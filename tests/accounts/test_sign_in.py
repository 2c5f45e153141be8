"""Signing in over HTTP on a real database: refusals, throttling, sessions that the server ends."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from config.settings import Settings
from coordination import clock
from coordination.accounts import commands, passwords
from coordination.accounts.commands import operator_actor, set_password, suspend
from coordination.accounts.queries import ABSOLUTE, IDLE
from coordination.accounts.sign_in import (
    FREE_FAILURES,
    LONGEST_DELAY,
    MOST_WAITING,
    WRONG,
    delay_after,
    network,
    wait_until,
)
from coordination.privacy import work
from coordination.privacy.policy import Action
from tests.databases import superuser
from tests.people import PASSWORD, csrf_token, make_account, send, signed_in
from tests.support import rows, scalar

ADDRESS = "ccas@exemple.fr"
Move = Callable[[timedelta], None]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Move:
    """`move(timedelta(minutes=5))`: from now on the clock is so much ahead."""
    real = clock.now

    def ahead(by: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: real() + by)

    return ahead


@pytest.fixture
def ccas(app: Flask) -> uuid.UUID:
    return make_account("CCAS")


def audit(settings: Settings) -> list[tuple[str, str, str, uuid.UUID]]:
    with psycopg.connect(superuser(settings)) as connection:
        return connection.execute(
            "SELECT action, result, detail, actor_id FROM audit_entry"
            " WHERE action IN ('connexion', 'deconnexion') ORDER BY at_us"
        ).fetchall()


def test_the_form_holds_an_address_a_password_and_a_token(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.text.count("<form") == 1
    assert "action=" not in re.search(r"<form[^>]*>", page.text)[0]
    names = re.findall(r'<(?:input|select|textarea|button)[^>]*\bname="([^"]+)"', page.text)
    assert sorted(names) == ["csrf_token", "email", "password"]


def test_signing_in_leads_to_the_role_s_page(
    client: FlaskClient, ccas: uuid.UUID, settings: Settings
) -> None:
    answer = send(client, " CCAS@Exemple.fr ")
    assert (answer.status_code, answer.location) == (303, "/mon-role")
    assert "Camille Lemaire" in client.get("/mon-role").text
    assert client.get("/").location == "/mon-role"
    assert audit(settings) == [("connexion", "fait", "reussie", ccas)]


def test_the_database_keeps_no_token(client: FlaskClient, ccas: uuid.UUID, settings: Settings) -> None:
    send(client, ADDRESS)
    with client.session_transaction() as session:
        token = session["_user_id"]
    with psycopg.connect(superuser(settings)) as connection:
        (stored,) = connection.execute("SELECT token_hash FROM sign_in_session").fetchone() or (b"",)
    assert len(stored) == 32
    assert token.encode() not in stored


def test_unknown_address_and_wrong_password_read_the_same(client: FlaskClient, ccas: uuid.UUID) -> None:
    unknown, wrong = send(client, "nobody@exemple.fr", "x" * 20), send(client, ADDRESS, "x" * 20)
    assert unknown.status_code == wrong.status_code == 422
    hide = re.compile(r'value="[^"]*"')
    assert WRONG in unknown.text
    assert hide.sub("", unknown.text) == hide.sub("", wrong.text)
    assert 'value="ccas@exemple.fr"' in wrong.text
    assert "x" * 20 not in wrong.text


def test_failures_are_logged_without_any_address(
    client: FlaskClient, ccas: uuid.UUID, settings: Settings
) -> None:
    send(client, "nobody@exemple.fr", "x" * 20)
    send(client, ADDRESS, "x" * 20)
    assert [line[:3] for line in audit(settings)] == [
        ("connexion", "fait", "echec"),
        ("connexion", "fait", f"echec,{ccas}"),
    ]


@pytest.mark.parametrize("change", ["password", "suspension"])
def test_a_password_changed_while_it_is_checked_opens_nothing(
    client: FlaskClient,
    app: Flask,
    ccas: uuid.UUID,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    """Who signs in again and again with a stolen password does not outlive its change."""
    verify = passwords.verify

    def changed() -> None:
        with app.app_context():
            if change == "password":
                set_password(operator_actor(), ccas, "un tout autre mot de passe", clock.now())
            else:
                suspend(operator_actor(), ccas, clock.now())

    def slow(stored: str | None, typed: str) -> bool:
        found = verify(stored, typed)
        meanwhile = threading.Thread(target=changed)
        meanwhile.start()
        meanwhile.join()
        return found

    monkeypatch.setattr(passwords, "verify", slow)
    page = send(client, ADDRESS)
    assert page.status_code == 422
    assert len([line for line in audit(settings) if line[0] == "connexion"]) == 1, "one attempt, one line"
    assert rows("SELECT 1 FROM sign_in_session WHERE revoked_at IS NULL") == []


def test_a_change_waits_for_the_session_that_it_has_to_end(
    client: FlaskClient, app: Flask, ccas: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, later = work._append, list[threading.Thread]()

    def changed() -> None:
        with app.app_context():
            set_password(operator_actor(), ccas, "un tout autre mot de passe", clock.now())

    def appended(done: work.Work, result: str) -> work.Heads:
        if done.action is Action.SIGN_IN and not later:
            later.append(threading.Thread(target=changed))
            later[0].start()
            later[0].join(1)
            assert later[0].is_alive(), "it waits for the account's row"
        return append(done, result)

    monkeypatch.setattr(work, "_append", appended)
    # Its session may have ended before the answer was put together.
    assert send(client, ADDRESS).status_code in (303, 422)
    later[0].join(20)
    assert client.get("/mon-role").status_code != 200
    assert rows("SELECT 1 FROM sign_in_session WHERE revoked_at IS NULL") == []


def test_empty_fields_say_what_is_missing_beside_them(client: FlaskClient) -> None:
    page = send(client, "", "")
    assert page.status_code == 422
    assert "Indiquez votre adresse e-mail." in page.text
    assert 'aria-describedby="email-error"' in page.text
    assert 'id="email-error"' in page.text
    assert 'aria-invalid="true"' in page.text


@pytest.mark.parametrize("address", [ADDRESS, "nobody@exemple.fr"])
def test_too_many_failures_must_wait_and_say_until_when(
    client: FlaskClient, ccas: uuid.UUID, move: Move, address: str
) -> None:
    for _ in range(FREE_FAILURES):
        assert send(client, address, "x" * 20).status_code == 422
    refused = send(client, address)
    assert refused.status_code == 429
    assert re.search(r"Réessayez à partir de \d{1,2} h \d\d\.", refused.text)
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    move(timedelta(seconds=31))
    assert send(client, address).status_code == (303 if address == ADDRESS else 422)


def test_one_address_cannot_try_every_account(client: FlaskClient, app: Flask) -> None:
    answers = [send(client, f"name{n}@exemple.fr", "x" * 20).status_code for n in range(26)]
    assert answers == [422] * 25 + [429]
    elsewhere = app.test_client()
    token = csrf_token(elsewhere.get("/"))
    fields = {"email": "name1@exemple.fr", "password": "y" * 20, "csrf_token": token}
    other = elsewhere.post("/", data=fields, environ_overrides={"REMOTE_ADDR": "192.0.2.9"})
    assert other.status_code == 422


def test_success_forgets_the_failures(client: FlaskClient, ccas: uuid.UUID, settings: Settings) -> None:
    for _ in range(FREE_FAILURES - 1):
        send(client, ADDRESS, "x" * 20)
    assert send(client, ADDRESS).status_code == 303
    with psycopg.connect(superuser(settings)) as connection:
        left = connection.execute("SELECT subject, count(*) FROM sign_in_attempt GROUP BY 1").fetchall()
    assert [count for _subject, count in left] == [FREE_FAILURES - 1], "the address keeps its own"


INSTANTS = st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 2), timezones=st.just(UTC)))


@given(INSTANTS, INSTANTS)
def test_the_wait_only_grows_with_failures(failures: list[datetime], more: list[datetime]) -> None:
    first, second = wait_until(failures), wait_until(failures + more)
    if len(failures) < FREE_FAILURES:
        assert first is None
    else:
        assert first and second
        assert timedelta(seconds=30) <= first - max(failures) <= timedelta(minutes=15)
        assert second >= first


def test_a_session_ends_when_idle(client: FlaskClient, ccas: uuid.UUID, move: Move) -> None:
    signed_in(client, ADDRESS)
    move(IDLE - timedelta(minutes=1))
    assert client.get("/mon-role").status_code == 200
    move(2 * IDLE)
    assert client.get("/mon-role").location == "/"
    assert "Votre session est terminée" in client.get("/").text


def test_a_session_ends_in_any_case(client: FlaskClient, ccas: uuid.UUID, move: Move) -> None:
    signed_in(client, ADDRESS)
    spent = timedelta(0)
    while spent + IDLE / 2 < ABSOLUTE:
        spent += IDLE / 2
        move(spent)
        assert client.get("/mon-role").status_code == 200
    move(ABSOLUTE + timedelta(minutes=1))
    assert client.get("/mon-role").status_code == 303


def test_signing_out_ends_the_session_on_the_server(
    app: Flask, client: FlaskClient, ccas: uuid.UUID, settings: Settings
) -> None:
    signed_in(client, ADDRESS)
    copied = client.get_cookie("coordination")
    assert copied
    token = csrf_token(client.get("/mon-role"))
    left = client.post("/deconnexion", data={"csrf_token": token})
    assert (left.status_code, left.location) == (303, "/")
    assert "Vous êtes déconnecté" in client.get("/").text
    thief = app.test_client()
    thief.set_cookie("coordination", copied.value)
    assert thief.get("/mon-role").status_code == 303
    assert audit(settings)[-1][0] == "deconnexion"


def test_signing_out_is_no_link(client: FlaskClient, ccas: uuid.UUID) -> None:
    signed_in(client, ADDRESS)
    assert client.get("/deconnexion").status_code == 405
    assert client.get("/mon-role").status_code == 200


def test_suspension_acts_on_the_next_request(client: FlaskClient, ccas: uuid.UUID) -> None:
    signed_in(client, ADDRESS)
    assert client.get("/mon-role").status_code == 200
    commands.suspend(commands.operator_actor(), ccas, clock.now())
    assert client.get("/mon-role").status_code == 303
    refused = send(client, ADDRESS)
    assert refused.status_code == 422
    assert "Ce compte est suspendu" in refused.text
    commands.resume(commands.operator_actor(), ccas, clock.now())
    assert client.get("/mon-role").status_code == 303, "the old session stays closed"
    signed_in(client, ADDRESS)


def test_a_new_password_ends_the_sessions(client: FlaskClient, ccas: uuid.UUID) -> None:
    signed_in(client, ADDRESS)
    operator = commands.operator_actor()
    commands.set_password(operator, ccas, "huit loutres dansent ici", clock.now())
    assert client.get("/mon-role").status_code == 303
    assert send(client, ADDRESS, PASSWORD).status_code == 422
    assert send(client, ADDRESS, "huit loutres dansent ici").status_code == 303


def test_the_operator_never_signs_in(client: FlaskClient, settings: Settings) -> None:
    with psycopg.connect(superuser(settings), autocommit=True) as connection:
        # Even if somebody gave it a password.
        from coordination.accounts.passwords import hash_password

        connection.execute(
            "UPDATE account SET password_hash = %s WHERE kind = 'operator'", [hash_password(PASSWORD)]
        )
    assert send(client, "operateur").status_code == 422


def test_the_session_changes_at_sign_in(client: FlaskClient, ccas: uuid.UUID) -> None:
    client.get("/")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    send(client, ADDRESS)
    with client.session_transaction() as session:
        assert "planted" not in session


def test_signing_in_again_ends_the_session_that_was_open(client: FlaskClient, ccas: uuid.UUID) -> None:
    signed_in(client, "ccas@exemple.fr")
    cookie = client.get_cookie("coordination")
    assert cookie is not None
    make_account("DPO")
    signed_in(client, "dpo@exemple.fr")
    assert client.get("/journal").status_code == 200
    client.set_cookie("coordination", cookie.value)
    assert client.get("/mon-role").status_code == 303


def test_what_was_asked_before_signing_in_comes_after(client: FlaskClient, ccas: uuid.UUID) -> None:
    assert client.get("/mon-role?vue=courte").location == "/"
    assert send(client, ADDRESS).location == "/mon-role?vue=courte"


def left_on(client: FlaskClient, move: Move, path: str, ending: str) -> None:
    """The browser of somebody whose session ends there, or who signs out and then asks for it once more."""
    signed_in(client, ADDRESS)
    if ending == "signed out":
        client.post("/deconnexion", data={"csrf_token": csrf_token(client.get("/mon-role"))})
    else:
        move(2 * IDLE)
    assert client.get(path).location == "/"


@pytest.mark.parametrize("ending", ["ended", "signed out"])
def test_what_somebody_else_asked_at_this_computer_is_not_asked_again(
    client: FlaskClient, ccas: uuid.UUID, move: Move, ending: str
) -> None:
    other = make_account("DPO")
    path = f"/parcours/{uuid.uuid4()}"
    left_on(client, move, path, ending)
    sent = send(client, "dpo@exemple.fr")
    assert sent.status_code == 303 and sent.location != path
    assert client.get(sent.location).status_code == 200
    assert not scalar("SELECT count(*) FROM audit_entry WHERE actor_id = %s AND result = 'refus'", other)


@pytest.mark.parametrize("ending", ["ended", "signed out"])
@pytest.mark.parametrize("later", [2 * IDLE, timedelta(days=3)])
def test_who_comes_back_finds_what_they_had_asked(
    client: FlaskClient, ccas: uuid.UUID, move: Move, ending: str, later: timedelta
) -> None:
    left_on(client, move, "/mon-role?vue=courte", ending)
    move(later)
    assert send(client, ADDRESS).location == "/mon-role?vue=courte"


def test_no_address_leads_to_another_site(client: FlaskClient, ccas: uuid.UUID) -> None:
    client.get("/", environ_overrides={"PATH_INFO": "//evil.example/mon-role"})
    assert send(client, ADDRESS).location == "/mon-role"


def try_from(client: FlaskClient, address: str, email: str, password: str = "x" * 20) -> int:
    token = csrf_token(client.get("/"))
    fields = {"email": email, "password": password, "csrf_token": token}
    return client.post("/", data=fields, environ_overrides={"REMOTE_ADDR": address}).status_code


def test_nobody_locks_a_colleague_out(
    app: Flask, client: FlaskClient, ccas: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failures from elsewhere only make the holder of the account wait a little, however many they are."""
    waited: list[float] = []
    monkeypatch.setattr("coordination.accounts.sign_in.sleep", waited.append)
    for number in range(30):
        assert try_from(app.test_client(), f"192.0.2.{number // 4}", ADDRESS) == 422
    assert len(waited) == 10 and 0 < waited[0] < waited[9] <= LONGEST_DELAY
    assert try_from(client, "198.51.100.7", ADDRESS, PASSWORD) == 303
    # The one who tried stays where their own failures led.
    assert try_from(app.test_client(), "192.0.2.1", ADDRESS) == 422
    assert try_from(app.test_client(), "192.0.2.1", ADDRESS) == 429


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (19, 0), (20, 0.1), (21, 0.2), (39, 2.0), (40, 2.0), (10_000, 2.0)]
)
def test_the_delay_of_an_account(failures: int, seconds: float) -> None:
    assert delay_after(failures) == pytest.approx(seconds)


def test_signing_in_forgets_the_forms_of_the_day_before(
    client: FlaskClient, ccas: uuid.UUID, settings: Settings
) -> None:
    with psycopg.connect(superuser(settings), autocommit=True) as connection:
        for key, hours in (("old", 25), ("young", 23)):
            connection.execute(
                "INSERT INTO idempotency (account_id, key, request_hash, answer, at)"
                " VALUES (%s, %s, '', '/', now() - %s * interval '1 hour')",
                (ccas, key, hours),
            )
        send(client, ADDRESS)
        assert connection.execute("SELECT key FROM idempotency").fetchall() == [("young",)]


def test_signing_out_clears_what_the_browser_kept(client: FlaskClient, ccas: uuid.UUID) -> None:
    signed_in(client, ADDRESS)
    left = client.post("/deconnexion", data={"csrf_token": csrf_token(client.get("/mon-role"))})
    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/").headers


def test_a_nul_in_the_address_is_refused_calmly(client: FlaskClient, ccas: uuid.UUID) -> None:
    assert send(client, "ccas\0@exemple.fr").status_code == 400


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:9::1", "2001:db8:9::"),
        ("2001:0db8:9:0:ffff:0:0:1", "2001:db8:9::"),
        ("2001:db8:9:1::1", "2001:db8:9:1::"),
        ("nowhere", "nowhere"),
    ],
)
def test_one_subscriber_counts_as_one_address(address: str, counted: str) -> None:
    assert network(address) == counted


def test_a_crowd_on_one_account_does_not_hold_every_thread(
    app: Flask, ccas: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordination.accounts.sign_in.delay_after", lambda _failures: 1.0)
    waiting: list[float] = []
    answers: list[int] = []

    def attempt() -> None:
        answers.append(try_from(app.test_client(), f"192.0.2.{len(waiting)}", ADDRESS))

    def slept(seconds: float) -> None:
        waiting.append(seconds)
        # While this one waits, another comes.
        attempt()

    monkeypatch.setattr("coordination.accounts.sign_in.sleep", slept)
    attempt()
    assert len(waiting) == MOST_WAITING
    # The last to come is the first to be answered: it does not wait.
    assert answers == [429] + [422] * MOST_WAITING
    # Three counts for a wrong password; who is told to come back has a failure of their address alone.
    assert scalar("SELECT count(*) FROM sign_in_attempt") == 1 + 3 * MOST_WAITING
    monkeypatch.setattr("coordination.accounts.sign_in.sleep", lambda _seconds: None)
    attempt()
    assert answers[-1] == 422, "the places are given back"
