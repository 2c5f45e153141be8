"""Search by name: decrypted and matched in memory, among what the actor sees. No index on disk."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import func, select

from coordination.cases.models import Journey, Sheet
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_columns

MOST_RESULTS = 20
LONGEST = 200
# How many letters may be wrong, missing, added or swapped in a word of so many letters as it is heard.
FORGIVEN = ((8, 2), (4, 1))
# Letters that have no accent to take off, and signs that part words.
_WHOLE = {
    "œ": "oe",
    "Œ": "oe",
    "æ": "ae",
    "Æ": "ae",
    "ß": "ss",
    "ł": "l",
    "Ł": "l",
    "ø": "o",
    "Ø": "o",
    "đ": "d",
}
_WHOLE |= dict.fromkeys("’‐‑–—", " ")
# Every byte as a small letter, a figure, the end of a text, or what parts words.
_PLAIN = bytes(
    ord(letter) if letter.isascii() and (letter.isalnum() or letter == "\n") else ord(" ")
    for letter in (chr(code).lower() for code in range(256))
)
# What is heard the same is written the same: a phone call gives no spelling.
_SOUNDS = (
    ("ph", "f"),
    ("ck", "k"),
    ("cq", "k"),
    ("qu", "k"),
    ("q", "k"),
    ("eau", "o"),
    ("au", "o"),
    ("y", "i"),
    ("z", "s"),
    ("w", "v"),
    ("h", ""),
)
_HARD_C = re.compile(r"c(?![eiy])")
_WORDS = re.compile(r"[a-z]+|[0-9]+")
_TWICE = re.compile(r"([a-z])\1+")


@dataclass(frozen=True)
class Found:
    """A journey whose person is like what was typed, and how much (0-100)."""

    journey_id: uuid.UUID
    likeness: float


def fold(text: str) -> str:
    """Without accents, case, hyphens or apostrophes: words apart by one space."""
    return fold_all([text])[0]


def fold_all(texts: Sequence[str]) -> list[str]:
    """Many texts folded as one: thousands of names would cost a call of everything each."""
    if any("\n" in text for text in texts):
        texts = [text.replace("\n", " ") for text in texts]
    whole = "\n".join(texts)
    if not whole.isascii():
        for written, plain in _WHOLE.items():
            whole = whole.replace(written, plain)
        whole = unicodedata.normalize("NFKD", whole)
    lines = whole.encode("ascii", "ignore").translate(_PLAIN).decode().split("\n")
    return [" ".join(line.split()) for line in lines]


def sound(text: str) -> str:
    """A rough French phonetic form of folded words, as many as there are."""
    for written, heard in _SOUNDS:
        text = text.replace(written, heard)
    return _TWICE.sub(r"\1", _HARD_C.sub("k", text))


def match(query: str, names: Sequence[str], most: int = MOST_RESULTS) -> list[tuple[int, float]]:
    """Where in `names` those that are like `query` stand, with their likeness (0-100), best first.

    Of a longer query its first LONGEST letters count: each word typed costs a reading of all the names.
    """
    wanted = fold(query[:LONGEST])
    if not wanted:
        return []
    folded = fold_all(names)
    words = wanted.split()
    scores: dict[int, float] = {}
    # Each word typed starts a word of the name: "dup" finds Dupont.
    starts = [f" {word}" for word in words]
    for place, name in enumerate(folded):
        spaced = f" {name}"
        if all(start in spaced for start in starts):
            scores[place] = 100.0 if sorted(words) == sorted(name.split()) else 95.0
    if len(wanted) > 2:
        where = _heard_words(folded)
        heard = sound(wanted).split()
        for typed in (heard, ["".join(heard)]):
            for place, wrong in _near(typed, where).items():
                scores[place] = max(scores.get(place, 0.0), 94.0 - 6 * wrong)
    best = sorted(scores.items(), key=lambda item: (-item[1], folded[item[0]]))
    return best[:most]


def _heard_words(folded: Sequence[str]) -> dict[str, list[int]]:
    """Each word of the names as it is heard, also two of them as one (N'Guessan), and where it stands."""
    where: dict[str, list[int]] = {}
    for place, line in enumerate(sound("\n".join(folded)).split("\n")):
        parts = line.split()
        for part in parts:
            where.setdefault(part, []).append(place)
        for first, second in pairwise(parts):
            where.setdefault(first + second, []).append(place)
    return where


def _near(words: Sequence[str], where: Mapping[str, Sequence[int]]) -> dict[int, int]:
    """Names in which every word has its like, and how many letters differ in all."""
    known = list(where)
    found: dict[int, int] | None = None
    for word in words:
        near: dict[int, int] = {}
        likes = process.extract(
            word, known, scorer=OSA.distance, score_cutoff=_forgiven(word), limit=None, processor=None
        )
        distances = [(part, int(wrong)) for part, wrong, _ in likes]
        # One or two letters heard start too many names; as they are spelled they were found before.
        starting = [(part, 0) for part in known if part.startswith(word)] if len(word) > 2 else []
        for part, wrong in distances + starting:
            for place in where[part]:
                near[place] = min(near.get(place, wrong), wrong)
        kept = near.items()
        found = dict(kept) if found is None else {p: found[p] + wrong for p, wrong in kept if p in found}
    return found or {}


def _forgiven(word: str) -> int:
    return next((wrong for length, wrong in FORGIVEN if len(word) >= length), 0)


def by_reference(wanted: str) -> list[uuid.UUID]:
    """The journeys whose reference is `wanted`, whatever its case, its signs, and the zeros before its number.

    The number alone is enough: 121 finds PRE-0121, and CITE-0121 where the actor sees both programmes.
    """
    # « PRE0121 » is heard as « PRE 121 ».
    words = _WORDS.findall(fold(wanted))
    if not words:
        return []
    between = "[^a-z0-9]*"
    said = [f"0*{word.lstrip('0')}" if word.isdigit() else word for word in words]
    before = "" if not words[0].isdigit() else "([a-z]+[^a-z0-9]+)?"
    pattern = f"^{between}{before}{between.join(said)}{between}$"
    return list(db.session.scalars(select(Journey.id).where(func.lower(Journey.ref).regexp_match(pattern))))


def search(grant: Grant, query: str) -> list[Found]:
    """People among those the actor sees. The caller writes the ids shown in the audit."""
    # A reference holds figures and a name does not: the references are looked through for nobody else.
    if any(letter.isdigit() for letter in query):
        exact = by_reference(query)
        if exact:
            return [Found(journey_id, 100.0) for journey_id in exact]
    journey_ids, (first, last) = open_columns(grant, Sheet, ("first_name", "last_name"))
    found = match(query, [f"{a} {b}" for a, b in zip(first, last, strict=True)])
    return [Found(journey_ids[place], likeness) for place, likeness in found]
