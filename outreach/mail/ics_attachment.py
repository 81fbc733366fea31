"""The calendar entry that goes with a letter, to who asked for it; never of a discreet kind.

It is no invitation: nothing to answer, nobody else in it, and its title says no topic, because
calendars are shared with families and shown on locked screens.
"""

from email.message import EmailMessage
from typing import Final

from outreach.config import Config
from outreach.domain.network.kinds import Way
from outreach.domain.registrations import RegistrationStatus
from outreach.domain.registrations.notifications import NotificationType
from outreach.feeds import attendee_event
from outreach.feeds.attendee_event import Method
from outreach.i18n import gettext as _
from outreach.mail.message_context import MessageContext, mail_from

ABOUT_A_PLACE: Final = frozenset(
    {
        NotificationType.REGISTERED,
        NotificationType.SEAT_GRANTED,
        NotificationType.APPROVED,
        NotificationType.CHANGED,
        NotificationType.REINSTATED,
        NotificationType.CANCELLED,
    }
)


def method_of(context: MessageContext) -> Method | None:
    """Whether the letter puts an entry into the calendar or takes it out; None for most."""
    registration, cause = context.registration, context.notification.cause
    if not registration.wants_entry or registration.workshop.is_discreet:
        return None
    if (
        cause is NotificationType.OFFER_EXPIRED
        and registration.status is RegistrationStatus.EXPIRED
    ):
        return Method.CANCEL
    if cause not in ABOUT_A_PLACE or registration.status is not RegistrationStatus.CONFIRMED:
        return None
    return Method.CANCEL if cause is NotificationType.CANCELLED else Method.PUBLISH


def attach(letter: EmailMessage, context: MessageContext, config: Config) -> None:
    """Adds the entry to a letter that is to have one."""
    method = method_of(context)
    if method is None:
        return
    workshop, lang = context.registration.workshop, context.registration.language
    # Having the link of an unlisted one is a permission, and calendars are shared.
    url = f"{config.public_url}/{lang}/t/{workshop.public_id}"
    lines = attendee_event.write(
        context.registration,
        _("Cita"),
        attendee_event.uid(context.key, context.calendar_host),
        now=context.now,
        sending=attendee_event.MailedEvent(
            method, mail_from(config), "" if workshop.way is Way.UNLISTED else url
        ),
    )
    letter.add_attachment(
        lines,
        maintype="text",
        subtype="calendar",
        filename="cita.ics",
        params={"method": method.value, "charset": "utf-8"},
    )
