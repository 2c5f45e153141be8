"""What a sealed cell looks like from outside."""

from __future__ import annotations

# Algorithm, version of the key, nonce, tag: what sealing adds to a text.
ADDED = 1 + 2 + 12 + 16
# A shorter text may stand in random bytes by chance.
TELLING = 4


def assert_sealed(text: str, cell: bytes) -> None:
    """`cell` is long enough to be `text` sealed, and does not show it."""
    plain = text.encode()
    assert len(cell) >= len(plain) + ADDED
    assert len(plain) < TELLING or plain not in cell
