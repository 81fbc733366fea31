"""Translates messages of the interface. The source language is Spanish.

A request has one language, which `web.middleware.request_language` tells; `_()` and the templates
use it. Letters, feeds, PDF files and reports, which are made outside of a request or in another
language than its own, call `use_language` around a block or take the `Translator` of a language.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from gettext import NullTranslations
from typing import Any, Final, cast

import babel.support
from babel import Locale
from babel.support import LazyProxy, Translations
from markupsafe import Markup

from outreach import extension_points, languages, network_profile
from outreach.db.base import Words

LANGUAGES: Final = languages.CODES  # those of the program; a network offers `list_languages`
SOURCE: Final = languages.SOURCE
# Each language by its own name with a capital, in the order of the menus.
NAMES: Final = {
    each.code: each.name[0].upper() + each.name[1:] for each in languages.SITE_LANGUAGES
}

CATALOGUES: Final = "translations"  # the folder in an extension's package

Message = tuple[str, str]  # context and text

_used: ContextVar[str | None] = ContextVar("language", default=None)


class Translator:
    """The messages of one language; Spanish where its catalogue has none. What the network says in
    words of its own comes from the catalogue of its vocabulary, and what only extensions say from
    theirs: the folder `translations` of their packages. `catalogues` is that of the profile.

    `%(name)s` in a message is filled in from `values`; without values it is returned as it is.
    """

    def __init__(self, lang: str, catalogues: str) -> None:
        self.lang = lang
        vocabulary, *extensions = catalogues.split(" ")
        self.catalogue: NullTranslations = Translations.load(languages.CATALOGUES, [lang])
        if vocabulary:
            folder = languages.VOCABULARIES / vocabulary
            own: NullTranslations = Translations.load(folder, [lang])
            own.add_fallback(self.catalogue)
            self.catalogue = own
        for name in extensions:
            package = extension_points.find_folder(name)
            if package is not None:
                found = Translations.load(package / CATALOGUES, [lang])
                self.catalogue.add_fallback(found)

    @property
    def locale(self) -> Locale:
        """The regional form of the language in the network of the moment."""
        return get_locale(self.lang)

    def gettext(self, message: str, **values: Any) -> str:
        return fill(self.catalogue.gettext(message), values)

    def ngettext(self, singular: str, plural: str, num: int, **values: Any) -> str:
        """The form for a number of things; `num` is one of the values."""
        return fill(self.catalogue.ngettext(singular, plural, num), {"num": num, **values})

    def pgettext(self, context: str, message: str, **values: Any) -> str:
        """Returns a message whose text alone does not say what it means, so that a context tells it
        from others."""
        return fill(self.catalogue.pgettext(context, message), values)


_STOP_AFTER_VALUE: Final = re.compile(r"%\((\w+)\)s\.(?=\s|$|[<»”)])")
_MARKS: Final = re.compile("<[^>]+>")
STOPS: Final = (".", "…", "?", "!")  # what ends a sentence


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Puts values into a message, where it has some."""
    return fit_stops(text, values) % values if values else text


def fit_stops(text: str, values: Mapping[str, Any]) -> str:
    """A message without the stops after values that end with one themselves: «6:00 p. m.»,
    «Washington, D.C.», and what somebody typed."""
    if ")s." not in text:
        return text
    return _STOP_AFTER_VALUE.sub(
        lambda found: found[0][:-1] if _is_stopped(values.get(found[1])) else found[0], text
    )


def end_sentence(text: str) -> str:
    """A text with a stop at its end, unless it has one."""
    return text if _is_stopped(text) else text + "."  # also Markup


def _is_stopped(value: object) -> bool:
    words = _MARKS.sub("", str(value)) if isinstance(value, Markup) else str(value)
    return words.rstrip().endswith(STOPS)


def list_languages() -> tuple[str, ...]:
    """The languages that the network offers, in the order of its menus."""
    return network_profile.current().languages


def get_default_language() -> str:
    """The language of pages and texts where nothing names one that the network offers."""
    return network_profile.current().main_language


def get_locale(lang: str) -> Locale:
    """The regional form of a language of the site in the network of the moment (CLDR)."""
    return _parse_locale(network_profile.current().locale_names[lang])


@cache
def _parse_locale(name: str) -> Locale:
    return Locale.parse(name)


