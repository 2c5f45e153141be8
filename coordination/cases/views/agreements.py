"""The agreement: where it stands, what it covers."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.cases.commands.agreements import record_agreement, take_back_agreement
from coordination.cases.forms_agreement import AgreementForm
from coordination.cases.queries.agreement_page import AgreementPage, agreement_page
from coordination.cases.views.pages import blueprint
from coordination.cases.views.writing import show_form, write_page
from coordination.cases.volets import VOLETS_AFTER_AGREEMENT
from coordination.errors import BadInput
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict
from coordination.web import current, drafts
from coordination.web.routing import declares

_RETURN = (
    " Les alertes que cette ligne a pu faire taire reviennent à la prochaine analyse quotidienne,"
    " demain au plus tard."
)


@blueprint.route("/<uuid:journey_id>/accord", methods=["GET", "POST"])
@declares(Action.RECORD_AGREEMENT)
@drafts.kept
def agreement(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = AgreementForm()

    def load(grant: Grant) -> dict[str, Any]:
        stands = agreement_page(grant, journey_id)
        form.offer(stands.programme, stands.signers)
        if request.method == "GET":
            _suggest(form, stands)
        return {"stands": stands}

    def page(conflict: EditConflict | None) -> str:
        detail = ("agreement_status", "agreement_on", "agreement")
        return show_form("agreement.html", form, journey_id, conflict, detail=detail, load=load)

    def save() -> str:
        new, faults = form.read(current.today())
        version, now = form.version.data or 0, current.now()
        record_agreement(current.actor(), journey_id, new, version, now, faults=faults)
        return url_for("cases.journey", journey_id=journey_id, _anchor="identite")

    return write_page(form, page, save, "Accord enregistré.")


@blueprint.post("/<uuid:journey_id>/accord/<uuid:agreement_id>/retirer")
@declares(Action.RECORD_AGREEMENT)
def remove_agreement(journey_id: uuid.UUID, agreement_id: uuid.UUID) -> ResponseReturnValue:
    """The last line was noted by mistake."""
    try:
        silenced = take_back_agreement(current.actor(), journey_id, agreement_id, current.now())
        flash(f"Ligne retirée : l'accord est de nouveau comme avant elle.{silenced * _RETURN}", "success")
    except BadInput as error:
        flash(str(error), "error")
    return redirect(url_for("cases.agreement", journey_id=journey_id, _anchor="histoire"), 303)


def _suggest(form: AgreementForm, stands: AgreementPage) -> None:
    """Today's date, and of the volets what a signature that stands covers: nobody agrees to more by leaving a tick.

    Where it is signed nothing is chosen: one tap too many would renew it.
    """
    form.version.data = stands.version
    form.status.data = stands.status if stands.status != "SIGNE" else ""
    form.on.data = current.today().isoformat()
    offered = VOLETS_AFTER_AGREEMENT[stands.programme]
    form.volets.data = [
        volet.value for volet in offered if stands.status == "SIGNE" and volet in stands.covered
    ]
