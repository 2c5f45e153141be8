"""A sealed cell opens in its own place and nowhere else, and says nothing when it does not."""

from __future__ import annotations

import itertools
import secrets
import uuid
from dataclasses import replace
from datetime import date

import pytest

from coordination.cases.models import Contact, Sheet
from coordination.errors import SealBroken
from coordination.privacy.sealing import (
    DataKey,
    as_text,
    lengthened,
    seal,
    seal_values,
    unseal,
    unseal_rows,
)
from coordination.privacy.vault import new_row

SECRET = "Camille a revu son orthophoniste"
OVERHEAD = 1 + 2 + 12 + 16


def a_key() -> DataKey:
    return DataKey(uuid.uuid4(), uuid.uuid4(), 1, secrets.token_bytes(32))


KEY = a_key()
ROW = uuid.uuid4()


def test_what_was_sealed_opens() -> None:
    for text in ("", "é", SECRET, "x" * 5000, "\x80", "fin\x00"):
        assert unseal(KEY, "contact", "note", ROW, seal(KEY, "contact", "note", ROW, text)) == text


@pytest.mark.parametrize("part", ["table", "column", "row", "folder", "dek", "version", "secret"])
def test_a_cell_opens_nowhere_else(part: str) -> None:
    cell = seal(KEY, "contact", "note", ROW, SECRET)
    key, table, column, row = KEY, "contact", "note", ROW
    if part == "table":
        table = "sheet"
    elif part == "column":
        column = "comment"
    elif part == "row":
        row = uuid.uuid4()
    elif part == "folder":
        key = replace(key, folder_id=uuid.uuid4())
    elif part == "dek":
        key = replace(key, dek_id=uuid.uuid4())
    elif part == "version":
        key = replace(key, version=2)
    else:
        key = replace(key, secret=secrets.token_bytes(32))
    with pytest.raises(SealBroken):
        unseal(key, table, column, row, cell)


@pytest.mark.parametrize("remember", [False, True])
def test_every_swap_of_two_cells_is_refused(remember: bool) -> None:
    """All pairs among 2 folders × 2 tables × 2 columns × 2 rows: each opens at home only, remembered or not."""

    def unseal(key: DataKey, table: str, column: str, row_id: uuid.UUID, cell: bytes) -> str:
        return unseal_rows(table, (column,), (key,), (row_id.bytes,), ((cell,),), remember=remember)[0][0]

    keys = [KEY, a_key()]
    row_ids = [uuid.uuid4(), uuid.uuid4()]
    places = list(itertools.product(keys, ("contact", "sheet"), ("note", "address"), row_ids))
    cells = {place: seal(*place, f"cell {number}") for number, place in enumerate(places)}
    for here, there in itertools.product(places, places):
        if here == there:
            assert unseal(*here, cells[here]).startswith("cell")
        else:
            with pytest.raises(SealBroken):
                unseal(*here, cells[there])


def test_what_a_key_remembers_is_what_stands_there_now() -> None:
    key = a_key()

    def opened(cell: bytes) -> str:
        return unseal_rows("sheet", ("last_name",), (key,), (ROW.bytes,), ((cell,),), remember=True)[0][0]

    for name in ("Hénon", "Caron", "Hénon"):
        cell = seal(key, "sheet", "last_name", ROW, name)
        assert opened(cell) == opened(cell) == name
    with pytest.raises(SealBroken):
        opened(cell[:-1] + bytes([cell[-1] ^ 1]))
    assert "Hénon" not in repr(key) and replace(key).known == {}


def test_names_cannot_slide_into_each_other() -> None:
    """`ab` + `c` and `a` + `bc` are different places."""
    assert lengthened(b"ab", b"c") != lengthened(b"a", b"bc")
    with pytest.raises(SealBroken):
        unseal(KEY, "a", "bc", ROW, seal(KEY, "ab", "c", ROW, SECRET))


def test_one_altered_bit_anywhere_is_refused() -> None:
    cell = seal(KEY, "sheet", "first_name", ROW, "Camille")
    for position in range(len(cell)):
        for bit in (1, 128):
            altered = bytearray(cell)
            altered[position] ^= bit
            with pytest.raises(SealBroken):
                unseal(KEY, "sheet", "first_name", ROW, bytes(altered))


