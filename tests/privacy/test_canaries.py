"""Canaries in every personal field, on a cluster of their own: none is found anywhere the server writes.

The superuser's copy of every table as text comes on top of the search of files, which misses what is compressed.
"""

from __future__ import annotations

import base64
import logging
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from config.settings import Settings
from coordination import clock, create_app, embedded
from coordination.accounts.commands import ensure_operator, operator_actor, set_password
from coordination.accounts.queries import account_id_of
from coordination.alerts.commands import Answer, answer_alert
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.cases.commands.records import correct_fact
from coordination.cases.kinds import EXCHANGE
from coordination.exchange.bundle.columns import COLUMN, SEALED, Kind
from coordination.exchange.export import export_bundle
from coordination.privacy.keys import init_keys
from coordination.provision import provision
from coordination.reference import labels
from coordination.worker import run_scan
from tests.databases import superuser
from tests.exchange.bundle_examples import Rows
from tests.people import PASSWORD, csrf_token, signed_in
from tests.support import close, command, day, email, import_rows, journey_id, person, rows, world

# A word that no code, no random base64 and no French text holds; a birthday that nothing else has.
WORD = "Zqkanari"
BIRTHDAY = "2013-07-29"
# Files that hold texts of the bundle: free texts, each with its own canary.
FREE = {
    (file, name) for file, names in SEALED.items() for name in names if COLUMN[file][name].kind is Kind.TEXT
}


def canary(name: str) -> str:
    return f"{WORD}{name.replace('_', '')}é"


