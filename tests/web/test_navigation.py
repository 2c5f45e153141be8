from __future__ import annotations

import uuid

from flask import Flask

from coordination import clock
from coordination.accounts.commands import NewMembership, create_account, operator_actor
from coordination.privacy.actor import Actor, Role
from coordination.web.navigation import ENTRIES, STARTS, menu
from tests.people import PASSWORD, make_account, signed_in

DAY = {"cases.day", "cases.mine"}
MISSING = "votre charte de confidentialité"


def test_every_line_of_the_menu_exists_and_is_for_its_action(app: Flask) -> None:
    for entry in ENTRIES:
        assert app.view_functions[entry.endpoint].declared.action is entry.action  # type: ignore[attr-defined]
    for _roles, endpoint in STARTS:
        assert endpoint in app.view_functions


def test_each_role_starts_on_its_own_page(app: Flask) -> None:
    starts = {
        "REFERENT_PRE": "/parcours/ma-journee",
        "CONSEILLER_ML": "/parcours/ma-journee",
        "REFERENT_PLIE": "/parcours/ma-journee",
        "COORD_PRE": "/parcours/",
        "COORD_CITE": "/parcours/",
        "DPO": "/journal",
        "ADMIN": "/comptes",
        "PILOTAGE": "/chiffres",
        "EPS_ECOLE": "/mon-role",
        "EPS_SOCIAL": "/mon-role",
        "CENTRE_SOCIAL": "/mon-role",
        "CCAS": "/mon-role",
        "MEDIATEUR_SANTE": "/mon-role",
    }
    for role, path in starts.items():
        make_account(role)
        client = signed_in(app.test_client(), f"{role.lower().replace('_', '.')}@exemple.fr")
        assert client.get("/").location == path, role
        assert client.get("/mon-role").status_code == 200


def test_who_only_coordinates_has_no_day_in_the_menu(app: Flask) -> None:
    def lines(*roles: str) -> set[str]:
        actor = Actor(uuid.uuid4(), tuple(Role(code) for code in roles))
        with app.test_request_context():
            return {entry.endpoint for entry in menu(actor)}

    assert not DAY & lines("COORD_PRE") and not DAY & lines("COORD_CITE")
    assert lines("REFERENT_PRE") >= DAY and lines("COORD_CITE", "CONSEILLER_ML") >= DAY


def test_who_has_no_valid_charter_is_told_why_nothing_shows(app: Flask) -> None:
    for role in ("CCAS", "DPO"):
        create_account(
            operator_actor(),
            f"{role.lower()}@exemple.fr",
            "Dominique",
            clock.now(),
            password=PASSWORD,
            memberships=[NewMembership(role)],
        )
    assert MISSING in signed_in(app.test_client(), "ccas@exemple.fr").get("/mon-role").text
    assert MISSING not in signed_in(app.test_client(), "dpo@exemple.fr").get("/mon-role").text
    make_account("EPS_SOCIAL")
    assert MISSING not in signed_in(app.test_client(), "eps.social@exemple.fr").get("/mon-role").text


def test_an_account_without_a_role_is_told_so(app: Flask) -> None:
    create_account(operator_actor(), "x@exemple.fr", "Dominique", clock.now(), password=PASSWORD)
    page = signed_in(app.test_client(), "x@exemple.fr").get("/mon-role").text
    assert "aucun rôle" in page
