"""What a browser carries opens for one account, one purpose, a while; nothing else opens, nothing fails."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Flask

from coordination import clock
from coordination.web import envelope

HOUR = timedelta(hours=1)


def test_an_envelope_is_for_one_account_one_purpose_and_a_while(app: Flask) -> None:
    who, now = uuid.uuid4(), clock.now()
    with app.app_context():
        sealed = envelope.close("purpose", who, ["Zoé", 3], now)
        assert envelope.read("purpose", who, sealed, now + HOUR, HOUR) == ["Zoé", 3]
        assert envelope.read("purpose", who, sealed, now + HOUR + timedelta(seconds=1), HOUR) is None
        assert envelope.read("purpose", uuid.uuid4(), sealed, now, HOUR) is None
        assert envelope.read("another", who, sealed, now, HOUR) is None
        for broken in ("", "é", "AAAA", sealed[:-4], sealed[4:], sealed.swapcase()):
            assert envelope.read("purpose", who, broken, now, HOUR) is None
