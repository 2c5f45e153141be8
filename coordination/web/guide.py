"""The user guide: the Markdown pages of docs/guide, one per role, shown inside the page layout."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, render_template, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from markdown_it import MarkdownIt
from markdown_it.token import Token

from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.web import current
from coordination.web.routing import declares

blueprint = Blueprint("guide", __name__, url_prefix="/guide", template_folder="templates")

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "guide"
IMAGES = FOLDER / "images"
INDEX = "index"
# In the order of the summary; a page of a role comes before the pages for all.
PAGES = {
    "referent-pre": ("REFERENT_PRE",),
    "conseiller-emploi": ("CONSEILLER_ML", "REFERENT_PLIE"),
    "coordination": ("COORD_PRE", "COORD_CITE"),
    "equipe-pluridisciplinaire": ("EPS_ECOLE", "EPS_SOCIAL"),
    "partenaires": ("CENTRE_SOCIAL", "CCAS", "MEDIATEUR_SANTE"),
    "pilotage": ("PILOTAGE",),
    "dpo": ("DPO",),
    "administration": ("ADMIN",),
    "famille": (),
}
# Names that the browser tests give to their pictures; `-360` ends that of a phone.
IMAGE_NAME = re.compile(r"[a-z0-9-]{1,80}")
PHONE = "-360"
_LINK = re.compile(r"([a-z-]+)\.md")
_BEFORE_SIGN = re.compile(r" (?=[;:?!»])")
_AFTER_QUOTE = re.compile(r"(?<=«) ")
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class GuidePage:
    """A page ready to show. `body`: HTML made from our Markdown, where no HTML passes."""

    name: str
    title: str
    body: str


def page_of(actor: Actor) -> str:
    """The page of the actor's role, the first in the order of the summary; the summary without any."""
    return next((name for name, roles in PAGES.items() if roles and actor.has(*roles)), INDEX)


def address_of(name: str) -> str:
    return url_for("guide.index") if name == INDEX else url_for("guide.page", name=name)


@blueprint.app_context_processor
def help_link() -> dict[str, Any]:
    """`help_page` in every template: the guide's page for this person, None for a visitor."""
    holder = current.signed_in()
    return {"help_page": address_of(page_of(holder.actor)) if holder else None}


@blueprint.get("")
@declares(Action.VIEW_START)
def index() -> ResponseReturnValue:
    """What the guide holds. No personal data, so nothing to log."""
    return _show(INDEX)


@blueprint.get("/<name>")
@declares(Action.VIEW_START)
def page(name: str) -> ResponseReturnValue:
    if name not in PAGES:
        abort(404)
    return _show(name)


@blueprint.get("/images/<name>.png")
@declares(Action.VIEW_START)
def image(name: str) -> ResponseReturnValue:
    """A picture that `make guide` took of the demonstration territory."""
    if not has_image(name):
        abort(404)
    return send_from_directory(IMAGES, f"{name}.png", mimetype="image/png")


def has_image(name: str) -> bool:
    return bool(IMAGE_NAME.fullmatch(name)) and (IMAGES / f"{name}.png").is_file()


def _show(name: str) -> ResponseReturnValue:
    shown = read(name)
    if shown is None:
        abort(404)
    others = [(address_of(other), title) for other, title in _titles() if other != name]
    return render_template("guide/page.html", page=shown, others=others, summary=name == INDEX)


def _titles() -> Iterator[tuple[str, str]]:
    for name in PAGES:
        text = _text(name)
        if text is not None:
            yield name, _title(_MARKDOWN.parse(text))


def _text(name: str) -> str | None:
    """The Markdown of a page; None where the guide was not brought along."""
    try:
        return (FOLDER / f"{name}.md").read_text("utf-8")
    except FileNotFoundError:
        return None


def read(name: str) -> GuidePage | None:
    """A page as HTML; None if its file is not there. Needs a request, for the addresses."""
    text = _text(name)
    if text is None:
        return None
    tokens = list(_with_images_that_exist(_MARKDOWN.parse(text)))
    for token in tokens:
        for child in token.children or ():
            _adapt(child)
    return GuidePage(name, _title(tokens), _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def _title(tokens: Sequence[Token]) -> str:
    """The first heading of a page."""
    places = (number for number, token in enumerate(tokens) if token.type == "heading_open")
    first = next(places, None)
    return tokens[first + 1].content if first is not None else "Guide"


def _with_images_that_exist(tokens: list[Token]) -> Iterator[Token]:
    """A picture stands alone in its paragraph: a figure when it was taken, nothing when it was not."""
    numbers = iter(range(len(tokens)))
    for number in numbers:
        token = tokens[number]
        picture = _only_image(tokens[number + 1]) if token.type == "paragraph_open" else None
        if picture is None:
            yield token
            continue
        name = Path(str(picture.attrs["src"])).stem
        if has_image(name):
            picture.attrs["src"] = url_for("guide.image", name=name)
            picture.attrs["class"] = "shot-phone" if name.endswith(PHONE) else "shot-screen"
            picture.attrs["loading"] = "lazy"
            token.tag = tokens[number + 2].tag = "figure"
            yield from tokens[number : number + 3]
        next(numbers), next(numbers)


def _only_image(inline: Token) -> Token | None:
    children = inline.children or []
    return children[0] if len(children) == 1 and children[0].type == "image" else None


def _adapt(token: Token) -> None:
    """Links between files become links between pages; French signs keep to the word before them."""
    if token.type == "link_open":
        found = _LINK.fullmatch(str(token.attrs["href"]))
        if found:
            token.attrs["href"] = address_of(found[1])
    elif token.type == "text":
        token.content = _AFTER_QUOTE.sub(
            "\N{NO-BREAK SPACE}", _BEFORE_SIGN.sub("\N{NO-BREAK SPACE}", token.content)
        )
