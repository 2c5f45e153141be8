"""What the tests of the pages of journeys begin with."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask

from tests.cases.pages_kit import (
    REFERENT,
    account,
)
from tests.support import rows


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    """One under way, its agreement signed."""
    found = rows(
        "SELECT id FROM journey WHERE referent_id = %s AND stage = 'EN_COURS' AND exit_on IS NULL"
        " AND agreement_status = 'SIGNE' AND backup_id IS NULL ORDER BY ref LIMIT 1",
        account(REFERENT),
    )
    return uuid.UUID(str(found[0][0]))
