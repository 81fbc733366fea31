"""Writes the calendar feed of a roster member: the workshops to which they are assigned, in their
language.

It names nobody. Of a discreet workshop it has a neutral title and the city; what they have not
confirmed is tentative. Its events have their own UIDs: a phone may follow public feeds too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Event
from icalendar.parser import Contentline, Parameters
from sqlalchemy.orm import Session

from outreach.domain.roster import assignments
from outreach.domain.roster.models import AssignmentState, RosterAssignment, RosterMember
from outreach.domain.workshops import Workshop
from outreach.feeds import labels, serialization, vevent
from outreach.feeds.ics_feed import PRODID
from outreach.feeds.serialization import IcsText
from outreach.feeds.vevent import PublicSite
from outreach.feeds.vtimezone import vtimezone
from outreach.i18n import N_, translate, translator
from outreach.zone_rules import UTC_KEY

BACK: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=400)
_NAME: Final = N_("Mis días de apoyo")
_TO_CONFIRM: Final = N_("POR CONFIRMAR: ")


def write(session: Session, member: RosterMember, site: PublicSite, *, now: datetime) -> bytes:
    """Writes the calendar of a member: the workshops of the days from BACK ago to AHEAD."""
    today = now.date()
    listed = assignments.list_of_member(
        session, member, first_day=today - BACK, last_day=today + AHEAD
    )
    header = [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", PRODID),
        ("CALSCALE", "GREGORIAN"),
        ("NAME", translate(_NAME, member.lang)),
        ("X-WR-CALNAME", translate(_NAME, member.lang)),
    ]
    lines = (Contentline.from_parts(name, Parameters({}), IcsText(value)) for name, value in header)
    return b"".join(
        [
            serialization.join_lines(lines),
            *_zones([each.workshop for each in listed], member.zone),
            *(_event(each, member.lang, site) for each in listed),
            b"END:VCALENDAR\r\n",
        ]
    )


def _zones(workshops: Sequence[Workshop], own: ZoneInfo) -> list[bytes]:
    """The zones of the workshops. A calendar must have a component: without one, the member's."""
    by_key = {each.calendar_zone.key: each.calendar_zone for each in workshops}
    by_key.pop(UTC_KEY, None)
    return [vtimezone(by_key[key]) for key in sorted(by_key)] or [vtimezone(own)]


def _event(assignment: RosterAssignment, lang: str, site: PublicSite) -> bytes:
    workshop = assignment.workshop
    start, end = vevent.wall_clock(workshop)
    changed_at = max(
        vevent.changed_at(workshop), assignment.made_at, assignment.answered_at or labels.WORDED_AT
    ).replace(microsecond=0)
    event = Event()
    event.add("uid", f"equipo-{assignment.id}-{workshop.uid}@{workshop.get_uid_host(site.host)}")
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("sequence", workshop.sequence)
    event.add("status", _status(assignment))
    event.add("dtstart", start.astimezone(workshop.calendar_zone))
    event.add("dtend", end.astimezone(workshop.calendar_zone))
    event.add("summary", IcsText(_title(assignment, lang)))
    event.add("location", IcsText(vevent.place(workshop, lang)))
    if workshop.is_discreet:
        event.add("class", "PRIVATE")
    else:
        event.add("description", IcsText(labels.local_time(start, lang)))
    return serialization.join_lines(event.content_lines(sorted=False))


def _status(assignment: RosterAssignment) -> str:
    if assignment.workshop.is_cancelled:
        return "CANCELLED"
    is_confirmed = assignment.state is AssignmentState.CONFIRMED
    return "CONFIRMED" if is_confirmed else "TENTATIVE"


def _title(assignment: RosterAssignment, lang: str) -> str:
    title = vevent.title(assignment.workshop, lang)
    if assignment.workshop.is_cancelled or assignment.state is AssignmentState.CONFIRMED:
        return title
    return (translator(lang).gettext(_TO_CONFIRM) + title)[: vevent.MAX_TITLE_LENGTH]
