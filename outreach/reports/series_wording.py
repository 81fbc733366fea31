"""How a bulletin says the number of a typed series: words that come with the series, as data.

Whoever adds a series gives its wording in the file that `outreach load kinds` reads; a series
without one is said by its label and number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from outreach.db.base import Words
from outreach.formats import group_digits
from outreach.i18n import SOURCE, get_default_language, get_locale

NUMBER: Final = "%(number)s"
THINGS: Final = "%(things)s"
PARTS: Final = "%(parts)s"
OTHER: Final = "other"
# The plural categories of CLDR that the languages of the site have; `many` are whole millions.
CATEGORIES: Final = ("one", "many", OTHER)

Forms = Mapping[str, str]  # by plural category


@dataclass(frozen=True, kw_only=True)
class SeriesWording:
    """The words of a series; what is empty is left out or said in general words.

    `sentence` says `things`, a number with its noun; series that follow each other with the same
    sentence are said in one. `none` is the sentence for 0. `parts` lists the series that are parts
    of this one, each by its `name`."""

    sentence: Words = field(default_factory=dict)
    things: Mapping[str, Forms] = field(default_factory=dict)  # by language
    none: Words = field(default_factory=dict)
    parts: Words = field(default_factory=dict)
    name: Words = field(default_factory=dict)

    def say_things(self, number: int, lang: str) -> str:
        """Returns the number with its noun: «57 pasaportes», «1,000,000 de pasaportes»."""
        usual = (lang, get_default_language(), SOURCE)
        known = next(each for each in (*usual, *self.things) if each in self.things)
        forms = self.things[known]
        form = forms.get(get_locale(known).plural_form(number), forms[OTHER])
        return form.replace(NUMBER, group_digits(number, lang))


def from_json(data: Mapping[str, Any] | None) -> SeriesWording:
    """The wording that is stored with a series."""
    return SeriesWording(**(data or {}))
