"""What gunicorn and `flask --app wsgi` serve."""

from __future__ import annotations

import gc
import os

from config.settings import Settings
from coordination import create_app

app = create_app(Settings.from_env(os.environ))

# A list of journeys makes thousands of objects: the collector, which by default comes by every 700, took a tenth
# of a page's time. (What the application itself is made of, `create_app` has put out of its way.)
gc.set_threshold(50_000)
