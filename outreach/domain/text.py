"""Normalizes typed text for storing and comparing; makes and reads random codes."""

import re
import secrets
import unicodedata
from itertools import product
from typing import Final

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: they look like others

# The characters of a code that is only heard. Sixteen: B, V, D, P, T, M and N are one sound on a
# telephone, and J and G have each other's name in English and French.
SPOKEN: Final = "0123456789AFHMRX"
# The letters of SPOKEN on each key of a telephone.
_KEYS: Final = {"2": "2A", "3": "3F", "4": "4H", "6": "6M", "7": "7R", "9": "9X"}

# Control characters, line separators, bidirectional controls, noncharacters and lone surrogates.
# JSON can carry a surrogate into the database, and then no page or calendar can be encoded.
_NONCHARACTERS: Final = "".join(
    ["\ufdd0-\ufdef", *(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))]
)
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd\ufeff\ud800-\udfff"
    f"{_NONCHARACTERS}]"
)
# No-break spaces stay: French has them before its punctuation.
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")
WEB_LINK: Final = re.compile(r"https?://[^\s/]+(/\S*)?")


def clean(text: str) -> str:
    """Returns the text as one line in NFC, without control characters and superfluous spaces."""
    return _SPACES.sub(" ", _UNFIT.sub("", unicodedata.normalize("NFC", text))).strip()


def clean_lines(text: str) -> str:
    """Cleans each line of a text as `clean` does, and keeps the line breaks."""
    return "\n".join(clean(line) for line in text.replace("\r\n", "\n").split("\n")).strip()


def fold(text: str) -> str:
    """Returns the text as it is compared: without accents, capitals and punctuation.

    «Québec» is «quebec».
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c if c.isalnum() else " " for c in apart if not unicodedata.combining(c))
    return " ".join(bare.split())


MAX_SEARCH_TEXT: Final = 600  # characters; PostgreSQL indexes rows of up to 2,700 bytes


def make_search_text(*texts: str) -> str:
    """Returns the words of these texts as `fold` has them, each once and with a space before it.

    One LIKE then finds the words that begin with what was typed. At most MAX_SEARCH_TEXT
    characters.
    """
    words = dict.fromkeys(fold(" ".join(texts)).split())
    return "".join(f" {word}" for word in words)[:MAX_SEARCH_TEXT]


def code(length: int) -> str:
    """Makes a random code in Crockford's base 32; five bits a character."""
    return "".join(CROCKFORD[byte & 31] for byte in secrets.token_bytes(length))


def read_code(typed: str) -> str:
    """Normalizes a typed code: O is 0, I and L are 1; spaces, hyphens and case are dropped."""
    bare = "".join(c for c in typed.upper() if c.isalnum())
    return bare.translate(str.maketrans("OIL", "011"))


def spoken_code(length: int) -> str:
    """Makes a random code that is said on the telephone, and can be keyed in."""
    return "".join(SPOKEN[byte & 15] for byte in secrets.token_bytes(length))


def list_codes_of_keys(keys: str) -> list[str]:
    """Returns the codes of SPOKEN that are pressed by these keys of a telephone, 64 at most."""
    return ["".join(each) for each in product(*(_KEYS.get(key, key) for key in keys))]


def looks_like_an_id(name: str) -> bool:
    """Whether a name contains what looks like an identity document number (DATA01)."""
    if sum(c.isdigit() for c in name) >= 6:
        return True
    return any(pattern.search(name) for pattern in _IDS)


