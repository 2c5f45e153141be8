"""Search by name: decrypted and matched in memory, among what the actor sees. No index on disk."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from sqlalchemy import func, select

from coordination.cases.models import Journey, Sheet
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_columns

MOST_RESULTS = 20
# Below this likeness (0-100) a name is another name: one wrong letter in five is still 80.
LIKE_ENOUGH = 78
WIDE_NET = 55
MOST_HEARD = 400
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
    ("qu", "k"),
    ("eau", "o"),
    ("au", "o"),
    ("y", "i"),
    ("z", "s"),
    ("w", "v"),
)
_TWICE = re.compile(r"(.)\1+")


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


def sound(word: str) -> str:
    """A rough French phonetic form of a folded word."""
    for written, heard in _SOUNDS:
        if written in word:
            word = word.replace(written, heard)
    return _TWICE.sub(r"\1", word.replace("h", ""))


def match(query: str, names: Sequence[str], most: int = MOST_RESULTS) -> list[tuple[int, float]]:
    """Where in `names` those that are like `query` stand, with their likeness (0-100), best first."""
    wanted = fold(query)
    if not wanted:
        return []
    folded = fold_all(names)
    words = wanted.split()
    scores: dict[int, float] = {}
    # Each word typed must start or resemble a word of the name: "dup" finds Dupont, "dupond" finds it too.
    starts = [f" {word}" for word in words]
    for place, name in enumerate(folded):
        spaced = f" {name}"
        if all(start in spaced for start in starts):
            scores[place] = 100.0 if sorted(words) == sorted(name.split()) else 95.0
    if len(wanted) > 2:
        # A wide net first, cast in C; what it brings up is then heard, word by word.
        likest = process.extract(
            wanted, folded, scorer=fuzz.token_set_ratio, limit=MOST_HEARD, score_cutoff=WIDE_NET
        )
        ear = _Ear()
        heard = [ear[word] for word in words]
        for name, _, place in likest:
            if place in scores:
                continue
            parts = [ear[part] for part in name.split()]
            score = fuzz.token_set_ratio(" ".join(heard), " ".join(parts))
            if score >= LIKE_ENOUGH and _each_word_is_near(heard, parts):
                scores[place] = min(score, 94.0)
    best = sorted(scores.items(), key=lambda item: (-item[1], folded[item[0]]))
    return best[:most]


class _Ear(dict[str, str]):
    """How words are heard, each listened to once; gone with the search."""

    def __missing__(self, word: str) -> str:
        heard = self[word] = sound(word)
        return heard


def _each_word_is_near(words: list[str], parts: list[str]) -> bool:
    """Token sets forgive too much: "Anna Petit" is not "Anna Dupont". Every word typed needs its like."""
    return all(max(fuzz.ratio(word, part) for part in parts) >= 72 for word in words)


def by_reference(wanted: str) -> list[uuid.UUID]:
    """The journeys whose reference is `wanted`, whatever its case and the signs between its words."""
    between = "[^a-z0-9]"
    pattern = f"^{between}*{f'{between}+'.join(fold(wanted).split())}{between}*$"
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
