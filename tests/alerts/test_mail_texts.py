"""What leaves, to the letter: whoever changes a word of a mail reads the whole mail here."""

from __future__ import annotations

from datetime import date

import pytest

from coordination.alerts.digest import News, Week, compose, compose_outage

BASE = "https://parcours.example"
FOOT = "Ce message ne contient volontairement aucun nom : le détail est dans l'outil.\n"
MAILS = {
    "a day": (
        compose(BASE, News({"CRITIQUE": 1, "HAUTE": 25}, 0)),
        "Coordination : du nouveau sur plus de 20 parcours",
        "Bonjour,\n"
        "\n"
        "Depuis le dernier message, plus de 20 parcours avec du nouveau :\n"
        "- priorité critique : 1\n"
        "- priorité haute : plus de 20\n"
        "À voir ici : https://parcours.example/\n"
        "\n" + FOOT,
    ),
    "a week without anything serious": (
        compose(BASE, News({}, 3)),
        "Coordination : le point de la semaine",
        "Bonjour,\n"
        "\n"
        "Pour information, cette semaine : 3 parcours.\n"
        "À voir ici : https://parcours.example/\n"
        "\n" + FOOT,
    ),
    "a coordinator's Monday": (
        compose(BASE, News({"HAUTE": 2}, 1), Week({"ABANDON": 31, "TRANSITION": 1}, 2, 3)),
        "Coordination : la feuille de la semaine",
        "Bonjour,\n"
        "\n"
        "Depuis le dernier message, 2 parcours avec du nouveau :\n"
        "- priorité haute : 2\n"
        "À voir ici : https://parcours.example/parcours/tableau\n"
        "\n"
        "Pour information, cette semaine : 1 parcours.\n"
        "À voir ici : https://parcours.example/\n"
        "\n"
        "Où en sont les parcours ce lundi :\n"
        "- Perte de contact : 31 parcours\n"
        "- Transition qui dure : 1 parcours\n"
        "- sans référent : 2 parcours\n"
        "- transmis à la coordination faute de réponse : 3 parcours\n"
        "La revue de la semaine : https://parcours.example/parcours/revue\n"
        "Le tableau : https://parcours.example/parcours/tableau\n"
        "Les parcours bloqués : https://parcours.example/parcours/bloques\n"
        "\n" + FOOT,
    ),
    "an outage": (
        compose_outage(BASE, date(2026, 6, 1)),
        "Coordination : l'analyse quotidienne s'était arrêtée",
        "Bonjour,\n"
        "\n"
        "Aucune analyse des échéances n'avait eu lieu depuis le 01/06/2026. Elle vient de reprendre, et a rattrapé"
        " les jours manqués.\n"
        "\n"
        "L'état du service : https://parcours.example/etat-du-service\n",
    ),
}


@pytest.mark.parametrize("mail", MAILS)
def test_to_the_letter(mail: str) -> None:
    composed, subject, body = MAILS[mail]
    assert composed == (subject, body)
