"""What an answer says: a command in any of the three languages, digits, or nothing we know."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from outreach.domain.text import fold
from outreach.keystore.text_exchange import DIGITS

MAX_WORDS: Final = 4  # a longer sentence is no command; «no puedo ir, gracias» is one


class TextCommand(StrEnum):
    YES = "yes"
    NO = "no"
    CANCEL = "cancel"
    WHERE = "where"
    HELP = "help"
    STOP = "stop"  # no more texts
    START = "start"  # texts again
    DIGITS = "digits"  # that we sent, and that come back
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class ReadAnswer:
    command: TextCommand
    digits: str = ""
    language: str = ""  # in which it is written; empty where the word is of several


# Words as `fold` has them, by command and language. «» is of several: «no», «ok».
_WORDS: Final = {
    TextCommand.YES: {
        "es": "si sii siii sip claro confirmo vale asisto voy",
        "en": "yes yep yeah yup y sure confirm",
        "fr": "oui ouais",
        "": "ok okay s o",
    },
    TextCommand.NO: {"es": "nop nel", "en": "nope cant cannot", "fr": "non", "": "no n"},
    TextCommand.CANCEL: {
        "es": "cancelar cancela cancelo cancelen",
        "en": "cancel",
        "fr": "annuler annule annulez",
    },
    TextCommand.WHERE: {
        "es": "donde direccion ubicacion",
        "en": "where address",
        "fr": "ou adresse lieu",
    },
    TextCommand.HELP: {"es": "ayuda", "en": "help", "fr": "aide", "": "info"},
    TextCommand.STOP: {
        "es": "baja alto parar basta",
        "en": "unsubscribe end quit stopall optout revoke",
        "fr": "arret arrete arreter arretez desabonner desabonnement",
        "": "stop",
    },
    TextCommand.START: {"es": "alta", "en": "unstop", "fr": "reprendre", "": "start"},
}
_COMMANDS: Final = {
    word: (command, language)
    for command, by_language in _WORDS.items()
    for language, words in by_language.items()
    for word in words.split()
}
_NO_WORDS: Final = {word for word, (command, _) in _COMMANDS.items() if command is TextCommand.NO}
_VERBS: Final = frozenset({"voy", "asisto", "confirmo", "confirm"})  # «yes» by themselves
# Who writes little answers with a picture.
_PICTURES: Final = {
    "👍": TextCommand.YES, "✅": TextCommand.YES, "✔": TextCommand.YES, "👌": TextCommand.YES,
    "👎": TextCommand.NO, "❌": TextCommand.NO, "🛑": TextCommand.STOP, "❓": TextCommand.HELP,
}  # fmt: skip
_DIGITS: Final = re.compile(rf"(?:[0-9][ .-]?){{{DIGITS - 1}}}[0-9]")


def read(words: str) -> ReadAnswer:
    """The command of an answer. Two commands in one sentence («no, sí voy») are none, but for STOP,
    which any short answer with its word means."""
    # Digits of other scripts too: a keyboard may write «٤٨٢١٩٣».
    plain = unicodedata.normalize("NFKC", words).strip()
    if (digits := _read_digits(plain)) is not None:
        return ReadAnswer(command=TextCommand.DIGITS, digits=digits)
    said = _split(plain)
    if not said:
        return ReadAnswer(command=_read_picture(plain))
    if len(said) > MAX_WORDS:
        return ReadAnswer(command=TextCommand.UNKNOWN)
    found = [_COMMANDS[word] for word in said if word in _COMMANDS]
    stops = [each for each in found if each[0] is TextCommand.STOP]
    if stops:
        return ReadAnswer(command=TextCommand.STOP, language=stops[0][1])
    if said[0] not in _COMMANDS or len({command for command, _language in found}) != 1:
        return ReadAnswer(command=TextCommand.UNKNOWN)
    command, language = _COMMANDS[said[0]]
    return ReadAnswer(command=command, language=language)


def _split(text: str) -> list[str]:
    """The words that say something. One that is spelled («S.T.O.P») is one word."""
    words = fold(text).split()
    if words and all(len(word) == 1 for word in words):
        return ["".join(words)]
    joined = f" {fold(text)} ".replace(" opt out ", " optout ").replace(" can t ", " cant ")
    said = [word for word in joined.split() if word != "ya"]  # «ya no»
    if said and said[0] in _NO_WORDS:  # «no voy»
        return [word for word in said if word not in _VERBS]
    return said


def _read_digits(text: str) -> str | None:
    ascii_digits = "".join(str(unicodedata.decimal(c, c)) for c in text)
    if not _DIGITS.fullmatch(ascii_digits.strip(" .!")):
        return None
    return "".join(c for c in ascii_digits if c.isdecimal())


def _read_picture(text: str) -> TextCommand:
    """Returns the command of a text of pictures, if all that we know mean the same: others only
    give a picture its colour."""
    found = {_PICTURES[c] for c in text if c in _PICTURES}
    return found.pop() if len(found) == 1 else TextCommand.UNKNOWN
