"""The user guide: a page per role, reached from every page, true to what the application holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

from coordination.accounts.vocabulary import GUIDES
from coordination.web import guide
from tests.people import make_account, signed_in

BROWSER_TESTS = Path(__file__).resolve().parents[1] / "browser" / "test_every_page.py"
NAMES = [guide.INDEX, *guide.PAGES]
ROLE_PAGES = {
    "REFERENT_PRE": "/guide/referent-pre",
    "CONSEILLER_ML": "/guide/conseiller-emploi",
    "REFERENT_PLIE": "/guide/conseiller-emploi",
    "COORD_PRE": "/guide/coordination",
    "COORD_CITE": "/guide/coordination",
    "EPS_ECOLE": "/guide/equipe-pluridisciplinaire",
    "EPS_SOCIAL": "/guide/equipe-pluridisciplinaire",
    "CENTRE_SOCIAL": "/guide/partenaires",
    "CCAS": "/guide/partenaires",
    "MEDIATEUR_SANTE": "/guide/partenaires",
    "PILOTAGE": "/guide/pilotage",
    "DPO": "/guide/dpo",
    "ADMIN": "/guide/administration",
}


def text(name: str) -> str:
    return (guide.FOLDER / f"{name}.md").read_text("utf-8")


def test_every_role_finds_its_page_from_any_page(app: Flask) -> None:
    assert set(ROLE_PAGES) == set(GUIDES)
    for role, path in ROLE_PAGES.items():
        make_account(role)
        client = signed_in(app.test_client(), f"{role.lower().replace('_', '.')}@exemple.fr")
        assert f'<a href="{path}">Aide' in client.get("/mon-role").text, role
        assert client.get(path).status_code == 200, role


def test_a_visitor_signs_in_first(app: Flask) -> None:
    client = app.test_client()
    assert "Aide" not in client.get("/").text
    assert client.get("/guide").location == "/"


def test_every_page_shows_and_its_links_lead_somewhere(app: Flask) -> None:
    make_account("DPO")
    client = signed_in(app.test_client(), "dpo@exemple.fr")
    for name in NAMES:
        page = client.get("/guide" if name == guide.INDEX else f"/guide/{name}")
        assert page.status_code == 200, name
        assert page.text.count("<h1") == 1, name
        for address in set(re.findall(r'href="(/guide[^"]*)"', page.text)):
            assert client.get(address).status_code == 200, f"{name}: {address}"
        assert '.md"' not in page.text, name


def test_the_files_and_the_summary_are_the_same_pages() -> None:
    assert {path.stem for path in guide.FOLDER.glob("*.md")} == set(NAMES)


@pytest.mark.parametrize("path", ["/guide/inconnue", "/guide/..%2findex", "/guide/images/absente.png"])
def test_an_unknown_page_is_not_found(app: Flask, path: str) -> None:
    make_account("DPO")
    assert signed_in(app.test_client(), "dpo@exemple.fr").get(path).status_code == 404


def test_a_guide_that_was_not_brought_along_is_not_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_account("DPO")
    client = signed_in(app.test_client(), "dpo@exemple.fr")
    monkeypatch.setattr(guide, "FOLDER", tmp_path)
    assert client.get("/guide").status_code == client.get("/guide/dpo").status_code == 404


def test_a_picture_shows_once_taken_and_leaves_no_hole_before(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_account("DPO")
    client = signed_in(app.test_client(), "dpo@exemple.fr")
    monkeypatch.setattr(guide, "IMAGES", tmp_path)
    page = client.get("/guide/dpo").text
    assert "<figure" not in page and "images/" not in page and "<p></p>" not in page
    (tmp_path / "dpo-journal-1280.png").write_bytes(b"\x89PNG")
    page = client.get("/guide/dpo").text
    assert re.search(r'<figure><img src="/guide/images/dpo-journal-1280.png" alt="[^"]{10,}"', page)
    with client.get("/guide/images/dpo-journal-1280.png") as answer:
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", b"\x89PNG")
    (tmp_path / "Secret.png").write_bytes(b"x")
    assert client.get("/guide/images/Secret.png").status_code == 404


def test_no_html_passes_and_signs_keep_to_their_word(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(guide, "FOLDER", tmp_path)
    (tmp_path / "dpo.md").write_text("# Titre\n\n<script>x</script> « oui » ?\n", "utf-8")
    with app.test_request_context():
        page = guide.read("dpo")
    assert page and page.title == "Titre"
    assert "<script" not in page.body and "«\u00a0oui\u00a0»\u00a0?" in page.body


def pictures_taken() -> re.Pattern[str]:
    """Names that the tour of the browser tests gives: its words, and its patterns that begin with a word."""
    tree = ast.parse(BROWSER_TESTS.read_text("utf-8"))
    known = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    starts = next(
        n for n in ast.walk(tree) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "STARTS"
    )
    for who, paths in ast.literal_eval(starts.value).items():
        known |= {f"{who}{path.replace('/', '-')}" for path in paths}
    names = [re.escape(name) for name in known if re.fullmatch(r"[a-z][a-z0-9-]+", name)]
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            parts = (re.escape(p.value) if isinstance(p, ast.Constant) else r"\w+" for p in node.values)
            names.append("".join(map(str, parts)))
    return re.compile(rf"(?:{'|'.join(names)})-(?:360|1280)")


def test_every_picture_is_one_that_the_browser_tests_take() -> None:
    taken = pictures_taken()
    for name in NAMES:
        for picture in re.findall(r"!\[[^]]*\]\(([^)]*)\)", text(name)):
            found = re.fullmatch(r"images/([a-z0-9-]+)\.png", picture)
            assert found and taken.fullmatch(found[1]), f"{name}: {picture}"


def test_words_in_quotes_stand_in_the_application(app: Flask) -> None:
    """What the guide tells people to touch is written so on a page, a form or in a message."""
    folder = Path(app.root_path)
    files = [p for suffix in ("*.html", "*.py") for p in folder.rglob(suffix)]
    words = "\n".join(path.read_text("utf-8") for path in files)
    missing = {
        f"{name}: {quoted}"
        for name in NAMES
        for quoted in re.findall(r"« ([^»\n]+) »", text(name))
        if quoted not in words and quoted.lower() not in words.lower()
    }
    assert missing == set()
