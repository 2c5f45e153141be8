"""The buttons of an alert: addresses of pages, and none that its reader may not open."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import url_for

from coordination.alerts.queries import AlertView
from coordination.alerts.ways import ALSO, JOURNEY, WAYS, Way
from coordination.cases.queries.alert_page import AlertPage
from coordination.cases.queries.reach import Reach
from coordination.web.navigation import address

Shown = AlertView | AlertPage


@dataclass(frozen=True)
class Ways:
    """For one reader. What they may not write leads to the journey, which they read."""

    reach: Reach

    def way_of(self, alert: Shown) -> tuple[str, str]:
        """Address and words of the button that leads to what ends an alert."""
        return _button(self._open(WAYS[alert.rule], alert), alert)

    def page_of(self, alert: Shown) -> tuple[str, str] | None:
        """The same, None where it is the journey's own page: no button leads from a page to itself."""
        url, label = self.way_of(alert)
        return None if url == address(JOURNEY.endpoint, journey_id=alert.journey_id) else (url, label)

    def also_of(self, alert: Shown) -> tuple[str, str] | None:
        """The same of a second page that ends it, where there is one."""
        return _button(ALSO[alert.rule], alert) if alert.rule in ALSO else None

    def _open(self, way: Way, alert: Shown) -> Way:
        shut = way.there and alert.folder_id not in self.reach.writable
        return JOURNEY if shut or (way.led and alert.journey_id not in self.reach.led) else way


def _button(way: Way, alert: Shown) -> tuple[str, str]:
    if way.correct and (record := _uuid(alert.subject_id)):
        return url_for("cases.change_record", slug=way.correct, record_id=record), way.label
    if way.of_subject:
        if record := _uuid(alert.subject_id):
            return address(way.endpoint, **{way.of_subject: record}), way.label
        return address(JOURNEY.endpoint, journey_id=alert.journey_id), JOURNEY.label
    if way.slug:
        return url_for(way.endpoint, journey_id=alert.journey_id, slug=way.slug), way.label
    return address(way.endpoint, journey_id=alert.journey_id), way.label


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
