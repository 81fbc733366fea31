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

    notice: Notification
    person: PersonalData
    key: bytes
    now: datetime
    joint: Sequence[Registration] = ()  # the dates that were saved together, this one among them
    calendar_host: str = ""  # of who wants an entry

    @property
    def registration(self) -> Registration:
        return self.notice.registration


def template_values(matter: MessageContext, config: Config) -> dict[str, Any]:
    """What the templates of letters and texts may say."""
    registration, workshop = matter.registration, matter.registration.workshop
    lang = registration.language
    token = registrations.manage_token(matter.key)
    message = matter.notice.message if matter.notice.cause is NotificationType.MESSAGE else None
    until, answer_by = registration.offered_until, reconfirmation.answer_by(registration)
    return {
        "name": matter.person.name,
        "registration": registration,
        "workshop": workshop,
        "message": message,
        "paragraph": i18n.say(message.paragraph, lang) if message else "",
        "bring": i18n.say(workshop.bring, lang),
        "others": [each for each in matter.joint if each.id != registration.id],
        "is_quiet": workshop.is_discreet,
        "was_silent": registration.lapses < LAST_LAPSE,
        "phone": workshop.phone or workshop.office.phone or config.phone,
        "today": matter.now.astimezone(workshop.zone).date(),
        "until": until and until.astimezone(workshop.zone),
        "answer_by": answer_by and answer_by.astimezone(workshop.zone),
        "link": f"{config.public_url}/{lang}/r/{token}{_PAGES.get(matter.notice.cause, '')}",
        "home": f"{config.public_url}/{lang}/",
    }


def mail_from(config: Config) -> str:
    """The sender's address: OUTREACH_MAIL_FROM, or one at the site's own host."""
    return config.mail_from or f"avisos@{urlsplit(config.public_url).hostname or 'localhost'}"
