"""Choosing a password by a link that the administrator handed over."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.accounts import password_links
from coordination.errors import BadInput
from coordination.web import current
from coordination.web.administration.forms import PasswordForm
from coordination.web.administration.pages import blueprint, refuse, show
from coordination.web.routing import declares_public


@blueprint.route("/mot-de-passe/<token>", methods=["GET", "POST"])
@declares_public("la personne n'a pas encore de mot de passe ; le lien est sa preuve")
def choose_password(token: str) -> ResponseReturnValue:
    if password_links.link_holder(token, current.now()) is None:
        return show("password_link_over.html", 410, reason=password_links.LINK_OVER)
    form = PasswordForm()
    if request.method == "GET":
        return show("choose_password.html", form=form)
    try:
        if form.password.data != form.again_password.data:
            raise BadInput("Les deux diffèrent.", {"again_password": "Les deux mots de passe diffèrent."})
        password_links.choose_password(token, form.password.data or "", current.now())
    except BadInput as error:
        return show("choose_password.html", refuse(form, error), form=form)
    flash("Mot de passe enregistré. Connectez-vous avec lui.", "success")
    return redirect(url_for("entry.start"), 303)
