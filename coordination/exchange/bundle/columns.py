"""What each file of the bundle holds, column by column, as the bundle's format fixes it.

Everything that reads, checks, compares or writes a bundle asks this table; nothing else lists a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from coordination.cases.vocabulary import BY_PROGRAMME


class Kind(StrEnum):
    """How a cell is read, and so the Python type of its value."""

    TEXT = "text"  # str
    DATE = "date"  # date
    INT = "int"  # int
    BOOL = "bool"  # bool, written 1 or 0
    CODE = "code"  # str, one of a coded list
    COMMUNE = "commune"  # str, INSEE code
    REF = "ref"  # str: a name that other lines may use
    JOURNEY = "journey"  # str: `ref` of a journey
    STRUCTURE = "structure"  # str: `code` of a structure
    EMAIL = "email"  # str: e-mail of an account
    ADDRESS = "address"  # str: e-mail that opens an account
    FOLLOWS = "follows"  # str: `key` of a referral of the same journey


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one file.

    `codes`: name of its coded list (see `values.codes_of`). `sealed`: its value is never shown in a report.
    `required`: may not be empty. `fact`: a date of something that happened, so neither after the day of the
    import nor after the exit. `longest`: what the database can hold of a reference, in characters.
    `lowest`, `highest`: bounds of a number, both allowed.
    """

    name: str
    kind: Kind = Kind.TEXT
    codes: str = ""
    sealed: bool = False
    required: bool = False
    fact: bool = False
    longest: int = 0
    lowest: int = 0
    highest: int = 0

    @property
    def by_programme(self) -> bool:
        """True if the codes are those of the journey's programme."""
        return self.codes in BY_PROGRAMME


def _ref(name: str) -> Column:
    return Column(name, Kind.REF, required=True, longest=64)


def _code(name: str, codes: str, *, required: bool = False) -> Column:
    return Column(name, Kind.CODE, codes=codes, required=required)


def _sealed_code(name: str, codes: str, *, required: bool = False) -> Column:
    return Column(name, Kind.CODE, codes=codes, sealed=True, required=required)


def _sealed(name: str, *, required: bool = False) -> Column:
    return Column(name, sealed=True, required=required)


def _yes_no(name: str) -> Column:
    return Column(name, Kind.BOOL, sealed=True)


def _fact(name: str, *, required: bool = False) -> Column:
    return Column(name, Kind.DATE, required=required, fact=True)


def _plan(name: str, *, required: bool = False) -> Column:
    return Column(name, Kind.DATE, required=required)


_JOURNEY = Column("journey", Kind.JOURNEY, required=True)

