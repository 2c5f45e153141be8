"""A NIR is found however it is written, and nothing else is taken for one."""

from __future__ import annotations

import random
import time

import pytest

from coordination.privacy.nir import holds_nir, nir_key, nir_spans

# Worked by hand: 2 55 08 14 168 025: 2550814168025 mod 97 = 59, 97 − 59 = 38.
WRITTEN = [
    "255081416802538",
    "2 55 08 14 168 025 38",
    "2.55.08.14.168.025.38",
    "2550814168025 38",
    "2. 55. 08. 14. 168. 025. 38",
    "2\u00a055\u00a008\u00a014\u00a0168\u202f025\u00a038",
    "2\u200b55\u200b08\u200b14\u200b168\u200b025\u200b38",
    "2 55 08 14\n168 025 38",
    "２５５０８１４１６８０２５３８",
]


@pytest.mark.parametrize("text", WRITTEN)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "NIR {}.",
        "n°{}, à vérifier",
        "(sécu:{})",
        "vue le 3 {} ce jour",
        "06 12 34 56 78 {} 62500",
        "a{}b",
    ],
)
def test_a_nir_is_found_in_any_text(text: str, around: str) -> None:
    assert holds_nir(around.format(text))


@pytest.mark.parametrize("last", [n for n in range(100) if n != 38])
def test_another_key_is_no_nir(last: int) -> None:
    assert not holds_nir(f"2550814168025{last:02d}")
    assert not holds_nir(f"2 55 08 14 168 025 {last:02d}")


@pytest.mark.parametrize(
    ("number", "key"),
    [("2550814168025", 38), ("1850578006084", 91), ("185052A006084", 97 - 1850519006084 % 97)],
)
def test_the_key(number: str, key: int) -> None:
    assert nir_key(number) == key


def test_corsica_is_found_and_its_two_departments_differ() -> None:
    south, north = nir_key("185052A006084"), nir_key("185052B006084")
    assert south != north
    assert holds_nir(f"né à Ajaccio, 1 85 05 2A 006 084 {south:02d}")
    assert holds_nir(f"185052b006084{north:02d}")
    assert not holds_nir(f"185052A006084{north:02d}")


def test_a_key_of_one_digit_is_written_with_a_zero() -> None:
    number = next(str(n) for n in range(1850578006000, 1850578006999) if nir_key(str(n)) < 10)
    assert holds_nir(f"{number}0{nir_key(number)}")
    assert not holds_nir(f"{number}{nir_key(number)}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "06 12 34 56 78",
        "03.21.00.00.00 et 06 12 34 56 78, le 12.03.2026",
        "Aucun échange enregistré depuis 32 jours",
        "2550814168025",  # the number without its key
        "12550814168025389",  # within a longer number
        "2550814168025381",
        "62765S00 2026-03-01 2026-04-01",
    ],
)
def test_what_is_no_nir(text: str) -> None:
    assert not holds_nir(text)


def test_a_telephone_and_a_postcode_are_never_a_nir() -> None:
    assert not any(
        holds_nir(f"06123456{n:02d} {postcode}") for n in range(100) for postcode in (62500, 62219)
    )


@pytest.mark.parametrize(
    "written",
    [
        "1-85-05-78-006-084-91",
        "1/85/05/78/006/084/91",
        "1_85_05_78_006_084_91",
        "1 85 05 78 006 084 clé 91",
        "1 85 05 78 006 084 (clef : 91)",
        "1850578006084 clé 91",
        "1 85 05 78 006 084 - 91",
        "185 05 78 006 084/91",
        "1-8-5-0-5-7-8-0-0-6-0-8-4-91",
        "1-8-5-0-5-7-8-0-0-6-0-8-4-9-1",
        "1 - 8 - 5 - 0 - 5 - 7 - 8 - 0 - 0 - 6 - 0 - 8 - 4 - 9 - 1",
        "1–8–5–0–5–7–8–0–0–6–0–8–4–9–1",
        "1/8/5/0/5/7/8/0/0/6/0/8/4/9/1",
        "1_8-5 0-5 7-8_0 0-6_0 8-4 9-1",
        "1 85 05 78\n\n\n\n\n\n\n\n006 084\n\n\n\n\n91",
        "1\r\n\r\n\r\n85 05 78 006 084          91",
        "1-85-05-78\n\n\n\n\n\n\n\n006-084-91",
    ],
)
def test_a_nir_with_other_signs_between_its_groups(written: str) -> None:
    assert holds_nir(f"Carte : {written}.")
    assert not holds_nir(f"Carte : {written.rstrip('1)')}2.")


