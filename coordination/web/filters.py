"""How dates, times and numbers read in French. Pure: `today` is always an argument."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

from flask import Flask
from markupsafe import Markup

from coordination.clock import PARIS, paris_date
from coordination.console import MONTHS as MONTHS
from coordination.console import count as count
from coordination.console import month_of as month_of

SHORT_MONTHS = [
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juil.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
]
WEEKDAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
UNKNOWN = "non renseigné"
THIN = "\N{NARROW NO-BREAK SPACE}"


def _day(value: date | datetime) -> date:
    return paris_date(value) if isinstance(value, datetime) else value


def _number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)


# A page says the same days again and again.
@lru_cache(maxsize=4096)
def long_date(value: date | datetime | None) -> str:
    """« 12 octobre 2026 »."""
    if value is None:
        return UNKNOWN
    day = _day(value)
    return f"{_number(day)} {MONTHS[day.month - 1]} {day.year}"


@lru_cache(maxsize=4096)
def short_date(value: date | datetime | None) -> str:
    """« 12 oct. »."""
    if value is None:
        return UNKNOWN
    day = _day(value)
    return f"{_number(day)} {SHORT_MONTHS[day.month - 1]}"


def weekday_date(value: date | datetime | None) -> str:
    """« lundi 12 octobre »."""
    if value is None:
        return UNKNOWN
    day = _day(value)
    return f"{WEEKDAYS[day.weekday()]} {_number(day)} {MONTHS[day.month - 1]}"


def clock_time(value: datetime) -> str:
    """« 14 h 05 », in Paris."""
    local = value.astimezone(PARIS)
    return f"{local.hour} h {local.minute:02d}"


def date_time(value: datetime | None) -> str:
    """« 12 octobre 2026 à 14 h 05 », in Paris."""
    return UNKNOWN if value is None else f"{long_date(value)} à {clock_time(value)}"


def relative(value: date | datetime | None, today: date) -> str:
    """« il y a 3 jours », « dans 2 mois », « hier »; days up to 60, then months, then years."""
    if value is None:
        return UNKNOWN
    days = (_day(value) - today).days
    near = {0: "aujourd'hui", -1: "hier", 1: "demain"}
    if days in near:
        return near[days]
    size = abs(days)
    if size <= 60:
        span = f"{size} jours"
    elif size < 730:
        span = f"{round(size / 30.44)} mois"
    else:
        span = f"{size // 365} ans"
    return f"il y a {span}" if days < 0 else f"dans {span}"


def count_of(number: int, one: str, several: str | None = None) -> str:
    """As `count`, large numbers by thousands: « 12 022 jours »."""
    said = count(number, one, several)
    return said if abs(number) < 10_000 else said.replace(str(number), f"{number:,}".replace(",", THIN), 1)


def file_size(size: int) -> str:
    """« 850 Ko », « 2,4 Mo »; of 1024 bytes, as everywhere a file is chosen."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} Ko"
    return f"{size / 1024 / 1024:.1f} Mo".replace(".", ",")


def age(birth: date | None, today: date) -> str:
    """« 9 ans »; months under two years."""
    if birth is None:
        return UNKNOWN
    months = (today.year - birth.year) * 12 + today.month - birth.month - (today.day < birth.day)
    return f"{months // 12} ans" if months >= 24 else f"{months} mois"


def phone(number: str | None) -> str:
    """« 06 12 34 56 78 », as it is read aloud; anything else as it was typed."""
    figures = re.sub(r"[\s.\-/]", "", number or "")
    figures = re.sub(r"^(\+33|0033)(?=[1-9])", "0", figures)
    if not re.fullmatch(r"0\d{9}", figures):
        return number or ""
    return "\N{NO-BREAK SPACE}".join(figures[place : place + 2] for place in range(0, 10, 2))


_BEFORE_A_SIGN = re.compile(r" (?=[:;?!»])|(?<=«) ")


def unbroken(text: str) -> str:
    """A sentence whose double signs (: ; ? ! « ») stay on the line of their word, however narrow the page."""
    kept = _BEFORE_A_SIGN.sub("\N{NO-BREAK SPACE}", text)
    return Markup(kept) if isinstance(text, Markup) else kept


def register(app: Flask) -> None:
    """The filters under the names that templates use."""
    app.jinja_env.filters.update(
        long_date=long_date,
        short_date=short_date,
        weekday_date=weekday_date,
        clock_time=clock_time,
        date_time=date_time,
        relative=relative,
        count_of=count_of,
        month_of=month_of,
        age=age,
        file_size=file_size,
        phone=phone,
        unbroken=unbroken,
    )
