"""A command whose output nobody reads to its end."""

from __future__ import annotations

import subprocess
import sys

from flask import Flask

from tests.support import ROOT, environment, import_rows, world


def test_who_reads_enough_is_told_of_no_error(app: Flask) -> None:
    """As `| head -1` does: the pipe is closed before anything is written to it."""
    import_rows(world())
    listing = subprocess.Popen(
        [sys.executable, "-m", "coordination.cli", "deadlines", "--json"],
        env=environment(app.config["SETTINGS"]),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert listing.stdout is not None and listing.stderr is not None
    listing.stdout.close()
    told = listing.stderr.read()
    listing.stderr.close()
    assert listing.wait(30) == 0 and told == ""
