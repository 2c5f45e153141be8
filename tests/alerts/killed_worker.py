"""What a worker does in a day, in a process of its own that anybody may kill."""

from __future__ import annotations

from datetime import date, datetime
from multiprocessing.connection import Connection

from config.settings import Mail, Settings
from coordination.alerts.sending import deliver
from coordination.worker import run_day, worker_engine


def one_day(settings: Settings, mail: Mail, on: date, now: datetime, gate: Connection | None = None) -> None:
    """The scan, its mails and one round of sending. `gate`: tells there that it is ready, and waits."""
    engine = worker_engine(settings)
    try:
        if gate is not None:
            gate.send("ready")
            gate.recv()
        run_day(engine, mail, on, now)
        deliver(engine, mail, now)
    finally:
        engine.dispose()
