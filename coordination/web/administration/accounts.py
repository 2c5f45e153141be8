"""Accounts and their roles."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from coordination.accounts import administration, password_links
from coordination.accounts.administration import Held, Person
from coordination.accounts.commands import Charter, NewMembership, check_charter, create_account
from coordination.accounts.models import Account
from coordination.accounts.queries import list_structures
from coordination.accounts.vocabulary import SECRECY_BASES
from coordination.errors import BadInput, Conflict, CoordinationError
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.reference import every_label
from coordination.web import current
from coordination.web.administration.forms import NewPersonForm, PersonForm, RoleDatesForm, RoleForm
from coordination.web.administration.pages import blueprint, refuse, show
from coordination.web.forms import PageForm, version_sent
from coordination.web.routing import declares

AT_ONCE = "L'accès suit dès maintenant."
SUSPENDED = "Ce compte est suspendu : la personne ne voit rien tant qu'il n'est pas rouvert."


@blueprint.route("/comptes/nouveau", methods=["GET", "POST"])
@declares(Action.MANAGE_ACCOUNTS)
def new_account() -> ResponseReturnValue:
    form = NewPersonForm()
    form.offer(_structures())
    if request.method == "GET":
        form.from_on.data = current.today().isoformat()
        # Nothing is assumed of a basis of secrecy: it opens journeys.
        form.secrecy_basis.data = "AUCUN"
        return show("new_account.html", form=form)
    try:
        person, starts, ends = _new_person(form)
        role, structure, programme = form.role.data or "", form.structure.data, form.programme.data
        account_id = create_account(
            current.actor(),
            person.email,
            person.display_name,
            current.now(),
            secrecy_basis=person.secrecy_basis,
            charter=person.charter,
            memberships=[NewMembership(role, structure or None, programme or None, starts, ends)],
        )
    except BadInput as error:
        return show("new_account.html", refuse(form, error), form=form)
    return _link_page(account_id, "Le compte est créé.")


def _new_person(form: NewPersonForm) -> tuple[Person, datetime | None, datetime | None]:
    """The person and the span of their first role. Raises BadInput by field, of both halves at once."""
    fields = administration.role_faults(form.role.data or "", form.structure.data, form.programme.data)
    fields |= administration.address_faults((form.email.data or "").strip().lower())
    person, starts, ends = None, None, None
    try:
        person = _person(form)
        if person.charter:
            check_charter(person.charter, current.today())
    except BadInput as error:
        fields |= error.fields
    try:
        starts, ends = administration.span(form.from_on.day(), form.until_on.day(), current.now())
    except BadInput as error:
        fields |= error.fields
    if fields or person is None:
        raise BadInput("Corrigez les champs signalés.", fields)
    return person, starts, ends


def _structures() -> dict[str, str]:
    with consult(current.actor(), Action.MANAGE_ACCOUNTS, current.now()) as r:
        grant = r.require()
        found = list_structures(grant, current.now())
        r.audit(grant, ("liste_structures",))
    return {line.code: line.name for line in found if line.retired_on is None}


def _person(form: PersonForm) -> Person:
    """What the form says. Raises BadInput by field."""
    email = (form.email.data or "").strip().lower()
    name = " ".join((form.display_name.data or "").split())
    fields = administration.person_faults(email, name)
    (signed, wrong), (expires, wrong_too) = form.charter_signed_on.read(), form.charter_expires_on.read()
    version = (form.charter_version.data or "").strip()
    given = (bool(version), bool(signed), bool(expires))
    if wrong or wrong_too:
        fields |= {**wrong, **wrong_too}
    elif any(given) and not all(given):
        fields["charter_version"] = (
            "Une charte a une version, un jour de signature et une fin : les trois, ou aucun."
        )
    if len(version) > 16:
        fields["charter_version"] = "16 caractères au plus, par exemple 2026-1."
    if fields:
        raise BadInput("Corrigez les champs signalés.", fields)
    charter = Charter(version, signed, expires) if signed and expires else None
    return Person(email, name, form.secrecy_basis.data or "", charter)


def _link_page(account_id: uuid.UUID, done: str) -> Response:
    """The link by which the person chooses a password: shown here once, kept nowhere."""
    token = password_links.new_link(current.actor(), account_id, current.now())
    with consult(current.actor(), Action.MANAGE_ACCOUNTS, current.now()) as r:
        grant = r.require()
        account, _ = administration.account_sheet(grant, account_id)
        r.audit(grant, ("compte", str(account_id)))
    response = show(
        "password_link.html",
        done=done,
        account=account,
        link=url_for("administration.choose_password", token=token, _external=True),
        until=current.now() + password_links.LINK_LASTS,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/comptes/<uuid:account_id>")
@declares(Action.MANAGE_ACCOUNTS)
def account(account_id: uuid.UUID) -> ResponseReturnValue:
    return _sheet(account_id)


def _sheet(
    account_id: uuid.UUID,
    status: int = 200,
    person: PersonForm | None = None,
    role: RoleForm | None = None,
    refused: tuple[uuid.UUID, RoleDatesForm] | None = None,
) -> Response:
    """`refused`: a role, and the form of its days that was refused."""

    def dates(line: Held) -> RoleDatesForm:
        if refused and refused[0] == line.id:
            # As `person.version` below.
            refused[1].version.data = line.version
            return refused[1]
        return _dates(line)

    with consult(current.actor(), Action.MANAGE_ACCOUNTS, current.now()) as r:
        grant = r.require()
        found, held = administration.account_sheet(grant, account_id)
        structures = {s.code: s.name for s in list_structures(grant, current.now()) if s.retired_on is None}
        r.audit(grant, ("compte", str(account_id)))
    if person is None:
        person = PersonForm(formdata=None)
        _fill(person, found)
    elif status == 409:
        # What somebody else saved shows above the form: sending again is then a choice.
        person.version.data = found.version
    if role is None:
        role = RoleForm(formdata=None)
        role.from_on.data = current.today().isoformat()
    person.offer()
    role.offer(structures)
    return show(
        "account.html",
        status,
        account=found,
        person=person,
        role=role,
        own=found.id == current.actor().id,
        held=[line for line in held if not line.over(current.now())],
        over=[line for line in held if line.over(current.now())],
        now=current.now(),
        role_labels=every_label("user_role"),
        programme_labels=every_label("programme"),
        secrecy_bases=SECRECY_BASES,
        dates=dates,
    )


def _dates(line: Held) -> RoleDatesForm:
    form = RoleDatesForm(formdata=None, prefix=f"r{line.id.hex[:8]}-")
    form.version.data = line.version
    form.from_on.data = line.from_on.isoformat() if line.from_on else ""
    form.until_on.data = line.until_on.isoformat() if line.until_on else ""
    return form


def _fill(form: PersonForm, found: Account) -> None:
    form.version.data = found.version
    form.display_name.data, form.email.data = found.display_name, found.email
    form.secrecy_basis.data = found.secrecy_basis
    form.charter_version.data = found.charter_version or ""
    form.charter_signed_on.data = str(found.charter_signed_on or "")
    form.charter_expires_on.data = str(found.charter_expires_on or "")


@blueprint.post("/comptes/<uuid:account_id>")
@declares(Action.MANAGE_ACCOUNTS)
def change_account(account_id: uuid.UUID) -> ResponseReturnValue:
    form = PersonForm()
    try:
        administration.change_person(
            current.actor(), account_id, form.version.data or 0, _person(form), current.now()
        )
    except (BadInput, Conflict) as error:
        return _sheet(account_id, refuse(form, error), person=form)
    return _back(account_id, "Compte enregistré.")


@blueprint.post("/comptes/<uuid:account_id>/roles")
@declares(Action.MANAGE_ACCOUNTS)
def give_role(account_id: uuid.UUID) -> ResponseReturnValue:
    form = RoleForm()
    try:
        sees = administration.give_role(
            current.actor(),
            account_id,
            form.role.data or "",
            form.structure.data or None,
            form.programme.data or None,
            form.from_on.day(),
            form.until_on.day(),
            current.now(),
        )
    except BadInput as error:
        return _sheet(account_id, refuse(form, error), role=form)
    return _back(account_id, f"Rôle donné. {AT_ONCE if sees else SUSPENDED}")


@blueprint.post("/comptes/roles/<uuid:membership_id>")
@declares(Action.MANAGE_ACCOUNTS)
def date_role(membership_id: uuid.UUID) -> ResponseReturnValue:
    form = RoleDatesForm(prefix=f"r{membership_id.hex[:8]}-")
    account_id = administration.holder_of(membership_id)
    end_now = request.form.get("end") == "now"
    try:
        administration.date_role(
            current.actor(),
            membership_id,
            form.version.data or 0,
            None if end_now else form.from_on.day(),
            None if end_now else form.until_on.day(),
            current.now(),
            end_now=end_now,
        )
    except (BadInput, Conflict) as error:
        if end_now:
            return _refused(account_id, error)
        return _sheet(account_id, refuse(form, error), refused=(membership_id, form))
    return _back(
        account_id, "Rôle terminé : son accès est fermé." if end_now else "Dates du rôle enregistrées."
    )


@blueprint.post("/comptes/<uuid:account_id>/suspension")
@declares(Action.MANAGE_ACCOUNTS)
def suspend(account_id: uuid.UUID) -> ResponseReturnValue:
    suspending = request.form.get("suspended") == "1"
    act = administration.suspend_person if suspending else administration.resume_person
    try:
        act(current.actor(), account_id, version_sent(), current.now())
    except (BadInput, Conflict) as error:
        return _refused(account_id, error)
    return _back(
        account_id,
        "Compte suspendu : ses sessions sont fermées, plus rien ne lui est montré."
        if suspending
        else "Compte rouvert : la personne peut se connecter à nouveau.",
    )


@blueprint.post("/comptes/<uuid:account_id>/lien")
@declares(Action.MANAGE_ACCOUNTS)
def new_link(account_id: uuid.UUID) -> ResponseReturnValue:
    try:
        return _link_page(account_id, "Un nouveau lien est prêt ; les précédents ne servent plus.")
    except BadInput as error:
        return _refused(account_id, error)


def _refused(account_id: uuid.UUID, error: CoordinationError) -> Response:
    """A refusal of a button: the sheet as it now stands, with the sentence on top."""
    form = PageForm(formdata=None)
    status = refuse(form, error)
    flash((getattr(error, "fields", {}) or {"": str(error)}).popitem()[1], "warning")
    return _sheet(account_id, status)


def _back(account_id: uuid.UUID, done: str) -> Response:
    flash(done, "success")
    return redirect(url_for("administration.account", account_id=account_id), 303)
