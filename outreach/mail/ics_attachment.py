"""Attaches a calendar entry to a letter where the registrant wants one; never of a discreet kind.

It is no invitation: there is no attendee and nothing to answer. Its title is neutral, because
calendars are shared with families and shown on locked screens (S14, S15).
"""

from email.message import EmailMessage
from typing import Final

from outreach.config import Config
from outreach.domain.network.kinds import Way
from outreach.domain.registrations import RegistrationStatus
from outreach.domain.registrations.message_types import DECLARATIONS, EntryChange
from outreach.feeds import attendee_event
from outreach.feeds.attendee_event import Method
from outreach.i18n import gettext as _
from outreach.mail.message_context import MessageContext, mail_from

_METHODS: Final = {EntryChange.ADDED: Method.PUBLISH, EntryChange.REMOVED: Method.CANCEL}


def method_of(context: MessageContext) -> Method | None:
    """Whether the letter adds a calendar entry or removes it; None for most."""
    registration = context.registration
    if not registration.wants_entry or registration.workshop.is_discreet:
        return None
    entry = DECLARATIONS[context.notification.cause].entry
    if entry is EntryChange.REMOVED_IF_EXPIRED:
        is_expired = registration.status is RegistrationStatus.EXPIRED
        return Method.CANCEL if is_expired else None
    has_place = registration.apparent_status is RegistrationStatus.CONFIRMED
    return _METHODS.get(entry) if has_place else None


def attach(letter: EmailMessage, context: MessageContext, config: Config) -> None:
    """Attaches the entry to a letter that needs one."""
    method = method_of(context)
    if method is None:
        return
    workshop, lang = context.registration.workshop, context.registration.language
    # The URL of an unlisted workshop gives access to it, and calendars are shared.
    url = f"{config.public_url}/{lang}/t/{workshop.public_id}"
    lines = attendee_event.write(
        context.registration,
        _("Cita"),
        attendee_event.uid(context.registration, context.key, context.calendar_host),
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
