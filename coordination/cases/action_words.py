"""What the lines of an action say beside its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coordination import reference
from coordination.cases.vocabulary import ATTENDANCE_COUNTS, axis_label
from coordination.console import count


def beside(row: Mapping[str, Any], programme: str, what: str) -> str:
    """What it serves and rests on, who sees to it. `row`: an action, opened; `what`: the words of its title."""
    axis, told = axis_label(programme, row["axis_or_barrier"]), row["detail"] or ""
    common_law, objective = row["droit_commun"], row["contract_objective"]
    said = (
        axis if axis != what else "",
        f"Interrompue depuis le {row['suspended_on']:%d/%m/%Y}" if row["suspended_on"] else "",
        f"Droit commun : {reference.label('droit_commun_check', common_law).lower()}" if common_law else "",
        f"Contrat de ville : {reference.contract_objectives().get(objective, objective)}"
        if objective
        else "",
        f"Suivie par {row['owner']}" if row["owner"] else "",
        told if told != what else "",
    )
    return ". ".join(filter(None, said))


def attended(statuses: Sequence[str]) -> str:
    """How many of each status, of all the sessions that were noted."""
    found = ((statuses.count(code), *words) for code, words in ATTENDANCE_COUNTS.items())
    return "En tout : " + ", ".join(count(*one) for one in found if one[0])
