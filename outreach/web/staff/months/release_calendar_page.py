"""Headquarters sets on which day and at which hour months are released, and sees who looked."""

from datetime import time

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain.network.staff import Permission
from outreach.domain.reporting import months, releases
from outreach.domain.reporting.releases import ReleaseCalendar
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import log_office_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.months import blueprint


@blueprint.get("/ajustes/publicacion")
@requires(Scope.NETWORK, Permission.NETWORK)
def release_calendar_form() -> ResponseReturnValue:
    return _page()


@blueprint.post("/ajustes/publicacion")
@requires(Scope.NETWORK, Permission.NETWORK, fresh=True)
def set_release_calendar() -> ResponseReturnValue:
    """Sets the calendar to the `day` and `hour` of the form (`do=save`) or removes it
    (`do=remove`). A month that was covered before stays so."""
    try:
        calendar = _read_calendar()
    except Refusal as refusal:
        return _page(422, fault=error_messages.say(refusal))
    with store().change() as session:
        before = releases.get_calendar(session)
        if calendar is not None and before is not None:  # a month once covered stays so
            since = min(calendar.since, before.since)
            calendar = ReleaseCalendar(calendar.day, calendar.hour, since)
        releases.set_calendar(session, calendar)
        action = "release calendar set" if calendar else "release calendar removed"
        details = {"text": f"{calendar.day}, {calendar.hour:%H:%M}"} if calendar else {}
        log_office_action(session, "", action, details)
    return redirect("/org/ajustes/publicacion?hecho=1", 303)


def _read_calendar() -> ReleaseCalendar | None:
    """The calendar of the form, from the month that closes next on; None to remove it. Raises
    Refusal."""
    what = request.form.get("do")
    if what == "remove":
        return None
    if what != "save":
        raise PageRefused(_("Elige qué hacer con los botones de esta página."))
    day, hour = request.form.get("day", ""), request.form.get("hour", "")
    try:
        at = time.fromisoformat(hour).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise PageRefused(_("Escribe la hora así: 09:00.")) from None
    number = int(day) if day.isascii() and day.isdigit() and len(day) < 3 else 0
    return ReleaseCalendar(number, at, months.find_closing_next(clock.now()))


def _page(status: int = 200, *, fault: str = "") -> Response:
    now = clock.now()
    with store().read() as session:
        embargo = releases.load_embargo(session, now)
        readers = [
            (month, member.label, workshop_labels.headquarters_moment(at))
            for month, member, at in releases.list_early_readers(session)
        ]
    calendar = embargo.calendar
    return page(
        "months/release_calendar",
        status,
        calendar=calendar,
        coming=[
            (month, workshop_labels.headquarters_moment(at))
            for month, at in (releases.list_coming(calendar, embargo, count=3) if calendar else [])
        ],
        readers=readers,
        min_day=releases.MIN_DAY,
        max_day=releases.MAX_DAY,
        typed=request.form,
        fault=fault,
        is_done=request.args.get("hecho") == "1",
    )
