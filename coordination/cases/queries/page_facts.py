"""Facts that only pages bring, for many journeys at once: one statement for all of them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from coordination.cases.facts import ApplicationFact, ChildFact, InvitationFact
from coordination.cases.models_facts import HouseholdChild
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_result

GROUPS = frozenset(
    {"invitations", "applications", "children", "stay_decisions", "follow_ups", "retention_decisions"}
)
"""Named as in `JourneyFacts`."""

_CLOCKS = text(
    "SELECT what, id, journey_id, folder_id, began, ended, birth_month"
    " FROM page_fact_clocks(CAST(:ids AS uuid[]))"
)


def page_facts(grant: Grant, ids: Sequence[uuid.UUID]) -> dict[str, dict[uuid.UUID, list[Any]]]:
    """Group -> journey -> its facts, whatever their volet. One statement."""
    found: dict[str, dict[uuid.UUID, list[Any]]] = {group: defaultdict(list) for group in GROUPS}
    children = []
    for row in db.session.execute(_CLOCKS, {"ids": list(ids)}).mappings():
        what, journey_id = row["what"], row["journey_id"]
        if what == "children":
            children.append(row)
        else:
            found[what][journey_id].append(_fact(what, row))
    for child in open_result(HouseholdChild, children):
        if child["birth_month"]:
            born_in = date.fromisoformat(f"{child['birth_month']}-01")
            found["children"][child["journey_id"]].append(ChildFact(str(child["id"]), born_in))
    return found


def _fact(what: str, row: Any) -> Any:
    if what == "invitations":
        return InvitationFact(str(row["id"]), row["began"], row["ended"])
    if what == "applications":
        return ApplicationFact(str(row["id"]), row["began"], row["ended"])
    return row["began"]
