"""The next workshops in a frame on somebody else's site: the page within, and what tells that
site's editor how to put it there (oEmbed 1.0).

A frame is the one place where our page is not alone on the screen. So there is nothing in it but
links out: no form, no script, and no workshop that is discreet or unlisted.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from flask import Blueprint, Flask, Response, current_app, g, jsonify, render_template, request
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
from outreach.web.middleware.response_headers import let_sites_frame
from outreach.web.presentation import formatting, workshop_cards
from outreach.web.public import feed_params

pages = Blueprint("embed", __name__, url_prefix="/<lang:lang>")
root = Blueprint("oembed", __name__)

COUNT: Final = 5
MOST: Final = 20
# Soon enough for most; only who has few workshops is looked further ahead for.
HORIZONS: Final = (timedelta(days=30), timedelta(days=366))
DAY: Final = timedelta(days=1)
KEPT_SECONDS: Final = 300
WIDTH: Final = 600  # pixels, as all that follows
AROUND: Final = 130  # the heading, and the links below
CARD: Final = 165


@dataclass(frozen=True)
class EmbedFrame:
    """What a site is told to show."""

    path: str
    title: str
    height: int

    def tag(self, width: str | int = "100%", height: int = 0) -> str:
        """As it is pasted into a page."""
        tag = Markup(
            '<iframe src="{}" title="{}" width="{}" height="{}" loading="lazy" '
            'referrerpolicy="no-referrer" style="border:0;max-width:100%"></iframe>'
        )
        address = config().public_url + self.path
        return str(tag.format(address, self.title, width, height or self.height))


def init_app(app: Flask) -> None:
    app.register_blueprint(pages)
    app.register_blueprint(root)
    app.add_template_global(_described_at, "oembed")


@pages.get("/incrustar")
def upcoming() -> Response:
    now = clock.now()
    try:
        with store().read() as session:
            choice = _public(feed_params.choice(session, request.args))
            places = [feed_params.place_name(session, place) for place in choice.places]
            found = _coming(session, choice, _count(request.args), now=now)
    except NotFound:
        return _missing()
    with_city = choice.office is None
    return _framed(
        render_template(
            "embed/frame.html",
            title=_title(choice, places),
            cards=[workshop_cards.card(each, now=now, with_city=with_city) for each in found],
            is_over=False,
            query=_of_list(choice),
            calendar=_query(choice),
        )
    )


@pages.get("/incrustar/<public_id>")
def workshop_frame(public_id: str) -> Response:
    now = clock.now()
    try:
        with store().read() as session:
            workshop = _shown(session, public_id)
            found = search.list_by_ids(session, [workshop.id])
    except NotFound:
        return _missing()
    return _framed(
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
    """What an editor has to know of an address of ours to show it."""
    g.lang = i18n.accepted()
    if request.args.get("format", "json") != "json":
        return _plain(_("Aquí solo hay JSON. Quita «format» de la dirección."), 501)
    try:
        frame = _frame_of(request.args.get("url", ""))
    except (NotFound, HTTPException, ValueError):
        return _plain(_("De esa dirección no hay nada que mostrar. Copia otra de este sitio."), 404)
    width, height = _at_most("maxwidth", WIDTH), _at_most("maxheight", frame.height)
    answer = jsonify(
        version="1.0",
        type="rich",
        provider_name=config().brand,
        provider_url=f"{config().public_url}/{i18n.current()}/",
        title=frame.title,
        html=frame.tag(width, height),
        width=width,
        height=height,
        cache_age=KEPT_SECONDS,
    )
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return _kept(answer)


def of_choice(choice: FeedQuery, places: list[str], count: int = COUNT) -> EmbedFrame:
    """The frame with the next workshops of a choice. Raises NotFound for a discreet one."""
    query = _query(_public(choice), **({"cuantos": count} if count != COUNT else {}))
    path = f"/{i18n.current()}/incrustar" + (f"?{query}" if query else "")
    return EmbedFrame(path, _title(choice, places), AROUND + CARD * count)


def _frame_of(address: str) -> EmbedFrame:
    """What to show for a page of ours. Raises NotFound, and what a malformed address raises."""
    parts = urlsplit(address)
    is_ours = parts.scheme in {"http", "https"} and parts.netloc.lower() == config().host
    if not is_ours or "\0" in unquote(address):
        raise NotFound("an address that is not ours")
    endpoint, values = current_app.url_map.bind(parts.netloc).match(unquote(parts.path))
    asked = MultiDict(parse_qsl(parts.query, max_num_fields=100))
    g.lang = values.get("lang", i18n.accepted())
    with store().read() as session:
        if endpoint in {"workshops.workshop", "embed.workshop_frame"}:
            found = _shown(session, values["public_id"])
            path = f"/{i18n.current()}/incrustar/{found.public_id}"
            return EmbedFrame(path, formatting.localize(found.title), AROUND + CARD)
        if endpoint == "workshops.office":
            asked = MultiDict({"oficina": values["slug"]})
        elif endpoint not in {"workshops.upcoming", "embed.upcoming"}:
            raise NotFound(endpoint)
        choice = feed_params.choice(session, asked)
        places = [feed_params.place_name(session, place) for place in choice.places]
    return of_choice(choice, places, _count(asked))


def _described_at() -> str:
    """Where an editor is told of the page being made."""
    here = config().public_url + request.full_path.rstrip("?")
    return f"{config().public_url}/oembed?" + urlencode({"format": "json", "url": here})


def _public(choice: FeedQuery) -> FeedQuery:
    if choice.is_discreet:
        raise NotFound("a discreet kind")
    return choice


def _shown(session: Session, public_id: str) -> Workshop:
    found = workshops.find_public(session, public_id)
    if found.is_hidden:
        raise NotFound(f"workshop {public_id}")
    return found


def _coming(
    session: Session, choice: FeedQuery, count: int, *, now: datetime
) -> list[SearchResult]:
    """The next ones, those that have begun too, until they are over."""
    today, ahead = now.date(), []
    for horizon in HORIZONS:
        entries = feed_query.entries(
            session, choice, since=today - DAY, until=today + horizon, today=today
        )
        ahead = [entry.id for entry in entries if entry.ends_at > now][:count]
        if len(ahead) == count:
            break
    return list(search.list_by_ids(session, ahead))


def _title(choice: FeedQuery, places: list[str]) -> str:
    where = [choice.office.city] if choice.office else []
    return " · ".join(
        [_("Próximos talleres"), *([", ".join(where + places)] if where + places else [])]
    )


def _query(choice: FeedQuery, **more: object) -> str:
    office = {"oficina": choice.office.slug} if choice.office else {}
    return urlencode([*office.items(), *choice.query, *more.items()])


def _of_list(choice: FeedQuery) -> str:
    """The same in the words of the list, where an office is one more place."""
    office = {"donde": choice.office.slug} if choice.office else {}
    return urlencode([*office.items(), *choice.query])


def _count(asked: MultiDict[str, str]) -> int:
    text = asked.get("cuantos", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 9
    return min(MOST, max(1, int(text))) if is_number else COUNT


def _at_most(name: str, wanted: int) -> int:
    text = request.args.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) < 9
    return min(wanted, max(1, int(text))) if is_number else wanted


def _missing() -> Response:
    """One page for whatever is not to be shown: it does not tell why."""
    body = render_template("embed/frame.html", title="", cards=None, query="", calendar="")
    let_sites_frame()
    return Response(body, 404, mimetype="text/html")


def _framed(body: str) -> Response:
    answer = _kept(Response(body, mimetype="text/html"))
    let_sites_frame()
    return answer


def _kept(answer: Response) -> Response:
    """For five minutes by anybody; who asks again with its mark is told that it still holds."""
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest(), weak=True)
    answer.make_conditional(request)
    return answer


def _plain(sentence: str, status: int) -> Response:
    answer = Response(sentence + "\n", status, mimetype="text/plain")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
