from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher

from coordination.accounts import passwords
from coordination.errors import BadInput


@pytest.mark.parametrize(
    "password",
    [
        "sept girafes lisent dehors",
        "éclairs au café, jeudi soir",
        "kZ7!pq2Lw9#vRt4x",
        "9247 3381 5560 2198",
        "la girafe de Longuenesse rit",
    ],
)
def test_any_composition_is_accepted(password: str) -> None:
    passwords.check_new_password(password, "camille.lemaire@exemple.fr", "Camille Lemaire")


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("sept girafes", "15"),
        ("x" * 14, "15"),
        ("", "15"),
        ("aaaaaaaaaaaaaaaa", "répète"),
        ("abcdef!abcdef!abcdef!", "répète"),
        ("Liberté, Égalité, Fraternité", "essayés"),
        ("correct horse battery staple", "essayés"),
        ("2026 j'aime le chocolat 62", "essayés"),
        ("azertyuiopqsdfghjklm!!", "essayés"),
        ("poiuytreza0987654321", "clavier"),
        ("abcdefgh12345678 zyx", "clavier"),
        ("Camille.Lemaire-2026", "votre nom"),
        ("capso MIPE Longuenesse 1", "nom du service"),
        ("z" * 100 + "a b c d e f" * 20, "au plus"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, word: str) -> None:
    with pytest.raises(BadInput) as refused:
        passwords.check_new_password(password, "camille.lemaire@exemple.fr", "Camille Lemaire")
    assert word in refused.value.fields["password"]


def test_hash_is_argon2id_with_the_figures_of_the_design(
    light_hashes: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_HASHER", light_hashes)
    stored = passwords.hash_password("sept girafes lisent dehors")
    assert stored.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert passwords.verify(stored, "sept girafes lisent dehors")
    assert not passwords.verify(stored, "sept girafes lisent dedans")
    assert not passwords.needs_rehash(stored)


def test_an_accent_typed_in_two_signs_is_the_same_accent() -> None:
    assert passwords.verify(passwords.hash_password("e\u0301clairs au cafe\u0301"), "éclairs au café")


def test_no_account_takes_as_long_as_a_wrong_password() -> None:
    stored = passwords.hash_password("sept girafes lisent dehors")
    passwords.verify(None, "first, so that nothing is prepared in the measure")

    def quickest(known: str | None) -> float:
        spent = []
        for _ in range(3):
            start = time.perf_counter()
            assert not passwords.verify(known, "not this one")
            spent.append(time.perf_counter() - start)
        return min(spent)

    assert 0.5 < quickest(None) / quickest(stored) < 2


def test_no_account_never_opens_even_with_the_dummy_password() -> None:
    assert not passwords.verify(None, "a password that opens no account")


def test_every_common_password_is_refused_by_some_rule() -> None:
    for line in passwords.common_passwords():
        with pytest.raises(BadInput):
            passwords.check_new_password(line)
