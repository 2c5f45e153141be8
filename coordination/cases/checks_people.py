"""What is said of a person that cannot be, and what is unlikely: asked, then kept once confirmed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from coordination import reference
from coordination.cases.checks import Problems
from coordination.cases.queries.search import fold
from coordination.cases.rules.ages import birthday
from coordination.cases.vocabulary import school_year_label

FIRST_BIRTH_YEAR = 1900
LONGEST_EMAIL = 200
LONGEST_LINE = 200
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
EXPECTED_AGES = {"PRE": (2, 16), "CITE_EMPLOI": (16, 75)}
"""Youngest and eldest at the opening: another age may be, and is mostly a date typed wrong."""
SUBJECT = {"PRE": "Cet enfant", "CITE_EMPLOI": "Cette personne"}
_STREETS = re.compile(
    "allee|av|avenue|bd|boulevard|chaussee|chemin|cite|cour|faubourg|impasse|place|quai|residence|route|rue|ruelle"
    "|square|voie|a|au|aux|d|de|des|du|l|la|le|les|vers"
)
"""Words before the name of a commune that make it the name of a street: « rue d'Arques »."""


def check_birth(
    problems: Problems,
    programme: str,
    born: date | None,
    opened_on: date | None,
    today: date,
    *,
    changed: bool = True,
) -> None:
    """Refuse a birth that cannot be; ask about an age that the programme does not expect."""
    if born is None:
        return
    if born > today:
        problems["birth_date"] = "Cette date est dans le futur : aujourd'hui au plus tard."
    elif opened_on and born > opened_on:
        problems["birth_date"] = f"Le parcours a commencé le {opened_on:%d/%m/%Y}, avant cette naissance."
    elif born.year < FIRST_BIRTH_YEAR:
        problems["birth_date"] = f"Vérifiez l'année : elle ne peut pas être avant {FIRST_BIRTH_YEAR}."
    elif opened_on and changed and programme in EXPECTED_AGES:
        age = opened_on.year - born.year - (birthday(born, opened_on.year - born.year) > opened_on)
        youngest, eldest = EXPECTED_AGES[programme]
        if not youngest <= age <= eldest:
            years = f"{age} an{'s' if age > 1 else ''}" if age else "moins d'un an"
            said = f"{SUBJECT[programme]} aurait {years} à l'ouverture du parcours"
            problems.ask("birth_date", f"{said} : vérifiez la date de naissance ({born:%d/%m/%Y}).")


@dataclass(frozen=True)
class SchoolYear:
    """School and level of a school year (2026 is 2026-2027), as typed."""

    year: int | None
    school: str
    school_level: str


# Those that go with an age, in their order; the others say none.
_LEVELS = ("PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2", "6E", "5E", "4E", "3E", "2DE", "1RE", "TLE")
USUAL_AGE = {level: age for age, level in enumerate(_LEVELS, 3)} | {"2DE_PRO": 15, "CAP1": 15, "CAP2": 16}
"""Level -> age reached in the calendar year in which it begins (code de l'éducation: six years at the CP)."""
FAR_AGE = 3
"""Years beside the usual age from which a level is mostly one typed wrong."""


def check_school(
    problems: Problems,
    given: SchoolYear,
    current_year: int,
    kept: Mapping[str, Any],
    born: date | None,
    today: date,
) -> None:
    """Refuse a year that is not offered; ask about what is effaced, far ahead, or of another age than the child's.

    `kept`: what is noted of that year, of which nothing is asked.
    """
    level = given.school_level
    if given.year is None or not current_year - 15 <= given.year <= current_year + 1:
        problems["year"] = "Choisissez une des années proposées."
    elif given.year > current_year and not kept and today.month not in BEFORE_SEPTEMBER:
        problems.ask(
            "year", f"L'année {school_year_label(given.year)} ne commence qu'en septembre {given.year}."
        )
    problems.free_text("school", given.school, LONGEST_LINE)
    if not given.school.strip() and not level:
        problems["school"] = "Indiquez l'établissement ou le niveau."
    if level:
        problems.code("school_level", "school_level", level)
    if kept.get("school") and not given.school.strip():
        problems.ask("school", "L'établissement noté sera effacé.")
    if kept.get("school_level") and not level:
        problems.ask("school_level", "Le niveau noté sera effacé.")
    if given.year and born and level in USUAL_AGE and level != kept.get("school_level"):
        age = given.year - born.year
        if abs(age - USUAL_AGE[level]) >= FAR_AGE:
            words = reference.label("school_level", level)
            problems.ask("school_level", f"{words} l'année de ses {age} ans : vérifiez le niveau et l'année.")