_IDS = (
    re.compile(r"A-?\d{7,9}", re.IGNORECASE),
    re.compile(r"\d{3}-?\d{2}-?\d{4}"),
    re.compile(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d", re.IGNORECASE),
)


def contains_name(text: str, name: str) -> bool:
    """Tells whether a reader could take a text for this name, or for one that contains it.

    Case, accents and spaces do not matter, nor do letters and digits that look like others.
    """
    (text_words, text_joined), (words, joined) = _make_skeleton(text), _make_skeleton(name)
    if not joined:
        return False
    return f" {words} " in f" {text_words} " or (
        len(joined) >= MIN_JOINED and joined in text_joined
    )


MIN_JOINED: Final = 5  # letters of a name that is looked for within words, too: «red» is in many


def _make_skeleton(text: str) -> tuple[str, str]:
    """Returns what one sees of a text: its words, and the same without spaces."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    seen = "".join(c for c in apart if unicodedata.category(c) not in {"Mn", "Cf"})
    seen = seen.translate(_LOOK_ALIKES).translate(_SAME_SHAPES)
    words = "".join(c if c.isalnum() else " " for c in seen).replace("rn", "m").replace("vv", "w")
    return " ".join(words.split()), "".join(words.split())


def looks_like_an_address(name: str) -> bool:
    """Tells whether a name contains what looks like an address of the web or of e-mail (S30).

    It may be in disguise: «hxxps», full-width or ideographic dots, «bit[.]ly», «punto com»,
    «xn--e1awd7f com», letters of other alphabets, letters with spaces between them.

    Abbreviations are names: «Ma. del Carmen», «Dr. Luz», «J.R.».
    """
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_LOOK_ALIKES)
    # Without accents and zero-width characters.
    plain = "".join(c for c in plain if unicodedata.category(c) not in {"Mn", "Cf"})
    if any(c in plain for c in "/\\@"):
        return True
    plain = _BRACKETED_DOT.sub(".", " ".join(plain.split()))
    joined = _SPACED_LETTERS.sub(lambda found: "".join(found[0].split()), plain)
    return any(pattern.search(text) for pattern in _ADDRESSES for text in (plain, joined))


# Letters of other alphabets that look like these, signs that look like a dot, and dashes.
_LOOK_ALIKES = str.maketrans(
    dict(zip("аеорсухіјѕһԁԛԝкмтвнзոօαεορτυικνϲ", "aeopcyxijshdqwkmtbh3noaeoptuikvc", strict=True))
    | dict.fromkeys("\u2044\u2215\u29f8", "/")
    | dict.fromkeys("\u3002\u06d4\u0701\u0702\ua4f8\u2e33", ".")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)
# For comparing only: «Ta11eres» and «TaIIeres» are read as «Talleres».
_SAME_SHAPES = str.maketrans("013457iıłøđħɑɡ|", "oleastlllodhagl")
_BRACKETED_DOT = re.compile(r" ?[\[({<] ?(?:\.|dot|punto|point) ?[\])}>] ?")
_SPACED_LETTERS = re.compile(r"(?<!\w)\w(?: [\w.](?!\w))+")
# A domain of two letters, as .ly and .mx, ends many of the short links; a longer one is listed, so
# that «Ma.Elena» stays a name. Cyrillic ones are written as _LOOK_ALIKES leaves them.
_LONG_DOMAINS = (
    "app art biz blog click club cloud com dev edu fun gob gov icu info link live ltd mobi net "
    "news ngo online ong org page pro shop site space store tech tel today top vip web website "
    "work world xxx xyz zip pф pyc 中国 公司 网址 한국"
).replace(" ", "|")
# Those that are nobody's name, so that a space, a comma or a middle dot is enough before them.
_PLAIN_DOMAINS = "com|net|org"
_SHORT_LINKS = "bit ly|cutt ly|goo gl|is gd|ow ly|rb gy|t me|wa me".replace(" ", r"[\s,·•]+")
_ADDRESSES = (
    re.compile(r"\b(?:h[tx]{2}ps?|www\d?|ftp)\b|\bxn\s?-"),
    re.compile(rf"\w\.(?:[a-z]{{2}}|{_LONG_DOMAINS}|xn--\w+)(?![\w.])"),
    re.compile(rf"\w\s*(?:\.|\bdot\b|\bpunto\b|\bpoint\b)\s*(?:{_LONG_DOMAINS})(?!\w)"),
    re.compile(rf"\w[\s,·•‧∙⋅・_-]+(?:{_PLAIN_DOMAINS})(?!\w)|\b(?:{_SHORT_LINKS})(?!\w)"),
    re.compile(rf"(?:dot|punto|point)\s?(?:{_PLAIN_DOMAINS})(?!\w)"),
    re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d"),
    re.compile(r"\w\s*[\[({<]\s*(?:at|arroba|arobase)\s*[\])}>]|\b(?:arroba|arobase)\b"),
)
