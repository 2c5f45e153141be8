"""The catalogue's sources as people read them: those that mean something to them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

_PROJECT, _PROJECT_FR = "contract", "cahier des charges du projet"
# Public services whose delays were read in their code (`source` of the rules: "gip-inclusion/…").
_SERVICES = {
    "gip-inclusion/dora": "les délais de DORA, service public de l'insertion",
    "gip-inclusion/les-emplois": "les délais des Emplois de l'inclusion, service public",
    "gip-inclusion/rdv-insertion": "les délais de RDV-Insertion, service public",
}
_FRENCH_TEXTS = ("code ", "décret ", "loi ", "arrêté ")


@dataclass(frozen=True)
class Source:
    """Where a delay is from: an address, shown by its host, or a text."""

    text: str
    url: str | None = None


def sources_of(written: str | None) -> tuple[Source, ...]:
    """The sources of a rule, those left out that mean nothing to a reader (code of other projects)."""
    if written is None:
        return ()
    return tuple(source for part in written.split("; ") if (source := _source(part.strip())))


def _source(part: str) -> Source | None:
    if part.startswith(("https://", "http://")):
        address = urlsplit(part)
        host = address.hostname or ""
        # Without the port: it is that of the scheme, and nobody reads it.
        return Source(host, address._replace(netloc=host).geturl())
    if service := _SERVICES.get(part.split(" ")[0].rstrip(":")):
        return Source(service)
    if part.split(" ")[0] == _PROJECT:
        return Source(_PROJECT_FR + part.removeprefix(_PROJECT))
    return Source(part) if part.casefold().startswith(_FRENCH_TEXTS) else None
