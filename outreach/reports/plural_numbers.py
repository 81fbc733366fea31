"""Numbers with the noun they count, in the right plural form: «57 talleres»."""

from dataclasses import dataclass
from typing import Final

from outreach import formats
from outreach.i18n import NN_, NP_, Message, translator

_MILLION: Final = 1_000_000


@dataclass(frozen=True)
class CountedNoun:
    """A noun in all forms that a number needs."""

    forms: Message  # singular and plural
    millions: Message  # context and text: «1,000,000 de talleres», as Spanish and French require


WORKSHOPS: Final = CountedNoun(
    NN_("%(number)s taller", "%(number)s talleres"),
    NP_("whole millions", "%(number)s de talleres"),
)
PEOPLE: Final = CountedNoun(
    NN_("%(number)s persona", "%(number)s personas"),
    NP_("whole millions", "%(number)s de personas"),
)
OFFICES: Final = CountedNoun(
    NN_("%(number)s oficina", "%(number)s oficinas"),
    NP_("whole millions", "%(number)s de oficinas"),
)


def say_count(number: int, noun: CountedNoun, lang: str) -> str:
    """Returns «57 talleres», "57 workshops"; «1,000,000 de talleres» for whole millions."""
    _ = translator(lang)
    text = formats.group_digits(number, lang)
    if number and number % _MILLION == 0:
        return _.pgettext(*noun.millions, number=text)
    return _.ngettext(*noun.forms, number, number=text)
