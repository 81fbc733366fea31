"""Embedded frames of upcoming workshops for other sites, and their oEmbed 1.0 endpoint.

Another site surrounds the frame, so it contains only links that open a new window: no form, no
script, and no discreet or unlisted workshop.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    get_template_attribute,
    jsonify,
    render_template,
    request,
)
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from outreach import clock, i18n
from outreach.domain import workshops
from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import FeedQuery
from outreach.domain.search import search
from outreach.domain.search.search import SearchResult
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.middleware import request_language
from outreach.web.middleware.response_headers import PagePolicy, allow
from outreach.web.presentation import formatting, workshop_cards
from outreach.web.public import feed_params
from outreach.web.public.feed_builder import CalendarForSites

pages = Blueprint("embed", __name__, url_prefix="/<lang:lang>", template_folder="templates")
root = Blueprint("oembed", __name__)

DEFAULT_COUNT: Final = 5
MAX_COUNT: Final = 20
# How far ahead to search; the second only if the first gives too few workshops.
HORIZONS: Final = (timedelta(days=30), timedelta(days=366))
DAY: Final = timedelta(days=1)
MAX_AGE_SECONDS: Final = 300
WIDTH: Final = 600  # pixels, as are the heights below
FRAME_HEIGHT: Final = 130  # height of the heading and the footer
CARD_HEIGHT: Final = 165


@dataclass(frozen=True)
class EmbedFrame:
    """A frame to embed: its path, title and height."""

    path: str
    title: str
    height: int

    def tag(self, width: str | int = "100%", height: int = 0) -> str:
        """Returns the HTML of the frame, to paste into a page."""
        tag = Markup(
            '<iframe src="{}" title="{}" width="{}" height="{}" loading="lazy" '
            'referrerpolicy="no-referrer" style="border:0;max-width:100%"></iframe>'
        )
        address = config().public_url + self.path
        return str(tag.format(address, self.title, width, height or self.height))


@pages.get("/incrustar")
def upcoming() -> Response:
    now = clock.now()
    try:
        with store().read() as session:
            choice = _check_not_discreet(feed_params.choice(session, request.args))
            places = [feed_params.place_name(session, place) for place in choice.places]
            found = _list_upcoming(session, choice, _count(request.args), now=now)
    except NotFound:
        return _missing()
    with_city = choice.office is None
    return _frame_response(
        render_template(
            "embed/frame.html",
            title=_title(choice, places),
            cards=[workshop_cards.card(each, now=now, with_city=with_city) for each in found],
            is_over=False,
            query=_list_query(choice),
            calendar=_query(choice),
        )
    )


@pages.get("/incrustar/<public_id>")
def workshop_frame(public_id: str) -> Response:
    now = clock.now()
    try:
        with store().read() as session:
            workshop = _find_visible(session, public_id)
            found = search.list_by_ids(session, [workshop.id])
    except NotFound:
        return _missing()
    return _frame_response(
        render_template(
            "embed/frame.html",
            title="",
            cards=[workshop_cards.card(each, now=now, with_city=True) for each in found],
            is_over=workshop.has_ended(now),
            query="",
            calendar=urlencode({"oficina": workshop.office.slug}),
        )
    )


@root.get("/oembed")
def describe() -> Response:
    """Describes the frame of an address of this site (oEmbed)."""
    g.lang = request_language.get_accepted()
    if request.args.get("format", "json") != "json":
        return _text_response(_("Aquí solo hay JSON. Quita «format» de la dirección."), 501)
    try:
        frame = _find_frame(request.args.get("url", ""))
    except (NotFound, HTTPException, ValueError):
        return _text_response(
            _("De esa dirección no hay nada que mostrar. Copia otra de este sitio."), 404
        )
    width, height = _read_limit("maxwidth", WIDTH), _read_limit("maxheight", frame.height)
    answer = jsonify(
        version="1.0",
        type="rich",
        provider_name=config().brand,
        provider_url=f"{config().public_url}/{i18n.current()}/",
        title=frame.title,
        html=frame.tag(width, height),
        width=width,
        height=height,
        cache_age=MAX_AGE_SECONDS,
    )
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return _make_cacheable(answer)


def make_frame(choice: FeedQuery, places: list[str], count: int = DEFAULT_COUNT) -> EmbedFrame:
    """Returns the frame of upcoming workshops of a choice. Raises NotFound for a discreet one."""
    query = _query(
        _check_not_discreet(choice), **({"cuantos": count} if count != DEFAULT_COUNT else {})
    )
    path = f"/{i18n.current()}/incrustar" + (f"?{query}" if query else "")
    return EmbedFrame(path, _title(choice, places), FRAME_HEIGHT + CARD_HEIGHT * count)


def _find_frame(address: str) -> EmbedFrame:
    """Returns the frame for a page of this site. Raises NotFound, ValueError or HTTPException."""
    parts = urlsplit(address)
    is_ours = parts.scheme in {"http", "https"} and parts.netloc.lower() == config().host
    if not is_ours or "\0" in unquote(address):
        raise NotFound("an address that is not ours")
    endpoint, values = current_app.url_map.bind(parts.netloc).match(unquote(parts.path))
    args = MultiDict(parse_qsl(parts.query, max_num_fields=100))
    g.lang = values.get("lang", request_language.get_accepted())
    with store().read() as session:
        if endpoint in {"workshops.workshop", "embed.workshop_frame"}:
            found = _find_visible(session, values["public_id"])
            path = f"/{i18n.current()}/incrustar/{found.public_id}"
            return EmbedFrame(path, formatting.localize(found.title), FRAME_HEIGHT + CARD_HEIGHT)
        if endpoint == "workshops.office":
            args = MultiDict({"oficina": values["slug"]})
        elif endpoint not in {"workshops.upcoming", "embed.upcoming"}:
            raise NotFound(endpoint)
        choice = feed_params.choice(session, args)
        places = [feed_params.place_name(session, place) for place in choice.places]
    return make_frame(choice, places, _count(args))


def render_oembed_link(_given: None) -> Markup:
    """Returns the line of a page's head that leads to its oEmbed."""
    page_address = config().public_url + request.full_path.rstrip("?")
    query = urlencode({"format": "json", "url": page_address})
    return Markup('<link rel="alternate" type="application/json+oembed" href="{}">').format(
        f"{config().public_url}/oembed?{query}"
    )


