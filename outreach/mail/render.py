"""Writes letters: a template for each notification type, in the recipient's language, plain text.

A subject never names a kind, an office or a consulate, whatever the workshop: someone else may see
the screen (S17). For a discreet kind the body says no more than the day either.
"""

import re
from binascii import b2a_qp
from collections.abc import Mapping
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.policy import default as DEFAULT
from email.utils import format_datetime, formataddr
from functools import lru_cache
from typing import Any, Final

from flask import render_template

from outreach.config import Config
from outreach.i18n import gettext as _
from outreach.i18n import use_language
from outreach.mail import ics_attachment
from outreach.mail.message_context import MessageContext, mail_from, template_values
from outreach.reader_zone import use_zone

UNSUBSCRIBE: Final = "List-Unsubscribe"
_GAPS: Final = re.compile(r"\n\s*\n+")


def write(context: MessageContext, config: Config) -> EmailMessage:
    """Writes the letter of a notification. Needs an application context."""
    registration = context.registration
    with use_language(registration.language), use_zone(registration.zone):
        text = render_template(
            f"mail/{context.notification.cause}.txt", **template_values(context, config)
        )
        sender = _("Avisos") if context.is_discreet else config.mail_name
        subject, _gap, body = text.strip().partition("\n")
        letter = _addressed(context, config, sender, subject.strip(), body)
        ics_attachment.attach(letter, context, config)
    return letter


def as_bytes(letter: EmailMessage) -> bytes:
    """The letter as it is sent by SMTP."""
    return letter.as_bytes(policy=SMTP_POLICY)


def compose(
    shared: Mapping[str, str], body: str, *, to: str, own: Mapping[str, str], at: datetime
) -> EmailMessage:
    """Returns a letter in plain text to one person. `shared` are headers that many letters have in
    common, `own` those of this one only."""
    letter = EmailMessage()
    always = {
        "Auto-Submitted": "auto-generated",
        # No automatic replies; reports of failed delivery are welcome.
        "X-Auto-Response-Suppress": "OOF, AutoReply, DR, RN, NRN",
    }
    for name, value in (*shared.items(), *always.items()):
        letter[name] = _header(name, value)
    letter["To"] = _in_ascii(to)
    letter["Date"] = format_datetime(at)
    for name, value in own.items():
        letter[name] = value
    _set_text(letter, collapse_gaps(body))
    return letter


def collapse_gaps(body: str) -> str:
    """The text of a letter with one empty line between paragraphs."""
    return _GAPS.sub("\n\n", body).strip() + "\n"


def message_id(config: Config, letter_id: str) -> str:
    """Returns the Message-ID, which is the same each time a letter is sent, so that mail programs
    show it once. `letter_id` is what `KeyStore.letter_id` returns."""
    return f"<{letter_id}@{mail_from(config).partition('@')[2]}>"


def _addressed(
    context: MessageContext, config: Config, sender: str, subject: str, body: str
) -> EmailMessage:
    workshop = context.registration.workshop
    shared = {"From": formataddr((sender, mail_from(config))), "Subject": subject}
    if not context.is_discreet and workshop.office.email:
        shared["Reply-To"] = workshop.office.email
    own = {"Message-ID": message_id(config, context.letter_id)}
    return compose(shared, body, to=context.address, own=own, at=context.now)


def _set_text(letter: EmailMessage, text: str) -> None:
    """Sets the text in quoted-printable encoding, as `set_content` does, in a quarter of the
    time."""
    for name, value in (
        ("MIME-Version", "1.0"),
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", "quoted-printable"),
    ):
        letter[name] = _header(name, value)
    letter.set_payload(b2a_qp(text.encode(), istext=True).decode("ascii"))


# Letters of a round share most headers, and the standard library is slow to parse each. Headers
# with personal data are never cached.


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> Any:
    """Returns a header of one line, which `EmailMessage` takes without parsing it again."""
    return DEFAULT.header_factory(name, " ".join(value.splitlines()))


@lru_cache(maxsize=256)
def _folded(name: str, value: str) -> bytes:
    if name == "Subject" and not value.isascii():
        # Before Python 3.12.5 a policy loses the space between two encoded words (CPython 92081).
        words = Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
        return f"{name}: {words}\r\n".encode("ascii")
    return SMTP.fold_binary(name, _header(name, value))


class _CachingPolicy(EmailPolicy):
    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == UNSUBSCRIBE:  # not folded: mail programs do not join a folded URL
            return f"{name}: {value}\r\n".encode("ascii")
        is_personal = name in {"To", "Message-ID", "Date"}
        return SMTP.fold_binary(name, value) if is_personal else _folded(name, str(value))


SMTP_POLICY: Final = _CachingPolicy(linesep="\r\n")


def _in_ascii(address: str) -> str:
    """The address with its domain in ASCII (IDNA)."""
    local, _at, domain = address.rpartition("@")
    return address if address.isascii() else f"{local}@{domain.encode('idna').decode()}"