def html_lang(code: str) -> str:
    """Returns the value of the `lang` attribute (BCP 47); for a language that the site does not
    have, its code."""
    own = languages.BY_CODE.get(code)
    if own is None:
        return code
    name = network_profile.current().locale_names[code]
    return own.html_lang if name == own.locale else name.replace("_", "-")


def translator(lang: str) -> Translator:
    return _load_translator(lang, network_profile.current().catalogues)


_load_translator: Final = cache(Translator)


# What tells the language where `use_language` does not: commands import no Flask for it, which
# takes as long as the rest of a short one.
tell_language: Callable[[], str] = get_default_language


def current() -> str:
    """The language that messages are in at this moment."""
    used = _used.get()
    return tell_language() if used is None else used


@contextmanager
def use_language(lang: str) -> Iterator[None]:
    """Sets the language of the messages in the block, whatever that of the request is."""
    token = _used.set(lang)
    try:
        yield
    finally:
        _used.reset(token)


def gettext(message: str, **values: Any) -> str:
    """Translates a message into the current language, as `Translator.gettext` does."""
    return translator(current()).gettext(message, **values)


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """Translates a message about a number of things into the current language, as
    `Translator.ngettext` does."""
    return translator(current()).ngettext(singular, plural, num, **values)


def pgettext(context: str, message: str, **values: Any) -> str:
    """Translates a message with a context into the current language, as `Translator.pgettext`
    does."""
    return translator(current()).pgettext(context, message, **values)


def translate(message: str, lang: str, **values: Any) -> str:
    """Translates a message into the language `lang`, as `Translator.gettext` does."""
    return translator(lang).gettext(message, **values)


MARK: Final = "⟦%s⟧"  # around what is not translated, in `outreach dev`


class _Marks(babel.support.NullTranslations):
    """Says a message that no catalogue has, between marks."""

    def gettext(self, message: str) -> str:
        return MARK % message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return MARK % super().ngettext(msgid1, msgid2, n)

    def pgettext(self, context: str, message: str) -> str:
        return MARK % message


def mark_untranslated(extensions: Sequence[str] = ()) -> None:
    """Marks on pages and in letters of this process what has no translation into their language.
    `outreach dev` calls it, and nothing else: without it, such a message is said in Spanish."""
    vocabularies = ["", *(each.name for each in languages.VOCABULARIES.iterdir())]
    for lang in LANGUAGES:
        if lang != SOURCE:
            for vocabulary in vocabularies:
                catalogues = " ".join((vocabulary, *extensions))
                _load_translator(lang, catalogues).catalogue.add_fallback(_Marks())


def in_each(message: str | Message) -> Words:
    """A message in every language of the network; a pair is a context and a message."""
    if isinstance(message, str):
        return {lang: translator(lang).gettext(message) for lang in list_languages()}
    return {lang: translator(lang).pgettext(*message) for lang in list_languages()}


def lazy(message: str, **values: Any) -> str:
    """A message translated whenever it is shown: for labels made when a module is imported."""
    return cast(str, LazyProxy(gettext, message, enable_cache=False, **values))


def say(words: Words | None, lang: str) -> str:
    """A text that is stored by language, in one; where it has not been translated, in the first of
    the network's languages, in Spanish or in what there is."""
    return (words or {}).get(language_of(words, lang), "")


def language_of(words: Words | None, lang: str) -> str:
    """The language in which `say` gives this text; `lang` for none."""
    if not words or words.get(lang):
        return lang
    usual = get_default_language()
    if words.get(usual):
        return usual
    return SOURCE if words.get(SOURCE) else next(iter(words))


def as_markup(message: str, lang: str) -> Markup:
    """A message for a page, whose values are escaped. As in all templates, «%%» stands for «%»."""
    return _as_markup(message, lang, network_profile.current().catalogues)


@lru_cache(maxsize=8192)
def _as_markup(message: str, lang: str, catalogues: str) -> Markup:
    text = _load_translator(lang, catalogues).gettext(message)
    return Markup(text) % {}  # noqa: S704 - a text of the package, which nobody types


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
    "quc": N_("K’iche’"),
    "kjb": N_("Q’anjob’al"),
    "chn": N_("Chinanteco"),
    "ase": N_("Lengua de señas (ASL)"),
    "mfs": N_("Lengua de señas mexicana"),
}
