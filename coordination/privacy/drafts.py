"""Drafts: what somebody typed in a form and has not saved, sealed in the journey's coordination volet.

For its author alone, while they may write there; row-level security decides both. Gone once the form is saved,
and after KEPT. The worker sweeps, reading nothing but how old they are.

Where there is no journey (it is only being opened) each draft has a key of its own, destroyed with it: no erasure
would ever come to a name that was typed and became nobody's file.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from coordination.db import act_as, db, in_turn
from coordination.errors import BadInput, Forbidden, KeyUnavailable, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.models import Draft
from coordination.privacy.nir import holds_nir
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import writable_folder
from coordination.privacy.sealing import DataKey
from coordination.privacy.vault import keystore, open_rows, sealed_row
from coordination.privacy.volets import Volet
from coordination.privacy.work import consult, key_used, spending, work

KEPT = timedelta(days=7)
LONGEST = 100_000
"""Signs of a draft, all its fields together."""
MOST_KEPT = 200
"""Drafts of one author: an outing makes one per person, and nobody goes out with more."""
KEY_FIELD = "idempotency_key"

Fields = Mapping[str, Sequence[str]]
_SPACE = uuid.UUID("6f0f1a52-31c5-5f04-8d0f-6a8f2f0c6a31")


@dataclass(frozen=True)
class Place:
    """Which form of whom: its endpoint, and the journey (None: it hangs on none) or record that it is about."""

    journey_id: uuid.UUID | None
    form: str
    of_id: uuid.UUID

    @property
    def action(self) -> Action:
        """What keeping a draft here is, for the policy and the log."""
        return Action.KEEP_DRAFT_ALONE if self.journey_id is None else Action.KEEP_DRAFT

    def draft_id(self, author_id: uuid.UUID) -> uuid.UUID:
        """One draft per author and place, whoever comes first: the id follows from them."""
        alone = " alone" if self.journey_id is None else ""
        return uuid.uuid5(_SPACE, f"{author_id} {self.form} {self.of_id}{alone}")


@dataclass(frozen=True)
class Resumed:
    """A draft found again. `fields`: name -> values as they were typed."""

    place: Place
    saved_at: datetime
    fields: Fields = field(repr=False)


def check_draft(fields: Fields) -> None:
    """Raises BadInput if it is too long or holds a NIR."""
    if len(_said(fields)) > LONGEST:
        raise BadInput("Ce texte est trop long pour être gardé en brouillon.")
    if any(holds_nir(value) for values in fields.values() for value in values):
        raise BadInput("Un texte qui contient un numéro de sécurité sociale n'est pas gardé en brouillon.")


def keep_draft(
    actor: Actor, place: Place, fields: Fields, now: datetime, *, checked: bool = False, opening: str = ""
) -> bool:
    """Keep what is typed, in place of what was kept before; False where there is nothing to keep.

    Nothing is kept of a form that was saved meanwhile (its key is used), nor from an `opening` of its page that
    erased the draft. Raises as `check_draft` (unless it was `checked` already), NotFound, Forbidden.
    """
    if not checked:
        check_draft(fields)
    with work(actor, place.action, now) as w:
        grant = w.require(place.journey_id)
        w.audit(grant, ["draft"])
        row_id = place.draft_id(actor.id)
        if place.journey_id is None:
            # Two windows at once begin one draft, and none takes up a key that is being destroyed.
            in_turn("draft", row_id)
        if _saved_meanwhile(actor.id, fields) or (opening and key_used(actor.id, opening)):
            return False
        key = _key_of(grant, place, row_id)
        values = {
            "journey_id": place.journey_id,
            "folder_id": key.folder_id,
            "author_id": actor.id,
            "form": place.form,
            "of_id": place.of_id,
            "saved_at": now,
            "said": _said(fields),
        }
        row = sealed_row(key, Draft, row_id, values)
        newer = {"said": row["said"], "saved_at": now, "version": Draft.version + 1}
        version = db.session.scalar(
            insert(Draft)
            .values(row)
            .on_conflict_do_update(
                index_elements=["id"],
                set_=newer,
                # Sealed for its folder: a hand-made form that names another journey changes nothing.
                where=(Draft.saved_at <= now) & (Draft.folder_id == key.folder_id),
            )
            .returning(Draft.version)
        )
        if version == 1:
            _stop_if_too_many(actor.id)
        return True


def _key_of(grant: Grant, place: Place, row_id: uuid.UUID) -> DataKey:
    """That of the journey's coordination volet; without a journey that of the draft, made when it is begun."""
    if place.journey_id is not None:
        folder_id = writable_folder(grant, place.journey_id, Volet.COORDINATION)
        return keystore().get([folder_id])[folder_id]
    begun = db.session.scalar(select(Draft.folder_id).where(Draft.id == row_id))
    if begun:
        try:
            return keystore().get([begun])[begun]
        except KeyUnavailable:
            # It came back from a backup without its key.
            db.session.execute(delete(Draft).where(Draft.id == row_id))
    _stop_if_too_many(grant.actor_id, begins=1)
    folder_id = uuid.uuid4()
    return keystore().create([folder_id])[folder_id]


