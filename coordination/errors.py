"""Errors that every layer may raise; each carries a French sentence for the person who reads it."""

from __future__ import annotations


class CoordinationError(Exception):
    """Base of our errors. `str(error)` is a French sentence without any personal data."""

    exit_code = 1


class BadInput(CoordinationError):
    """What was given cannot be. `fields` maps a field's name to its French sentence.

    `asked` does so for what can be and is unlikely: it is kept once the person confirmed that very sentence.
    """

    exit_code = 2

    def __init__(
        self, message: str, fields: dict[str, str] | None = None, asked: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.fields = fields or {}
        self.asked = asked or {}


class NotFound(CoordinationError):
    """Nothing of that id is visible to the actor (404, and a refusal in the log).

    `sought`: kind and id of the row that a journey was looked up by, for the log.
    """

    exit_code = 2

    def __init__(self, message: str, sought: str = "") -> None:
        super().__init__(message)
        self.sought = sought


class Forbidden(CoordinationError):
    """The thing is visible, but this action on it is not allowed (403, and a refusal in the log)."""


class Conflict(CoordinationError):
    """Somebody else wrote meanwhile (409)."""


class SentBefore(Conflict):
    """The same form was saved already, with another body."""


class KeyUnavailable(CoordinationError):
    """A key version is missing or wrong. Names the version, never shows ciphertext."""


class SealBroken(CoordinationError):
    """A sealed cell does not belong where it stands, or was altered."""
