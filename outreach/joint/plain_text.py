"""Plain text between networks: nothing that hides or reorders text, and nothing like HTML."""

from typing import Final

from outreach.domain.text import clean

# Beyond those that `clean` drops: marks of direction, joiners and spaces of no width, soft hyphens,
# variation selectors, tag characters. Some scripts need joiners; texts of workshops do without.
_RANGES: Final = ((0x200B, 0x200F), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xE0000, 0xE01EF))
_HIDDEN: Final = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0") | {
    chr(each) for first, last in _RANGES for each in range(first, last + 1)
}
_ANGLES: Final = str.maketrans({"<": "‹", ">": "›"} | dict.fromkeys(_HIDDEN, ""))


def make_line(text: str, most: int) -> str:
    """Returns the text as one line that `is_line` accepts, of at most so many characters."""
    return clean(clean(text.translate(_ANGLES))[:most])


def is_line(text: str) -> bool:
    """Whether another network may have us show it."""
    return text == clean(text) and not {"<", ">"} & set(text) and not _HIDDEN & set(text)