def _stop_if_too_many(author_id: uuid.UUID, begins: int = 0) -> None:
    kept = db.session.scalar(select(func.count()).where(Draft.author_id == author_id)) or 0
    if kept + begins > MOST_KEPT:
        raise BadInput(
            f"Vous avez déjà {MOST_KEPT} brouillons : enregistrez ou effacez-en avant d'en garder un autre."
        )


def _said(fields: Fields) -> str:
    return json.dumps({name: list(values) for name, values in sorted(fields.items())}, ensure_ascii=False)


def find_draft(grant: Grant, place: Place, now: datetime) -> Resumed | None:
    """The draft of the grant's holder, or None: none kept, too old, or saved since."""
    try:
        rows = open_rows(
            grant,
            Draft,
            ("saved_at", "said"),
            Draft.id == place.draft_id(grant.actor_id),
            Draft.journey_id == place.journey_id,
            Draft.saved_at > now - KEPT,
        )
    except KeyUnavailable:
        if place.journey_id is not None:
            raise
        # Thrown away at this instant, or back from a backup without its key: its form opens all the same.
        return None
    if not rows:
        return None
    fields = json.loads(rows[0]["said"] or "{}")
    if _saved_meanwhile(grant.actor_id, fields):
        return None
    return Resumed(place, rows[0]["saved_at"], fields)


def find_alone(actor: Actor, place: Place, now: datetime) -> Resumed | None:
    """The same where there is no journey, so no consult that reads it: one is noted only if there is a draft."""
    if _row(actor, place) is None:
        return None
    with consult(actor, place.action, now) as r:
        grant = r.require()
        found = find_draft(grant, place, now)
        r.audit(grant, ["draft", "resumed"])
    return found


def unfinished(author_id: uuid.UUID, now: datetime, most: int = 20) -> list[tuple[Place, datetime]]:
    """Where somebody began to write and when they last did, the latest first; not what they wrote."""
    query = (
        select(Draft.journey_id, Draft.form, Draft.of_id, Draft.saved_at)
        .where(Draft.author_id == author_id, Draft.saved_at > now - KEPT)
        .order_by(Draft.saved_at.desc(), Draft.id)
        .limit(most)
    )
    return [(Place(row.journey_id, row.form, row.of_id), row.saved_at) for row in db.session.execute(query)]


def drop_draft(actor: Actor, place: Place, now: datetime, *, opening: str = "") -> None:
    """Forget a draft, if there is one: its form was saved, or its author does not want it.

    `opening`: of the page that erases it; used up also where there is none yet, since the first save may still be
    on its way. Raises NotFound or Forbidden where there is a draft that its author may not write any more.
    """
    # Read first: most forms that are saved had no draft, and a work would be written for nothing.
    kept = _row(actor, place)
    if kept is None and not opening:
        return
    row_id = place.draft_id(actor.id)
    try:
        with spending(opening) if opening else nullcontext(), work(actor, place.action, now) as w:
            grant = w.require(kept.journey_id if kept else place.journey_id)
            if place.journey_id is None:
                in_turn("draft", row_id)
            gone = db.session.scalar(delete(Draft).where(Draft.id == row_id).returning(Draft.folder_id))
            w.audit(grant, ["draft", "dropped"])
    except (NotFound, Forbidden):
        if kept:
            raise
        # Nothing is there, and no save would be kept there either.
        return
    if place.journey_id is None and gone:
        keystore().destroy([gone])


def _row(actor: Actor, place: Place) -> Row[uuid.UUID, uuid.UUID | None] | None:
    act_as(db.session, actor.id)
    query = select(Draft.id, Draft.journey_id).where(Draft.id == place.draft_id(actor.id))
    found = db.session.execute(query).first()
    db.session.rollback()
    return found


def _saved_meanwhile(author_id: uuid.UUID, fields: Fields) -> bool:
    key = next(iter(fields.get(KEY_FIELD, ())), "")
    return bool(key) and key_used(author_id, key[:64])
