"""Sends what the outbox holds, at least once, each mail under one Message-ID for ever."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from config.settings import Mail

TIMEOUT_S = 20
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(hours=6)
_PERMANENT = range(500, 600)
# What RFC 6531 answers where a server cannot carry an address with accents.
_NO_SUCH_ADDRESS = 553

# Locked until the server has answered: another worker takes the next one, and a death gives it back.
_NEXT = text(
    "SELECT id, account_id, kind, on_date, subject, body, attempts, queued_at FROM mail"
    " WHERE state = 'A_ENVOYER' AND next_at <= :now ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_SETTLE = text(
    "UPDATE mail SET state = :state, attempts = attempts + :tried, next_at = :next_at, sent_at = :sent_at,"
    " answer = :answer WHERE id = :id"
)


class Unreachable(Exception):
    """The server is away, or refuses us (not the recipient): nothing more to try now."""


class Refused(Exception):
    """The server's answer about one mail."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _AddressNotCarried(Exception):
    """An address with accents, and a server without SMTPUTF8: waiting changes nothing."""


def message_id(account: Any, kind: str, on: Any, sender: str) -> str:
    """The same for the same (person, kind, day), whoever sends it and how often; tells nothing of the person."""
    key = hashlib.sha256(f"{account}/{kind}/{on}".encode()).hexdigest()[:32]
    return f"<{key}@{sender.rpartition('@')[2].rstrip('>')}>"


def deliver(engine: Engine, mail: Mail, now: datetime) -> int:
    """Send what is due, one mail a transaction; how many left. A server that is away ends the round."""
    sent = 0
    while True:
        with engine.begin() as connection:
            row = connection.execute(_NEXT, {"now": now}).one_or_none()
            if row is None:
                return sent
            connection.execute(text("SELECT set_config('app.now', :now, true)"), {"now": now.isoformat()})
            to = connection.scalar(text("SELECT mail_recipient(:id)"), {"id": row.id})
            if to is None:
                _settle(connection, row.id, "ANNULE", now, tried=0)
                continue
            try:
                _send(mail, to, row)
            except Refused as refusal:
                if refusal.code in _PERMANENT:
                    _settle(connection, row.id, "REFUSE", now, answer=refusal.code)
                else:
                    _settle(connection, row.id, "A_ENVOYER", now + wait(row.attempts), answer=refusal.code)
                continue
            except Unreachable:
                _settle(connection, row.id, "A_ENVOYER", now + wait(row.attempts))
                return sent
            _settle(connection, row.id, "ENVOYE", now, sent_at=now)
            sent += 1


def wait(attempts: int) -> timedelta:
    """How long after that many failures: twice as long each time, never more than six hours."""
    # Beyond 2^10 the longest wait is reached: the power need not be computed.
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts, 10))


def _settle(
    connection: Connection,
    id_: Any,
    state: str,
    next_at: datetime,
    *,
    tried: int = 1,
    sent_at: datetime | None = None,
    answer: int | None = None,
) -> None:
    connection.execute(
        _SETTLE,
        {
            "id": id_,
            "state": state,
            "next_at": next_at,
            "tried": tried,
            "sent_at": sent_at,
            "answer": answer,
        },
    )


def _message(mail: Mail, to: str, row: Any) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mail.sender, to, row.subject
    message["Date"] = format_datetime(row.queued_at)
    message["Message-ID"] = message_id(row.account_id, row.kind, row.on_date, mail.sender)
    # Answering machines stay silent.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.body)
    return message


def _send(mail: Mail, to: str, row: Any) -> None:
    """Raises Refused for an answer about this recipient, Unreachable for all the rest."""
    try:
        with _connect(mail) as server:
            try:
                server.send_message(_message(mail, to, row), mail.sender, [to])
            except smtplib.SMTPNotSupportedError:
                raise _AddressNotCarried from None
    except smtplib.SMTPRecipientsRefused as error:
        raise Refused(next(iter(error.recipients.values()))[0]) from None
    except smtplib.SMTPDataError as error:
        raise Refused(error.smtp_code) from None
    except _AddressNotCarried:
        raise Refused(_NO_SUCH_ADDRESS) from None
    except (smtplib.SMTPException, OSError):
        # Its words may hold an address; the page says that the server is away.
        raise Unreachable from None


def _connect(mail: Mail) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if mail.tls == "whole":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)
    try:
        if mail.tls == "starttls":
            server.starttls(context=context)
        if mail.user:
            server.login(mail.user, mail.password or "")
    except BaseException:
        server.close()
        raise
    return server
