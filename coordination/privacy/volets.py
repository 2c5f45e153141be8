"""The six volets: the unit of access and of encryption."""

from __future__ import annotations

from enum import StrEnum


class Volet(StrEnum):
    COORDINATION = "coordination"
    SCOLARITE = "scolarite"
    SOCIAL = "social"
    SANTE = "sante"
    PROTECTION = "protection"
    EMPLOI = "emploi"


LABELS = {
    Volet.COORDINATION: "Coordination",
    Volet.SCOLARITE: "Scolarité",
    Volet.SOCIAL: "Social",
    Volet.SANTE: "Santé",
    Volet.PROTECTION: "Protection",
    Volet.EMPLOI: "Emploi",
}
