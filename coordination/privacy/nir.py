"""Finding a NIR (numéro de sécurité sociale) in any text: the application keeps none, so it refuses them.

A NIR is 13 digits and a two-digit key, 97 − (number mod 97). In Corsica the department reads 2A or 2B, which
count as 19 and 18 in the key. People write it in one block or in groups parted by spaces or dots; or in its
own groups (1 85 05 78 006 084 91) with hyphens, strokes, "clé" before the key; or figure by figure (1-8-5-0-…).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Unicode spaces (`\s` holds the non-breaking ones of French typography), dots, and the invisible characters
# that copying from a page leaves between groups. Taken whole, never given back: no digit is among them.
_BETWEEN = r"[\s.\u00ad\u200b-\u200d\u2060\ufeff]"
_GAP = rf"{_BETWEEN}*+"

# A look-ahead, because a number may begin within the groups of what stands before it ("le 3 2 55 08 …").
_CANDIDATE = re.compile(
    rf"(?<!\d)(?=(\d(?:{_GAP}\d){{4}}{_GAP}(?:\d{_GAP}\d|2{_GAP}[AaBb])(?:{_GAP}\d){{8}})(?!\d))"
)
# Only between the groups of a NIR: dates and telephone numbers are written with hyphens and strokes too.
# One way to read each gap: with two, figures apart by spaces took a thousand tries each.
_SIGN = rf"{_GAP}(?:[-\u2010-\u2015\u2212/_,;:|]{_GAP})?+"
_GROUPED = re.compile(
    rf"(?<!\d)(?=(\d{_SIGN}\d\d{_SIGN}\d\d{_SIGN}(?:\d\d|2[AaBb]){_SIGN}\d{{3}}{_SIGN}\d{{3}}"
    rf"{_SIGN}[(\[]?(?:cl(?:é|e\u0301?)f?)?{_SIGN}\d\d)(?!\d))",
    re.IGNORECASE,
)
# Every figure by itself, those of the key maybe together: no date and no telephone number is written so, and a list
# has commas.
_APART = rf"(?:{_BETWEEN}++|(?=[-\u2010-\u2015\u2212/_|]))(?:[-\u2010-\u2015\u2212/_|]{_GAP})?+"
_SPELT = re.compile(
    rf"(?<!\d)(?=(\d(?:{_APART}\d){{4}}{_APART}(?:\d{_APART}\d|2{_APART}[AaBb])(?:{_APART}\d){{7}}"
    rf"(?:{_APART})?+\d)(?!\d))"
)
_NOT_SIGNIFICANT = re.compile(r"[^\dABab]")
_CORSICA = {"2A": "19", "2B": "18"}
_LENGTH = 15

# The first digit is the sex (1, 2) or the kind of provisional number (3, 4, 7, 8): a telephone number and a
# postcode also make 15 digits, and one time in 97 a valid key, but they start with 0.
_FIRST = frozenset({1, 2, 3, 4, 7, 8})


def nir_key(number: str) -> int:
    """The key (1 to 97) of the 13 signs of a NIR, `2A` and `2B` included; ValueError if it is no number."""
    department = number[5:7].upper()
    digits = number[:5] + _CORSICA.get(department, department) + number[7:]
    if len(digits) != 13 or not digits.isdecimal():
        raise ValueError("a NIR has 13 digits before its key")
    return 97 - int(digits) % 97


def nir_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each NIR with a valid key stands in `text`: (start, end), as in a slice."""
    if len(text) < _LENGTH:
        return
    candidates = {
        match.span(1): match[1] for shape in (_CANDIDATE, _GROUPED, _SPELT) for match in shape.finditer(text)
    }
    for span, found in sorted(candidates.items()):
        signs = _NOT_SIGNIFICANT.sub("", found)
        if int(signs[0]) in _FIRST and nir_key(signs[:13]) == int(signs[13:]):
            yield span


def holds_nir(text: str | None) -> bool:
    """True if a NIR with a valid key stands anywhere in `text`."""
    return bool(text) and next(nir_spans(text or ""), None) is not None
