"""Which language a page speaks. Spanish is what the source says; the rest is translation."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final, cast

from babel import Locale
from babel.support import Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel
from flask_babel import get_locale as _get_locale
from flask_babel.speaklater import LazyString

from outreach.db.base import Words

LANGUAGES: Final = ("es", "en", "fr")
# The Spanish of Mexico and the French of Canada name days and hours their own way.
LOCALES: Final = {
    "es": Locale("es", "MX"),
    "en": Locale("en", "US"),
    "fr": Locale("fr", "CA"),
}
CATALOGUES: Final = Path(__file__).parent / "translations"


def init_app(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "es"
    Babel(app, locale_selector=_choose)
    # Ours in place of Flask-Babel's, which work out the locale anew for every message.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of jinja2.ext.i18n
        lambda message: _catalogue(current()).gettext(message),
        lambda singular, plural, num: _catalogue(current()).ngettext(singular, plural, num),
        newstyle=True,  # values are put in by Jinja, which escapes them
    )


def current() -> str:
    """The language of the page being made: `es`, `en` or `fr`."""
    found: str | None = getattr(g, "lang", None) if has_request_context() else None
    if found:
        return found
    locale = _get_locale()  # of a letter, which has no address
    return locale.language if locale else "es"


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """What is written in the block is in this language, on a page in another: a letter shown."""
    before = getattr(g, "lang", None)
    g.lang = lang
    try:
        yield
    finally:
        g.lang = before


def accepted() -> str:
    """The one of our languages that the browser likes best; Spanish if it says nothing."""
    return request.accept_languages.best_match(LANGUAGES) or "es"


def gettext(message: str, **values: Any) -> str:
    """A message of the source in the language of the page, `%(name)s` filled in from `values`."""
    said = _catalogue(current()).gettext(message)
    return said % values if values else said


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """The same for a number of things; `num` is one of the values."""
    return _catalogue(current()).ngettext(singular, plural, num) % {"num": num, **values}


def in_each(message: str) -> Words:
    """A message of the source in every language, whatever that of the page is."""
    return {lang: _catalogue(lang).gettext(message) for lang in LANGUAGES}


def lazy(message: str) -> str:
    """A message translated when it is shown: for labels made when a module is imported."""
    return cast(str, LazyString(gettext, message))


def say(words: Words | None, lang: str) -> str:
    """The text in one language; in Spanish where it has not been translated."""
    if not words:
        return ""
    return words.get(lang) or words.get("es") or next(iter(words.values()), "")


@cache
def _catalogue(lang: str) -> NullTranslations:
    """What a language says; the source's own Spanish for what it does not."""
    return Translations.load(CATALOGUES, [lang])


def _choose() -> str:
    return getattr(g, "lang", "es") if has_request_context() else "es"


# The languages workshops are given in, by the codes of the data files.
SPOKEN: Final[dict[str, Words]] = {
    "es": {"es": "Español", "en": "Spanish", "fr": "Espagnol"},
    "en": {"es": "Inglés", "en": "English", "fr": "Anglais"},
    "fr": {"es": "Francés", "en": "French", "fr": "Français"},
    "nah": {"es": "Náhuatl", "en": "Nahuatl", "fr": "Nahuatl"},
    "mxt": {"es": "Mixteco", "en": "Mixtec", "fr": "Mixtèque"},
    "zap": {"es": "Zapoteco", "en": "Zapotec", "fr": "Zapotèque"},
    "yua": {"es": "Maya yucateco", "en": "Yucatec Maya", "fr": "Maya yucatèque"},
    "pua": {"es": "Purépecha", "en": "Purépecha", "fr": "Purépecha"},
    "trc": {"es": "Triqui", "en": "Triqui", "fr": "Triqui"},
    "tzo": {"es": "Tsotsil", "en": "Tsotsil", "fr": "Tzotzil"},
    "tzh": {"es": "Tseltal", "en": "Tseltal", "fr": "Tzeltal"},
    "oto": {"es": "Otomí (hñähñu)", "en": "Otomi", "fr": "Otomi"},
    "tlp": {"es": "Totonaco", "en": "Totonac", "fr": "Totonac"},
    "mam": {"es": "Mam", "en": "Mam", "fr": "Mam"},
    "chn": {"es": "Chinanteco", "en": "Chinantec", "fr": "Chinantec"},
    "ase": {"es": "Lengua de señas (ASL)", "en": "ASL", "fr": "ASL"},
    "mfs": {"es": "Lengua de señas mexicana", "en": "LSM", "fr": "LSM"},
}


def name_of(code: str, lang: str) -> str:
    """The name of a spoken language; its code if we know no name."""
    return say(SPOKEN.get(code), lang) or code


@cache
def names_of(codes: tuple[str, ...], lang: str) -> str:
    """The names of some: Español e inglés · Spanish and English."""
    names = [name_of(code, lang) for code in codes]
    if lang != "en":
        names[1:] = [name[0].lower() + name[1:] for name in names[1:]]
    if len(names) < 2:
        return "".join(names)
    # Spanish says «e» before the sound of i.
    sounds_i = names[-1].lower().startswith(("i", "hi"))
    link = {"es": "e" if sounds_i else "y", "en": "and", "fr": "et"}[lang]
    return f"{', '.join(names[:-1])} {link} {names[-1]}"
