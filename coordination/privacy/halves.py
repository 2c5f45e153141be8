"""Many journeys read at once, where one may not open: its key is absent, or a cell of it is broken."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from coordination.errors import KeyUnavailable, SealBroken

Unread = dict[uuid.UUID, KeyUnavailable | SealBroken]
"""The journeys that cannot be read, and why."""


def in_halves(journey_ids: Sequence[uuid.UUID], read: Callable[[Sequence[uuid.UUID]], None]) -> Unread:
    """Call `read` with all journeys; where that fails, with each half, until those at fault stand alone.

    A `read` that fails must leave nothing behind. For a few among many: each costs some twice log2 calls.
    """
    if not journey_ids:
        return {}
    try:
        read(journey_ids)
    except (KeyUnavailable, SealBroken) as fault:
        if len(journey_ids) == 1:
            return {journey_ids[0]: fault}
        half = len(journey_ids) // 2
        return in_halves(journey_ids[:half], read) | in_halves(journey_ids[half:], read)
    return {}


def raise_if_none_opens(unread: Unread, of: int) -> None:
    """Where not one of `of` journeys can be read, what wraps their keys is at fault: raises the first fault."""
    if unread and len(unread) >= of:
        raise next(iter(unread.values()))