BEFORE_SEPTEMBER = range(4, 8)
"""Months in which the next school year is prepared."""


def check_phone(problems: Problems, phone: str, name: str = "phone") -> None:
    """Refuse what cannot be dialled."""
    digits = sum(character.isdigit() for character in phone)
    if phone and (not 6 <= digits <= 15 or set(phone) - set("0123456789 .+-()/")):
        problems[name] = "Écrivez le numéro en chiffres, par exemple 06 12 34 56 78."
    else:
        problems.free_text(name, phone)


def check_reach(problems: Problems, phone: str, email: str) -> None:
    """Refuse what reaches nobody."""
    check_phone(problems, phone)
    problems.free_text("email", email, LONGEST_EMAIL)
    if email and not _EMAIL.fullmatch(email):
        problems["email"] = "Cette adresse e-mail n'est pas complète, par exemple prenom.nom@exemple.fr."


UNKNOWN = " ; si personne ne le sait, écrivez « inconnu »"
"""Added for who can be called: a bundle tells two of one journey by both names (formats/import-bundle.md)."""


def check_both_names(
    problems: Problems, first_name: str, last_name: str, prefix: str = "", hint: str = ""
) -> None:
    """Nobody is noted without both."""
    for name, text, words in (
        ("first_name", first_name, "le prénom"),
        ("last_name", last_name, "le nom"),
    ):
        if not text.strip():
            problems[prefix + name] = f"Indiquez {words}{hint}."


def named_alike(
    first_name: str, last_name: str, others: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Those of `others` that bear both names, accents and case aside."""
    names = fold(first_name), fold(last_name)
    return [one for one in others if (fold(one["first_name"] or ""), fold(one["last_name"] or "")) == names]


def check_called_once(
    problems: Problems, first_name: str, last_name: str, others: Sequence[Mapping[str, Any]]
) -> None:
    """Ask about a person to call who bears both names of one of the `others` of the journey."""
    for other in named_alike(first_name, last_name, others)[:1]:
        tie = f" ({other['tie']})" if other["tie"] else ""
        said = f"{other['first_name']} {other['last_name']}{tie}"
        problems.ask("last_name", f"{said} est déjà parmi les personnes à appeler.")


def check_address(problems: Problems, programme: str, address: str, commune: str) -> None:
    """Refuse an address out of the programme; ask about one that names another commune than the one chosen."""
    named = communes_named(address)
    names = " et ".join(named.values())
    if programme == "PRE" and named and not named.keys() & reference.pre_perimeter():
        problems["address"] = f"Cette adresse dit {names}, qui n'est pas dans le périmètre du PRE."
    elif commune and named and commune not in named:
        chosen = reference.communes().get(commune, commune)
        problems.ask("address", f"Cette adresse dit {names}, et la commune choisie est {chosen}.")


def check_commune(problems: Problems, programme: str, commune: str, kept: str = "") -> None:
    """Refuse a commune out of the programme or of the list; `kept`: what may stay, as an import brought it."""
    if programme == "PRE" and commune and commune not in reference.pre_perimeter():
        problems["commune"] = "Cette commune n'est pas dans le périmètre du PRE."
    elif commune and commune != kept and commune not in reference.communes():
        problems["commune"] = "Choisissez une commune de la liste."


def check_area(problems: Problems, area: str, commune: str) -> None:
    """Refuse a neighbourhood that no list offers, or that lies in another commune than the one chosen."""
    there = reference.communes_of(area)
    if area and area not in reference.areas():
        problems["area"] = "Choisissez une des réponses proposées."
    elif commune and there and commune not in there:
        names = reference.communes()
        where = " ou à ".join(sorted(names.get(code, code) for code in there))
        problems["area"] = (
            f"Ce quartier est à {where}, et la commune choisie est {names.get(commune, commune)} :"
            " corrigez l'un ou l'autre."
        )


def communes_named(address: str) -> Mapping[str, str]:
    """INSEE code -> name of the communes that stand after a postcode or end an address, streets left aside."""
    words = fold(address).split()
    found = {}
    for code, name in reference.communes().items():
        wanted = fold(name).split()
        for start in range(len(words) - len(wanted) + 1):
            end = start + len(wanted)
            if words[start:end] != wanted:
                continue
            before = words[start - 1] if start else ""
            postcode = len(before) == 5 and before.isdigit()
            if postcode or (end == len(words) and not _STREETS.fullmatch(before)):
                found[code] = name
    return found