def test_dates_and_telephones_with_strokes_are_no_nir() -> None:
    days = [f"{d}/{m:02}/2026" for d in range(1, 29) for m in range(1, 13)]
    assert not any(
        holds_nir(f"du {a}-{b} au 06-12-34-56-{i % 90:02}") for i, a in enumerate(days) for b in days[::7]
    )


def test_what_people_note_every_day_is_no_nir() -> None:
    """Dates, hours, telephone numbers, postcodes, counts, levels, with hyphens and line breaks between them."""
    chance = random.Random(11)

    def day() -> str:
        d, m, y = chance.randint(1, 28), chance.randint(1, 12), chance.choice((2025, 2026, 2027))
        shapes = ("{d:02}-{m:02}-{y}", "{y}-{m:02}-{d:02}", "{d}-{m}-{y}", "{d:02}/{m:02}/{y}", "{d}-{m}")
        return chance.choice(shapes).format(d=d, m=m, y=y)

    def phone() -> str:
        pairs = [f"0{chance.choice('1234679')}", *(f"{chance.randrange(100):02}" for _ in range(4))]
        return chance.choice(("-", " ", ".", " - ")).join(pairs)

    def hour() -> str:
        return f"{chance.randint(8, 18)}h{chance.choice(('', '15', '30', '45'))}"

    told = (
        lambda: f"Vu le {day()} à {hour()}, rappeler au {phone()}.",
        lambda: f"Absent du {day()} au {day()} ; puis du {day()} au {day()}.",
        lambda: f"Tél. mère : {phone()}\n\n\nTél. père : {phone()}\n\n\n{chance.randint(1, 99)} rue Pasteur",
        lambda: f"{day()}\n{day()}\n{day()}\n\n\n\n{phone()}",
        lambda: f"Notes : {', '.join(str(chance.randint(0, 20)) for _ in range(12))}.",
        lambda: f"Présences : {'-'.join(chance.choice('01') for _ in range(15))}",
        lambda: f"Créneaux {hour()}-{hour()}, {hour()}-{hour()} le {day()}-{day()}",
        lambda: (
            f"Dossier CAF {chance.randrange(10**7):07}, {phone()}, {chance.choice((62500, 62219, 59000))}"
        ),
        lambda: f"1 - voir l'école\n\n2 - {phone()}\n\n3 - bilan le {day()}",
    )
    texts = [one() for _ in range(100) for one in told]
    assert [text for text in texts if holds_nir(text)] == []


def test_nothing_is_no_nir() -> None:
    assert not holds_nir(None)


def test_every_random_nir_is_found_and_its_place_told() -> None:
    chance = random.Random(5)
    for _ in range(500):
        number = f"{chance.choice('123478')}{chance.randrange(10**12):012d}"
        nir = f"{number}{nir_key(number):02d}"
        text = f"avant {nir} après"
        assert [text[start:end] for start, end in nir_spans(text)] == [nir]


def test_a_long_hostile_text_is_read_to_its_end() -> None:
    began = time.process_time()
    for hostile in (
        "1   " * 10_000 + "x" + " " * 10_000 + "123 " * 5_000,
        "1-" * 20_000,
        "1 - " * 10_000,
        ("1" + " " * 1_000) * 50,
        ("1" + "\n" * 5_000 + "-") * 10,
        "0-1 2-" * 10_000,
    ):
        holds_nir(hostile)
    assert time.process_time() - began < 5
    assert not holds_nir("1   " * 10_000 + "x" + " " * 10_000 + "123 " * 5_000)


@pytest.mark.parametrize("number", ["", "255081416802", "255081416802X", "25508141680255"])
def test_the_key_of_what_is_no_number(number: str) -> None:
    with pytest.raises(ValueError, match="13 digits"):
        nir_key(number)
