"""The words of each letter: one template a cause, in the reader's language. Plain text only.

A subject never names a kind, an office or a consulate, whatever the workshop: someone else may see
the screen (safety.md S17). For a discreet kind the body says no more than the day either.
"""

import re
from email.message import EmailMessage
from email.utils import formataddr
from typing import Final

from flask import render_template
from flask_babel import force_locale

from outreach.config import Config
from outreach.domain import registrations
from outreach.domain.notices import Notice
from outreach.domain.registrations import Person
from outreach.languages import LOCALES
from outreach.languages import gettext as _

_GAPS: Final = re.compile(r"\n\s*\n+")


def write(notice: Notice, person: Person, key: bytes, config: Config) -> EmailMessage:
    """The letter for a notice. Needs an application context; `key` is the registration's own."""
    registration = notice.registration
    workshop = registration.workshop
    lang = registration.language
    with force_locale(LOCALES[lang]):
        text = render_template(
            f"mail/{notice.cause}.txt",
            name=person.name,
            registration=registration,
            workshop=workshop,
            is_quiet=workshop.is_discreet,
            phone=workshop.phone or workshop.office.phone or config.phone,
            link=f"{config.public_url}/{lang}/r/{registrations.manage_token(key)}",
            home=f"{config.public_url}/{lang}/",
        )
        sender = _("Avisos") if workshop.is_discreet else config.brand
    subject, _gap, body = text.strip().partition("\n")
    letter = EmailMessage()
    letter["From"] = formataddr((sender, config.mail_from))
    letter["To"] = person.address
    letter["Subject"] = subject.strip()
    letter["Auto-Submitted"] = "auto-generated"
    # Stable: a letter sent twice where the line broke off is one letter to most programs.
    letter["Message-ID"] = f"<{notice.id}.{registration.id.lower()}@{_host(config)}>"
    if not workshop.is_discreet and workshop.office.email:
        letter["Reply-To"] = workshop.office.email
    letter.set_content(_GAPS.sub("\n\n", body).strip() + "\n", cte="quoted-printable")
    return letter


def _host(config: Config) -> str:
    return config.mail_from.partition("@")[2] or "localhost"
