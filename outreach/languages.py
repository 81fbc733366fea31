"""Which language a page speaks. Spanish is what the source says; the rest is translation."""

from typing import Final, cast

from babel import Locale
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, lazy_gettext
from flask_babel import get_locale as _get_locale

from outreach.db.base import Words

LANGUAGES: Final = ("es", "en", "fr")
# The Spanish of Mexico and the French of Canada name days and hours their own way.
LOCALES: Final = {
    "es": Locale("es", "MX"),
    "en": Locale("en", "US"),
    "fr": Locale("fr", "CA"),
}


def init_app(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "es"
    Babel(app, locale_selector=_choose)


def current() -> str:
    """The language of the page being made: `es`, `en` or `fr`."""
    found = getattr(g, "lang", None) if has_request_context() else None
    return found or str(_get_locale() or "es")


def accepted() -> str:
    """The one of our languages that the browser likes best; Spanish if it says nothing."""
    return request.accept_languages.best_match(LANGUAGES) or "es"


def lazy(message: str) -> str:
    """A message translated when it is shown: for labels made when a module is imported."""
    return cast(str, lazy_gettext(message))


def say(words: Words | None, lang: str) -> str:
    """The text in one language; in Spanish where it has not been translated."""
    if not words:
        return ""
    return words.get(lang) or words.get("es") or next(iter(words.values()), "")


def _choose() -> str:
    return getattr(g, "lang", "es") if has_request_context() else "es"
