"""What a browser carries for the server, sealed for one account and one purpose: nobody else opens it."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import uuid
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

from coordination.privacy.keys import secret_key


def close(purpose: str, account_id: uuid.UUID, content: Any, now: datetime) -> str:
    """`content` (what JSON carries) as a text for a cookie or a hidden field."""
    nonce, plain = os.urandom(12), json.dumps([now.timestamp(), content]).encode()
    return base64.urlsafe_b64encode(nonce + _cipher(purpose).encrypt(nonce, plain, account_id.bytes)).decode()


def read(purpose: str, account_id: uuid.UUID, sealed: str, now: datetime, valid: timedelta) -> Any:
    """The content; None if it is another account's or purpose's, older than `valid`, or not ours."""
    try:
        raw = base64.urlsafe_b64decode(sealed.encode())
        at, content = json.loads(_cipher(purpose).decrypt(raw[:12], raw[12:], account_id.bytes))
    except (ValueError, binascii.Error, InvalidTag):
        return None
    return content if now.timestamp() - at <= valid.total_seconds() else None


def _cipher(purpose: str) -> AESGCM:
    key = secret_key(current_app.config["SETTINGS"], "session")
    return AESGCM(hmac.digest(key, purpose.encode(), "sha256"))
