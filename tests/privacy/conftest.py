"""One small world per module of tests, which no test changes for the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from config.settings import Settings
from tests.privacy.wall_world import Db, superuser_transaction
from tests.support import close, import_rows, module_app, world


@pytest.fixture(scope="module")
def wall(cluster: Settings, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """One world for the module: whatever its tests try is rolled back."""
    application = module_app(cluster, request.module.__name__.rpartition(".")[2])
    with application.app_context():
        import_rows(world())
        yield application
    close(application)


@pytest.fixture
def db(wall: Flask) -> Iterator[Db]:
    with superuser_transaction() as connection:
        yield connection
