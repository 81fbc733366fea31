"""The list page in its sections: the place that was searched, what was found, and its form.

`workshop_pages` finds the workshops (`ListView`); `render` makes the page of them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from flask import render_template, request
from markupsafe import Markup

from outreach import formats, i18n, network_profile
from outreach.countries.packs import CountryPack
from outreach.domain.joint.joint_listing import JointPage
from outreach.domain.locations import place_text
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.locations.reference_data import ReferenceData
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.search import search, workshop_list
from outreach.domain.search.search import SearchResult
from outreach.domain.search.workshop_list import KindCounts, ListedResult, ListPage
from outreach.domain.text import fold
from outreach.web.middleware import reader_place
from outreach.web.presentation import formatting, place_words
from outreach.web.presentation.place_words import PlaceLink
from outreach.web.presentation.workshop_cards import CardOptions
from outreach.web.public import joint_cards, list_fragments, search_words
from outreach.web.public.list_fragments import RenderedDay
from outreach.web.public.search_params import Period, SearchParams

MAX_NAMESAKES: Final = 8  # other places of the name of one that was found
FEW_ONLINE: Final = 3  # shown beside what is in person
ONLINE_KEY: Final = "en-linea~"  # begins the key of a page of what is online
_TEMPLATES: Final = {
    LocationScale.CHOICE: "workshops/which_place.html",
    LocationScale.UNKNOWN: "workshops/unknown_place.html",
}


@dataclass(frozen=True)
class ListView:
    """What a page of the list shows, as it was found; equal views look the same."""

    page: ListPage
    online: ListPage
    is_online_related: bool  # the ones online are those of the search, not any
    instead: tuple[ListedResult, ...]
    today: date  # where the search is
    kind_counts: KindCounts
    joint: JointPage  # results of partner networks, which our numbers leave out

    @property
    def results(self) -> list[SearchResult]:
        return [each.workshop for each in (*self.page.found, *self.online.found, *self.instead)]

    @property
    def own_online(self) -> tuple[ListedResult, ...]:
        """The online workshops that stand beside those of partner networks. There are none where
        those of the partners match the search and ours do not."""
        is_shown = self.is_online_related or not self.joint.online
        return self.online.found if is_shown else ()


@dataclass(frozen=True, kw_only=True)
class SearchedPlace:
    """The place of a search, as the page says it, and the places that it can be taken for."""

    location: Location
    name: str
    is_point: bool
    is_metric: bool
    only_country: str
    attributes: dict[str, str]  # those that the element `main` has
    postal_example: str  # empty where a postal code was typed: a city is asked for
    choices: Sequence[PlaceLink]
    regions: Markup | str  # empty unless the place is unknown


@dataclass(frozen=True, kw_only=True)
class RenderedResults:
    """What a search found, rendered."""

    total: int
    days: Sequence[RenderedDay]
    far: Markup
    next: str  # the key of the next page; empty on the last one
    online: Markup
    next_online: str
    is_online_related: bool
    instead: Markup
    listed: Sequence[SearchResult]


def render(
    now: datetime,
    params: SearchParams,
    known: ReferenceData,
    chosen: Sequence[Kind],
    view: ListView,
) -> str:
    """Renders the page of what was found, or the page that asks which place was meant."""
    where = view.page.filters.where
    reader_place.use_place(where)
    place = _describe_place(params, view)
    template = _TEMPLATES.get(where.scale, "workshops/list.html")
    frames: dict[str, Markup] = {}
    if template == "workshops/list.html":
        frames = _render_frames(now, params, known, chosen, view, place.name)
    return render_template(
        template,
        **frames,
        params=params,
        is_front=is_front(params),
        chosen=chosen,
        quick_exit=any(kind.is_discreet for kind in chosen),
        searched=place,
        found=_render_found(now, params, known, view),
        feed=_feed_address(where, chosen, params, known.offices),
    )


def is_front(params: SearchParams) -> bool:
    """Whether this is the first page: nothing is searched, and no page is turned."""
    return not params.query() and "tras" not in request.args


def _describe_place(params: SearchParams, view: ListView) -> SearchedPlace:
    where, country = view.page.filters.where, view.page.filters.country
    is_asked = where.scale is LocationScale.CHOICE
    others = where.others if is_asked else where.others[:MAX_NAMESAKES] or where.guesses
    return SearchedPlace(
        location=where,
        name=place_words.location_name(where),
        is_point=where.scale in workshop_list.POINTS,
        is_metric=_is_metric(view),
        only_country=_find_only_country(country),
        attributes=place_words.main_attributes(where),
        postal_example="" if _is_postal(where) else place_words.postal_example(),
        choices=place_words.links(others, shown=where.place),
        regions=_render_regions(params) if where.scale is LocationScale.UNKNOWN else "",
    )


def _is_metric(view: ListView) -> bool:
    return not network_profile.has_miles(view.page.filters.country)


def _render_found(
    now: datetime, params: SearchParams, known: ReferenceData, view: ListView
) -> RenderedResults:
    options = CardOptions(
        now=now,
        today=view.today,
        query=params.carry(known.kinds),
        city=view.page.filters.where.city,
        is_metric=_is_metric(view),
    )
    near_count = view.page.near_count
    near, far = view.page.found[:near_count], view.page.found[near_count:]
    online_joint = view.joint.online if params.is_online else view.joint.online[:FEW_ONLINE]
    return RenderedResults(
        total=view.page.total + view.joint.total,
        days=list_fragments.render_days(near, view.joint.near, options),
        far=list_fragments.render_far(far, view.joint.far, options),
        next=view.page.next,
        online=list_fragments.render_cards(view.own_online, options)
        + joint_cards.render_all(online_joint, options),
        next_online=_write_online_key(params, view),
        is_online_related=view.is_online_related or bool(view.joint.online),
        instead=list_fragments.render_cards(view.instead, options),
        listed=[each.workshop for each in (*view.page.found, *view.own_online)],
    )


def _render_frames(
    now: datetime,
    params: SearchParams,
    known: ReferenceData,
    chosen: Sequence[Kind],
    view: ListView,
    place: str,
) -> dict[str, Markup]:
    """The form and the filters, by their names in the template."""
    excluded, is_first = view.page.filters.excluded_kinds, is_front(params)
    usable = [kind for kind in known.kinds if kind.id not in excluded]
    core_kinds = [kind for kind in usable if kind.is_core]

    def make_context(bare: SearchParams) -> dict[str, Any]:
        return {
            "is_front": is_first,
            "quick_exit": any(kind.is_discreet for kind in chosen),
            "chosen": chosen,
            "kinds": usable,
            "core_kinds": core_kinds,
            "counts": None if is_first else list_fragments.COUNT_MARKS,
            "offices": [each for each in known.offices if each.is_open(now.date())],
            "active": search_words.list_active(bare, chosen),
            "quick": search_words.list_quick(bare),
            "more": search_words.list_more(bare),
            "languages": search_words.list_languages(bare),
            "periods": [(each, search_words.period_words(each)) for each in Period],
            "place_query": f"?{bare.only_where(bare.where)}" if bare.where else "",
        }

    shape = known.version, now.date(), is_first, excluded
    numbers = _count_tiles(params, chosen, core_kinds, view)
    return {
        name: list_fragments.render_frame(
            f"workshops/{name}.html", params, place, shape, make_context, counts=numbers
        )
        for name in ("search_form", "filters")
    }


def _count_tiles(
    params: SearchParams, chosen: Sequence[Kind], core_kinds: Sequence[Kind], view: ListView
) -> list[int]:
    """Returns how many workshops are found: all, and those of each kind that has a tile."""
    counts = Counter(dict(view.kind_counts)) + Counter(dict(view.joint.kind_counts))
    total = sum(counts.values())
    if not chosen and not params.is_online:
        total = view.page.total + view.joint.total
    return [total, *(counts.get(kind.id, 0) for kind in core_kinds)]


def _write_online_key(params: SearchParams, view: ListView) -> str:
    """The key of the next page of what is online; empty where it would begin anew, since what is
    shown is not what the search asks for."""
    is_last = not view.online.next or (params.is_online and not view.is_online_related)
    return "" if is_last else f"{ONLINE_KEY}{view.online.next}"


def _is_postal(where: Location) -> bool:
    """Whether a postal code was typed. Where it is unknown, the page then asks for a city."""
    return bool(place_text.split_postal(where.typed)[0])


def _find_only_country(country: str) -> str:
    """Returns the name of the country that the list of a place keeps to, with a capital and, in
    French, its preposition; empty in a network of one country."""
    own = network_profile.current().packs
    found = next((pack.located[i18n.current()] for pack in own if pack.code == country), "")
    return formatting.first_capital(found) if len(own) > 1 else ""


def _render_regions(params: SearchParams) -> Markup:
    """The states to choose from, which are the same whatever was typed."""
    return list_fragments.render_frame(
        "workshops/region_list.html",
        replace(params, where=""),
        "",
        (),
        lambda _bare: {"regions": _list_regions()},
    )


def _list_regions() -> list[tuple[str, list[tuple[str, str]]]]:
    """Returns the name of each country with its states, each as what to search for and its name. In
    a network with many countries these stand instead of states, under no heading. All are in
    alphabetical order."""
    profile, lang = network_profile.current(), i18n.current()
    if profile.has_many_countries:
        return [("", _sort_by_name(_country_link(pack, lang) for pack in profile.packs))]
    return [
        (
            formats.country_name(pack.code, lang),
            _sort_by_name((each.code, place_words.region_name(each.code)) for each in pack.regions),
        )
        for pack in profile.packs
    ]


def _country_link(pack: CountryPack, lang: str) -> tuple[str, str]:
    name = formats.country_name(pack.code, lang)
    # The code of a region is clearer: Georgia is a state as well.
    return pack.regions[0].code if pack.is_one_region else name, name


def _sort_by_name(links: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(links, key=lambda link: fold(link[1]))


def _feed_address(
    where: Location, chosen: Sequence[Kind], params: SearchParams, all_offices: Sequence[Office]
) -> str:
    """The address of the feed builder for this search, without its dates."""
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
