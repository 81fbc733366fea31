"""What a letter or a text is written from, and the values its template gets."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from outreach import i18n
from outreach.config import Config
from outreach.domain import registrations
from outreach.domain.registrations import Registration, reconfirmation, review
from outreach.domain.registrations.message_types import DECLARATIONS, NotificationType
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import facts, verify_codes

MAX_EXPIRED_OFFERS: Final = 2  # then the registration leaves the waitlist


def new_letter_id() -> str:
    """The id of a letter that is not sent, as a preview."""
    return secrets.token_hex(10)


@dataclass(frozen=True, kw_only=True, repr=False)
class MessageContext:
    """All that a letter or a text is written from, looked up just before it is sent."""

    notification: Notification
    address: str  # the e-mail or phone
    key: bytes
    now: datetime
    group: Sequence[Registration] = ()  # all dates of the group registration, this one included
    calendar_host: str = ""  # only where a calendar entry is wanted
    summary: Sequence[tuple[Registration, bytes]] = ()  # what a summary lists, with their keys
    unlisted: int = 0  # how many more there are
    letter_id: str = field(default_factory=new_letter_id)  # the local part of the Message-ID

    @property
    def registration(self) -> Registration:
        return self.notification.registration

    @property
    def is_discreet(self) -> bool:
        """Whether the message is about a discreet workshop, or lists one."""
        listed = (registration for registration, _key in self.summary)
        return any(each.workshop.is_discreet for each in (self.registration, *listed))


def template_values(context: MessageContext, config: Config) -> dict[str, Any]:
    """The variables of the templates of letters and texts. No name is among them: anybody may have
    typed it, and the contact has proven nothing (S30)."""
    registration, workshop = context.registration, context.registration.workshop
    lang = registration.language
    notification = context.notification
    message = notification.message if notification.cause is NotificationType.MESSAGE else None
    summary = context.summary or [(registration, context.key)]
    until, answer_by = registration.offered_until, reconfirmation.get_answer_deadline(registration)
    return {
        "registration": registration,
        "workshop": workshop,
        "cause": notification.cause,
        "message": message,
        "paragraph": i18n.say(message.paragraph, lang) if message else "",
        "bring": i18n.say(workshop.bring, lang),
        "others": [each for each in context.group if each.id != registration.id],
        "is_quiet": workshop.is_discreet,
        # Who reads that another day is cancelled than the one they know would go on that one.
        "knows_when": facts.says_when(registration.known_facts, workshop),
        "was_silent": registration.lapses < MAX_EXPIRED_OFFERS,
        "phone": workshop.phone or workshop.office.phone or config.phone,
        "today": context.now.astimezone(workshop.zone).date(),
        "until": until and until.astimezone(workshop.zone),
        "answer_by": answer_by and answer_by.astimezone(workshop.zone),
        "review_at": review.compute_review(workshop, registration.registered_at).astimezone(
            workshop.zone
        ),
        "link": _link(context, config, registration, context.key, notification.cause),
        "places": [(each, _link(context, config, each, key)) for each, key in summary],
        "unlisted": context.unlisted,
        "takes_answers": config.answers.is_on,  # by text
        "home": f"{config.public_url}/{lang}/",
        "verify_code": verify_codes.make(workshop),
        # Without the scheme: a letter has one link.
        "verify_page": f"{config.public_url.partition('://')[2]}/{lang}/verdad",
    }


def _link(
    context: MessageContext,
    config: Config,
    registration: Registration,
    key: bytes,
    cause: NotificationType | None = None,
) -> str:
    """The link of a registration."""
    token, lang = registrations.derive_manage_token(key), context.registration.language
    link = f"{config.public_url}/{lang}/r/{token}"
    return link if cause is None else f"{link}{DECLARATIONS[cause].answer_page}"


def mail_from(config: Config) -> str:
    """The sender's address: OUTREACH_MAIL_FROM, or one at the site's own host."""
    return config.mail_from or f"avisos@{urlsplit(config.public_url).hostname or 'localhost'}"
