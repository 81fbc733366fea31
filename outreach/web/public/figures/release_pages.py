"""The release calendar of the figures: what comes and when, what came and whether in time."""

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from outreach import clock, i18n
from outreach.domain.network import installation_settings
from outreach.domain.reporting import releases
from outreach.feeds import release_feed
from outreach.web.context import config, store
from outreach.web.public.figures import month_params
from outreach.web.public.figures.month_params import pages

MAX_PAST = 60  # revisions


@pages.get("/publicacion")
def release_calendar() -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        embargo = releases.load_embargo(session, now)
        past = releases.list_past(session, now, limit=MAX_PAST)
    coming = releases.list_coming(embargo.calendar, embargo) if embargo.calendar else []
    punctual = [each.is_punctual for each in past if each.is_punctual is not None]
    month_params.keep_until_release(month_params.LATER, embargo)
    return render_template(
        "figures/releases.html",
        coming=[(month, clock.at_headquarters(at)) for month, at in coming],
        past=[(each, clock.at_headquarters(each.released_at)) for each in past],
        promised=len(punctual),
        kept=sum(punctual),
        zone=clock.headquarters_zone().key,
        calendar_address=f"{config().public_url}/{i18n.current()}/cifras/publicacion.ics",
    )


@pages.get("/publicacion.ics")
def release_feed_file() -> ResponseReturnValue:
    """Answers with the next twelve releases as iCalendar; without a calendar, a calendar without
    events."""
    with store().read() as session:
        embargo = releases.load_embargo(session, clock.now())
        host = installation_settings.get_calendar_host(session)
    coming = releases.list_coming(embargo.calendar, embargo) if embargo.calendar else []
    body = release_feed.write(coming, i18n.current(), config().public_url, host)
    month_params.keep_until_release(month_params.LATER, embargo)
    answer = Response(body, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'inline; filename="publicacion.ics"'
    return answer
