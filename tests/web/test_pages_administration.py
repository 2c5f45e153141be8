"""The administrator's pages: who may come, what they say, what they refuse, what they keep of what was typed."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination import clock
from tests.people import csrf_token, make_account, send, signed_in, token_of
from tests.support import day, rows, scalar

EVERYBODY_ELSE = ("DPO", "PILOTAGE", "COORD_PRE", "REFERENT_PRE", "CCAS")


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    make_account("ADMIN")
    return signed_in(app.test_client(), "admin@exemple.fr")


def pages(account: uuid.UUID, structure: uuid.UUID) -> list[str]:
    return [
        "/comptes",
        "/comptes/nouveau",
        f"/comptes/{account}",
        "/structures/nouvelle",
        f"/structures/{structure}",
        "/listes",
        "/etat-du-service",
        "/listes/pause_reason",
        "/quartiers",
        "/quartiers/QF_X",
        "/annees-scolaires",
    ]


def some() -> tuple[uuid.UUID, uuid.UUID]:
    rows("INSERT INTO area (code, label, commune) VALUES ('QF_X', 'Résidence X', '62765')")
    rows("INSERT INTO structure (id, code, name) VALUES (gen_random_uuid(), 'CS', 'Centre social')")
    rows("INSERT INTO school_year VALUES ('2026-09-01', '2027-07-05', 1, gen_random_uuid())")
    return make_account("CCAS", email="autre@exemple.fr"), scalar("SELECT id FROM structure")


def test_the_administrator_opens_every_page(admin: FlaskClient) -> None:
    for path in pages(*some()):
        answer = admin.get(path)
        assert answer.status_code == 200, (path, answer.text)


def test_nobody_else_does(app: Flask) -> None:
    account, structure = some()
    for role in EVERYBODY_ELSE:
        make_account(role)
        client = signed_in(app.test_client(), f"{role.lower().replace('_', '.')}@exemple.fr")
        token = token_of(client)
        for path in pages(account, structure):
            assert client.get(path).status_code == 403, (role, path)
        for path in (f"/comptes/{account}", f"/comptes/{account}/suspension", f"/comptes/{account}/lien"):
            assert (
                client.post(path, data={"csrf_token": token, "suspended": "1", "version": "1"}).status_code
                == 403
            )
    assert scalar("SELECT count(*) FROM account WHERE suspended_at IS NOT NULL") == 0
    assert scalar("SELECT count(*) FROM password_link") == 0


def test_foreign_ids_are_not_found_and_noted(admin: FlaskClient) -> None:
    some()
    for path in (
        f"/comptes/{uuid.uuid4()}",
        f"/structures/{uuid.uuid4()}",
        "/listes/pre_stage",
        "/listes/rien",
        "/quartiers/NULLE_PART",
    ):
        assert admin.get(path).status_code == 404, path
    assert scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'") == 5
    token = csrf_token(admin.get("/comptes/nouveau"))
    for path in (
        f"/comptes/roles/{uuid.uuid4()}",
        f"/annees-scolaires/{uuid.uuid4()}",
        "/listes/pause_reason/X",
    ):
        assert admin.post(path, data={"csrf_token": token, "X-label": "x", "X-version": "0"}).status_code in (
            404,
            422,
        )


def new_account(client: FlaskClient, **changes: str) -> object:
    typed = {
        "email": "Nouvelle.Personne@exemple.fr",
        "display_name": "Nouvelle Personne",
        "secrecy_basis": "PROFESSION",
        "charter_version": "2026-1",
        "charter_signed_on": str(day(-1)),
        "charter_expires_on": str(day(300)),
        "role": "COORD_PRE",
        "structure": "",
        "programme": "PRE",
        "from_on": str(day()),
        "until_on": "",
    }
    token = csrf_token(client.get("/comptes/nouveau"))
    return client.post("/comptes/nouveau", data=typed | changes | {"csrf_token": token})


def test_an_account_is_made_and_its_person_chooses_the_password(app: Flask, admin: FlaskClient) -> None:
    made = new_account(admin)
    found = re.search(r'href="https?://[^"/]+(/mot-de-passe/[^"]+)"', made.text)  # type: ignore[attr-defined]
    assert found and made.headers["Cache-Control"] == "no-store"  # type: ignore[attr-defined]
    person = app.test_client()
    form = person.get(found[1])
    password = "neuf zèbres dansent la nuit"
    sent = {"csrf_token": csrf_token(form), "password": password, "again_password": "autre"}
    refused = person.post(found[1], data=sent)
    assert refused.status_code == 422 and "diffèrent" in refused.text and password not in refused.text
    assert person.post(found[1], data=sent | {"again_password": password}).status_code == 303
    assert send(person, "nouvelle.personne@exemple.fr", password).status_code == 303
    assert person.get("/parcours/").status_code == 200
    assert app.test_client().get(found[1]).status_code == 410
    # The link is nowhere but on that page.
    assert found[1].split("/")[-1] not in admin.get("/comptes").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": "x"}, "prenom.nom@structure.fr"),
        ({"email": "admin@exemple.fr"}, "déjà un compte"),
        ({"display_name": " "}, "le prénom et le nom"),
        ({"charter_expires_on": ""}, "les trois, ou aucun"),
        ({"charter_signed_on": str(day(1))}, "une charte se note une fois signée"),
        ({"charter_expires_on": "demain"}, "Cette date n&#39;existe pas"),
        ({"role": ""}, "Choisissez un rôle"),
        ({"role": "INVENTE"}, "pas dans la liste"),
        ({"until_on": str(day(-1))}, "vient avant le premier"),
        ({"structure": "NULLE_PART"}, "Aucune structure"),
    ],
)
def test_a_refused_account_says_why_and_keeps_what_was_typed(
    admin: FlaskClient, changes: dict[str, str], said: str
) -> None:
    answer = new_account(admin, **changes)
    assert answer.status_code == 422 and said in answer.text  # type: ignore[attr-defined]
    assert "Nouvelle" in answer.text  # type: ignore[attr-defined]
    assert scalar("SELECT count(*) FROM account WHERE kind = 'person'") == 1


def test_all_that_is_wrong_with_a_new_account_is_said_at_once(admin: FlaskClient) -> None:
    wrong = {"email": "admin@exemple.fr", "role": "", "charter_signed_on": "demain", "until_on": str(day(-1))}
    refused = new_account(admin, **wrong)
    found = set(re.findall(r'class="field-error" id="([^"]*)-error"', refused.text))  # type: ignore[attr-defined]
    assert found == set(wrong) and "Elle a déjà un compte" in unescape(refused.text)  # type: ignore[attr-defined]
    wrong = {"email": "admin@exemple.fr", "structure": "", "role": "CCAS", "charter_signed_on": str(day(1))}
    refused = new_account(admin, **wrong)
    found = set(re.findall(r'class="field-error" id="([^"]*)-error"', refused.text))  # type: ignore[attr-defined]
    assert found >= {"email", "structure", "charter_signed_on"}


def test_a_sheet_changes_an_account_and_tells_who_was_second(admin: FlaskClient) -> None:
    account, _ = some()
    page = admin.get(f"/comptes/{account}")
    typed = {
        "csrf_token": csrf_token(page),
        "version": "1",
        "email": "autre@exemple.fr",
        "display_name": "Dominique Roy",
        "secrecy_basis": "CONTRACTUEL",
    }
    assert admin.post(f"/comptes/{account}", data=typed).status_code == 303
    second = admin.post(f"/comptes/{account}", data=typed | {"display_name": "Camille Roy"})
    assert second.status_code == 409 and "Quelqu&#39;un d&#39;autre" in second.text
    assert "Dominique Roy" in second.text and "Camille Roy" in second.text
    assert scalar("SELECT display_name FROM account WHERE id = %s", account) == "Dominique Roy"


def test_where_a_charter_stands_is_said(admin: FlaskClient) -> None:
    account, _ = some()
    for signed, expires, words in (
        (None, None, "non signée"),
        (day(-9), day(100), "en vigueur jusqu'au"),
        (day(-9), day(), "expirée depuis le"),
        # As a charter was noted before this was refused.
        (day(5), day(100), "à venir"),
    ):
        rows(
            "UPDATE account SET charter_version = %s, charter_signed_on = %s, charter_expires_on = %s"
            " WHERE id = %s",
            "2026-1" if signed else None,
            signed,
            expires,
            account,
        )
        sheet = unescape(admin.get(f"/comptes/{account}").text)
        listed = unescape(admin.get("/comptes").text)
        line = listed[listed.index(f"/comptes/{account}") :]
        for shown in (sheet, line[: line.index("</tr>")]):
            said = [one for one in ("non signée", "en vigueur", "expirée", "à venir") if f"{one}" in shown]
            assert words in shown and len(said) == 1, (words, said)


def test_roles_suspension_and_links_by_their_buttons(app: Flask, admin: FlaskClient) -> None:
    account, _ = some()
    other = signed_in(app.test_client(), "autre@exemple.fr")
    page = admin.get(f"/comptes/{account}")
    token = {"csrf_token": csrf_token(page)}
    given = {"role": "DPO", "structure": "", "programme": "", "from_on": str(day()), "until_on": str(day(30))}
    assert admin.post(f"/comptes/{account}/roles", data=token | given).status_code == 303
    assert other.get("/journal").status_code == 200
    membership = scalar("SELECT id FROM membership WHERE role = 'DPO'")
    prefix = f"r{membership.hex[:8]}-"
    crossed = {f"{prefix}version": "1", f"{prefix}from_on": str(day()), f"{prefix}until_on": str(day(-2))}
    assert admin.post(f"/comptes/roles/{membership}", data=token | crossed).status_code == 422
    ended = {f"{prefix}version": "1", "end": "now"}
    assert admin.post(f"/comptes/roles/{membership}", data=token | ended).status_code == 303
    assert other.get("/journal").status_code == 403
    suspended = {"suspended": "1", "version": scalar("SELECT version FROM account WHERE id = %s", account)}
    assert admin.post(f"/comptes/{account}/suspension", data=token | suspended).status_code == 303
    assert other.get("/mon-role").status_code in (302, 303)
    assert admin.post(f"/comptes/{account}/lien", data=token).status_code == 422
    again = {"suspended": "0", "version": scalar("SELECT version FROM account WHERE id = %s", account)}
    assert admin.post(f"/comptes/{account}/suspension", data=token | again).status_code == 303
    assert "/mot-de-passe/" in admin.post(f"/comptes/{account}/lien", data=token).text


def dated(membership: uuid.UUID, **values: object) -> dict[str, str]:
    """The form of the days of a role, as the sheet names its fields."""
    version = scalar("SELECT version FROM membership WHERE id = %s", membership)
    return {
        f"r{membership.hex[:8]}-{name}": str(value) for name, value in ({"version": version} | values).items()
    }


def test_the_days_of_a_role_are_refused_beside_their_field_and_kept_as_typed(admin: FlaskClient) -> None:
    account, _ = some()
    membership = scalar("SELECT id FROM membership WHERE account_id = %s", account)
    rows("UPDATE membership SET started_at = %s WHERE id = %s", day(-40), membership)
    token, own = {"csrf_token": token_of(admin)}, f"r{membership.hex[:8]}-"
    for typed, wrong in (
        ({"from_on": day(-3), "until_on": day(-9)}, "until_on"),
        ({"from_on": "", "until_on": day(9)}, "from_on"),
        ({"from_on": "31/02/2026", "until_on": day(9)}, "from_on"),
    ):
        refused = admin.post(f"/comptes/roles/{membership}", data=token | dated(membership, **typed))
        assert refused.status_code == 422
        assert re.findall(r'class="field-error" id="([^"]*)"', refused.text) == [f"{own}{wrong}-error"]
        for name, value in typed.items():
            assert re.search(rf'name="{own}{name}"[^>]*value="{value}"', refused.text), (name, value)
    assert scalar("SELECT started_at::date FROM membership WHERE id = %s", membership) == day(-40)
    kept = admin.post(
        f"/comptes/roles/{membership}", data=token | dated(membership, from_on=day(-3), until_on=day(9))
    )
    assert kept.status_code == 303
    # Somebody else was quicker: what was typed stays, and is sent again knowing it.
    late = admin.post(
        f"/comptes/roles/{membership}",
        data=token | dated(membership, version=1, from_on=day(-2), until_on=""),
    )
    assert late.status_code == 409 and re.search(rf'name="{own}from_on"[^>]*value="{day(-2)}"', late.text)


def test_a_role_given_to_a_suspended_account_says_that_it_shows_nothing_yet(admin: FlaskClient) -> None:
    account, _ = some()
    token = {"csrf_token": token_of(admin)}
    given = {"role": "DPO", "structure": "", "programme": "", "from_on": str(day()), "until_on": ""}
    for suspended, said in ((False, "L'accès suit dès maintenant."), (True, "Ce compte est suspendu")):
        rows("UPDATE account SET suspended_at = %s WHERE id = %s", day() if suspended else None, account)
        sent = admin.post(f"/comptes/{account}/roles", data=token | given, follow_redirects=True)
        assert said in unescape(sent.text) and ("dès maintenant" in sent.text) is not suspended


@pytest.mark.parametrize("version", ["9" * 6000, "9" * 30, "9" * 12, "-1", "²", "٣", "", "deux"])
def test_an_odd_version_suspends_nobody(admin: FlaskClient, version: str) -> None:
    account, _ = some()
    sent = {"csrf_token": token_of(admin), "suspended": "1", "version": version}
    assert admin.post(f"/comptes/{account}/suspension", data=sent).status_code in (400, 409)
    assert not scalar("SELECT count(*) FROM account WHERE suspended_at IS NOT NULL")


def test_the_own_sheet_offers_no_button_that_is_refused(admin: FlaskClient) -> None:
    own = scalar("SELECT id FROM account WHERE email = 'admin@exemple.fr'")
    page = admin.get(f"/comptes/{own}").text
    assert "Suspendre" not in page and "Terminer maintenant" not in page and "autre administrateur" in page
    token = {"csrf_token": csrf_token(admin.get(f"/comptes/{own}"))}
    answer = admin.post(f"/comptes/{own}/suspension", data=token | {"suspended": "1", "version": "1"})
    assert answer.status_code == 422 and "autre administrateur" in answer.text


def test_lists_areas_and_years_by_their_pages(admin: FlaskClient) -> None:
    some()
    token = {"csrf_token": csrf_token(admin.get("/listes/pause_reason"))}
    line = {"SANTE-version": "0", "SANTE-label": "Soins", "move": "down"}
    assert admin.post("/listes/pause_reason/SANTE", data=token | line).status_code == 303
    page = admin.get("/listes/pause_reason").text
    assert "Soins" in page and page.index("FAMILLE") < page.index("Code SANTE")
    refused = admin.post(
        "/listes/pause_reason/SANTE", data=token | {"SANTE-version": "1", "SANTE-label": " "}
    )
    assert refused.status_code == 422
    area = {"code": "QF_NEUF", "label": "Résidence neuve", "commune": "62040", "valid_from": str(day())}
    assert admin.post("/quartiers", data=token | area).status_code == 303
    assert "Résidence neuve" in admin.get("/quartiers").text
    assert admin.post("/quartiers", data=token | area).status_code == 422
    change = {"version": "1", "label": "Résidence X", "commune": "62765", "valid_until": str(day(1))}
    assert admin.post("/quartiers/QF_X", data=token | change).status_code == 303
    assert admin.post("/quartiers/QF_X", data=token | change).status_code == 409
    year = {"starts_on": "2027-09-01", "ends_on": "2028-07-04"}
    assert admin.post("/annees-scolaires", data=token | year).status_code == 303
    assert admin.post("/annees-scolaires", data=token | year).status_code == 422
    known = scalar("SELECT id FROM school_year WHERE starts_on = '2026-09-01'")
    prefix = f"y{known.hex[:8]}-"
    moved = {f"{prefix}version": "1", f"{prefix}starts_on": "2026-09-02", f"{prefix}ends_on": "2027-07-05"}
    assert admin.post(f"/annees-scolaires/{known}", data=token | moved).status_code == 303
    assert str(scalar("SELECT starts_on FROM school_year WHERE id = %s", known)) == "2026-09-02"
    assert clock.today()


def test_the_year_to_add_is_one_that_is_not_there(admin: FlaskClient) -> None:
    some()
    token = {"csrf_token": csrf_token(admin.get("/annees-scolaires"))}
    for _ in range(3):
        # Sent as it is offered, it is one more each time.
        panel = admin.get("/annees-scolaires").text.split('id="new"')[1]
        offered = {
            name: re.findall(rf'name="{name}"[^>]* value="([^"]+)"', panel)[0]
            for name in ("starts_on", "ends_on")
        }
        assert admin.post("/annees-scolaires", data=token | offered).status_code == 303
    known = scalar("SELECT id FROM school_year ORDER BY starts_on LIMIT 1")
    refused = admin.post(f"/annees-scolaires/{known}", data=token)
    assert refused.status_code == 422
    both = re.findall(r'id="(y[^"]+_on)-error">Indiquez une date', refused.text)
    assert len(both) == 2


def test_communes_are_chosen_by_their_name(admin: FlaskClient) -> None:
    _, structure = some()
    page = admin.get("/structures/nouvelle")
    assert '<option value="62040">Arques</option>' in page.text and "INSEE" not in page.text
    token = {"csrf_token": csrf_token(page)}
    odd = {"code": "EVS-LENS", "name": "EVS", "commune": "62498"}
    refused = admin.post("/structures/nouvelle", data=token | odd)
    assert refused.status_code == 422 and "Choisissez une des communes proposées." in refused.text
    # What an import brought from elsewhere stays.
    rows("UPDATE structure SET commune = '62498' WHERE id = %s", structure)
    assert '<option selected value="62498">62498</option>' in admin.get(f"/structures/{structure}").text
    kept = {"version": "1", "name": "Centre social", "commune": "62498"}
    assert admin.post(f"/structures/{structure}", data=token | kept).status_code == 303


def test_structures_by_their_pages(admin: FlaskClient) -> None:
    _, structure = some()
    token = {"csrf_token": csrf_token(admin.get("/structures/nouvelle"))}
    new = {"code": "EVS-LONGUENESSE", "name": "EVS", "type": "EVS", "commune": "62525"}
    assert admin.post("/structures/nouvelle", data=token | new).status_code == 303
    assert admin.post("/structures/nouvelle", data=token | new).status_code == 422
    retired = {"version": "1", "name": "Centre social", "type": "", "commune": "", "retired_on": str(day())}
    assert admin.post(f"/structures/{structure}", data=token | retired).status_code == 303
    assert admin.post(f"/structures/{structure}", data=token | retired).status_code == 409
    assert "retirée" in admin.get("/comptes").text
    assert "CS" not in re.findall(r'<option value="([^"]+)"', admin.get("/comptes/nouveau").text)


def test_the_code_of_a_structure_is_told_as_codes_are_written(admin: FlaskClient) -> None:
    token = {"csrf_token": csrf_token(admin.get("/structures/nouvelle"))}
    page = admin.post("/structures/nouvelle", data=token | {"code": "centre social", "name": "Centre"})
    example = re.search(r"par exemple ([\w-]+)\.", page.text)
    assert page.status_code == 422 and "tirets bas" in page.text and example and "_" in example[1]
    made = admin.post("/structures/nouvelle", data=token | {"code": example[1], "name": "Centre"})
    assert made.status_code == 303


@pytest.mark.parametrize(
    ("role", "structure", "programme", "field"),
    [
        ("REFERENT_PRE", "", "PRE", "Choisissez la structure où cette personne travaille."),
        ("CCAS", "", "", "Choisissez la structure où cette personne travaille."),
        ("REFERENT_PRE", "CS", "CITE_EMPLOI", "Ce rôle est celui du dispositif"),
        ("COORD_CITE", "", "PRE", "Ce rôle est celui du dispositif"),
    ],
)
def test_a_role_that_says_nothing_is_refused_beside_its_field(
    admin: FlaskClient, role: str, structure: str, programme: str, field: str
) -> None:
    sent = new_account(admin, role=role, structure=structure, programme=programme)
    page = unescape(sent.text)  # type: ignore[attr-defined]
    assert sent.status_code == 422 and field in page and "Nouvelle Personne" in page  # type: ignore[attr-defined]
    assert rows("SELECT 1 FROM account WHERE email = 'nouvelle.personne@exemple.fr'") == []


def test_a_role_of_the_whole_territory_needs_no_structure(admin: FlaskClient) -> None:
    made = new_account(admin, role="PILOTAGE", programme="")
    assert made.status_code == 200  # type: ignore[attr-defined]
