"""Who acts, as the policy and the audit see them: ids and roles, no personal data."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from coordination.db import NOBODY


@dataclass(frozen=True)
class Role:
    """A role held in a structure for a programme (None: whichever the role implies)."""

    code: str
    structure_id: uuid.UUID | None = None
    programme: str | None = None


@dataclass(frozen=True)
class Actor:
    """An account at work. `kind` is "person", "operator" (commands) or "visitor" (not signed in)."""

    id: uuid.UUID
    roles: tuple[Role, ...] = ()
    kind: str = "person"

    @property
    def structure_id(self) -> uuid.UUID:
        """The structure whose audit chain records what this actor does; the zero id has the common chain."""
        return next((role.structure_id for role in self.roles if role.structure_id), NOBODY)

    def has(self, *codes: str) -> bool:
        return any(role.code in codes for role in self.roles)


VISITOR = Actor(NOBODY, kind="visitor")
