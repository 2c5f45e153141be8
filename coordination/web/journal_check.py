"""The chains of the journal, checked on demand by the data protection officer; the answer in plain words."""

from __future__ import annotations

from flask import current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from coordination.console import count
from coordination.db import db
from coordination.privacy import audit
from coordination.privacy.keys import audit_key
from coordination.privacy.policy import Action
from coordination.privacy.vault import keystore
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.oversight import blueprint
from coordination.web.routing import declares

__all__ = ["blueprint"]

ASK = (
    "Demandez à la personne qui administre le serveur de lancer « coordination audit checkpoint » et de garder"
    " le fichier ailleurs."
)


@blueprint.post("/journal/verification")
@declares(Action.VIEW_AUDIT)
def check_journal() -> ResponseReturnValue:
    """Walk every chain, against the heads that the keystore keeps and the signed checkpoints of the witness."""
    settings = current_app.config["SETTINGS"]
    with consult(current.actor(), Action.VIEW_AUDIT, current.now()) as r:
        grant = r.require()
        signed, forged = audit.read_witness(settings.home / "witness", audit_key(settings).public_key())
        # The officer reads every line of the journal: the pages' role is enough.
        found = audit.verify_all(db.session.connection(), signed, keystore().heads, current.now())
        wrong = len(found.problems) + len(forged)
        r.audit(grant, ("verification", f"lignes={found.entries}", f"anomalies={wrong}"))
    flash(*told(found, forged, witnessed=bool(signed)))
    return redirect(url_for("oversight.access_log"), 303)


def told(found: audit.Verified, forged: list[str], *, witnessed: bool) -> tuple[str, str]:
    """The sentence and its category; `witnessed`: whether a signed checkpoint was there to compare with."""
    wrong = len(found.problems) + len(forged)
    seen = count(found.entries, "ligne vérifiée", "lignes vérifiées")
    if not wrong:
        intact = f"Le journal est intact : {seen}, aucune n'a été changée ni retirée."
        if witnessed:
            return intact, "success"
        return f"{intact} Mais {audit.UNWITNESSED}. {ASK}", "warning"
    first = (
        f"{found.problems[0].place}, {found.problems[0].reason}"
        if found.problems
        else "un point de contrôle dont la signature ne correspond pas"
    )
    return (
        f"Le journal n'est plus intact : {count(wrong, 'anomalie')} ({seen}). La première : {first}."
        " Ne changez rien et prévenez la personne qui administre le serveur.",
        "error",
    )
