"""When somebody is reminded of a workshop, in words: on its form and on their ticket."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from flask import Flask

from outreach import clock, network_profile
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.message_types import DECLARATIONS, SCHEDULES, MessageChannel
from outreach.domain.workshops import Workshop
from outreach.i18n import gettext as _
from outreach.web.context import config
from outreach.web.presentation import formatting

_NOON: Final = 12


def init_app(app: Flask) -> None:
    app.add_template_filter(say_moments, "reminder_words")


def is_default(workshop: Workshop) -> bool:
    """Whether people who register are reminded unless they say no: not of a discreet workshop, and
    not where the law of the country may ask for their word first."""
    is_asked_for = network_profile.reminds_on_request(workshop.office.country)
    return workshop.has_reminders and not workshop.is_discreet and not is_asked_for


def say_moments(workshop: Workshop) -> str:
    """Returns when people are reminded who register now: «el martes 16 y el jueves 18 por la
    mañana». Empty where it is too late."""
    return _say(workshop, list_moments(workshop, frozenset(MessageChannel), clock.now()))


def say_own_moments(registration: Registration, now: datetime) -> str:
    """Returns when this party is reminded, in the same words; empty where no reminder is ahead, or
    none can reach it."""
    workshop, contact = registration.workshop, registration.contact
    if contact is ContactMethod.NONE:
        return ""
    channel = MessageChannel.LETTER
    if contact is ContactMethod.PHONE:
        gets_texts = bool(config().texts.url) and registration.may_leave_message
        channel = MessageChannel.TEXT if gets_texts else MessageChannel.CALL
    return _say(workshop, list_moments(workshop, frozenset({channel}), now))


def list_moments(
    workshop: Workshop, channels: frozenset[MessageChannel], now: datetime
) -> list[datetime]:
    """Returns the instants after `now` at which a reminder is due that one of the channels can
    have, on the clock of the venue. The question whether people still come is one of them where it
    takes the place of the first."""
    due = [
        schedule.compute_due(workshop)
        for cause, schedule in SCHEDULES.items()
        if DECLARATIONS[cause].channels & channels and DECLARATIONS[cause].is_sent_about(workshop)
    ]
    if workshop.remind_early_at is None and not workshop.is_discreet:
        due.append(workshop.confirm_at)
    return sorted(each.astimezone(workshop.zone) for each in due if each is not None and each > now)


def _say(workshop: Workshop, moments: Sequence[datetime]) -> str:
    if not moments:
        return ""
    *before, last = moments
    if not before:
        return _part_of_day(_day_words(last.date()), last)
    first = before[0]
    is_same_part = (first.hour < _NOON) == (last.hour < _NOON)
    day = _day_words(first.date())
    first_words = day if is_same_part else _part_of_day(day, first)
    last_words = _part_of_day(_day_words(last.date()), last)
    return str(_("%(first)s y %(last)s", first=first_words, last=last_words))


def _day_words(day: date) -> str:
    return str(_("el %(day)s", day=formatting.weekday_and_number(day)))


def _part_of_day(day: str, moment: datetime) -> str:
    if moment.hour < _NOON:
        return str(_("%(day)s por la mañana", day=day))
    return str(_("%(day)s por la tarde", day=day))
