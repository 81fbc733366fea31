"""Writes text messages: short, in the recipient's language, without the subject.

Others may read a text on a locked screen. It names no kind, office or title; that of a discreet
kind says only that there is news, and whom to call; or, to who asked for it and alone reads that
phone, a link and nothing else.
"""

import unicodedata
from typing import Final

from flask import render_template

from outreach.config import Config
from outreach.domain.outbox import link_recovery
from outreach.domain.registrations.message_types import DECLARATIONS, AtDiscreet
from outreach.i18n import use_language
from outreach.mail.message_context import MessageContext, template_values
from outreach.mail.sms_gateway import SmsMessage
from outreach.reader_zone import use_zone

# The GSM 03.38 alphabet: 160 of its characters fit into one text, and 70 of any other.
GSM_ALPHABET: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
SINGLE_LENGTH: Final = 160  # characters
PART_LENGTH: Final = 153  # characters of each part of a longer text
_REPLACEMENTS: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"'})


def write(context: MessageContext, config: Config) -> SmsMessage:
    """Writes the text of a notification. Needs an application context."""
    registration = context.registration
    at_discreet = DECLARATIONS[context.notification.cause].at_discreet
    has_link = at_discreet is AtDiscreet.HAS_LINK and link_recovery.may_text_link(registration)
    is_neutral = context.is_discreet and not has_link
    name = "discreet" if is_neutral else context.notification.cause
    with use_language(registration.language), use_zone(registration.zone):
        words = render_template(f"sms/{name}.txt", **template_values(context, config))
    return SmsMessage(to=context.address, words=plain(" ".join(words.split())))


def plain(words: str) -> str:
    """Returns the text in the GSM alphabet: an accent that it lacks is left out."""
    return "".join(_to_gsm(character) for character in words.translate(_REPLACEMENTS))


def parts(words: str) -> int:
    """The number of texts it is sent as."""
    return 1 if len(words) <= SINGLE_LENGTH else -(-len(words) // PART_LENGTH)


def _to_gsm(character: str) -> str:
    if character in GSM_ALPHABET:
        return character
    bare = unicodedata.normalize("NFKD", character)
    return "".join(each for each in bare if each in GSM_ALPHABET)
