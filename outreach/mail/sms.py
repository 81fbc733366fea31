"""The words of each text message: short, in the reader's language, and nothing that tells others
what it is about.

A text is read on locked screens. It names no kind, office or title; of a discreet kind it says
that there is something to know, and whom to call.
"""

import unicodedata
from typing import Final

from flask import render_template

from outreach.config import Config
from outreach.i18n import use_language
from outreach.mail.message_context import MessageContext, template_values
from outreach.mail.sms_gateway import SmsMessage

# The letters of which 160 fit into one text (GSM 03.38); any other one halves that and more.
GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ONE: Final = 160  # letters
SEVERAL: Final = 153  # letters of each, when one is not enough
_SAID_ELSE: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"'})


def write(context: MessageContext, config: Config) -> SmsMessage:
    """The text for a notice. Needs an application context."""
    registration = context.registration
    name = "discreet" if registration.workshop.is_discreet else context.notification.cause
    with use_language(registration.language):
        words = render_template(f"sms/{name}.txt", **template_values(context, config))
    return SmsMessage(to=context.person.address, words=plain(" ".join(words.split())))


def plain(words: str) -> str:
    """The same in letters every phone has: an accent is left out where it would not fit."""
    return "".join(_plain(letter) for letter in words.translate(_SAID_ELSE))


def parts(words: str) -> int:
    """How many texts it is sent as."""
    return 1 if len(words) <= ONE else -(-len(words) // SEVERAL)


def _plain(letter: str) -> str:
    if letter in GSM:
        return letter
    bare = unicodedata.normalize("NFKD", letter)
    return "".join(each for each in bare if each in GSM)