def bundle() -> Rows:
    """The world of the tests with a canary in every free text of every line."""
    given = world(pre=["ref1"], cite=["ml"])
    given["representatives.csv"] = [{"journey": line["ref"]} for line in given["journeys.csv"]]
    for file, name in FREE:
        for line in given[file]:
            line[name] = canary(f"{file[:4]}{name}")
    for line in given["journeys.csv"]:
        line["birth_date"] = BIRTHDAY
    return given


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application on a server of its own, which writes its temporary files beside its data."""
    home = Path(tempfile.mkdtemp(prefix="coordination-canaries-"))
    settings = Settings(home=home, secure_cookies=False, testing=True)
    (home / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(home / "tmp"))
    init_keys(settings)
    admin = embedded.start(settings)
    with psycopg.connect(embedded.dsn(admin), autocommit=True) as connection:
        for setting in (
            "log_statement = 'all'",
            "log_min_duration_statement = 0",
            "log_error_verbosity = verbose",
        ):
            connection.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[arg-type]
        connection.execute("SELECT pg_reload_conf()")
    provision(settings)
    application = create_app(
        replace(settings, database_url=embedded.dsn(admin.set(database=embedded.DATABASE)))
    )
    handler = logging.FileHandler(home / "application.log")
    logging.getLogger().addHandler(handler)
    try:
        with application.app_context():
            ensure_operator(clock.now())
            yield application
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
        close(application)
        embedded.stop(settings)
        shutil.rmtree(home, ignore_errors=True)


def work_a_day(app: Flask) -> str:
    """Import, scan, write, correct, be refused, read every page; what the browser was shown."""
    import_rows(bundle())
    settings = app.config["SETTINGS"]
    run_scan(settings, day(60))
    journey, actor, now = journey_id("PRE-1"), person("ref1"), clock.now()
    alert, version = rows(
        "SELECT id, version FROM alert WHERE journey_id = %s AND status = 'OUVERTE' LIMIT 1", journey
    )[0]
    reason = next(iter(labels("alert_dismiss_reason")))
    answer_alert(actor, alert, Answer("SANS_OBJET", reason=reason, comment=canary("comment")), version, now)
    contact = log_contact(actor, journey, NewContact(day(), "VAD", "ABOUTI", canary("note")), now)
    said = {"on_date": day(), "mode": "VAD", "outcome": "ABOUTI", "note": canary("corrected")}
    correct_fact(actor, EXCHANGE, contact, 1, said, now)
    set_password(operator_actor(), account_id_of(email("ref1")), PASSWORD, now, demo=True)
    client = signed_in(app.test_client(), email("ref1"))
    page = ""
    for path in ("/", "/parcours/ma-journee", "/parcours/mes-parcours", f"/parcours/{journey}"):
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        page += answer.text
    token = csrf_token(client.get("/mon-role"))
    page += attached(client, journey, token)
    page += noted_on_pages(app)
    forms = {
        "/parcours/recherche": {"name": canary("jourlastname")},
        f"/parcours/{journey}/echange": {"on": "2099-01-01", "note": canary("refused")},
        f"/parcours/{uuid.uuid4()}/echange": {"note": canary("foreign")},
        f"/parcours/{journey}/nulle-part": {"note": canary("lost")},
    }
    for path, data in forms.items():
        page += client.post(path, data={"csrf_token": token, **data}, follow_redirects=True).text
    # A fault in the middle of a statement: neither the log of the database nor ours holds its values.
    with pytest.raises(Exception, match="contact"):
        rows("ALTER TABLE contact ADD CHECK (mode <> 'SMS')")
        log_contact(actor, journey, NewContact(day(), "SMS", "ABOUTI", canary("broken")), now)
    return page


def attached(client: FlaskClient, journey: uuid.UUID, token: str) -> str:
    """A document longer than what is usually spooled to a file, a draft, an outing; what the browser was shown."""
    paper = b"%PDF-1.7\n" + canary("paper").encode() * 60_000
    fields = {"csrf_token": token, "kind": "AUTRE", "volet": "coordination"}
    files = {"file": FileStorage(BytesIO(paper), f"{canary('filename')}.pdf")}
    boundary, body = encode_multipart(fields | files)
    sent = {"data": body, "content_type": f'multipart/form-data; boundary="{boundary}"'}
    assert client.post(f"/parcours/{journey}/documents", **sent).status_code == 303  # type: ignore[arg-type]
    page = client.get(f"/parcours/{journey}/documents").text
    document = rows("SELECT id FROM document")[0][0]
    assert client.get(f"/parcours/document/{document}/contenu").data == paper
    page += client.get(f"/parcours/document/{document}").text
    draft = {"csrf_token": token, "draft": f"{journey} cases.log_contact {journey}", "note": canary("draft")}
    assert client.post("/brouillons", data=draft).status_code == 204
    page += client.get(f"/parcours/{journey}/echange").text
    begun = {
        "csrf_token": token,
        "draft": f"- cases.open_new/PRE {uuid.UUID(int=0)}",
        "first_name": canary("begunname"),
        "remark": canary("begunwhy"),
    }
    assert client.post("/brouillons", data=begun).status_code == 204
    page += client.get("/parcours/nouveau").text + client.get("/parcours/ma-journee").text
    note = {f"j{journey.hex}-note": canary("outing"), f"j{journey.hex}-outcome": "ABOUTI"}
    shared = {"csrf_token": token, "p": str(journey), "mode": "VAD", "when": str(day())}
    assert client.post("/parcours/tournee", data=shared | note).status_code == 303
    return page


def noted_on_pages(app: Flask) -> str:
    """What only pages bring, on an adult's journey, kept, corrected and refused; what the browser was shown."""
    set_password(operator_actor(), account_id_of(email("ml")), PASSWORD, clock.now(), demo=True)
    client = signed_in(app.test_client(), email("ml"))
    token, journey = csrf_token(client.get("/mon-role")), journey_id("CITE-1")
    kept = {
        "candidature": {"employer": canary("employer"), "job": canary("job"), "applied_on": str(day())},
        "enfant": {"birth_month": "03/2021", "care": canary("care")},
    }
    page = ""
    for slug, typed in kept.items():
        sent = client.post(f"/parcours/{journey}/{slug}", data={"csrf_token": token, **typed})
        assert sent.status_code == 303, slug
        page += client.get(sent.headers["Location"]).text
        wrong = dict.fromkeys(("applied_on", "birth_month"), "2099-01-01") | {"care": canary("late")}
        page += client.post(f"/parcours/{journey}/{slug}", data={"csrf_token": token} | typed | wrong).text
    return page + client.get(f"/parcours/{journey}/regles").text