def test_a_cut_or_lengthened_cell_is_refused() -> None:
    cell = seal(KEY, "sheet", "first_name", ROW, "Camille")
    for length in range(len(cell)):
        with pytest.raises(SealBroken):
            unseal(KEY, "sheet", "first_name", ROW, cell[:length])
    with pytest.raises(SealBroken):
        unseal(KEY, "sheet", "first_name", ROW, cell + b"\0")


@pytest.mark.parametrize("header", [b"\x00\x00\x01", b"\x02\x00\x01", b"\x01\x00\x02", b"\x01\x00\x00"])
def test_another_algorithm_or_version_is_refused(header: bytes) -> None:
    cell = seal(KEY, "sheet", "first_name", ROW, "Camille")
    assert cell[:3] == b"\x01\x00\x01"
    with pytest.raises(SealBroken):
        unseal(KEY, "sheet", "first_name", ROW, header + cell[3:])


def test_refusals_show_neither_text_nor_ciphertext() -> None:
    cell = bytearray(seal(KEY, "contact", "note", ROW, SECRET))
    cell[-1] ^= 1
    with pytest.raises(SealBroken) as refused:
        unseal(KEY, "contact", "note", ROW, bytes(cell))
    shown = f"{refused.value!s} {refused.value!r} {refused.value.__cause__!r} {refused.value.__dict__!r}"
    for part in (SECRET, bytes(cell).hex(), repr(bytes(cell))[2:20], str(ROW)):
        assert part not in shown
    assert refused.value.__suppress_context__


def test_keys_and_rows_never_show_themselves() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)
    row = Sheet(id=ROW, first_name=b"ciphertext")
    assert repr(row) == f"<Sheet {ROW}>"


@pytest.mark.parametrize(
    ("padding", "column"), [(32, "sheet.first_name"), (128, "sheet.school"), (256, "contact.note")]
)
def test_lengths_say_little(padding: int, column: str) -> None:
    """ISO/IEC 7816-4: at least one byte of padding, so 31 characters take 32 bytes and 32 take 64."""
    table, name = column.split(".")
    model = Sheet if table == "sheet" else Contact
    for length, blocks in ((1, 1), (padding - 1, 1), (padding, 2), (2 * padding - 1, 2), (2 * padding, 3)):
        cells = seal_values(KEY, model, ROW, {name: "x" * length})
        assert len(cells[name] or b"") == OVERHEAD + blocks * padding


def test_an_empty_cell_looks_like_a_full_one() -> None:
    """A school told or not, a street short or long: NULL and lengths tell nothing of them."""
    values = {"school": "", "address": None, "commune": None, "exit_reason": ""}
    empty = seal_values(KEY, Sheet, ROW, values)
    full = seal_values(
        KEY,
        Sheet,
        ROW,
        {"school": "x" * 90, "address": "y" * 120, "commune": "62765", "exit_reason": "OBJECTIFS"},
    )
    assert {name: len(cell) for name, cell in empty.items()} == {
        name: len(cell) for name, cell in full.items()
    }
    assert {unseal(KEY, "sheet", name, ROW, cell) for name, cell in empty.items()} == {""}


def test_every_sealed_column_of_a_new_row_is_filled() -> None:
    row = new_row(KEY, Sheet, ROW, {"first_name": "Camille"})
    sealed = {column.name for column in Sheet.__table__.c if "padding" in column.info}
    assert sealed < row.keys() and all(row[name] for name in sealed)


def test_nonces_are_drawn_anew() -> None:
    cells = {seal(KEY, "contact", "note", ROW, SECRET) for _ in range(2000)}
    assert len({cell[3:15] for cell in cells}) == 2000
    assert len({cell[15:] for cell in cells}) == 2000


def test_values_are_sealed_as_the_bundle_writes_them() -> None:
    assert [as_text(v) for v in (True, False, 12, date(2026, 3, 1), "mère")] == [
        "1",
        "0",
        "12",
        "2026-03-01",
        "mère",
    ]
