"""Calendar files: the file of one workshop, and errors of feed addresses.

A WSGI middleware answers feeds (`feeds/server.py`); only invalid feed addresses get here.
"""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Flask, Response, current_app, request

from outreach import i18n
from outreach.domain import workshops
from outreach.domain.calendar.feed_query import UnknownFilter
from outreach.domain.network import installation_settings
from outreach.domain.text import clean
from outreach.errors import NotFound
from outreach.feeds import ics_feed, vevent
from outreach.feeds.server import FeedMiddleware, Feeds
from outreach.feeds.vevent import PublicSite
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.middleware.response_headers import (
    ALWAYS,
    CORS,
    get_https_headers,
    keep_for,
    keep_private,
)
from outreach.web.presentation.extension_pages import ExtensionPages

pages = Blueprint("calendar_files", __name__, url_prefix="/<lang:lang>")

CACHE_SECONDS: Final = 900  # as long as a feed
MAX_QUOTE_LENGTH: Final = 40  # characters of a value quoted in an error


def init_app(app: Flask, extensions: Sequence[ExtensionPages]) -> None:
    config = app.extensions["outreach_config"]
    headers = {**ALWAYS, **get_https_headers(config.public_url), **CORS}
    feeds = Feeds(
        config,
        app.extensions["outreach_store"],
        headers,
        reference=app.extensions["outreach_reference"],
        links=[link for each in extensions for link in each.feed_links],
    )
    app.extensions["outreach_feeds"] = feeds
    app.wsgi_app = FeedMiddleware(app.wsgi_app, feeds)  # type: ignore[assignment]  # as Flask says to
    app.register_blueprint(pages)


@pages.get("/cal/<name>.<any(ics,atom,json,jcal,jscal):form>")
def feed(name: str, form: str) -> Response:
    """Returns the error of an invalid feed address.

    Another error of the middleware is raised again here, for Flask's error handlers.
    """
    feeds: Feeds = current_app.extensions["outreach_feeds"]
    try:
        status, headers, body = feeds.answer(request.environ)
    except UnknownFilter as unknown:
        return _not_found(_sentence(unknown))
    answer = Response(body, status, headers)
    answer.direct_passthrough = True  # already encoded as the client accepts
    return answer


@pages.get("/t/<public_id>.ics")
def workshop(public_id: str) -> Response:
    lang = i18n.current()
    with store().read() as session:
        try:
            found = workshops.find_public(session, public_id)
        except NotFound:
            keep_private()
            return _not_found(_("No encontramos ese taller. Pide el enlace otra vez."))
        site = PublicSite(
            config().public_url, installation_settings.get_calendar_host(session), config().phone
        )
        has_full_title = request.args.get("titulo") == "completo"
        body = ics_feed.write_single(found, lang, site, has_full_title=has_full_title)
        changed_at, is_hidden = vevent.changed_at(found), found.is_hidden
    disposition = {"Content-Disposition": 'inline; filename="taller.ics"'}
    answer = Response(body, headers=disposition, mimetype="text/calendar")
    if is_hidden:  # its address is a permission
        keep_private()
    else:
        answer.last_modified = changed_at
        answer.headers["X-Robots-Tag"] = "noindex"  # the page is what is found
        keep_for(CACHE_SECONDS)
    return answer


def _not_found(sentence: str) -> Response:
    # Calendar programs show text, not HTML.
    return Response(sentence + "\n", 404, mimetype="text/plain")


def _sentence(unknown: UnknownFilter) -> str:
    value = clean(unknown.value)[:MAX_QUOTE_LENGTH]
    sentences: dict[str, str] = {
        "office": _("No hay una oficina «%(value)s». Elige otra en la lista.", value=value),
        "kind": _("No hay un tipo de taller «%(value)s». Quítalo de la dirección.", value=value),
        "language": _("No conocemos el idioma «%(value)s». Escribe es, en o fr.", value=value),
        "mode": _("No hay una modalidad «%(value)s». Quítala de la dirección.", value=value),
        "place": _("No conocemos el lugar «%(value)s». Escribe un estado, como IL.", value=value),
    }
    return sentences[unknown.what]
