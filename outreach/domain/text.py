"""What people type, made fit to keep and to compare."""

import re
import secrets
import unicodedata
from typing import Final

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: they look like others

# Control characters, line separators, the ones that turn the direction of text around, and halves
# of a pair: JSON can carry one into the database, and no page or calendar can be written with it.
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd\ufeff\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """One line, without control characters or spaces to spare."""
    return _SPACES.sub(" ", _UNFIT.sub("", unicodedata.normalize("NFC", text))).strip()


def clean_lines(text: str) -> str:
    """The same for a text of several lines, which stay."""
    return "\n".join(clean(line) for line in text.replace("\r\n", "\n").split("\n")).strip()


def fold(text: str) -> str:
    """For comparing: no accents, no capitals, words apart by one space. «Québec» is «quebec»."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c if c.isalnum() else " " for c in apart if not unicodedata.combining(c))
    return " ".join(bare.split())


def code(length: int) -> str:
    """A random code that can be read aloud; five bits a letter."""
    return "".join(CROCKFORD[byte & 31] for byte in secrets.token_bytes(length))


def read_code(typed: str) -> str:
    """A code as someone typed it: O is 0, I and L are 1, spaces, hyphens and case do not matter."""
    bare = "".join(c for c in typed.upper() if c.isalnum())
    return bare.translate(str.maketrans("OIL", "011"))


def looks_like_an_id(name: str) -> bool:
    """Whether a name looks like a number of an identity document (DATA01)."""
    if sum(c.isdigit() for c in name) >= 6:
        return True
    return any(pattern.search(name) for pattern in _IDS)


_IDS = (
    re.compile(r"A-?\d{7,9}", re.IGNORECASE),
    re.compile(r"\d{3}-?\d{2}-?\d{4}"),
    re.compile(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d", re.IGNORECASE),
)
