"""Alerts put straight into the base, and a mail server that tells what it was given; for the tests of mails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from flask import current_app
from sqlalchemy import Engine

from config.settings import Mail
from coordination import clock
from coordination.worker import worker_engine
from tests.support import rows

BASE = "https://parcours.example"
# A Wednesday, with the Monday before and the Monday after.
MONDAY, WEDNESDAY, NEXT_MONDAY = date(2026, 6, 1), date(2026, 6, 3), date(2026, 6, 8)


def at(on: date, hour: int = 9) -> datetime:
    return datetime.combine(on, time(hour), clock.PARIS)


def alert(ref: str, on: date, rule: str = "A01", *, volet: str = "coordination", **more: Any) -> None:
    """An alert opened on that day, on a volet of the journey."""
    values = {"initial": False, "escalated_on": None, "status": "OUVERTE", "kind": "overdue"} | more
    rows(
        "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on,"
        " initial, status, escalated_on)"
        " SELECT gen_random_uuid(), j.id, f.id, %s, %s, '', %s, %s, 'test', %s, %s, %s,"
        " %s FROM journey j JOIN folder f ON f.journey_id = j.id AND f.volet = %s WHERE j.ref = %s RETURNING id",
        *(rule, values["kind"], on, on, on, values["initial"], values["status"], values["escalated_on"]),
        *(volet, ref),
    )


# Everybody signed, and follows whom they follow, for any day of these tests.
FOR_LONG = (
    "UPDATE account SET charter_signed_on = '2020-01-01', charter_expires_on = '2100-01-01'",
    "UPDATE access SET from_at = '2020-01-01'",
)


def charters() -> None:
    """What FOR_LONG says, in the application's base."""
    for statement in FOR_LONG:
        rows(statement)


def mails(column: str = "subject") -> dict[str, Any]:
    """e-mail (before @) -> a column of the mail to them; one each."""
    found = rows(
        f"SELECT split_part(a.email, '@', 1), m.{column} FROM mail m JOIN account a ON a.id = m.account_id"
    )
    assert len(found) == len(dict(found))
    return dict(found)


@contextmanager
def engine() -> Iterator[Engine]:
    made = worker_engine(current_app.config["SETTINGS"])
    try:
        yield made
    finally:
        made.dispose()


class Box:
    """A handler of aiosmtpd: keeps what it accepts, answers `answer` where it is set."""

    def __init__(self) -> None:
        self.received: list[tuple[str, Message]] = []
        self.rcpt_answer: dict[str, str] = {}
        self.data_answer = ""

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.rcpt_answer:
            return self.rcpt_answer[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.data_answer:
            return self.data_answer
        self.received.extend((to, message_from_bytes(envelope.content)) for to in envelope.rcpt_tos)
        return "250 OK"

    @property
    def to(self) -> list[str]:
        return sorted(address for address, _ in self.received)


@contextmanager
def post_office(*, accents: bool = True) -> Iterator[tuple[Box, Mail]]:
    """A mail server on this machine, and the settings that lead to it. `accents`: it carries such addresses."""
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=_free_port(), enable_SMTPUTF8=accents)
    controller.start()
    try:
        yield box, Mail("127.0.0.1", controller.port, "coordination@parcours.example", BASE, tls="none")
    finally:
        controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
