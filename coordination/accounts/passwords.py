"""Passwords: Argon2id, fifteen characters or more of any composition, none that is commonly tried."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from coordination.errors import BadInput

SHORTEST = 15
LONGEST = 256
# Characters that must remain once what anybody would try first is taken away.
OWN_CHARACTERS = 8
FEWEST_DIFFERENT = 6
LONGEST_UNIT = 8
RUN = 4

# trust.md: 46 MiB, t=1, p=1, about 70-90 ms.
_HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1, type=Type.ID)
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "1a2z3e4r5t6y7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
)
_ABOUT_US = (
    "parcourscoordonnes",
    "parcours",
    "coordination",
    "coordonnes",
    "motdepasse",
    "password",
    "saintomer",
    "longuenesse",
    "arques",
    "airesurlalys",
    "capso",
    "mipe",
    "missionlocale",
)


def _same_form(password: str) -> str:
    """One form for what keyboards write differently (an é in one sign or in two)."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    return _HASHER.hash(_same_form(password))


@cache
def _nobody() -> str:
    return _HASHER.hash("a password that opens no account")


def verify(stored: str | None, password: str) -> bool:
    """Whether `password` is the one stored; as long where there is no account."""
    try:
        _HASHER.verify(stored or _nobody(), _same_form(password[: LONGEST * 4]))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other figures than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def common_passwords() -> frozenset[str]:
    """Long passwords that are tried first, as `letters` gives them."""
    lines = files("coordination").joinpath("data", "common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(letters(line) for line in lines if line and not line.startswith("#"))


def letters(text: str) -> str:
    """Letters and digits only, without accents or capitals."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum() and c.isascii())


def check_new_password(password: str, *about: str) -> None:
    """Raises BadInput (field `password`) if it is too short or too easily guessed.

    `about`: what anybody knows of the account (e-mail, name). Composition is free, as NIST SP 800-63B and
    the CNIL advise; the list is short and local: no password leaves this server to be looked up.
    """
    fault = _fault(_same_form(password), about)
    if fault:
        raise BadInput(fault, {"password": fault})


def _fault(password: str, about: tuple[str, ...]) -> str | None:
    if len(password) < SHORTEST:
        return f"Choisissez au moins {SHORTEST} caractères, par exemple quatre mots sans rapport entre eux."
    if len(password) > LONGEST:
        return f"Choisissez au plus {LONGEST} caractères."
    if len(set(password.casefold())) < FEWEST_DIFFERENT or _repeats(password.casefold()):
        return "Ce mot de passe répète les mêmes caractères. Choisissez des mots sans rapport entre eux."
    plain = letters(password)
    if plain in common_passwords() or plain.strip("0123456789") in common_passwords():
        return "Ce mot de passe fait partie de ceux qui sont essayés en premier. Choisissez-en un autre."
    if len(_without_runs(plain)) < OWN_CHARACTERS and len(plain) >= OWN_CHARACTERS:
        return "Ce mot de passe suit l'ordre du clavier ou de l'alphabet. Choisissez-en un autre."
    if len(_without_known(plain, about)) < OWN_CHARACTERS and len(plain) >= OWN_CHARACTERS:
        return "Ce mot de passe reprend votre nom, votre adresse ou le nom du service."
    return None


def _repeats(text: str) -> bool:
    """The whole text is one short piece again and again (the last time perhaps cut)."""
    return any(
        all(text[i] == text[i % unit] for i in range(unit, len(text))) for unit in range(1, LONGEST_UNIT + 1)
    )


def _without_runs(plain: str) -> str:
    """What is left once runs of the keyboard, of the alphabet and of digits are taken out, both ways."""
    for run in _RUNS:
        for line in (run, run[::-1]):
            for size in range(len(line), RUN - 1, -1):
                for start in range(len(line) - size + 1):
                    plain = plain.replace(line[start : start + size], "")
    return plain


def _without_known(plain: str, about: tuple[str, ...]) -> str:
    known = [letters(part) for text in about for part in re.split(r"[@.\s_\-']+", text)]
    left = plain
    for word in sorted({*known, *_ABOUT_US}, key=len, reverse=True):
        if len(word) >= 4:
            left = left.replace(word, "")
    return plain if left == plain else left.strip("0123456789")
