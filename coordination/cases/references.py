"""How the references of journeys are written: PRE-0110, CITE-0042 (`next_ref` draws them)."""

from __future__ import annotations

import re

PREFIXES = {"PRE": "PRE", "CITE_EMPLOI": "CITE"}
_TYPED = re.compile(r"([A-Z]*)[^A-Z0-9]*([0-9]{1,12})", re.ASCII)


def normal_ref(typed: str, programme: str) -> str:
    """« pre110 », « PRE 110 » and « 110 » as « PRE-0110 »; what does not look like one as it is, in capitals."""
    text = typed.strip().upper()
    found = _TYPED.fullmatch(text)
    prefix = PREFIXES.get(programme, "")
    if not found or found[1] not in ("", *PREFIXES.values()):
        return text
    return f"{found[1] or prefix}-{int(found[2]):04}"


def is_usual(ref: str, programme: str) -> bool:
    """Whether a reference is written as the others of the programme: no word, no telephone number fits in.

    `next_ref` counts the same ones: what it proposes is always of this form.
    """
    return re.fullmatch(rf"{PREFIXES[programme]}-[0-9]{{1,6}}", ref, re.ASCII) is not None
