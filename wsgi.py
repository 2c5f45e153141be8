"""What gunicorn and `flask --app wsgi` serve."""

from __future__ import annotations

import os

from config.settings import Settings
from coordination import create_app

app = create_app(Settings.from_env(os.environ))
