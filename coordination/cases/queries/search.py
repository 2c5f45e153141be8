"""Search by name: decrypted and matched in memory, among what the actor sees. No index on disk."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from coordination.cases.queries.people import Person, people
from coordination.privacy.policy import Grant

MOST_RESULTS = 20
# Below this likeness (0-100) a name is another name: one wrong letter in five is still 80.
LIKE_ENOUGH = 78
WIDE_NET = 55
MOST_HEARD = 400
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
# Letters that have no accent to take off.
_WHOLE = str.maketrans(
    {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d"}
    | dict.fromkeys("'’‐‑–—", " ")
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


@dataclass(frozen=True)
class Found:
    person: Person
    likeness: float


def fold(text: str) -> str:
    """Without accents, case, hyphens or apostrophes: words apart by one space."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_WHOLE)).encode("ascii", "ignore").decode()
    return _NOT_LETTERS.sub(" ", text.lower()).strip()


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
    starts = [re.compile(r"\b" + re.escape(word)) for word in words]
    for place, name in enumerate(folded):
        if all(start.search(name) for start in starts):
            scores[place] = 100.0 if sorted(words) == sorted(name.split()) else 95.0
    if len(wanted) > 2:
        # A wide net first, cast in C; what it brings up is then heard, word by word.
        likest = process.extract(
            wanted, folded, scorer=fuzz.token_set_ratio, limit=MOST_HEARD, score_cutoff=WIDE_NET
        )
        heard = sound(wanted)
        for name, _, place in likest:
            score = fuzz.token_set_ratio(heard, sound(name))
            if place not in scores and score >= LIKE_ENOUGH and _each_word_is_near(words, name):
                scores[place] = min(score, 94.0)
    best = sorted(scores.items(), key=lambda item: (-item[1], folded[item[0]]))[:most]
    return [Found(candidates[place], score) for place, score in best]


def _each_word_is_near(words: list[str], name: str) -> bool:
    """Token sets forgive too much: "Anna Petit" is not "Anna Dupont". Every word typed needs its like."""
    parts = [sound(part) for part in name.split()]
    return all(max(fuzz.ratio(sound(word), part) for part in parts) >= 72 for word in words)


def search(grant: Grant, query: str) -> list[Found]:
    """People among those the actor sees. The caller writes the ids shown in the audit."""
    return match(query, list(people(grant, None).values()))
