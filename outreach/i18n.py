"""Translates messages of the interface. The source language is Spanish.

A request has one language, `g.lang`; `_()` and the templates use it. Letters, feeds, PDF files and
reports, which are made outside of a request or in another language than its own, call
`use_language` around a block or take the `Translator` of a language.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations
from typing import Any, Final, cast

from babel import Locale
from babel.support import LazyProxy, Translations
from flask import Flask, g, has_app_context, request
from werkzeug.routing import BaseConverter

from outreach import languages
from outreach.db.base import Words

LANGUAGES: Final = languages.CODES
SOURCE: Final = LANGUAGES[0]
LOCALES: Final = {each.code: Locale.parse(each.locale) for each in languages.SITE_LANGUAGES}
HTML_LANG: Final = {each.code: each.html_lang for each in languages.SITE_LANGUAGES}
# Each language by its own name with a capital, in the order of the menus.
NAMES: Final = {
    each.code: each.name[0].upper() + each.name[1:] for each in languages.SITE_LANGUAGES
}

_used: ContextVar[str | None] = ContextVar("language", default=None)


class LanguageConverter(BaseConverter):
    """`<lang:lang>` in a route: the code of one of the languages of the site."""

    regex = f"(?:{languages.PATTERN})"


class Translator:
    """The messages of one language; Spanish where its catalogue has none.

    `%(name)s` in a message is filled in from `values`; without values it is returned as it is.
    """

    def __init__(self, lang: str) -> None:
        self.lang, self.locale = lang, LOCALES[lang]
        self._catalogue: NullTranslations = Translations.load(languages.CATALOGUES, [lang])

    def gettext(self, message: str, **values: Any) -> str:
        text = self._catalogue.gettext(message)
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, num: int, **values: Any) -> str:
        """The form for a number of things; `num` is one of the values."""
        return self._catalogue.ngettext(singular, plural, num) % {"num": num, **values}

    def pgettext(self, context: str, message: str, **values: Any) -> str:
        """A message whose text alone does not say what it means."""
        text = self._catalogue.pgettext(context, message)
        return text % values if values else text


@cache
def translator(lang: str) -> Translator:
    return Translator(lang)


def init_app(app: Flask) -> None:
    app.url_map.converters["lang"] = LanguageConverter
    app.jinja_env.globals["site_languages"] = languages.SITE_LANGUAGES
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of jinja2.ext.i18n
        lambda message: _messages().gettext(message),
        lambda singular, plural, num: _messages().ngettext(singular, plural, num),
        pgettext=lambda context, message: _messages().pgettext(context, message),
        newstyle=True,  # values are put in by Jinja, which escapes them
    )


def current() -> str:
    """The language that messages are in at this moment."""
    used = _used.get()
    if used is not None:
        return used
    return g.get("lang") or SOURCE if has_app_context() else SOURCE


@contextmanager
def use_language(lang: str) -> Iterator[None]:
    """Sets the language of the messages in the block, whatever that of the request is."""
    token = _used.set(lang)
    try:
        yield
    finally:
        _used.reset(token)


def accepted() -> str:
    """The language of the site that the browser prefers; Spanish if it names none of them."""
    return request.accept_languages.best_match(LANGUAGES) or SOURCE


def gettext(message: str, **values: Any) -> str:
    """A message in the current language, as `Translator.gettext`."""
    return translator(current()).gettext(message, **values)


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """A message about a number of things in the current language, as `Translator.ngettext`."""
    return translator(current()).ngettext(singular, plural, num, **values)


def pgettext(context: str, message: str, **values: Any) -> str:
    """A message with a context in the current language, as `Translator.pgettext`."""
    return translator(current()).pgettext(context, message, **values)


def in_each(message: str) -> Words:
    """A message in every language of the site."""
    return {lang: translator(lang).gettext(message) for lang in LANGUAGES}


def lazy(message: str) -> str:
    """A message translated whenever it is shown: for labels made when a module is imported."""
    return cast(str, LazyProxy(gettext, message, enable_cache=False))


def say(words: Words | None, lang: str) -> str:
    """A text that is stored by language, in one; in Spanish where it has not been translated."""
    if not words:
        return ""
    return words.get(lang) or words.get(SOURCE) or next(iter(words.values()), "")


def _messages() -> NullTranslations:
    return translator(current())._catalogue


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
