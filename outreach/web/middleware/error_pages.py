"""Shows what went wrong, kindly, with the right status. Nothing of the error itself is shown."""

import logging
import re
from typing import Final

import sqlalchemy as sa
from flask import Flask, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, TooManyRequests

from outreach import i18n, languages
from outreach.db import error_classes
from outreach.domain.text import code
from outreach.errors import (
    Closed,
    Forgotten,
    Full,
    NotFound,
    OutreachError,
    Refused,
    Taken,
    TooMany,
)
from outreach.i18n import gettext as _
from outreach.web import error_messages

log = logging.getLogger(__name__)

STATUS: Final[dict[type[OutreachError], int]] = {
    NotFound: 404,
    Forgotten: 404,
    Closed: 409,
    Full: 409,
    Taken: 409,
    TooMany: 409,
    Refused: 422,
}
PAGES: Final = frozenset({404, 429, 500, 503})
SHORTLY: Final = "5"  # seconds until one may ask again
SECRETS: Final = frozenset({"password", "code"})  # that no page gives back
# Programs ask for these: they show the text of an answer, not a page.
CALENDAR: Final = re.compile(rf"/({languages.PATTERN})/(cal|t)/[^/]+\.(ics|atom|json|jcal)")


def init_app(app: Flask) -> None:
    app.register_error_handler(OutreachError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    # Flask itself writes there what goes wrong after an error has been answered.
    logging.getLogger(app.name).addFilter(_hush)


def page(status: int, **words: object) -> ResponseReturnValue:
    """The page for a status, in the language of the address or of the browser.

    It says nothing of what was asked for: for every dead link it is the same to the byte."""
    if "lang" not in g:
        first = request.path.split("/", 2)[1]
        g.lang = first if first in i18n.LANGUAGES else i18n.accepted()
    g.other_languages_at = "/"
    if CALENDAR.fullmatch(request.path):
        return Response(_plain(status) + "\n", status, mimetype="text/plain")
    name = f"errors/{status}.html" if status in PAGES else "errors/other.html"
    return render_template(name, status=status, typed=_typed(status), **words), status


def keep_form() -> None:
    """If this post fails through no fault of the person, they get back what they sent, ready to be
    sent again. Not for forms with a password."""
    g.keeps_form = True


def note(error: BaseException) -> str:
    """Writes an unexpected error to the log, without a name, and returns the code it has there."""
    bare, incident = _bare(error), code(6)
    log.error("%s: %s failed: %s", incident, _asked(), bare, exc_info=bare)
    return f"{incident[:3]} {incident[3:]}"


def note_fault(error: BaseException) -> str:
    """The same for a fault of the moment: it says nothing about us, so no traceback."""
    incident, fault = code(6), error_classes.classify(error)
    what = "-" if fault is None else fault.name.lower()
    log.warning("%s: %s: database %s (%s)", incident, _asked(), what, _bare(error))
    return f"{incident[:3]} {incident[3:]}"


def _asked() -> str:
    """The method and the route's pattern: no path, no token, no name (S10)."""
    rule = request.url_rule.rule if request.url_rule else "-"
    return f"{request.method} {rule}"


def _bare(error: BaseException) -> RuntimeError:
    """The kind and the traceback of an error. Its own text might hold what somebody typed."""
    kind = type(error.orig) if isinstance(error, sa.exc.DBAPIError) else type(error)
    return RuntimeError(kind.__name__).with_traceback(error.__traceback__)


def _hush(record: logging.LogRecord) -> bool:
    """Leaves of an error only what `note` would tell of it."""
    if record.exc_info and record.exc_info[1] is not None:
        bare = _bare(record.exc_info[1])
        record.exc_info = (RuntimeError, bare, bare.__traceback__)
    return True


def _plain(status: int) -> str:
    sentences: dict[int, str] = {
        400: _("Esta dirección no es la de este sitio. Copia otra vez la de tu calendario."),
        404: _("No encontramos ese calendario. Copia otra vez su dirección."),
        405: _("Esta dirección se lee y no se cambia. Ponla en tu programa de calendario."),
    }
    return sentences.get(status, _("No pudimos hacer este calendario. Pídelo otra vez más tarde."))


def _typed(status: int) -> list[tuple[str, str]] | None:
    """What was sent, if this is a form worth sending again."""
    # Where the database is away, a view may not have come to say what it keeps.
    is_kept = g.get("keeps_form") or (status == 503 and request.method == "POST")
    if not is_kept or status not in {429, 500, 503}:
        return None
    try:
        sent = request.form
    except HTTPException:  # nobody has read it so far, and it is too large or no form at all
        return None
    return None if SECRETS & sent.keys() else list(sent.items(multi=True))


def _domain_error(error: OutreachError) -> ResponseReturnValue:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    if isinstance(error, Refused):
        return page(status, sentence=error_messages.say(error))
    return page(status)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # a redirect
    answer = make_response(page(status))
    if isinstance(error, TooManyRequests) and error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _unexpected(error: Exception) -> ResponseReturnValue:
    if error_classes.classify(error) is None:
        return page(500, incident=note(error))
    answer = make_response(page(503, incident=note_fault(error)))
    answer.headers["Retry-After"] = SHORTLY
    return answer
