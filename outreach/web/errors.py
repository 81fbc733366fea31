"""Shows what went wrong, kindly, with the right status. Nothing of the error itself is shown."""

import logging
from typing import Final

import sqlalchemy as sa
from flask import Flask, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from outreach import languages
from outreach.errors import Closed, Forgotten, Full, NotFound, OutreachError, Refused, TooMany

log = logging.getLogger(__name__)

STATUS: Final[dict[type[OutreachError], int]] = {
    NotFound: 404,
    Forgotten: 404,
    Closed: 409,
    Full: 409,
    TooMany: 409,
    Refused: 422,
}
PAGES: Final = frozenset({404, 429, 500})


def init_app(app: Flask) -> None:
    app.register_error_handler(OutreachError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def page(status: int) -> ResponseReturnValue:
    """The page for a status, in the language of the address or of the browser."""
    if "lang" not in g:
        g.lang = languages.accepted()
    name = f"errors/{status}.html" if status in PAGES else "errors/other.html"
    return render_template(name, status=status), status


def _domain_error(error: OutreachError) -> ResponseReturnValue:
    return page(STATUS.get(type(error), 500))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # a redirect
    answer = make_response(page(status))
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _unexpected(error: Exception) -> ResponseReturnValue:
    # The route's pattern and the kind of error: no path, no token, no name (safety.md S10).
    rule = request.url_rule.rule if request.url_rule else "-"
    kind = type(error.orig) if isinstance(error, sa.exc.DBAPIError) else type(error)
    # The traceback with a bare error: its own text might hold what somebody typed.
    bare = RuntimeError(kind.__name__).with_traceback(error.__traceback__)
    log.error("%s %s failed: %s", request.method, rule, kind.__name__, exc_info=bare)
    return page(500)
