"""Invented people: names of varied origins, households, addresses, fictive phones, schools."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from coordination import reference
from coordination.exchange.simulate.staff import data, slug

# Ranges kept for fiction by the French regulator: no real subscriber answers there.
MOBILE, LANDLINE = "06 39 98", "03 53 01"

LEVELS = ("PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2", "6E", "5E", "4E", "3E")
NURSERY, ELEMENTARY = LEVELS[:3], LEVELS[3:8]
COVERED_BY = {"maternelle": NURSERY, "elementaire": ELEMENTARY, "primaire": NURSERY + ELEMENTARY}

PRE_COMMUNES = (("62765", 46), ("62525", 34), ("62040", 20))
CITE_COMMUNES = (("62765", 42), ("62525", 24), ("62040", 14), ("62014", 17), ("62139", 2), ("62757", 1))


@dataclass
class Person:
    first_name: str
    last_name: str
    sex: str
    birth: date


@dataclass
class Adult:
    first_name: str
    last_name: str
    tie: str
    phone: str
    email: str
    authority: bool
    interpreter: bool


@dataclass
class Household:
    last_name: str
    address: str
    commune: str
    area: str
    adults: list[Adult] = field(default_factory=list)
    members: list[Person] = field(default_factory=list)


class Population:
    """Draws households one after the other and never gives two people the same name."""

    def __init__(self, rng: Random, as_of: date) -> None:
        self.rng, self.as_of = rng, as_of
        self._taken: set[tuple[str, str]] = set()

    def family(self, room: int) -> Household:
        """A household of one to three children of the PRE (at most `room`), with their parents."""
        rng, origin = self.rng, self._origin()
        home = self._home(rng.choice(origin["last"]), PRE_COMMUNES)
        count = min(room, rng.choices((1, 2, 3), (70, 23, 7))[0])
        for age in sorted(rng.sample(range(3, 17), count), reverse=True):
            sex = "M" if rng.random() < 0.58 else "F"
            born = self.as_of - timedelta(days=round((age + rng.uniform(0.08, 0.85)) * 365.25))
            home.members.append(self._person(origin, home.last_name, sex, born, "boys", "girls"))
        home.adults = self._parents(origin, home)
        return home

    def adult(self, low: float, high: float) -> Household:
        """A household with one adult or young adult, aged `low` to `high` years on the last day."""
        rng, origin = self.rng, self._origin()
        home = self._home(rng.choice(origin["last"]), CITE_COMMUNES)
        sex = "F" if rng.random() < 0.54 else "M"
        born = self.as_of - timedelta(days=round(rng.uniform(low, high) * 365.25))
        pools = ("boys", "girls") if high < 30 else ("men", "women")
        person = self._person(origin, home.last_name, sex, born, *pools)
        home.members = [person]
        interpreter = rng.random() < origin["interpreter"]
        # The person's own line carries the number to call: the bundle holds phones nowhere else.
        home.adults = [
            Adult(person.first_name, person.last_name, "la personne elle-même", self._phone(),
                  self._mail(person.first_name, person.last_name), False, interpreter)
        ]  # fmt: skip
        return home

    def parent_of(self, home: Household) -> Adult:
        """The parent of a minor of the Cité de l'emploi."""
        origin = self._origin()
        mother = self.rng.random() < 0.8
        first = self.rng.choice(origin["women" if mother else "men"])
        return Adult(first, home.last_name, "mère" if mother else "père", self._phone(),
                     self._mail(first, home.last_name), True, home.adults[0].interpreter)  # fmt: skip

    def _origin(self) -> Any:
        origins = data()["origins"]
        return self.rng.choices(origins, [origin["weight"] for origin in origins])[0]

    def _person(self, origin: Any, last: str, sex: str, born: date, boys: str, girls: str) -> Person:
        pool = origin[boys if sex == "M" else girls]
        free = [name for name in pool if (name, last) not in self._taken]
        first = self.rng.choice(free) if free else "-".join(self.rng.sample(pool, 2))
        while (first, last) in self._taken:
            first = "-".join(self.rng.sample(pool, 2))
        self._taken.add((first, last))
        return Person(first, last, sex, born)

    def _parents(self, origin: Any, home: Household) -> list[Adult]:
        rng = self.rng
        interpreter = rng.random() < origin["interpreter"]
        other = self._origin()
        draw = rng.random()
        ties = ["mère"] if draw < 0.40 else ["mère", "père"] if draw < 0.84 else ["père"]
        if draw > 0.95:
            ties = ["grand-mère"]
        adults = []
        for index, tie in enumerate(ties):
            group = origin if index == 0 or rng.random() < 0.8 else other
            first = rng.choice(group["men" if tie == "père" else "women"])
            own_name = tie != "père" and rng.random() < 0.45
            last = rng.choice(group["last"]) if own_name else home.last_name
            adults.append(Adult(first, last, tie, self._phone(), self._mail(first, last), True, interpreter))
        return adults

    def _phone(self) -> str:
        start = MOBILE if self.rng.random() < 0.88 else LANDLINE
        return f"{start} {self.rng.randrange(100):02d} {self.rng.randrange(100):02d}"

    def _mail(self, first: str, last: str) -> str:
        if self.rng.random() < 0.35:
            return ""
        return f"{slug(first, '.')}.{slug(last, '.')}@example.org".lower()

    def _home(self, last_name: str, communes: tuple[tuple[str, int], ...]) -> Household:
        rng = self.rng
        commune = rng.choices([c for c, _ in communes], [w for _, w in communes])[0]
        streets = data()["streets"][commune]
        town = next(c["name"] for c in reference.territory()["communes"] if c["insee"] == commune)
        number = f"{rng.randrange(1, 90)}{' bis' if rng.random() < 0.05 else ''}"
        address = f"{number} {rng.choice(streets['names'])}, {streets['postcode']} {town}"
        return Household(last_name, address, commune, self._area(commune))

    def _area(self, commune: str) -> str:
        territory = reference.territory()
        inside = [q["key"] for q in territory["qpv"] if commune in q["communes"]]
        fragile = [f["key"] for f in territory["fragile_areas"] if f["commune"] == commune]
        if not inside:
            return "HORS_QPV"
        draw = self.rng.random()
        if fragile and draw < 0.09:
            return str(self.rng.choice(fragile))
        if draw < 0.86:
            return str(self.rng.choice(inside))
        return "QPV" if draw < 0.89 else "HORS_QPV" if draw < 0.97 else ""


def schooling(rng: Random, birth: date, home: Household, on: date) -> tuple[str, str]:
    """School and level of a child on a day: (free text, code of school_level)."""
    year = on.year if on.month >= 9 else on.year - 1
    age = year - birth.year
    if age < 3:
        return "", "TPS" if age == 2 and rng.random() < 0.3 else "NON_SCO_0_3"
    territory = reference.territory()
    if age <= 10:
        level = LEVELS[age - 3]
        near = [
            s
            for s in territory["schools"]
            if s["commune"] == home.commune and level in COVERED_BY[s["level"]]
        ]
        school = rng.choice(near)["name"] if near else ""
        return school, _adapted(rng, level, ("UPE2A", "ULIS")) if age >= 6 else level
    if age <= 14:
        near = [c for c in territory["colleges"] if c["commune"] == home.commune] or territory["colleges"][:4]
        return rng.choice(near)["name"], _adapted(rng, LEVELS[age - 3], ("SEGPA", "UPE2A"))
    return "Lycée de secteur", rng.choice(("2DE", "2DE_PRO", "2DE_PRO", "CAP1"))


def _adapted(rng: Random, level: str, others: tuple[str, ...]) -> str:
    return rng.choice(others) if rng.random() < 0.06 else level