FILES: dict[str, tuple[Column, ...]] = {
    "structures.csv": (
        _ref("code"),
        Column("name"),
        _code("type", "structure_type"),
        Column("commune", Kind.COMMUNE),
    ),
    "users.csv": (
        Column("email", Kind.ADDRESS, required=True, longest=254),
        Column("display_name"),
        _code("role", "user_role", required=True),
        Column("structure", Kind.STRUCTURE),
        _code("programme", "programme"),
    ),
    "journeys.csv": (
        _ref("ref"),
        # Not part of the identity, but no journey stands without the programme that holds its register.
        _code("programme", "programme", required=True),
        _sealed("first_name"),
        _sealed("last_name"),
        Column("birth_date", Kind.DATE, sealed=True, fact=True),
        _sealed_code("sex", "sex"),
        _sealed("address"),
        Column("commune", Kind.COMMUNE, sealed=True),
        _sealed_code("area", "area"),
        _sealed("school"),
        _sealed_code("school_level", "school_level"),
        _fact("opened_on"),
        _code("agreement_status", "parental_agreement"),
        _fact("agreement_on"),
        _fact("entered_on"),
        _fact("validated_on"),
        _fact("diagnosis_on"),
        Column("referent", Kind.EMAIL),
        # Ten years: what a rule may add to a date without leaving the calendar.
        Column("planned_rhythm_days", Kind.INT, lowest=1, highest=3650),
        _sealed_code("scheme", "support_scheme"),
        _code("stage", "stage"),
        _sealed_code("orientation_path", "orientation_path"),
        _fact("rsa_opened_on"),
        _fact("oriented_on"),
        _fact("contract_signed_on"),
        _fact("exit_on"),
        _sealed_code("exit_reason", "exit_reason"),
    ),
    "representatives.csv": (
        _JOURNEY,
        _sealed("first_name", required=True),
        _sealed("last_name", required=True),
        _sealed("tie"),
        _sealed("phone"),
        _sealed("email"),
        _yes_no("parental_authority"),
        _yes_no("interpreter"),
        _yes_no("signed_agreement"),
    ),
    "contacts.csv": (
        _JOURNEY,
        _fact("on", required=True),
        _code("mode", "contact_mode", required=True),
        _code("outcome", "contact_outcome"),
        Column("author", Kind.EMAIL, required=True),
        _sealed("note"),
    ),
    "appointments.csv": (
        _JOURNEY,
        _fact("on", required=True),  # not when the appointment is still to come: see `order`
        _code("status", "appointment_status"),
        Column("structure", Kind.STRUCTURE),
    ),
    "actions.csv": (
        _JOURNEY,
        _ref("key"),
        _sealed_code("kind", "pre_action_type"),
        _sealed_code("axis_or_barrier", "axis_or_barrier"),
        Column("structure", Kind.STRUCTURE),
        _code("droit_commun", "droit_commun_check"),
        _plan("planned_start"),
        _fact("started_on"),
        _plan("planned_end"),
        _fact("ended_on"),
        _code("status", "action_status"),
    ),
    "referrals.csv": (
        _JOURNEY,
        _ref("key"),
        Column("to_structure", Kind.STRUCTURE),
        _fact("sent_on"),
        _fact("seen_on"),
        _fact("accepted_on"),
        _fact("refused_on"),
        _sealed_code("refusal_reason", "referral_refusal_reason"),
        _fact("first_action_on"),
        _code("status", "referral_status"),
        Column("follows", Kind.FOLLOWS),
    ),
    "pauses.csv": (
        _JOURNEY,
        _fact("from", required=True),
        _plan("expected_return"),
        _fact("returned_on"),
        _sealed_code("reason", "pause_reason"),
    ),
    "reviews.csv": (_JOURNEY, _plan("due_on", required=True), _fact("held_on")),
    "barriers.csv": (
        _JOURNEY,
        _sealed_code("barrier", "barrier", required=True),
        _sealed_code("level", "barrier_level"),
        _fact("identified_on", required=True),
        _fact("lifted_on"),
    ),
    "rights.csv": (
        _JOURNEY,
        _sealed_code("kind", "right_kind", required=True),
        _plan("ends_on", required=True),
    ),
    "events.csv": (
        _JOURNEY,
        _fact("on", required=True),
        _sealed_code("kind", "event_kind", required=True),
        _fact("handled_on"),
    ),
    "school_absences.csv": (
        _JOURNEY,
        _fact("on", required=True),
        Column("half_days", Kind.INT, sealed=True, lowest=0, highest=1000),
    ),
}

COLUMNS: dict[str, tuple[str, ...]] = {
    file: tuple(column.name for column in columns) for file, columns in FILES.items()
}
"""File name -> its columns, both in the order of the format."""

COLUMN: dict[str, dict[str, Column]] = {
    file: {column.name: column for column in columns} for file, columns in FILES.items()
}
"""File name -> column name -> `Column`."""

SEALED: dict[str, frozenset[str]] = {
    file: frozenset(column.name for column in columns if column.sealed) for file, columns in FILES.items()
}
"""File name -> columns whose values no report may show."""

IDENTITY: dict[str, tuple[str, ...]] = {
    "structures.csv": ("code",),
    "users.csv": ("email", "role", "structure", "programme"),
    "journeys.csv": ("ref",),
    "representatives.csv": ("journey", "first_name", "last_name"),
    "contacts.csv": ("journey", "on", "mode", "author"),
    "appointments.csv": ("journey", "on", "structure"),
    "actions.csv": ("journey", "key"),
    "referrals.csv": ("journey", "key"),
    "pauses.csv": ("journey", "from"),
    "reviews.csv": ("journey", "due_on"),
    "barriers.csv": ("journey", "barrier", "identified_on"),
    "rights.csv": ("journey", "kind", "ends_on"),
    "events.csv": ("journey", "on", "kind"),
    "school_absences.csv": ("journey", "on"),
}
"""File name -> the columns by which re-importing recognises a line."""

RANKED: frozenset[str] = frozenset({"contacts.csv", "appointments.csv"})
"""Files whose equal lines are all kept, told apart by their rank."""

IGNORED: frozenset[str] = frozenset({"truth.csv"})
"""Files that a bundle may hold and that an import does not read."""
