"""The words of each letter: one template a cause, in the reader's language. Plain text only.

A subject never names a kind, an office or a consulate, whatever the workshop: someone else may see
the screen (safety.md S17). For a discreet kind the body says no more than the day either.
"""

import re
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Final

from flask import render_template
from flask_babel import force_locale

from outreach.config import Config
from outreach.languages import LOCALES
from outreach.languages import gettext as _
from outreach.mail import entries
from outreach.mail.matter import Matter, mail_from, said_of

_GAPS: Final = re.compile(r"\n\s*\n+")


def write(matter: Matter, config: Config) -> EmailMessage:
    """The letter for a notice. Needs an application context."""
    registration, workshop = matter.registration, matter.registration.workshop
    with force_locale(LOCALES[registration.language]):
        text = render_template(f"mail/{matter.notice.cause}.txt", **said_of(matter, config))
        sender = _("Avisos") if workshop.is_discreet else config.mail_name
    subject, _gap, body = text.strip().partition("\n")
    letter = EmailMessage()
    letter["From"] = formataddr((sender, mail_from(config)))
    letter["To"] = _in_ascii(matter.person.address)
    letter["Subject"] = subject.strip()
    letter["Date"] = format_datetime(matter.now)
    letter["Auto-Submitted"] = "auto-generated"
    # Nobody who is away answers it; that it did not arrive may be told.
    letter["X-Auto-Response-Suppress"] = "OOF, AutoReply, DR, RN, NRN"
    # Stable: a letter sent twice where the line broke off is one letter to most programs.
    host = mail_from(config).partition("@")[2]
    letter["Message-ID"] = f"<{matter.notice.id}.{registration.id.lower()}@{host}>"
    if not workshop.is_discreet and workshop.office.email:
        letter["Reply-To"] = workshop.office.email
    letter.set_content(_GAPS.sub("\n\n", body).strip() + "\n", cte="quoted-printable")
    with force_locale(LOCALES[registration.language]):
        entries.enclose(letter, matter, config)
    return letter


def _in_ascii(address: str) -> str:
    """A domain in other letters than English ones has a name in those too."""
    local, _at, domain = address.rpartition("@")
    return address if address.isascii() else f"{local}@{domain.encode('idna').decode()}"
