"""Beside the pages, since it needs the keys: takes up the journeys whose deadlines wait to be counted again."""

from __future__ import annotations

import time
from contextlib import suppress

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from coordination.accounts.commands import operator_actor
from coordination.db import db
from coordination.errors import CoordinationError
from coordination.exchange.recompute import keep_up


def recount_for_ever(application: Flask, every: float) -> None:
    """Every so many seconds, until interrupted. A fault is told and tried again: what waits goes on waiting."""
    with suppress(KeyboardInterrupt):
        while True:
            recount_once(application)
            time.sleep(every)


def recount_once(application: Flask) -> int:
    """How many journeys were taken up; none where the database or a key is away."""
    with application.app_context():
        try:
            counted = keep_up(operator_actor())
            if counted.unread:
                application.logger.warning("deadlines not counted again: %s", ", ".join(counted.unread))
            return counted.journeys
        except (SQLAlchemyError, CoordinationError) as error:
            application.logger.warning("deadlines not counted again: %s", type(error).__name__)
            return 0
        finally:
            db.session.remove()
