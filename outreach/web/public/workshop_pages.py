"""Pages of workshops: the list, an office, the network map and one workshop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, i18n
from outreach.domain import workshops
from outreach.domain.locations import geocoding, regions
from outreach.domain.locations.gazetteer import get_country
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.network import help_lines, offices
from outreach.domain.network.help_lines import HelpLine, HelpPurpose
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.search import search
from outreach.domain.search.search import SearchFilters, SearchPage, SearchResult
from outreach.domain.text import fold
from outreach.domain.workshops import DeliveryMode, partners
from outreach.errors import NotFound
from outreach.web.context import config, store
from outreach.web.middleware import page_cache
from outreach.web.middleware.reference_cache import ReferenceData, reference
from outreach.web.middleware.response_headers import allow_location, keep_for, keep_private
from outreach.web.presentation import district_words, place_words, workshop_cards
from outreach.web.public import sharing

pages = Blueprint("workshops", __name__, url_prefix="/<lang:lang>")
root = Blueprint("root", __name__)
MAX_NAMESAKES: Final = 8  # other places of the name of one that was found
_TEMPLATES: Final = {
    LocationScale.CHOICE: "workshops/which_place.html",
    LocationScale.UNKNOWN: "workshops/unknown_place.html",
}


@dataclass(frozen=True)
class SearchParams:
    """The query string of the list, as text; kinds by code or public code."""

    where: str
    kinds: tuple[str, ...]
    since: str
    until: str
    languages: tuple[str, ...]
    modes: tuple[str, ...]

    @classmethod
    def read(cls) -> "SearchParams":
        def read_values(name: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(v for v in request.args.getlist(name)[:20] if v))

        return cls(
            where=request.args.get("donde", "")[:80],
            kinds=read_values("tipo"),
            since=request.args.get("desde", ""),
            until=request.args.get("hasta", ""),
            languages=read_values("idioma"),
            modes=read_values("modalidad"),
        )

    def query(self, **changes: object) -> str:
        """Return the query string of this search with some parameters changed."""
        values: dict[str, object] = {
            "donde": self.where,
            "tipo": self.kinds,
            "desde": self.since,
            "hasta": self.until,
            "idioma": self.languages,
            "modalidad": self.modes,
        }
        values |= changes
        return urlencode({k: v for k, v in values.items() if v}, doseq=True)

    @property
    def has_more(self) -> bool:
        """Whether a filter in the folded part of the form is set."""
        return bool(self.since or self.until or self.languages or self.modes)


@root.get("/")
def start() -> ResponseReturnValue:
    answer = redirect(f"/{i18n.accepted()}/", 302)
    answer.headers["Vary"] = "Accept-Language"
    return answer


@pages.get("/")
def upcoming() -> ResponseReturnValue:
    allow_location()
    now, data_version = clock.now(), store().mark()
    if (cached := page_cache.current().recall(data_version, now)) is not None:
        return cached
    params, known = SearchParams.read(), reference()
    chosen = _chosen(known.kinds, params)
    with store().read() as session:
        filters = SearchFilters(
            where=geocoding.resolve(session, params.where),
            kinds=tuple(kind.id for kind in chosen),
            since=_day(params.since),
            until=_day(params.until),
            languages=params.languages,
            modes=_modes(params),
        )
        page = search.search_upcoming(session, filters, now=now, after=request.args.get("tras", ""))
        has_alternatives = not page.found and filters.where.scale is not LocationScale.CHOICE
        instead = search.search_nearest(session, filters, now=now) if has_alternatives else []
    # The parts of the page that change with the clock: begun workshops and openings.
    seen = [*page.found, *(each for each, _miles in instead)]
    clock_states = tuple(
        (each.starts_at <= now, workshop_cards.opening(each, now=now)) for each in seen
    )
    return page_cache.current().render(
        data_version,
        now,
        (known.version, now.date(), page, clock_states, tuple(instead)),
        lambda: _list(now, params, known, chosen, page, instead),
        is_private=any(kind.is_discreet or kind.neutral_code in params.kinds for kind in chosen),
    )


def _list(
    now: datetime,
    params: SearchParams,
    known: ReferenceData,
    chosen: list[Kind],
    page: SearchPage,
    instead: list[tuple[SearchResult, float | None]],
) -> str:
    open_offices = [each for each in known.offices if each.is_open(now.date())]
    where = page.filters.where
    return render_template(
        _TEMPLATES.get(where.scale, "workshops/list.html"),
        params=params,
        chosen=chosen,
        kinds=[kind for kind in known.kinds if kind.is_core]
        + [kind for kind in chosen if not kind.is_core],
        offices=open_offices,
        page=page,
        place=place_words.location_name(where),
        place_attributes=place_words.main_attributes(where),
        choices=place_words.links(
            where.others
            if where.scale is LocationScale.CHOICE
            else where.others[:MAX_NAMESAKES] or where.guesses
        ),
        regions=_list_regions() if where.scale is LocationScale.UNKNOWN else (),
        days=workshop_cards.by_day(
            page.found,
            now=now,
            with_city=where.scale not in {LocationScale.OFFICE, LocationScale.CITY},
            here=where.position if where.scale in place_words.POINTS else None,
        ),
        instead=[
            workshop_cards.card(each, now=now, miles=far, with_city=True) for each, far in instead
        ],
        feed=_feed_address(where, chosen, params, known.offices),
    )


@pages.get("/o/<slug>")
def office(slug: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        found = offices.find(session, slug)
        coming = search.list_upcoming(session, found, now=now, limit=search.PAGE_SIZE)
    keep_for(60)
    return render_template(
        "workshops/office.html",
        office=found,
        phone=found.phone or config().phone,
        place=place_words.city_name(found),
        territory=district_words.describe(found.district, i18n.current()),
        found=coming,
        days=workshop_cards.by_day(coming, now=now),
    )


@pages.get("/red")
def network() -> ResponseReturnValue:
    today = clock.now().date()
    with store().read() as session:
        open_offices = offices.list_open_offices(session, today)
    by_region: dict[str, list[Office]] = {}
    for each in open_offices:
        by_region.setdefault(each.region, []).append(each)
    keep_for(3600)
    return render_template(
        "workshops/network.html",
        total=len(open_offices),
        tiles=[
            (code, column * 28 + 1, row * 28 + 1, len(by_region.get(code, ())), _region(code))
            for code, (column, row) in regions.TILES.items()
        ],
        regions=sorted(
            ((code, _region(code), those) for code, those in by_region.items()),
            key=lambda group: fold(group[1]),
        ),
    )


@pages.get("/t/<public_id>")
def workshop(public_id: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        found = workshops.find_public(session, public_id)
        given_with = partners.list_public_names(session, found)
        help_line = _help_line(session, found, now) if found.is_discreet else None
    if found.is_hidden:
        keep_private()
    else:
        keep_for(60)
    return render_template(
        "workshops/workshop.html",
        workshop=found,
        given_with=given_with,
        phone=found.phone or found.office.phone or config().phone,
        is_open=found.is_open(now),
        opens=workshop_cards.opening(found, now=now),
        is_over=found.has_ended(now),
        seats=workshop_cards.seats_tag(found, now=now),
        is_doubled=clock.is_doubled(found.day, found.starts, found.zone),
        share=sharing.get_links(found),
        help_line=help_line,
        today=now.astimezone(found.zone).date(),
        erased_on=found.day + timedelta(days=found.retention_days),
    )


def _help_line(session: Session, found: workshops.Workshop, now: datetime) -> HelpLine | None:
    """Whom to call in danger, where a workshop is: its province is published."""
    region = found.venue.region if found.venue else found.office.region
    country = get_country(region)
    return help_lines.find_for(session, HelpPurpose.VIOLENCE, country, region, today=now.date())


def _chosen(all_kinds: Sequence[Kind], params: SearchParams) -> list[Kind]:
    """Return the kinds of a search by code or public code. Raises NotFound for an unknown one."""
    by_name = {code: kind for kind in all_kinds for code in kind.codes}
    if unknown := [code for code in params.kinds if code not in by_name]:
        raise NotFound(f"kind {unknown[0]}")
    return list({by_name[code].id: by_name[code] for code in params.kinds}.values())


def _modes(params: SearchParams) -> tuple[DeliveryMode, ...]:
    return tuple({mode: None for word in params.modes for mode in workshops.parse_modes(word)})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


_region = place_words.region_name


def _list_regions() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each country with the codes and names of its states in alphabetical order."""
    by_country: dict[str, list[tuple[str, str]]] = {"US": [], "CA": []}
    for code in regions.NAMES:
        by_country[get_country(code)].append((code, _region(code)))
    return [
        (country, sorted(those, key=lambda each: fold(each[1])))
        for country, those in by_country.items()
    ]


def _feed_address(
    where: Location, chosen: Sequence[Kind], params: SearchParams, all_offices: Sequence[Office]
) -> str:
    """Return the address of the feed builder for this search, without its dates."""
    office = next((each.slug for each in all_offices if each.id == where.office), "")
    is_elsewhere = not office and where.scale not in {
        LocationScale.EVERYWHERE,
        *search.NOT_ONE_PLACE,
    }
    values = {
        "oficina": [office or "red"],
        "donde": [where.spelling] if is_elsewhere else [],
        "tipo": [kind.public_code for kind in chosen],
        "idioma": params.languages,
        "modalidad": params.modes,
    }
    query = urlencode({name: each for name, each in values.items() if each}, doseq=True)
    return f"/{i18n.current()}/calendario?{query}"