def render_lines_to_paste(chosen: CalendarForSites) -> Markup:
    """Returns the part of the page of calendars with the frame to paste into another site."""
    lines = get_template_attribute("embed/lines_to_paste.html", "lines_to_paste")
    made: Markup = lines(make_frame(chosen.choice, list(chosen.place_names)))
    return made


def _check_not_discreet(choice: FeedQuery) -> FeedQuery:
    if choice.is_discreet:
        raise NotFound("a discreet kind")
    return choice


def _find_visible(session: Session, public_id: str) -> Workshop:
    found = workshops.find_public(session, public_id)
    if found.is_hidden:
        raise NotFound(f"workshop {public_id}")
    return found


def _list_upcoming(
    session: Session, choice: FeedQuery, count: int, *, now: datetime
) -> list[SearchResult]:
    """Returns the next workshops that have not ended."""
    today, ids = now.date(), []
    for horizon in HORIZONS:
        entries = feed_query.entries(
            session, choice, since=today - DAY, until=today + horizon, today=today
        )
        ids = [entry.id for entry in entries if entry.ends_at > now][:count]
        if len(ids) == count:
            break
    return list(search.list_by_ids(session, ids))


def _title(choice: FeedQuery, places: list[str]) -> str:
    where = [formatting.city(choice.office)] if choice.office else []
    return " · ".join(
        [_("Próximos talleres"), *([", ".join(where + places)] if where + places else [])]
    )


def _query(choice: FeedQuery, **extra: object) -> str:
    office = {"oficina": choice.office.slug} if choice.office else {}
    return urlencode([*office.items(), *choice.query, *extra.items()])


def _list_query(choice: FeedQuery) -> str:
    """Returns the query of the list page for a choice; there an office is a place."""
    office = {"donde": choice.office.slug} if choice.office else {}
    return urlencode([*office.items(), *choice.query])


def _count(args: MultiDict[str, str]) -> int:
    text = args.get("cuantos", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 9
    return min(MAX_COUNT, max(1, int(text))) if is_number else DEFAULT_COUNT


def _read_limit(name: str, default: int) -> int:
    text = request.args.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) < 9
    return min(default, max(1, int(text))) if is_number else default


def _missing() -> Response:
    """Returns the same 404 page for unknown, discreet and unlisted workshops."""
    body = render_template("embed/frame.html", title="", cards=None, query="", calendar="")
    allow(PagePolicy.FRAMED)
    return Response(body, 404, mimetype="text/html")


def _frame_response(body: str) -> Response:
    answer = _make_cacheable(Response(body, mimetype="text/html"))
    allow(PagePolicy.FRAMED)
    return answer


def _make_cacheable(answer: Response) -> Response:
    """Makes a response cacheable for five minutes."""
    answer.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    return answer


def _text_response(sentence: str, status: int) -> Response:
    answer = Response(sentence + "\n", status, mimetype="text/plain")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
