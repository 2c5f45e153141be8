"""Every page, at the width of a phone, of a screen, and zoomed twice: nothing sideways, axe finds nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import FilePayload, Page

from coordination.accounts.queries import load_actor
from coordination.cases.commands.journeys import NewJourney, open_journey
from coordination.cases.kinds import ADDED
from coordination.web.guide import PAGES
from tests.browser.conftest import Site, keep_screenshot, scrolls_sideways, sign_in, violations
from tests.browser.papers import a_pdf, a_png
from tests.browser.test_facts_of_pages import one_of_the_cite
from tests.cases.pages_kit import COORDINATOR, NOW, REFERENT, account, journeys_of, silent_journey
from tests.conftest import TODAY
from tests.support import rows

pytestmark = pytest.mark.browser

# (width, height) in CSS pixels. A window of 640 px at 200 % has 320 of them: the room changes, not the layout.
# Axe judges every page on the phone, and again on a screen where what it judges changes: a table no longer folds
# into cards, the menu of the house stands open (once a tour).
WINDOWS = {"zoom-200": (320, 450), "360": (360, 780), "1280": (1280, 900)}
KEPT = ("360", "1280")
STARTS = {
    "pilotage": ("/chiffres", "/mon-role"),
    "dpo": ("/journal",),
    "admin": ("/comptes", "/etat-du-service"),
    "ccas": ("/mon-role",),
}


Tour = Iterator[tuple[str, Page]]


def check(tour: Tour) -> None:
    """Each page of a tour in each window."""
    faults = []
    for number, (name, page) in enumerate(tour):
        page.wait_for_load_state("load")
        for window, (width, height) in WINDOWS.items():
            page.set_viewport_size({"width": width, "height": height})
            if sideways := scrolls_sideways(page):
                faults.append(f"{name}-{window}: {sideways} px too wide")
            if window in KEPT:
                keep_screenshot(page, f"{name}-{window}")
                if window == "360" or number == 0 or page.locator("main table").count():
                    faults += [f"{name}-{window}: {found}" for found in violations(page)]
    assert not faults, "\n".join(faults)


@pytest.mark.long
def test_pages_of_visitors_and_of_those_who_see_no_file(site: Site) -> None:
    check(_around(site))


@pytest.mark.long
def test_pages_of_a_coordinator(site: Site) -> None:
    check(_coordinator(site.signed_in("coordination.pre")))


def test_pages_of_the_weekly_review(site: Site) -> None:
    check(_review(site.signed_in("coordination.pre")))


def _review(page: Page) -> Tour:
    for number in range(4):
        page.goto("/parcours/revue?tous=1")
        page.get_by_role("link", name="la revue").click()
        yield f"revue-fichier-{number}", page
        choice = (
            "Mettre à la prochaine EPS",
            "Préparer la sortie",
            "Appeler la famille",
            "Reporter de deux semaines",
        )
        page.get_by_role("button", name=choice[number]).click()
        page.get_by_text("sur").first.wait_for()
    page.goto("/parcours/revue/bilan")
    yield "revue-bilan", page


def test_pages_of_what_is_to_come(site: Site) -> None:
    check(_forecast(site.signed_in("referent.pre")))


def _forecast(page: Page) -> Tour:
    for days in (14, 90):
        page.goto(f"/parcours/a-venir?jours={days}")
        yield f"a-venir-{days}", page
    page.goto("/parcours/absences")
    page.get_by_label("Premier jour").fill(str(TODAY + timedelta(days=10)))
    page.get_by_label("Dernier jour").fill(str(TODAY + timedelta(days=60)))
    page.get_by_label("Qui vous remplace").select_option(index=1)
    page.get_by_role("button", name="Noter cette absence").click()
    page.get_by_role("heading", name="Pendant votre absence").wait_for()
    yield "absence-ce-qui-tombe", page
    page.get_by_label("Qui remplace ?").select_option(index=0)
    page.get_by_role("button", name="Enregistrer le remplacement").click()
    page.get_by_text("Personne ne vous remplace").wait_for()
    page.get_by_role("button", name="Confier les parcours cochés").click()
    page.get_by_role("alert").wait_for()
    yield "absence-sans-remplacement", page
    page.goto("/parcours/absences")
    yield "absences-une", page
    page.goto("/parcours/a-venir?jours=90")
    yield "a-venir-avec-absence", page


@pytest.mark.long
def test_pages_of_thresholds(site: Site) -> None:
    check(_thresholds(site.signed_in("coordination.pre")))


def test_pages_of_the_life_of_a_journey(site: Site) -> None:
    check(_life(site))


@pytest.mark.long
def test_pages_of_a_referent(site: Site) -> None:
    check(_referent(site.signed_in("referent.pre")))


def _around(site: Site) -> Tour:
    page = site.new_page()
    page.goto("/")
    yield "connexion", page
    page.get_by_label("Adresse e-mail").fill("personne@demo.example")
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("alert").wait_for()
    yield "connexion-refusee", page
    for who, paths in STARTS.items():
        page = site.signed_in(who)
        for path in paths:
            page.goto(path)
            yield f"{who}{path.replace('/', '-')}", page
    page.goto("/parcours/")
    yield "erreur-403", page


def _double() -> None:
    """Two open journeys of one birth date: sealed, so written as people do."""
    actor, now = load_actor(account(COORDINATOR), NOW), NOW
    for ref in ("PRE-0901", "PRE-0902"):
        who = {"first_name": "Noé", "last_name": "Vasseur", "birth_date": date(2016, 3, 2)}
        open_journey(actor, NewJourney("PRE", ref, TODAY, None, who), now)


def _coordinator(page: Page) -> Tour:
    for name, path in (
        ("parcours", ""),
        ("parcours-termines", "?etat=termines"),
        ("bloques", "bloques"),
        ("bloques-un-type", "bloques?type=TRANSITION"),
        ("bloques-par-ecole", "bloques?par=ecole"),
        ("tableau", "tableau"),
        ("silences", "silences"),
        ("doublons", "doublons"),
        ("revue", "revue?tous=1"),
        ("revue-bilan-vide", "revue/bilan"),
        ("a-venir-coordination", "a-venir?jours=90"),
        ("sans-referent", "reaffecter"),
        ("reaffecter", f"reaffecter/{account(REFERENT)}"),
    ):
        if name == "doublons":
            _double()
        page.goto(f"/parcours/{path}")
        yield name, page
    yield from _away(page)
    page.goto("/parcours/")
    family = page.locator(".person-name").first.inner_text().split(" ", 1)[1]
    for name, typed in (("recherche", None), ("recherche-trouve", family), ("recherche-rien", "xqzwv")):
        page.goto("/parcours/recherche")
        if typed:
            page.get_by_label("Nom, prénom ou référence").fill(typed)
            page.get_by_role("button", name="Rechercher").click()
            page.locator("#results").wait_for()
        yield name, page


def _away(page: Page) -> Tour:
    """Somebody away without replacement, the alerts that it opens, and somebody who leaves."""
    rows(
        "INSERT INTO leave (id, account_id, from_on, until_on) VALUES (gen_random_uuid(), %s, %s, %s)",
        account(REFERENT),
        TODAY - timedelta(days=8),
        TODAY + timedelta(days=8),
    )
    rows(
        "UPDATE membership SET ended_at = %s WHERE account_id = %s",
        TODAY + timedelta(days=20),
        account("julien.bultel@demo.example"),
    )
    rows(
        "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on,"
        " status, initial) SELECT gen_random_uuid(), f.journey_id, f.id, 'I07', 'overdue', '', %s, %s, 'leave', %s,"
        " 'OUVERTE', false FROM folder f JOIN journey j ON j.id = f.journey_id WHERE f.volet = 'coordination'"
        " AND j.referent_id = %s AND j.exit_on IS NULL",
        TODAY - timedelta(days=8),
        TODAY - timedelta(days=1),
        TODAY,
        account(REFERENT),
    )
    for name in ("tableau", "bloques", "revue", f"reaffecter/{account(REFERENT)}"):
        page.goto(f"/parcours/{name}")
        yield f"absence-{name.split('/')[0]}", page
    page.goto("/parcours/tableau")
    page.get_by_role("link", name="Choisir qui remplace").click()
    page.get_by_role("button", name="Enregistrer le remplacement").wait_for()
    yield "absence-remplacement", page


def _thresholds(page: Page) -> Tour:
    rows(
        "INSERT INTO recompute_queue (journey_id, since) SELECT id, now() FROM journey WHERE programme = 'PRE'"
    )
    # Stopped: without a script the page waits for its button.
    page.goto("/parcours/seuils?arret=1")
    yield "seuils-recalcul", page
    page.get_by_role("button", name="Continuer le recalcul").click()
    page.get_by_text("recalculés").wait_for()
    page.goto("/parcours/seuils/PRE/A01")
    yield "seuil", page
    page.get_by_label("Jours avant l'alerte").fill("0")
    page.get_by_role("button", name="Essayer sur le passé").click()
    page.get_by_role("alert").wait_for()
    yield "seuil-refuse", page
    page.get_by_label("Jours avant l'alerte").fill("20")
    page.get_by_label("Les 12 derniers mois").check()
    page.get_by_role("button", name="Essayer sur le passé").click()
    page.get_by_text("Ce que ces chiffres veulent dire").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    yield "seuil-essai", page
    page.get_by_label("À partir du").fill("2020-01-01")
    page.get_by_role("button", name="Appliquer").click()
    page.get_by_role("alert").wait_for()
    yield "seuil-essai-refuse", page
    page.get_by_label("À partir du").fill("2027-01-04" if TODAY.year < 2027 else str(TODAY))
    page.get_by_label("Jusqu'au").fill("2027-02-05")
    page.get_by_role("button", name="Appliquer").click()
    page.get_by_text("Réglage enregistré").wait_for()
    yield "seuils-a-venir", page


def _life(site: Site) -> Tour:
    page = site.signed_in("referent.pre")
    journey_id = rows(
        "SELECT id FROM journey WHERE stage = 'EN_COURS' AND id = ANY(%s)", journeys_of(REFERENT)
    )[0][0]
    for name in ("etape", "referent", "sortie", "famille"):
        page.goto(f"/parcours/{journey_id}/{name}")
        yield f"vie-{name}", page
    page.goto(f"/parcours/{journey_id}/sortie")
    page.get_by_label("Motif de sortie").select_option("PERTE_CONTACT")
    page.get_by_role("button", name="Terminer le parcours").click()
    page.get_by_role("alert").wait_for()
    yield "vie-sortie-refusee", page
    page.get_by_label("Motif de sortie").select_option("RELAIS_DC")
    page.get_by_label("Précision").fill("Relais pris par le centre social, famille d'accord.")
    page.get_by_role("button", name="Terminer le parcours").click()
    page.get_by_text("Sortie enregistrée").wait_for()
    yield "vie-parcours-termine", page
    page.goto(f"/parcours/{journey_id}/reouverture")
    yield "vie-reouverture", page
    rows("UPDATE journey SET agreement_status = 'RETIRE' WHERE id = %s", journey_id)
    page.reload()
    yield "vie-reouverture-sans-accord", page
    rows("UPDATE journey SET agreement_status = 'SIGNE' WHERE id = %s", journey_id)
    page.goto("/parcours/absences")
    yield "vie-absences", page
    page.goto("/parcours/nouveau")
    page.get_by_role("button", name="Ouvrir le parcours").click()
    page.get_by_role("alert").wait_for()
    yield "vie-nouveau-refuse", page
    page = site.signed_in("coordination.cite")
    page.goto("/parcours/nouveau")
    yield "vie-nouveau-cite", page
    other = rows("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' AND exit_on IS NULL ORDER BY ref")[
        0
    ][0]
    for name in ("etape", "referent"):
        page.goto(f"/parcours/{other}/{name}")
        yield f"vie-cite-{name}", page


def _referent(page: Page) -> Tour:
    silent = silent_journey(REFERENT)
    rows("UPDATE alert SET initial = journey_id <> %s", silent)
    for path in ("ma-journee", "mes-parcours"):
        page.goto(f"/parcours/{path}")
        yield path, page
    for number, journey_id in enumerate((silent, journeys_of(REFERENT)[0])):
        page.goto(f"/parcours/{journey_id}")
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        yield f"parcours-ouvert-{number}", page
    page.goto(f"/parcours/{silent}/regles")
    yield "regles", page
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    yield "regles-ouvertes", page
    for period in ("3m", "tout"):
        page.goto(f"/parcours/{silent}/image?periode={period}")
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        yield f"image-{period}", page
    page.goto(f"/parcours/{silent}/echange?retour=journee")
    yield "echange", page
    page.get_by_label("Un autre jour").check()
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("alert").wait_for()
    yield "echange-refuse", page
    yield from _documents(page, silent)
    yield from _outing(page, silent)
    yield from _note(page)
    yield from _alert(page, silent)
    page.goto(f"/parcours/{uuid.uuid4()}")
    yield "erreur-404", page
    page.goto("/deconnexion")
    yield "erreur-405", page


@pytest.mark.long
def test_pages_of_the_guide(site: Site) -> None:
    check(_guide(site.signed_in("ccas")))


def _guide(page: Page) -> Tour:
    page.get_by_role("link", name="Aide : le guide de votre rôle").click()
    page.get_by_role("heading", name="Partenaires").wait_for()
    for name in ("", *PAGES):
        page.goto(f"/guide/{name}".rstrip("/"))
        yield f"guide-{name or 'sommaire'}", page


@pytest.mark.long
def test_pages_of_records(site: Site) -> None:
    check(_records(site.signed_in("referent.pre")))


def _records(page: Page) -> Tour:
    journey_id = rows(
        "SELECT id FROM journey WHERE id = ANY(%s) AND agreement_status = 'SIGNE' AND stage = 'EN_COURS'"
        " ORDER BY ref LIMIT 1",
        journeys_of(REFERENT),
    )[0][0]
    for slug in ADDED:
        page.goto(f"/parcours/{journey_id}/{slug}")
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        yield f"ajouter-{slug}", page
    page.goto(f"/parcours/{journey_id}/action")
    page.get_by_label("Qui s'en occupe").fill("Mme D., CCAS")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("alert").wait_for()
    yield "ajouter-action-refusee", page
    page.get_by_label("Visite à domicile").check()
    page.get_by_label("Mobilisé").check()
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Action enregistrée.").wait_for()
    action_id = rows("SELECT id FROM action ORDER BY position DESC LIMIT 1")[0][0]
    page.goto(f"/parcours/action/{action_id}")
    page.get_by_label("Qui s'en occupe").fill("M. V., centre social")
    page.get_by_role("button", name="Enregistrer").click()
    page.goto(f"/parcours/action/{action_id}")
    page.get_by_text("Saisi par erreur ?").click()
    yield "corriger-action", page
    page.get_by_label("Qui s'en occupe").fill("Mon texte")
    rows("UPDATE action SET version = version + 1 WHERE id = %s", action_id)
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Les deux versions sont là").wait_for()
    yield "corriger-action-deux-textes", page
    page.goto(f"/parcours/action/{action_id}/presences")
    page.get_by_text("Une autre séance", exact=True).click()
    yield "presences", page
    page.goto(f"/parcours/{journey_id}/diagnostic")
    yield "diagnostic", page


@pytest.mark.long
def test_pages_of_the_facts_that_only_pages_bring(site: Site) -> None:
    check(_facts(site))


def _facts(site: Site) -> Tour:
    page = site.signed_in("mipe.plie")
    journey_id = one_of_the_cite()
    for slug, button, field, text in (
        ("invitation", "Entretien", "", ""),
        ("candidature", "", "Structure d'insertion", "Les Jardins d'Opale, chantier maraîcher"),
        ("enfant", "", "Mois de naissance", "03/2021"),
        ("enfant", "", "Mois de naissance", "11/2024"),
    ):
        page.goto(f"/parcours/{journey_id}/{slug}")
        if button:
            page.get_by_label(button).check()
        if field:
            page.get_by_label(field).fill(text)
        page.get_by_role("button", name="Enregistrer").click()
        page.get_by_text("enregistré").first.wait_for()
    for slug in ("invitation", "candidature", "enfant"):
        page.goto(f"/parcours/{journey_id}/{slug}")
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        yield f"ajouter-{slug}", page
    page.get_by_label("Mois de naissance").fill("13/2024")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("alert").wait_for()
    yield "ajouter-enfant-refuse", page
    page.goto(f"/parcours/{journey_id}")
    yield "parcours-cite-faits", page
    one_of_the_cite(ended=True)
    for slug, choice in (("suivi", "En emploi"), ("conservation", "Le garder plus longtemps")):
        page.goto(f"/parcours/{journey_id}/{slug}")
        page.get_by_label(choice).check()
        yield f"ajouter-{slug}", page
        page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("alert").wait_for()
    yield "ajouter-conservation-refusee", page
    page = site.signed_in("referent.pre")
    school = rows(
        "SELECT id FROM journey WHERE id = ANY(%s) AND agreement_status = 'SIGNE' AND stage = 'EN_COURS'"
        " ORDER BY ref LIMIT 1",
        journeys_of(REFERENT),
    )[0][0]
    page.goto(f"/parcours/{school}/absence")
    page.get_by_label("Nombre de demi-journées").fill("2")
    page.get_by_role("button", name="Enregistrer").click()
    # TODAY is a Sunday.
    page.get_by_label("C'est bien cela").check()
    yield "ajouter-absence-confirmer", page
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("status").first.wait_for()
    page.goto(f"/parcours/{school}/absence")
    page.get_by_label("Nombre de demi-journées").fill("61")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("alert").first.wait_for()
    yield "ajouter-absence-refusee", page
    page.goto(f"/parcours/{school}/decision")
    page.get_by_label("Prolongation").check()
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("alert").wait_for()
    yield "ajouter-decision-refusee", page
    page.get_by_label("Pourquoi").fill("Le lien avec l'école reste fragile : une année de plus.")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Décision enregistrée.").wait_for()
    yield "parcours-decision", page


def _note(page: Page) -> Tour:
    contact_id = rows(
        "SELECT id FROM contact WHERE journey_id = ANY(%s) ORDER BY on_date DESC LIMIT 1",
        journeys_of(REFERENT),
    )[0][0]
    page.goto(f"/parcours/echange/{contact_id}")
    yield "note", page
    page.get_by_label("Note (facultatif)").fill("Mon texte, écrit pendant ce temps.")
    rows("UPDATE contact SET version = version + 1 WHERE id = %s", contact_id)
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Note, enregistré entre-temps").wait_for()
    yield "note-deux-textes", page


def _documents(page: Page, journey_id: uuid.UUID) -> Tour:
    page.goto(f"/parcours/{journey_id}/documents")
    yield "documents-aucun", page
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_role("alert").wait_for()
    yield "documents-refuse", page
    for name, content in (("accord signé.png", a_png()), ("Bulletin du 2e trimestre.pdf", a_pdf("Bulletin"))):
        page.get_by_label("Fichier").set_input_files(FilePayload(name=name, mimeType="", buffer=content))
        page.get_by_label("Accord signé").check()
        page.get_by_label("Coordination").check()
        page.get_by_role("button", name="Ajouter").click()
        page.get_by_text("Document ajouté.").wait_for()
    yield "documents", page
    for number in (1, 0):
        page.goto(f"/parcours/{journey_id}/documents")
        page.locator(".document-name a").nth(number).click()
        page.get_by_role("link", name="Retirer ce document").wait_for()
        if number:
            # Inside the frame of a PDF stands a page of the browser's own.
            yield "document", page
        keep_screenshot(page, f"document-{number}")
    page.get_by_role("link", name="Retirer ce document").click()
    page.get_by_role("button", name="Retirer ce document").wait_for()
    yield "document-retrait", page
    page.get_by_role("button", name="Retirer ce document").click()
    page.get_by_text("1 document retiré").click()
    yield "documents-retire", page
    page.goto(f"/parcours/{journey_id}/retires")
    yield "retires", page


def _outing(page: Page, journey_id: uuid.UUID) -> Tour:
    rows(
        "INSERT INTO appointment (id, journey_id, folder_id, on_date, status) SELECT gen_random_uuid(),"
        " journey_id, id, %s, 'A_VENIR' FROM folder WHERE journey_id = %s AND volet = 'coordination'",
        TODAY,
        journey_id,
    )
    page.goto("/parcours/tournee?suite=1")
    yield "tournee-choix-refus", page
    page.goto("/parcours/tournee")
    yield "tournee-choix", page
    people = [journey_id, *(id_ for id_ in journeys_of(REFERENT) if id_ != journey_id)][:3]
    page.goto("/parcours/tournee?" + "&".join(f"p={id_}" for id_ in people))
    yield "tournee", page
    first, second = (page.locator(f"#visit-{id_.hex}") for id_ in people[:2])
    page.get_by_label("Visite à domicile").check()
    first.get_by_label("Honoré").check()
    first.get_by_label("Note").fill("Vu avec sa mère, tout va bien.")
    second.get_by_label("Note").fill("Une note sans résultat.")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("alert").wait_for()
    yield "tournee-refus", page


def _alert(page: Page, journey_id: uuid.UUID) -> Tour:
    alert_id = rows("SELECT id FROM alert WHERE journey_id = %s AND status = 'OUVERTE'", journey_id)[0][0]
    page.goto(f"/parcours/alerte/{alert_id}?retour=journee")
    page.get_by_label("La reporter").check()
    yield "alerte", page
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("alert").wait_for()
    yield "alerte-refusee", page
    page.get_by_label("La classer sans objet").check()
    page.get_by_label("Doublon").check()
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Alerte classée sans objet.").wait_for()
    yield "ma-journee-apres", page
    page.goto(f"/parcours/alerte/{alert_id}")
    yield "alerte-close", page


def test_a_form_that_comes_after_the_end_of_the_session_gives_its_text_back(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto(f"/parcours/{silent_journey(REFERENT)}/echange")
    rows("UPDATE sign_in_session SET revoked_at = now() - interval '1 minute'")
    page.get_by_label("Note").fill("Un long texte écrit dans le bus.")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Un long texte écrit dans le bus.").wait_for()
    assert not violations(page)
    sign_in(page, "referent.pre")
