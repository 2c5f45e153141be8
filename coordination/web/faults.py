"""From an error to a calm French page that says what to do and gives nothing away."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from coordination.errors import (
    BadInput,
    Conflict,
    CoordinationError,
    Forbidden,
    KeyUnavailable,
    NotFound,
    SealBroken,
    SentBefore,
)
from coordination.privacy.work import AlreadyDone
from coordination.web import current
from coordination.web.forms import SURE

RETRY_SECONDS = "30"
DISK_FULL = "53100"
LOCK_TIMEOUT = "55P03"
# Two who wait for each other; two of whom one read what the other then changed.
CROSSED = ("40P01", "40001")
BUSY = (
    "Quelqu'un d'autre fait en ce moment un grand changement (un import, des rôles). Rien n'a été enregistré."
)
MEANWHILE = (
    "Quelqu'un écrivait au même endroit au même moment, et un seul des deux envois a pu passer. Le vôtre n'a pas"
    " été enregistré ; rien n'est perdu."
)
# Our fields ask the browser to keep nothing: going back may show them empty.
COPY = (
    "S'il y a un texte ci-dessous, copiez-le d'abord : le formulaire peut revenir vide, ou avec un brouillon gardé"
    " plus tôt."
)
AGAIN = f"Revenez à la page précédente et recommencez. {COPY}"
RELOAD = "Patientez une minute, puis rechargez la page."
SOON = (
    "Patientez une minute, puis renvoyez le formulaire. Gardez cette page ouverte, ou copiez votre texte ci-dessous"
    " s'il y en a un."
)
UNSURE = (
    "La base de données s'est arrêtée au moment d'enregistrer : on ne sait pas si votre envoi a été gardé."
)
TWICE = (
    "Patientez une minute, puis renvoyez le formulaire, sans rien y changer : ce qui a été gardé ne le sera pas"
    " deux fois. Gardez cette page ouverte, ou copiez votre texte ci-dessous s'il y en a un."
)
SAVED_BEFORE = (
    "Ce formulaire a déjà été enregistré, avec un autre contenu. Ce nouvel envoi n'a pas été enregistré."
)
REOPEN = (
    "Copiez votre texte ci-dessous s'il y en a un, puis ouvrez de nouveau le formulaire depuis le parcours."
)
FULL = "Le disque du serveur est plein. Rien n'a été enregistré ; rien de ce qui l'était n'est perdu."
SMALLER = (
    "Revenez à la page précédente et choisissez un fichier plus petit ; le reste du formulaire peut être à remplir"
    " de nouveau."
)
WAIT = (
    "Prévenez l'administrateur, puis réessayez dans dix minutes. Gardez cette page ouverte, ou copiez votre texte"
    " ci-dessous s'il y en a un ; un fichier joint sera à choisir de nouveau."
)
# Of a form whose journey or role may have gone while it was filled in; whether the journey exists, nobody is told.
NOT_YOURS = {
    403: "Vous n'avez pas, ou plus, le droit de faire cela. Rien n'a été enregistré ; ce refus est noté dans le"
    " journal des accès.",
    404: "L'adresse est fausse, ou ce qu'elle montre ne vous est pas ou plus accessible. Rien n'a été enregistré.",
}
PASS_ON = (
    "Copiez votre texte ci-dessous. S'il doit servir à la personne qui prend la suite, demandez à la coordination"
    " de votre dispositif à qui le remettre."
)
STATUS: dict[type[CoordinationError], int] = {
    BadInput: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    KeyUnavailable: 503,
    SealBroken: 500,
}


class SessionOver(CoordinationError):
    """A form came after the end of the session: nothing was saved, what was typed is given back."""


@dataclass(frozen=True)
class Page:
    """What an error page says: a title, what happened, what to do."""

    title: str
    happened: str
    advice: str


PAGES = {
    400: Page(
        "Cette demande ne peut pas être traitée",
        "Ce qui a été envoyé n'est pas complet ou n'a pas la forme attendue. Rien n'a été enregistré.",
        "Revenez à la page précédente, rechargez-la, puis recommencez.",
    ),
    401: Page(
        "Votre session est terminée",
        "Vous étiez déconnecté quand le formulaire est arrivé. Rien n'a été enregistré.",
        # The same for whoever was suspended: a dead cookie is told nothing of its account.
        "Copiez votre texte ci-dessous s'il y en a un, reconnectez-vous, puis collez-le dans le formulaire ; si la"
        " connexion est refusée, prévenez l'administrateur. Un brouillon gardé pendant la saisie reste sept jours.",
    ),
    403: Page(
        "Vous n'avez pas accès à cette page",
        "Votre rôle ne permet pas cette action. Ce refus est noté dans le journal des accès.",
        "Si vous en avez besoin pour votre travail, demandez-le à la coordination de votre dispositif.",
    ),
    404: Page(
        "Cette page n'existe pas",
        "L'adresse est fausse, ou ce qu'elle montre ne vous est pas accessible.",
        "Vérifiez l'adresse, ou repartez de votre page d'accueil.",
    ),
    405: Page(
        "Cette adresse ne s'ouvre pas ainsi",
        "La page demandée attend l'envoi d'un formulaire.",
        "Repartez de votre page d'accueil.",
    ),
    409: Page(
        "Quelqu'un a écrit entre-temps",
        "Ce que vous avez envoyé n'a pas été enregistré, pour ne rien écraser.",
        "Copiez votre texte ci-dessous, revenez à la page, rechargez-la et comparez avant d'enregistrer.",
    ),
    413: Page(
        "Ce que vous envoyez est trop volumineux",
        "Un envoi est limité à 2 Mo. Rien n'a été enregistré.",
        "Revenez à la page précédente : si le texte y est encore, raccourcissez-le.",
    ),
    429: Page(
        "Trop de demandes", "Trop de demandes sont arrivées en peu de temps.", "Réessayez dans un moment."
    ),
    500: Page(
        "Une erreur s'est produite",
        "L'application n'a pas pu terminer. L'opération en cours n'a pas été enregistrée.",
        "Réessayez. Si l'erreur revient, prévenez l'administrateur et dites l'heure et la page.",
    ),
    503: Page(
        "L'application est momentanément indisponible",
        "La base de données ne répond pas. Rien n'a été enregistré ; rien de ce qui l'était n'est perdu.",
        f"Patientez une minute, puis recommencez. {COPY}",
    ),
}


def register(app: Flask) -> None:
    """Map every error of ours, of the database and of HTTP to its page."""
    app.register_error_handler(CoordinationError, _ours)
    app.register_error_handler(AlreadyDone, _already_done)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DataError, _cannot_be_kept)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _database_away)


def error_page(
    status: int, happened: str | None = None, advice: str | None = None, *, typed: list[str] | None = None
) -> ResponseReturnValue:
    """The page of `status`; `typed`: texts that are given back so that nothing is lost."""
    page = PAGES.get(status, PAGES[500 if status >= 500 else 400])
    html = render_template(
        "web/error.html",
        status=status,
        title=page.title,
        happened=happened or page.happened,
        advice=advice or page.advice,
        typed=typed or [],
    )
    return html, status, {"Retry-After": RETRY_SECONDS} if status == 503 else {}


def typed_texts() -> list[str]:
    """What the person wrote in the form that was refused: sentences, never a password or a token."""
    return sentences(request.form) if request.method == "POST" else []


def sentences(form: MultiDict[str, str]) -> list[str]:
    """The texts of a form, without what its page put there itself."""
    hidden = ("password", "csrf_token", "idempotency_key", "version", "email", "draft", SURE)
    return [
        value.replace("\x00", "")
        for name, values in form.lists()
        if name not in hidden and "password" not in name
        for value in values
        if len(value.split()) > 1
    ]


def _ours(error: CoordinationError) -> ResponseReturnValue:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    if isinstance(error, KeyUnavailable | SealBroken):
        # Names the key version, never what it closes; the operator must know too.
        current_app.logger.error("%s: %s", type(error).__name__, error)
        return error_page(
            status, str(error), "Prévenez l'administrateur : aucune donnée n'a été perdue ni montrée."
        )
    if isinstance(error, SentBefore):
        # To reload the page would send it once more.
        return error_page(status, SAVED_BEFORE, REOPEN, typed=typed_texts())
    if status in (400, 409):
        return error_page(status, str(error), typed=typed_texts())
    if status in NOT_YOURS and current.signed_in() and (typed := typed_texts()):
        return error_page(status, NOT_YOURS[status], PASS_ON, typed=typed)
    return error_page(status)


def _already_done(error: AlreadyDone) -> ResponseReturnValue:
    """The same form came twice (double click, resent page): same answer, nothing written again."""
    return redirect(error.answer, 303)


def _stale_form(_error: CSRFError) -> ResponseReturnValue:
    return error_page(
        400,
        "Cette page était ouverte depuis une autre session, ou trop longtemps. Rien n'a été enregistré ni gardé.",
        "Ce que vous aviez écrit n'est plus que ci-dessous : copiez-le, rechargez la page du formulaire, puis"
        " recommencez.",
        typed=typed_texts(),
    )


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    view = current_app.view_functions.get(request.endpoint or "")
    if error.code == 413 and (largest := getattr(view, "largest_file", None)):
        return error_page(
            413, f"Un fichier est limité à {largest // 1024**2} Mo. Rien n'a été enregistré.", SMALLER
        )
    return error_page(error.code)


def _cannot_be_kept(error: DataError) -> ResponseReturnValue:
    """A NUL, a number beyond every column: no form of ours sends it, and the database refuses it whole."""
    current_app.logger.warning("%s in %s", type(error.orig).__name__, request.endpoint)
    return error_page(400, typed=typed_texts())


def _database_away(error: DBAPIError | PoolTimeout) -> ResponseReturnValue:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state == DISK_FULL:
        current_app.logger.error("The disk of the database is full.")
        return error_page(
            503, "Le disque du serveur est plein. Rien n'a été enregistré.", WAIT, typed=typed_texts()
        )
    sent = request.method == "POST"
    if state == LOCK_TIMEOUT:
        current_app.logger.warning("Another work took too long for %s.", request.endpoint)
        return error_page(503, BUSY, SOON if sent else RELOAD, typed=typed_texts())
    if state in CROSSED:
        current_app.logger.warning("Two works crossed each other in %s (%s).", request.endpoint, state)
        return error_page(503, MEANWHILE, AGAIN if sent else RELOAD, typed=typed_texts())
    current_app.logger.error("The database does not answer (%s).", type(error).__name__)
    if sent and _at_its_end(error):
        return error_page(503, UNSURE, TWICE, typed=typed_texts())
    return error_page(503, typed=typed_texts())


def _at_its_end(error: DBAPIError | PoolTimeout) -> bool:
    """Whether the line broke while a transaction was ending: a COMMIT is no statement to SQLAlchemy."""
    return isinstance(error, DBAPIError) and error.connection_invalidated and error.statement is None
