"""A test finds nothing that another left."""

from __future__ import annotations

import pytest

from config.settings import Settings
from coordination import clock, create_app
from coordination.accounts.commands import ensure_operator
from tests.databases import KEPT
from tests.support import close, counts, import_rows, world


@pytest.mark.parametrize("turn", [1, 2])
def test_both_databases_are_empty_at_the_start(settings: Settings, turn: int) -> None:
    """Whichever turn comes second would find what the first wrote."""
    assert {name for name, count in counts(settings).items() if count} == set(KEPT)
    application = create_app(settings)
    with application.app_context():
        ensure_operator(clock.now())
        import_rows(world())
    close(application)
    assert {"dek", "audit_head", "journey"} <= {name for name, count in counts(settings).items() if count}
