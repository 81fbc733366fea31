"""Translates messages of the interface. The source language is Spanish.

A request has one language, `g.lang`; `_()` and the templates use it. Letters, feeds, PDF files and
reports, which are made outside of a request or in another language than its own, call
`use_language` around a block or take the `Translator` of a language.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from gettext import NullTranslations
from typing import Any, Final, cast

from babel import Locale
from babel.support import LazyProxy, Translations
from flask import Flask, g, request
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.routing import BaseConverter

from outreach import languages
from outreach.db.base import Words

LANGUAGES: Final = languages.CODES
SOURCE: Final = languages.SOURCE
LOCALES: Final = {each.code: Locale.parse(each.locale) for each in languages.SITE_LANGUAGES}
HTML_LANG: Final = {each.code: each.html_lang for each in languages.SITE_LANGUAGES}
# Each language by its own name with a capital, in the order of the menus.
NAMES: Final = {
    each.code: each.name[0].upper() + each.name[1:] for each in languages.SITE_LANGUAGES
}

Message = tuple[str, str]  # context and text

_get_globals: Final = g._get_current_object  # of werkzeug's proxy
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
    app.jinja_env.globals |= {"_": _translate, "ngettext": _translate_number}


def current() -> str:
    """The language that messages are in at this moment."""
    used = _used.get()
    if used is not None:
        return used
    try:  # one call where `g.get` and `has_app_context` are six: a page asks a hundred times
        return _get_globals().__dict__.get("lang") or SOURCE
    except RuntimeError:  # no application context
        return SOURCE


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


def translate(message: str, lang: str, **values: Any) -> str:
    """A message in the language `lang`, as `Translator.gettext`."""
    return translator(lang).gettext(message, **values)


def in_each(message: str | Message) -> Words:
    """A message in every language of the site; a pair is a context and a message."""
    if isinstance(message, str):
        return {lang: translator(lang).gettext(message) for lang in LANGUAGES}
    return {lang: translator(lang).pgettext(*message) for lang in LANGUAGES}


def lazy(message: str, **values: Any) -> str:
    """A message translated whenever it is shown: for labels made when a module is imported."""
    return cast(str, LazyProxy(gettext, message, enable_cache=False, **values))


def say(words: Words | None, lang: str) -> str:
    """A text that is stored by language, in one; in Spanish where it has not been translated."""
    if not words:
        return ""
    return words.get(lang) or words.get(SOURCE) or next(iter(words.values()), "")


def language_of(words: Words | None, lang: str) -> str:
    """The language in which `say` gives this text; `lang` for none."""
    if not words or words.get(lang):
        return lang
    return SOURCE if words.get(SOURCE) else next(iter(words))


@lru_cache(maxsize=8192)
def as_markup(message: str, lang: str) -> Markup:
    """A message for a page, whose values are escaped. As in all templates, «%%» stands for «%»."""
    return Markup(translator(lang).gettext(message)) % {}  # noqa: S704 - of the package's catalogues


@pass_eval_context
def _translate(context: EvalContext, message: str, **values: Any) -> str:
    """`_()` of the templates: what Jinja's own does, without three calls through the context for
    each of the thirty messages of a page. `TemplateCode` writes those without values directly."""
    text = _messages().gettext(message)
    if context.autoescape:
        text = Markup(text)  # noqa: S704 - of the package's catalogues; `%` escapes the values
    return text % values


@pass_eval_context
def _translate_number(
    context: EvalContext, singular: str, plural: str, num: int, **values: Any
) -> str:
    """`ngettext()` of the templates, in the same way."""
    text = _messages().ngettext(singular, plural, num)
    if context.autoescape:
        text = Markup(text)  # noqa: S704 - of the package's catalogues; `%` escapes the values
    return text % {"num": num, **values}


def _messages() -> NullTranslations:
    return translator(current())._catalogue


# Marks for `outreach i18n extract`, on messages that are translated where they are used.


def N_(message: str) -> str:
    return message


def NN_(singular: str, plural: str) -> Message:
    return singular, plural


def NP_(context: str, message: str) -> Message:
    return context, message


# The languages workshops are given in, by the codes of the data files.
SPOKEN: Final[dict[str, str]] = {
    "es": N_("Español"),
    "en": N_("Inglés"),
    "fr": N_("Francés"),
    "nah": N_("Náhuatl"),
    "mxt": N_("Mixteco"),
    "zap": N_("Zapoteco"),
    "yua": N_("Maya yucateco"),
    "pua": N_("Purépecha"),
    "trc": N_("Triqui"),
    "tzo": N_("Tsotsil"),
    "tzh": N_("Tseltal"),
    "oto": N_("Otomí (hñähñu)"),
    "tlp": N_("Totonaco"),
    "mam": N_("Mam"),
    "chn": N_("Chinanteco"),
    "ase": N_("Lengua de señas (ASL)"),
    "mfs": N_("Lengua de señas mexicana"),
}
