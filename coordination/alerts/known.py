"""Which stored lines a page may speak of: by what the catalogue says of their rule."""

from __future__ import annotations

from functools import cache

from sqlalchemy import ColumnElement, String, any_, literal, literal_column
from sqlalchemy.dialects.postgresql import ARRAY

from coordination.alerts.catalogue import rules, serious
from coordination.alerts.models import Alert, StoredDeadline

Model = type[Alert] | type[StoredDeadline]


def is_known(model: Model) -> ColumnElement[bool]:
    """Lines whose rule is in the catalogue: one that was retired, or never was, is left out.

    Written out: the database then looks a rule up in a table of them, and does not try one after the other.
    """
    return model.rule == any_(literal_column(_every_rule()))


@cache
def _every_rule() -> str:
    return f"'{{{','.join(rules())}}}'::text[]"


def is_serious(model: Model) -> ColumnElement[bool]:
    """Lines whose rule, announced or due, is of VIGILANCE or above."""
    return (model.rule + ":" + model.kind) == any_(literal(list(serious()), ARRAY(String)))
