"""What a letter or a text is about, and what its template may say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from outreach import i18n
from outreach.config import Config
from outreach.domain import registrations
from outreach.domain.registrations import PersonalData, Registration, reconfirmation
from outreach.domain.registrations.notifications import Notification, NotificationType

# Of what asks for an answer, the page that takes it.
_PAGES: Final = {NotificationType.RECONFIRM: "/vengo"}
LAST_LAPSE: Final = 2  # offers not answered, after which a party is off the list


@dataclass(frozen=True, kw_only=True, repr=False)
class MessageContext:
    """All that a letter or a text is made from, looked up a moment before it is sent."""

    notification: Notification
    person: PersonalData
    key: bytes
    now: datetime
    group: Sequence[Registration] = ()  # all dates of the group registration, this one included
    calendar_host: str = ""  # of who wants an entry

    @property
    def registration(self) -> Registration:
        return self.notification.registration


def template_values(context: MessageContext, config: Config) -> dict[str, Any]:
    """What the templates of letters and texts may say."""
    registration, workshop = context.registration, context.registration.workshop
    lang = registration.language
    token = registrations.derive_manage_token(context.key)
    notification = context.notification
    message = notification.message if notification.cause is NotificationType.MESSAGE else None
    until, answer_by = registration.offered_until, reconfirmation.get_answer_deadline(registration)
    return {
        "name": context.person.name,
        "registration": registration,
        "workshop": workshop,
        "message": message,
        "paragraph": i18n.say(message.paragraph, lang) if message else "",
        "bring": i18n.say(workshop.bring, lang),
        "others": [each for each in context.group if each.id != registration.id],
        "is_quiet": workshop.is_discreet,
        "was_silent": registration.lapses < LAST_LAPSE,
        "phone": workshop.phone or workshop.office.phone or config.phone,
        "today": context.now.astimezone(workshop.zone).date(),
        "until": until and until.astimezone(workshop.zone),
        "answer_by": answer_by and answer_by.astimezone(workshop.zone),
        "link": f"{config.public_url}/{lang}/r/{token}{_PAGES.get(notification.cause, '')}",
        "home": f"{config.public_url}/{lang}/",
    }


def mail_from(config: Config) -> str:
    """The sender's address: OUTREACH_MAIL_FROM, or one at the site's own host."""
    return config.mail_from or f"avisos@{urlsplit(config.public_url).hostname or 'localhost'}"
