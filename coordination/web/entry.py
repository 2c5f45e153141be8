"""Sign-in, sign-out, and the page that tells each role what it will do here."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from coordination.accounts.queries import SignedIn, find_signed_in
from coordination.accounts.sign_in import WRONG, SignInRefused, sign_in, sign_out
from coordination.accounts.vocabulary import GUIDES, SECRECY_BASES
from coordination.errors import CoordinationError
from coordination.privacy.policy import Action
from coordination.reference import labels
from coordination.web import current, faults, navigation, session_over
from coordination.web.faults import SessionOver
from coordination.web.routing import declares, declares_public

blueprint = Blueprint("entry", __name__, template_folder="templates")


class SignInForm(FlaskForm):
    """The only form a visitor sees."""

    email = EmailField(
        "Adresse e-mail",
        [
            InputRequired("Indiquez votre adresse e-mail."),
            Length(max=254, message="Cette adresse est trop longue."),
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        "Mot de passe",
        [
            InputRequired("Indiquez votre mot de passe."),
            Length(max=1024, message="Ce mot de passe est trop long."),
        ],
        render_kw={"autocomplete": "current-password"},
    )


@blueprint.route("/", methods=["GET", "POST"])
@declares_public("le formulaire de connexion est pour les visiteurs")
def start() -> ResponseReturnValue:
    """The sign-in form to a visitor, the role's own start page to a signed-in person."""
    if current.signed_in() and request.method == "GET":
        return redirect(navigation.start_page(current.actor()))
    form = SignInForm()
    if not form.validate_on_submit():
        return _form(form, 422 if form.errors else 200)
    try:
        token = sign_in(
            form.email.data or "", form.password.data or "", request.remote_addr or "", current.now()
        )
    except SignInRefused as refused:
        return _refused(form, refused)
    holder = find_signed_in(token, current.now())
    if holder is None:
        # The password was changed, or the account suspended, in the instant since.
        return _refused(form, SignInRefused(WRONG))
    if earlier := current.signed_in():
        # This browser has one session: the cookie that it had opens nothing any more.
        sign_out(earlier, current.now())
    # What whoever sat here before had asked would be refused to who signs in now, and written under their name.
    wanted = None if session_over.was_of_another(holder.actor.id) else session.get("after_sign_in")
    session.clear()
    login_user(holder)
    kept = session_over.open_form(request.form.get("kept", ""), holder.actor.id, current.now())
    if kept:
        return _put_back(kept, holder)
    return redirect(wanted or navigation.start_page(holder.actor), 303)


def _put_back(kept: session_over.Kept, holder: SignedIn) -> ResponseReturnValue:
    """To the form that came too late, with what was typed in it; or that text alone if it may not go there."""
    try:
        session_over.put_back(kept, holder.actor, current.now())
    except CoordinationError as error:
        return faults.error_page(403, str(error), typed=faults.sentences(kept.typed))
    return redirect(kept.path, 303)


def form_too_late(_error: SessionOver) -> ResponseReturnValue:
    """A form came after the end of its session: what was typed, and where to sign in again."""
    kept = session_over.seal_form(current.now())
    if kept is None:
        return faults.error_page(401, typed=faults.typed_texts())
    form = SignInForm(formdata=None)
    typed = faults.typed_texts()
    return make_response(render_template("entry/session_over.html", form=form, kept=kept, typed=typed), 401)


def _form(form: SignInForm, status: int, refusal: str | None = None) -> Response:
    return make_response(
        render_template("entry/sign_in.html", form=form, refusal=refusal, kept=request.form.get("kept", "")),
        status,
    )


def _refused(form: SignInForm, refused: SignInRefused) -> Response:
    if not refused.retry_at:
        return _form(form, 422, str(refused))
    response = _form(form, 429, str(refused))
    response.headers["Retry-After"] = str(max(1, int((refused.retry_at - current.now()).total_seconds())))
    return response


@blueprint.post("/deconnexion")
@declares(Action.SIGN_OUT)
def leave() -> ResponseReturnValue:
    holder = current.signed_in()
    assert holder
    sign_out(holder, current.now())
    session_over.leave()
    logout_user()
    flash("Vous êtes déconnecté.", "success")
    answer = redirect(url_for("entry.start"), 303)
    # What the browser may have kept of the pages; the cookie stays, it carries the sentence above.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@blueprint.get("/mon-role")
@declares(Action.VIEW_START)
def welcome() -> ResponseReturnValue:
    """What each role of the person is for, today and soon. No personal data, so nothing to log."""
    roles = list(dict.fromkeys(role.code for role in current.actor().roles))
    return render_template(
        "entry/welcome.html",
        guides=[(labels("user_role").get(code, code), GUIDES[code]) for code in roles if code in GUIDES],
        secrecy_bases=SECRECY_BASES,
    )
