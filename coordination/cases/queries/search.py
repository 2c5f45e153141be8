"""Search by name: decrypted and matched in memory, among what the actor sees. No index on disk."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from operator import add, eq
from string import ascii_lowercase

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
# A c that is said as an s; every other is a k.
_SOFT_C = ("ce", "ci", "cy")
_WORDS = re.compile(r"[a-z]+|[0-9]+")
# Between the words of one name and those of the next.
_NEXT = "|"
_TWICE = tuple(letter * 2 for letter in ascii_lowercase)


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
    plain = whole.encode("ascii", "ignore").translate(_PLAIN).decode()
    plain = _until_gone(plain, "  ", " ").replace(" \n", "\n").replace("\n ", "\n").strip(" ")
    return plain.split("\n")


def sound(text: str) -> str:
    """A rough French phonetic form of folded words, as many as there are."""
    for written, heard in _SOUNDS:
        text = text.replace(written, heard)
    for soft in _SOFT_C:
        text = text.replace(soft, soft.upper())
    text = text.replace("c", "k").lower()
    for twice in _TWICE:
        text = _until_gone(text, twice, twice[0])
    return text


def _until_gone(text: str, written: str, instead: str) -> str:
    """Replaced again and again: a pattern would cost a call at each place of the names of everybody."""
    while written in text:
        text = text.replace(written, instead)
    return text


def match(query: str, names: Sequence[str], most: int = MOST_RESULTS) -> list[tuple[int, float]]:
    """Where in `names` those that are like `query` stand, with their likeness (0-100), best first.

    Of a longer query its first LONGEST letters count: each word typed costs a reading of all the names.
    """
    wanted = fold(query[:LONGEST])
    if not wanted:
        return []
    folded = fold_all(names)
    scores = _starting(wanted.split(), folded)
    if len(wanted) > 2:
        heard = sound(wanted).split()
        # Also as one word, where it was typed as several.
        typed = (heard, ["".join(heard)]) if len(heard) > 1 else (heard,)
        for place, wrong in _heard_alike(typed, folded):
            scores[place] = max(scores.get(place, 0.0), 94.0 - 6 * wrong)
    best = sorted(scores.items(), key=lambda item: (-item[1], folded[item[0]], item[0]))
    return best[:most]


def _starting(words: Sequence[str], folded: Sequence[str]) -> dict[int, float]:
    """Names of which each word typed starts a word: "dup" finds Dupont."""
    spaced = (" " + "\n ".join(folded)).split("\n")
    places: Sequence[int] = range(len(spaced))
    for word in words:
        start = f" {word}"
        places = [place for place in places if start in spaced[place]]
    whole = sorted(words)
    return {place: 100.0 if whole == sorted(folded[place].split()) else 95.0 for place in places}


def _heard_alike(typed: Sequence[Sequence[str]], folded: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Places of the names where each word of one of `typed` has its like, and how many letters differ in all."""
    # All names as one list of words, nothing being called per name; two words are also heard as one (N'Guessan).
    words = sound("\n".join(folded)).replace("\n", f" {_NEXT} ").split()
    pairs = list(map(add, words, words[1:]))
    known = [part for part in {*words, *pairs} if _NEXT not in part]
    near = {word: _near(word, known) for spoken in typed for word in spoken}
    parts = frozenset().union(*near.values())
    place_of = list(accumulate(map(eq, words, repeat(_NEXT))))
    where: dict[str, list[int]] = {part: [] for part in parts}
    for heard in (words, pairs):
        for number in [number for number, part in enumerate(heard) if part in parts]:
            where[heard[number]].append(place_of[number])
    for spoken in filter(None, typed):
        first, *others = (_places(near[word], where) for word in spoken)
        for place, wrong in first.items():
            if all(place in other for other in others):
                yield place, wrong + sum(other[place] for other in others)


def _near(word: str, known: Sequence[str]) -> dict[str, int]:
    """Words like this one, and how many letters differ."""
    # One or two letters heard start too many names; as they are spelled they were found before.
    near = {part: 0 for part in known if part.startswith(word)} if len(word) > 2 else {}
    likes = process.extract(
        word, known, scorer=OSA.distance, score_cutoff=_forgiven(word), limit=None, processor=None
    )
    for part, wrong, _ in likes:
        near[part] = min(near.get(part, int(wrong)), int(wrong))
    return near


def _places(near: Mapping[str, int], where: Mapping[str, Sequence[int]]) -> dict[int, int]:
    """Where words like one stand, and how many letters differ at least."""
    found: dict[int, int] = {}
    for part, wrong in near.items():
        for place in where[part]:
            found[place] = min(found.get(place, wrong), wrong)
    return found


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
    return [Found(uuid.UUID(bytes=journey_ids[place]), likeness) for place, likeness in found]