@pytest.mark.long
def test_no_canary_is_found_anywhere(own: Flask) -> None:
    settings = own.config["SETTINGS"]
    page = work_a_day(own)
    # The canaries are there for those who may read them: the search below is not empty by mistake.
    shown_to_them = "jourfirstname corrected reprphone filename draft begunname begunwhy employer care late"
    for shown in shown_to_them.split():
        assert canary(shown) in page, shown
    assert canary("refused") in page
    rows("CHECKPOINT")
    assert files_with(settings.home) == []
    assert copies_with(own.config["SETTINGS"]) == []
    told = command(Settings(home=settings.home), "deadlines", "--json")
    assert told.returncode == 0 and "PRE-1" in told.stdout
    assert (
        not [needle for needle in needles() if needle in told.stdout.encode()] and BIRTHDAY not in told.stdout
    )
    # The very same search finds them once they stand in clear.
    export_bundle(operator_actor(), settings.home / "export", clock.now())
    assert {path.name for path in map(Path, files_with(settings.home))} == {file for file, _ in FREE}
    rows("CREATE TABLE leak AS SELECT %s::text AS word", canary("leak"))
    assert copies_with(own.config["SETTINGS"]) == ["leak"]


def needles() -> list[bytes]:
    """The word as it is, as hexadecimal, and as base64 at each of its three places."""
    raw = WORD.encode()
    found = [raw, raw.lower(), raw.upper(), raw.hex().encode(), WORD.encode("utf-16-le")]
    for shift in range(3):
        # The signs that depend on the neighbours are left out.
        encoded = base64.b64encode(b"x" * shift + raw)
        found.append(encoded[4 if shift else 0 : len(encoded) - 4])
    return found


def files_with(home: Path) -> list[str]:
    """Every file below `home` that holds a canary: data, WAL, logs, temporary files."""
    found = []
    searched = [path for path in home.rglob("*") if path.is_file()]
    assert any("pg_wal" in path.parts for path in searched) and any(
        p.suffix == ".log" or p.name == "log" for p in searched
    )
    for path in searched:
        content = path.read_bytes()
        if any(needle in content for needle in needles()):
            found.append(str(path))
    return found


def copies_with(settings: Settings) -> list[str]:
    """Every table, of both databases, whose text in a superuser's hands holds a canary or the birthday."""
    found = []
    for keys in (False, True):
        with psycopg.connect(superuser(settings, keys=keys)) as connection:
            tables = connection.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            ).fetchall()
            for (table,) in tables:
                with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as copy:  # type: ignore[arg-type]
                    content = b"".join(bytes(part) for part in copy)
                if BIRTHDAY.encode() in content or any(needle in content for needle in needles()):
                    found.append(table)
    return sorted(found)


def test_the_search_finds_what_it_should() -> None:
    text = canary("x").encode()
    for hidden in (
        text,
        text.hex().encode(),
        base64.b64encode(text),
        base64.b64encode(b"ab" + text),
        text.lower(),
    ):
        assert any(needle in hidden for needle in needles()), hidden


def test_every_personal_text_of_the_bundle_has_its_canary() -> None:
    assert {
        ("journeys.csv", "first_name"),
        ("journeys.csv", "address"),
        ("journeys.csv", "school"),
        ("representatives.csv", "phone"),
        ("representatives.csv", "email"),
        ("contacts.csv", "note"),
    } <= FREE
    given = bundle()
    for file, name in FREE:
        assert all(WORD in line[name] for line in given[file]), (file, name)
    assert scalar_free_texts() == set()


def scalar_free_texts() -> set[tuple[str, str]]:
    """Texts of a record that are neither sealed nor a reference, a code or the name of who works."""
    allowed = {("structures.csv", "name"), ("users.csv", "display_name")}
    return {
        (file, name)
        for file, columns in COLUMN.items()
        for name, column in columns.items()
        if column.kind is Kind.TEXT and not column.sealed
    } - allowed
