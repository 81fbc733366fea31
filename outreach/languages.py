"""The languages of the site, in the order of its menus. The first is the source's.

A new interface language is one line here and its catalogue,
`translations/<code>/LC_MESSAGES/messages.po` (`outreach i18n` makes and compiles it).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    code: str  # in addresses, in the database, and the folder of its catalogue
    name: str  # in the language itself
    locale: str  # for Babel (CLDR): names of days, months and cities, grouping of digits
    html_lang: str  # BCP 47, for the `lang` attribute
    capitalizes_languages: bool = False  # writes names of languages with a capital, as English


SITE_LANGUAGES = (
    Language("es", "español", locale="es_MX", html_lang="es-MX"),
    Language("en", "English", locale="en_US", html_lang="en", capitalizes_languages=True),
    Language("fr", "français", locale="fr_CA", html_lang="fr-CA"),
)
STAFF_LANGUAGE = "es"  # staff pages, calendar and letters have it until an account chooses
CATALOGUES = Path(__file__).parent / "translations"
# A folder each: catalogues of the messages that a sort of network says in other words, of all
# languages, the source too.
VOCABULARIES = CATALOGUES / "vocabularies"

CODES: Final = tuple(language.code for language in SITE_LANGUAGES)
SOURCE: Final = CODES[0]  # the messages in the code are in it
BY_CODE: Final = {language.code: language for language in SITE_LANGUAGES}
PATTERN: Final = "|".join(CODES)  # for regular expressions
