"""Search by name: decrypted and matched in memory, among what the actor sees. No index on disk."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from sqlalchemy import select

from coordination.cases.models import Journey
from coordination.cases.queries.people import Person, people
from coordination.privacy.policy import Grant

MOST_RESULTS = 20
# Below this likeness (0-100) a name is another name: one wrong letter in five is still 80.
LIKE_ENOUGH = 78
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
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


@dataclass(frozen=True)
class Found:
    person: Person
    likeness: float


def fold(text: str) -> str:
    """Without accents, case, hyphens or apostrophes: words apart by one space."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae"))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return _NOT_LETTERS.sub(" ", letters).strip()


def sound(folded: str) -> str:
    """A rough French phonetic form of a folded text."""
    for written, heard in _SOUNDS:
        folded = folded.replace(written, heard)
    return re.sub(r"(.)\1+", r"\1", folded.replace("h", ""))


def match(query: str, candidates: list[Person], most: int = MOST_RESULTS) -> list[Found]:
    """The people whose name (or reference) is like `query`, best first."""
    wanted = fold(query)
    if not wanted:
        return []
    exact = [p for p in candidates if fold(p.ref) == wanted]
    if exact:
        return [Found(p, 100.0) for p in exact]
    folded = [fold(f"{p.first_name} {p.last_name}") for p in candidates]
    words = wanted.split()
    scores: dict[int, float] = {}
    # Each word typed must start or resemble a word of the name: "dup" finds Dupont, "dupond" finds it too.
    for place, name in enumerate(folded):
        parts = name.split()
        if all(any(part.startswith(word) for part in parts) for word in words):
            scores[place] = 100.0 if wanted in (name, " ".join(reversed(parts))) else 95.0
    if len(wanted) > 2:
        heard = [sound(name) for name in folded]
        likest = process.extract(
            sound(wanted), heard, scorer=fuzz.token_set_ratio, limit=most * 3, score_cutoff=LIKE_ENOUGH
        )
        for _, score, place in likest:
            if _each_word_is_near(words, folded[place]):
                scores.setdefault(place, min(score, 94.0))
    best = sorted(scores.items(), key=lambda item: (-item[1], folded[item[0]]))[:most]
    return [Found(candidates[place], score) for place, score in best]


def _each_word_is_near(words: list[str], name: str) -> bool:
    """Token sets forgive too much: "Anna Petit" is not "Anna Dupont". Every word typed needs its like."""
    parts = [sound(part) for part in name.split()]
    return all(max(fuzz.ratio(sound(word), part) for part in parts) >= 72 for word in words)


def search(grant: Grant, query: str) -> list[Found]:
    """People among those the actor sees. The caller writes the ids shown in the audit."""
    return match(query, list(people(grant, select(Journey.id)).values()))
