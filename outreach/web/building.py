"""The page on which somebody puts a calendar together. It keeps nothing: the address is all."""

from urllib.parse import urlencode

import segno
from flask import Blueprint, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from outreach import clock, languages
from outreach.domain import calendars, kinds, offices, regions
from outreach.domain.calendars import NETWORK, Choice, Unknown
from outreach.domain.text import plain
from outreach.errors import NotFound
from outreach.feeds import calendar
from outreach.languages import gettext as _
from outreach.web import cards, show
from outreach.web.context import config, store
from outreach.web.headers import keep_for, keep_private

pages = Blueprint("building", __name__, url_prefix="/<any(es,en,fr):lang>")


@pages.get("/calendario")
def build() -> str:
    """The form that makes a feed's address."""
    today, lang = clock.now().date(), languages.current()
    with store().read() as session:
        choice = _chosen(session)
        coming = calendar.coming(session, choice, today=today)
        open_offices = offices.open_on(session, today)
        all_kinds = kinds.all_of_them(session)
    if choice.is_discreet:
        keep_private()
    elif not request.query_string:
        keep_for(60)
    if choice.office and choice.office not in open_offices:
        open_offices.append(choice.office)
    address = calendar.address(choice, lang, config().public_url)
    webcal = "webcal:" + address.partition(":")[2]
    return render_template(
        "calendar/build.html",
        choice=choice,
        is_asked=bool(request.query_string),
        coming=coming,
        offices=sorted(open_offices, key=lambda office: plain(office.city)),
        kinds=all_kinds,
        places=[(place, show.said(regions.NAMES.get(place)) or place) for place in choice.places],
        modes=[(mode.value, cards.mode_words(mode)) for mode in choice.modes],
        address=address,
        webcal=webcal,
        google="https://calendar.google.com/calendar/r?" + urlencode({"cid": webcal}),
        outlook="https://outlook.live.com/calendar/0/addfromweb?" + urlencode({"url": address}),
        qr=_square(address),
    )


def _chosen(session: Session) -> Choice:
    """What the form asks for. Raises NotFound, which a page shows as such."""
    office = request.args.get("oficina") or NETWORK
    spoken = _asked("idioma")
    if unknown := [code for code in spoken if code not in languages.SPOKEN]:
        raise NotFound(f"language {unknown[0]}")
    try:
        return calendars.choose(
            session,
            None if office == NETWORK else office,
            kind_codes=_asked("tipo"),
            languages=spoken,
            places=_asked("donde"),
            modes=_asked("modalidad"),
        )
    except Unknown as unknown_word:
        raise NotFound(str(unknown_word)) from None


def _asked(name: str) -> list[str]:
    return [value for value in request.args.getlist(name) if value]


def _square(address: str) -> Markup:
    """The address as a picture, for a phone's camera; its white frame is the rest of its margin."""
    code = segno.make(address, micro=False, error="m")
    drawn = code.svg_inline(
        border=2, omitsize=True, svgclass=None, lineclass=None, title=_("Código QR")
    )
    return Markup(drawn.replace("<svg ", '<svg role="img" '))  # noqa: S704 - squares only
