"""Drafts of forms: what a page sends while somebody types, and what comes back into the form.

A form that can be drafted carries one hidden field `draft` per piece: journey, endpoint and what the form is
about, and a prefix where one form holds several people (an outing): each piece hangs on its own journey. Its view
says that it keeps drafts (`kept`), or that they hang on no journey (`alone`); no other form has any.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import MultiDict
from werkzeug.routing import BuildError

from coordination.db import NOBODY, db
from coordination.errors import CoordinationError
from coordination.privacy.actor import Actor
from coordination.privacy.drafts import (
    KEY_FIELD,
    Place,
    Resumed,
    check_draft,
    drop_draft,
    find_alone,
    find_draft,
    keep_draft,
)
from coordination.privacy.policy import Action, Grant
from coordination.privacy.volets import Volet
from coordination.privacy.work import spending
from coordination.web import current
from coordination.web.forms import PageForm
from coordination.web.routing import View, declares

blueprint = Blueprint("drafts", __name__)
FIELD = "draft"
# Drawn by the script for each opening of the page; an erasure uses it up.
OPENING_FIELD = "draft_opening"
MOST_PIECES = 100
SLASH = "/"
NO_JOURNEY = "-"


# What the names of the fields about one person begin with, where a form holds several.
_PREFIX = re.compile(r"j[0-9a-f]{32}-")


@dataclass(frozen=True)
class Drafted:
    """A form whose drafts are kept, on a journey or (`alone`) on none: there one, or one for each of `kinds`, as
    `parameter` of its address says."""

    alone: bool
    parameter: str = ""
    kinds: Collection[str] = ("",)


def kept(view: View) -> View:
    """The form of this view keeps drafts, each on the journey that it is about."""
    return _declare(view, Drafted(alone=False))


def alone(parameter: str = "", kinds: Collection[str] = ("",)) -> Callable[[View], View]:
    """The form of this view keeps drafts that hang on no journey. See `Drafted`."""
    return lambda view: _declare(view, Drafted(True, parameter, kinds))


def _declare(view: View, drafted: Drafted) -> View:
    view.drafted = drafted  # type: ignore[attr-defined]
    return view


def _drafted(form: str) -> Drafted | None:
    view = current_app.view_functions.get(form.partition(SLASH)[0])
    return getattr(view, "drafted", None)


@dataclass(frozen=True)
class Piece:
    """The part of a form that is about one journey. `said`: whether anything of its own was typed."""

    place: Place
    fields: dict[str, list[str]] = field(repr=False)
    said: bool


def here(journey_id: uuid.UUID = NOBODY) -> Place:
    """The place of the form of this request: about the record that its address names, else about the journey.

    One endpoint may serve the forms of several kinds: the kind stands behind its name.
    """
    values = request.view_args or {}
    named = [value for value in values.values() if isinstance(value, uuid.UUID)]
    form = SLASH.join(filter(None, (request.endpoint, values.get("slug"))))
    return Place(journey_id, form, named[-1] if named else journey_id)


def here_alone(kind: str = "") -> Place:
    """The place of the form of this request, which hangs on no journey."""
    return Place(None, SLASH.join(filter(None, (request.endpoint, kind))), NOBODY)


def prefix_of(of_id: uuid.UUID) -> str:
    """What the names of the fields about this journey begin with, in a form that holds several."""
    return f"j{of_id.hex}-"


def is_shared(name: str) -> bool:
    """Whether a field is about everybody of its form."""
    return not _PREFIX.match(name)


def mark(place: Place, prefix: str = "") -> str:
    """What the hidden field says."""
    if _drafted(place.form) is None:
        raise RuntimeError(f"The view {place.form} does not say that it keeps drafts.")
    return f"{place.journey_id or NO_JOURNEY} {place.form} {place.of_id} {prefix}".strip()


def resume(grant: Grant, form: PageForm, journey_id: uuid.UUID) -> Resumed | None:
    """Put the draft of this form back into it, when the page is opened; within a consult of the journey."""
    if request.method != "GET" or Volet.COORDINATION not in grant.writable:
        return None
    found = find_draft(grant, here(journey_id), current.now())
    if found:
        form.resume(found.fields)
    return found


def resume_alone(form: PageForm, place: Place) -> Resumed | None:
    """The same for a form that hangs on no journey; what the page proposed gives way to what was typed."""
    found = find_alone(current.actor(), place, current.now()) if request.method == "GET" else None
    if found:
        form.resume(found.fields)
    return found


@contextmanager
def saving() -> Iterator[None]:
    """What is written inside saves the form of this request: a draft of it still on its way is not kept."""
    with spending(request.form.get(KEY_FIELD, "")[:64]):
        yield


def forget(place: Place | None = None) -> None:
    """The form was saved: its draft has no use left. What was saved stands, whatever happens here."""
    try:
        drop_draft(current.actor(), place or here(), current.now())
    except (SQLAlchemyError, CoordinationError) as error:
        # It is not shown again, since its key is used, and the worker sweeps it away.
        db.session.rollback()
        current_app.logger.warning("a draft was not deleted: %s", type(error).__name__)


def pieces(form: MultiDict[str, str]) -> Iterator[Piece]:
    """What was typed, by journey. A mark that names nothing known is left out, and so is what has no mark: words
    about one person never go into the file of another."""
    typed = {name: values for name, values in form.lists() if _is_typed(name)}
    for place, prefix in _marks(form):
        fields = {
            name: values
            for name, values in typed.items()
            if is_shared(name) or (prefix and name.startswith(prefix))
        }
        own = [v for name, values in fields.items() if name.startswith(prefix) for v in values]
        if prefix and KEY_FIELD in fields:
            fields[KEY_FIELD] = [piece_key(fields[KEY_FIELD][0], place.of_id)]
        yield Piece(place, fields, any(map(str.strip, own)))


def piece_key(key: str, of_id: uuid.UUID) -> str:
    """The idempotency key of one piece of a form: 64 signs at most."""
    return f"{key[:32]}{of_id.hex}"


def _is_typed(name: str) -> bool:
    return name not in ("csrf_token", FIELD, OPENING_FIELD) and "password" not in name


def _marks(form: MultiDict[str, str]) -> list[tuple[Place, str]]:
    """Place and prefix of each piece, as many as a form of ours holds."""
    return [found for text in form.getlist(FIELD)[:MOST_PIECES] if (found := _read_mark(text))]


def _read_mark(text: str) -> tuple[Place, str] | None:
    words = text.split(" ")
    try:
        journey_id = None if words[0] == NO_JOURNEY else uuid.UUID(words[0])
        place = Place(journey_id, words[1], uuid.UUID(words[2]))
    except (ValueError, IndexError):
        return None
    prefix = words[3] if len(words) > 3 else ""
    # The name of the form is kept in clear: a form of ours, and no word more.
    if prefix not in ("", prefix_of(place.of_id)) or not address_of(place):
        return None
    return place, prefix


def keep_all(actor: Actor, typed: MultiDict[str, str], now: datetime) -> None:
    """Keep each piece; one in which nothing is typed any more is dropped.

    Raises as `keep_draft`; what one piece is refused for, once the others are kept.
    """
    # Once: each piece of an outing repeats what they share.
    check_draft({name: values for name, values in typed.lists() if _is_typed(name)})
    opening = _opening(typed)
    refusals = []
    for piece in pieces(typed):
        try:
            if piece.said:
                keep_draft(actor, piece.place, piece.fields, now, checked=True, opening=opening)
            else:
                drop_draft(actor, piece.place, now)
        except CoordinationError as error:
            refusals.append(error)
    if refusals:
        raise refusals[0]


@blueprint.post("/brouillons")
@declares(Action.KEEP_DRAFT)
def keep() -> ResponseReturnValue:
    """Called by `js/drafts.js` while somebody types."""
    keep_all(current.actor(), request.form, current.now())
    return "", 204


@blueprint.post("/brouillons/effacer")
@declares(Action.KEEP_DRAFT)
def discard() -> ResponseReturnValue:
    """Forget the drafts named, with what the page that asks it still has on its way; show the empty form again."""
    # Each is looked up: one that came twice, once.
    places = list(dict.fromkeys(place for place, _ in _marks(request.form)))
    for place in places:
        drop_draft(current.actor(), place, current.now(), opening=_opening(request.form))
    return redirect(_page_of(places), 303)


def _opening(form: MultiDict[str, str]) -> str:
    return form.get(OPENING_FIELD, "")[:64]


def _page_of(places: Sequence[Place]) -> str:
    """The address of the form: made from its endpoint, never one that came with the request."""
    address = address_of(*places) if places else None
    return address or url_for("entry.start")


def address_of(first: Place, *others: Place) -> str | None:
    """Where the form is; None: not a form of ours that can be drafted, or no kind of it."""
    endpoint, slash, slug = first.form.partition(SLASH)
    drafted = _drafted(first.form)
    if drafted is None or drafted.alone != (first.journey_id is None):
        return None
    if drafted.alone:
        known = slug in drafted.kinds and first.of_id == NOBODY
        asked: dict[str, Any] = {drafted.parameter: slug} if slug else {}
        return url_for(endpoint, **asked) if known else None
    names = sorted(next(iter(current_app.url_map.iter_rules(endpoint))).arguments)
    if bool(slash) != ("slug" in names):
        return None
    values: dict[str, Any] = {
        name: first.journey_id if name == "journey_id" else first.of_id for name in names
    }
    if not names:
        values["p"] = [place.of_id for place in (first, *others)]
    if slash:
        values["slug"] = slug
    try:
        return url_for(endpoint, **values)
    except (BuildError, ValueError):
        return None
