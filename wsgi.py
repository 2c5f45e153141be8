"""What gunicorn and `flask --app wsgi` serve."""

from __future__ import annotations

import gc
import os

from config.settings import Settings
from coordination import create_app

app = create_app(Settings.from_env(os.environ))

# What the application is made of stays as long as the process: the collector need not look at it again on every
# page, nor come by every 700 objects, when a list of journeys makes thousands (a tenth of a page's time).
gc.collect()
gc.freeze()
gc.set_threshold(50_000)
