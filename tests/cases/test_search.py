"""The search by name: what it forgives, what it takes for another name, and how a reference is found."""

from __future__ import annotations

import pytest

from coordination.cases.queries.search import fold, fold_all, match

NAMES = [
    "Inès Dupont-Caron",
    "Léo D’Argent",
    "Anna Petit",
    "Zoé Le Goff",
    "Œdipe Wójcik",
    "",
    "Jean\nPaul Bah",
    "Clémence Merlier",
    "Luc Lecocq",
    "Wassim Ouali",
    "Ève Bécue",
    "Awa N'Guessan",
    "Lily-Rose Ringot",
]


def test_many_names_fold_as_one_by_one() -> None:
    assert fold_all(NAMES) == [fold(name) for name in NAMES]
    assert fold_all([]) in ([], [""])
    assert [fold(name) for name in NAMES] == [
        "ines dupont caron",
        "leo d argent",
        "anna petit",
        "zoe le goff",
        "oedipe wojcik",
        "",
        "jean paul bah",
        "clemence merlier",
        "luc lecocq",
        "wassim ouali",
        "eve becue",
        "awa n guessan",
        "lily rose ringot",
    ]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("INES", "Inès Dupont-Caron"),
        ("dup", "Inès Dupont-Caron"),
        ("ines caron dupond", "Inès Dupont-Caron"),
        ("d'argent", "Léo D’Argent"),
        ("zoe legof", "Zoé Le Goff"),
        ("dupond", "Inès Dupont-Caron"),
        ("clemance", "Clémence Merlier"),
        ("lecoq", "Luc Lecocq"),
        ("wuali", "Wassim Ouali"),
        ("oulai", "Wassim Ouali"),
        ("bequ", "Ève Bécue"),
        ("ngessan", "Awa N'Guessan"),
        ("lilyrose ringo", "Lily-Rose Ringot"),
        ("clamanso merlie", None),
        ("zzz", None),
        ("le goffe", "Zoé Le Goff"),
        ("oedipe wojsik", "Œdipe Wójcik"),
        ("anna dupont", None),
        ("  ", None),
        ("jean-paul", "Jean\nPaul Bah"),
    ],
)
def test_what_is_typed_finds_its_like_and_no_other(typed: str, found: str | None) -> None:
    places = [place for place, _likeness in match(typed, NAMES)]
    assert [NAMES[place] for place in places] == ([found] if found else [])


def test_the_whole_name_comes_before_its_beginning() -> None:
    found = match("anna petit", ["Anna Petitjean", "Petit Anna", "Anna Petti"])
    assert [place for place, _ in found] == [1, 0, 2]
    assert found[0][1] == 100.0
