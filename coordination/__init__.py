"""Coordination of residents' journeys. `create_app` is the one way to an application."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config.settings import Settings

# Objects made and not given back before the collector looks for those that hold each other.
LEFT_BEHIND = 50_000


def create_app(settings: Settings) -> Flask:
    """The application: for requests, and as a context for commands.

    Here, on top of every package, the features are put side by side: their pages, their rules, their part of a
    journey's timeline (docs/adr/0004). Raises KeyUnavailable without keys, UndeclaredEndpoint if an endpoint
    has no policy.
    """
    # Imported here, so that a command that needs no page (worker, dburl) does not pay for one.
    from coordination.alerts.calendar import Calendar
    from coordination.alerts.catalogue import serious
    from coordination.cases import source as case_rules
    from coordination.cases import timeline as case_timeline
    from coordination.cases import timeline_course as course_timeline
    from coordination.cases import timeline_facts as page_timeline
    from coordination.cases.views import blueprint as cases
    from coordination.kept import Findings
    from coordination.referrals import picture as referral_picture
    from coordination.referrals import source as referral_rules
    from coordination.referrals import timeline as referral_timeline
    from coordination.web.factory import build

    app = build(settings, (cases,))
    app.extensions["rule_sources"] = (case_rules.SOURCE, referral_rules.SOURCE)
    app.extensions["timeline_sources"] = (
        case_timeline.OWN,
        page_timeline.FACTS,
        course_timeline.COURSE,
        referral_timeline.SENT,
    )
    app.extensions["picture_sources"] = (referral_picture.referral_lanes,)
    # What the counts of pilotage tell: breaks, not announcements.
    app.extensions["counted_alerts"] = sorted(serious())
    app.extensions["findings"] = Findings()
    # Half a second that the first person of the day need not wait for.
    app.extensions["calendar_known_until"] = Calendar.load().last_known
    # What stands for as long as the process is not looked through again each time a page leaves something behind:
    # that alone took longer than opening five thousand names. What a page makes is looked through once, not at
    # every seven hundredth object.
    gc.collect()
    gc.freeze()
    gc.set_threshold(LEFT_BEHIND)
    return app
