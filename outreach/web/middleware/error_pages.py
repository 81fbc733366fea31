"""Maps errors to pages and statuses. No page shows the text of an error."""

import logging
import re
from collections.abc import Callable
from typing import Final

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    ServiceUnavailable,
    TooManyRequests,
)

from outreach import i18n, languages
from outreach.errors import (
    Conflict,
    DataErased,
    Full,
    NotFound,
    OutreachError,
    Refusal,
    RegistrationClosed,
    TooMany,
)
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.middleware import failures, request_language

STATUS: Final[dict[type[OutreachError], int]] = {
    NotFound: 404,
    DataErased: 404,
    RegistrationClosed: 409,
    Full: 409,
    Conflict: 409,
    TooMany: 409,
    Refusal: 422,
}
PAGES: Final = frozenset({404, 429, 500, 503})
SECRET_FIELDS: Final = frozenset({"password", "code"})  # never shown again
# Addresses that calendar programs request: they get plain text instead of a page.
CALENDAR: Final = re.compile(rf"/({languages.PATTERN})/(cal|t)/[^/]+\.(ics|atom|json|jcal|jscal)")


# Shows an error inside the frame of some pages; None for a request that is not theirs. It is given
# the status, the error if there is one, the sentence that says why, and the fields to send again.
FramedPage = Callable[
    [int, Exception | None, str, list[tuple[str, str]] | None], ResponseReturnValue | None
]
_FRAME: Final = "outreach_framed_error_page"


def init_app(app: Flask) -> None:
    app.register_error_handler(OutreachError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    # Flask logs errors that occur after the response has begun.
    logging.getLogger(app.name).addFilter(_remove_error_text)


def use_frame(app: Flask, framed: FramedPage) -> None:
    """Has the pages of 4xx errors made by `framed` where it takes the request as its own."""
    app.extensions[_FRAME] = framed


def page(status: int, error: Exception | None = None, **words: object) -> ResponseReturnValue:
    """Renders the page for a status, in the language of the address or of the browser.

    It shows nothing of the request: the bytes are the same for every dead link.
    """
    framed: FramedPage | None = current_app.extensions.get(_FRAME)
    if framed is not None and status < 500:
        answer = framed(status, error, str(words.get("sentence", "")), _typed(status))
        if answer is not None:
            return answer
    if "lang" not in g:
        first = request.path.split("/", 2)[1]
        g.lang = first if first in i18n.list_languages() else request_language.get_accepted()
    g.other_languages_at = "/"
    if CALENDAR.fullmatch(request.path):
        return Response(_plain(status) + "\n", status, mimetype="text/plain")
    name = f"errors/{status}.html" if status in PAGES else "errors/other.html"
    return render_template(name, status=status, typed=_typed(status), **words), status


def refuse_as_text(error: HTTPException) -> Response:
    """Refuses with a line of text for the log of a gateway: nobody sees a page there."""
    answer = Response(f"{error.name}\n", error.code, mimetype="text/plain")
    _add_retry_after(answer, error)
    return answer


def fail_as_text(error: Exception) -> Response:
    """Answers an error as text and logs it: 503 where the databases cannot be used, else 500."""
    failure = failures.note(error)
    answer = refuse_as_text(
        InternalServerError() if failure.reason is None else ServiceUnavailable()
    )
    answer.headers.update(failure.headers)
    return answer


def keep_form() -> None:
    """Shows the form again, filled in, if this POST fails with 429, 500 or 503. It must not be
    called for forms with a password."""
    g.keeps_form = True


def _remove_error_text(record: logging.LogRecord) -> bool:
    """A logging filter that removes the text of errors."""
    if record.exc_info and record.exc_info[1] is not None:
        error = failures.without_text(record.exc_info[1])
        record.exc_info = (RuntimeError, error, error.__traceback__)
    return True


def _plain(status: int) -> str:
    sentences: dict[int, str] = {
        400: _("Esta dirección no es la de este sitio. Copia otra vez la de tu calendario."),
        404: _("No encontramos ese calendario. Copia otra vez su dirección."),
        405: _("Esta dirección se lee y no se cambia. Ponla en tu programa de calendario."),
    }
    return sentences.get(status, _("No pudimos hacer este calendario. Pídelo otra vez más tarde."))


def _typed(status: int) -> list[tuple[str, str]] | None:
    """The fields that were sent, if the page should offer to send them again."""
    # Without a database the view may have failed before it called `keep_form`.
    is_kept = g.get("keeps_form") or (status == 503 and request.method == "POST")
    if not is_kept or status not in {429, 500, 503}:
        return None
    try:
        sent = request.form
    except HTTPException:  # it was not read before, and is too large or not a form
        return None
    return None if SECRET_FIELDS & sent.keys() else list(sent.items(multi=True))


def _domain_error(error: OutreachError) -> ResponseReturnValue:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    if isinstance(error, Refusal):
        return page(status, error, sentence=error_messages.say(error))
    return page(status, error)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # a redirect
    answer = make_response(page(status, error))
    _add_retry_after(answer, error)
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _add_retry_after(answer: Response, error: HTTPException) -> None:
    if isinstance(error, TooManyRequests) and error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)


def _unexpected(error: Exception) -> ResponseReturnValue:
    failure = failures.note(error)
    answer = make_response(
        page(failure.status, incident=failure.incident, reason=failure.reason or "bug")
    )
    answer.headers.update(failure.headers)
    return answer
