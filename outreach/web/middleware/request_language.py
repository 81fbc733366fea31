"""The language of a request, `g.lang`, in which `_()` and the templates say their messages."""

from gettext import NullTranslations
from typing import Any, Final

from flask import Flask, g, request
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.routing import BaseConverter, ValidationError

from outreach import i18n, languages

_get_globals: Final = g._get_current_object  # werkzeug's proxy has it


class LanguageConverter(BaseConverter):
    """`<lang:lang>` in a route: the code of one of the languages of the network."""

    regex = f"(?:{languages.PATTERN})"

    def to_python(self, value: str) -> str:
        """The code. Raises ValidationError, for a page that is not found, for another language."""
        if value not in i18n.list_languages():
            raise ValidationError
        return value


def init_app(app: Flask) -> None:
    i18n.tell_language = get_current
    app.url_map.converters["lang"] = LanguageConverter
    offered = i18n.list_languages()
    app.jinja_env.globals["main_language"] = offered[0]
    app.jinja_env.globals["site_languages"] = [languages.BY_CODE[code] for code in offered]
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # jinja2.ext.i18n adds it
        lambda message: _messages().gettext(message),
        lambda singular, plural, num: _messages().ngettext(singular, plural, num),
        pgettext=lambda context, message: _messages().pgettext(context, message),
        newstyle=True,  # values are put in by Jinja, which escapes them
    )
    app.jinja_env.globals |= {"_": _translate, "ngettext": _translate_number}


def get_current() -> str:
    """The language of the current request; the network's first where it has none, and outside of a
    request."""
    try:  # one call where `g.get` and `has_app_context` are six: a page asks a hundred times
        return _get_globals().__dict__.get("lang") or i18n.get_default_language()
    except RuntimeError:  # no application context
        return i18n.get_default_language()


def get_accepted() -> str:
    """The network's language that the browser prefers; its first if the browser names none."""
    offered = i18n.list_languages()
    return request.accept_languages.best_match(offered) or offered[0]


@pass_eval_context
def _translate(context: EvalContext, message: str, **values: Any) -> str:
    """Does what Jinja's own `_()` does in templates, without three calls through the context for
    each of the thirty messages of a page. `TemplateCode` writes messages without values
    directly."""
    text = i18n.fit_stops(_messages().gettext(message), values)
    return _prepare(context, text) % values


@pass_eval_context
def _translate_number(
    context: EvalContext, singular: str, plural: str, num: int, **values: Any
) -> str:
    """Does what Jinja's own `ngettext()` does in templates, in the way of `_translate`."""
    given = {"num": num, **values}
    text = i18n.fit_stops(_messages().ngettext(singular, plural, num), given)
    return _prepare(context, text) % given


def _prepare(context: EvalContext, text: str) -> str:
    """A message as markup where the template is a page, so that `%` escapes what is put in."""
    if not context.autoescape:
        return text
    return Markup(text)  # noqa: S704 - from our catalogues: no input, and `%` escapes


def _messages() -> NullTranslations:
    return i18n.translator(i18n.current()).catalogue
