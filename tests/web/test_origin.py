"""Under which names the pages answer, and whose word is taken for where a request comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from config.settings import LOOPBACK, Settings
from coordination.web import factory
from tests.accounts.test_sign_in import try_from
from tests.support import close

Make = Callable[..., Flask]


@pytest.fixture
def make(settings: Settings) -> Iterator[Make]:
    """Applications with other settings."""
    made: list[Flask] = []

    def build(**changes: object) -> Flask:
        made.append(factory.build(replace(settings, **changes)))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for application in made:
        close(application)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("parcours.exemple.fr", 200),
        ("PARCOURS.exemple.fr:443", 200),
        ("autre.exemple.fr", 400),
        ("parcours.exemple.fr.autre.fr", 400),
        ("x/y", 400),
        ("", 200),
    ],
)
def test_only_known_names_answer(make: Make, host: str, status: int) -> None:
    client = make(hosts=(*LOOPBACK, "parcours.exemple.fr")).test_client()
    for path in ("/", "/healthz", "/static/app.css", "/nowhere"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == (404 if status == 200 and path == "/nowhere" else status), path
        if status == 400:
            assert host not in answer.text and "Set-Cookie" not in answer.headers
        answer.close()


def test_names_and_proxies_come_from_the_environment() -> None:
    given = Settings.from_env(
        {"COORDINATION_HOSTS": "a.exemple.fr, b.exemple.fr", "COORDINATION_PROXIES": "2"}
    )
    assert given.hosts == (*LOOPBACK, "a.exemple.fr", "b.exemple.fr") and given.proxies == 2
    bare = Settings.from_env({})
    assert bare.hosts == LOOPBACK and bare.proxies == 0


@pytest.mark.parametrize(
    ("proxies", "peer", "believed"),
    [(0, "127.0.0.1", False), (1, "127.0.0.1", True), (1, "::1", True), (1, "192.0.2.1", False)],
)
def test_a_forwarded_address_is_believed_from_a_declared_proxy_alone(
    make: Make, proxies: int, peer: str, believed: bool
) -> None:
    application = make(proxies=proxies)
    seen: list[str | None] = []

    def note() -> None:
        from flask import request

        seen.append(request.remote_addr)

    application.before_request_funcs.setdefault(None, []).append(note)
    application.test_client().get(
        "/", headers={"X-Forwarded-For": "198.51.100.9"}, environ_overrides={"REMOTE_ADDR": peer}
    )
    assert seen == ["198.51.100.9" if believed else peer]


def test_a_made_up_address_is_no_way_round_the_count_of_failures(make: Make) -> None:
    client = make(proxies=0).test_client()
    answers = []
    for number in range(7):
        client.environ_base["HTTP_X_FORWARDED_FOR"] = f"198.51.100.{number}"
        answers.append(try_from(client, "127.0.0.1", "nobody@exemple.fr"))
    assert answers == [422] * 5 + [429] * 2
