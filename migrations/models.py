"""Every table of the application, in one place: for the migrations, and for tests that look at all of them."""

from __future__ import annotations

import coordination.accounts.list_models
import coordination.accounts.models
import coordination.alerts.models
import coordination.alerts.models_mail
import coordination.alerts.models_thresholds
import coordination.cases.models
import coordination.cases.models_facts
import coordination.cases.models_life
import coordination.cases.models_review
import coordination.kept
import coordination.privacy.models
import coordination.referrals.models  # noqa: F401
from coordination.db import Base

__all__ = ["Base"]
