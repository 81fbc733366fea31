"""Pages of workshops: the list, an office, the network map and one workshop."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, formats, i18n, memory_cache, network_profile
from outreach.domain import workshops
from outreach.domain.joint import joint_listing
from outreach.domain.joint.joint_listing import JointPage, PageRange
from outreach.domain.locations import geocoding, regions
from outreach.domain.locations.geocoding import Location
from outreach.domain.locations.known_offices import KnownOffices
from outreach.domain.locations.reference_data import ReferenceData
from outreach.domain.network import help_lines, offices
from outreach.domain.network.help_lines import HelpLine, HelpPurpose
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.recordings import voice_notes
from outreach.domain.search import search, unmet_searches, workshop_list
from outreach.domain.search.search import SearchFilters
from outreach.domain.search.unmet_searches import UnmetSearch
from outreach.domain.search.workshop_list import KindCounts, ListedResult, ListPage
from outreach.domain.text import fold
from outreach.domain.workshops import partners
from outreach.errors import NotFound
from outreach.web.context import config, store
from outreach.web.middleware import page_cache, reader_place, request_language
from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import (
    PagePolicy,
    allow,
    keep_for,
    keep_private,
)
from outreach.web.presentation import (
    alternatives,
    district_words,
    formatting,
    place_words,
    workshop_cards,
)
from outreach.web.public import list_fragments, list_sections, sharing, unmet_tally
from outreach.web.public.list_sections import ListView
from outreach.web.public.search_params import SearchParams

pages = Blueprint("workshops", __name__, url_prefix="/<lang:lang>")
root = Blueprint("root", __name__)
MAX_ONLINE: Final = 60  # on one page
FEW_FOUND: Final = 3  # with fewer the page adds what comes close


@root.get("/")
def start() -> ResponseReturnValue:
    answer = redirect(f"/{request_language.get_accepted()}/", 302)
    answer.headers["Vary"] = "Accept-Language"
    return answer


@pages.get("/")
def upcoming() -> ResponseReturnValue:
    allow(PagePolicy.LOCATION)
    now, data_version = clock.now(), store().mark()
    params, known = SearchParams.read(), reference()
    chosen = _chosen(known.kinds, params)
    if any(kind.hides_under(params.kinds) for kind in chosen):
        keep_private()
    is_silent = any(kind.is_looked_for_silently(params.kinds) for kind in chosen)
    if is_silent or params.where:  # who looks for a place is somebody who lives there
        with memory_cache.silence(is_silent):
            view = _search(params, known, chosen, data_version, now)
            unmet_tally.note(_list_unmet(params, chosen, view, now), now=now)
            return list_sections.render(now, params, known, chosen, view)
    if (cached := page_cache.current().recall(data_version, now)) is not None:
        unmet_tally.note_cached(now=now)
        return cached
    view = _search(params, known, chosen, data_version, now)
    unmet_tally.note(_list_unmet(params, chosen, view, now), now=now, is_page_kept=True)
    # The parts of the page that change with the clock: begun workshops and openings.
    clock_states = tuple(
        (each.starts_at <= now, workshop_cards.opening(each, now=now)) for each in view.results
    ) + tuple(each.starts_at <= now for each in view.joint.results)
    return page_cache.current().render(
        data_version,
        now,
        (known.version, now.date(), view, clock_states),
        lambda: list_sections.render(now, params, known, chosen, view),
    )


def _search(
    params: SearchParams,
    known: ReferenceData,
    chosen: list[Kind],
    mark: Hashable,
    now: datetime,
) -> ListView:
    with store().read() as session:
        where = geocoding.resolve(session, params.where, offices=known.known_offices)
        return _search_around(session, params, known, chosen, where, mark, now)


def _search_around(
    session: Session,
    params: SearchParams,
    known: ReferenceData,
    chosen: list[Kind],
    where: Location,
    mark: Hashable,
    now: datetime,
) -> ListView:
    country = network_profile.country_of(where.region) if where.region else ""
    today = _local_day(known.known_offices, where, now)
    since, until = params.first_day, params.last_day
    if params.period is not None:
        since, until = params.period.compute_days(today)
    modes = params.parse_modes()
    filters = SearchFilters(
        where=where,
        kinds=tuple(kind.id for kind in chosen),
        excluded_kinds=tuple(k.id for k in known.kinds if country and not k.is_given_in(country)),
        country=country,
        since=since,
        until=until,
        understood=params.languages,
        modes=tuple(mode for mode in modes if mode.has_venue),
        has_childcare=params.has_childcare,
        has_free_places=params.has_free_places,
    )
    page = ListPage(filters=filters)
    after = request.args.get("tras", "")
    is_next_online = params.is_online and after.startswith(list_sections.ONLINE_KEY)
    if filters.modes or not modes:
        page = workshop_list.search_in_person(session, filters, now=now, after=after)
    if is_next_online:
        page = replace(page, found=(), next="", near_count=0)
    limit = MAX_ONLINE if params.is_online else list_sections.FEW_ONLINE
    online_after = after.removeprefix(list_sections.ONLINE_KEY) if is_next_online else ""
    online = workshop_list.search_from_anywhere(
        session, filters, now=now, limit=limit, after=online_after
    )
    if online_after and not online.found:  # what the key followed is over
        online = workshop_list.search_from_anywhere(session, filters, now=now, limit=limit)
    is_related = bool(online.found)
    if not online.found:
        open_filters = SearchFilters(
            where=where, excluded_kinds=filters.excluded_kinds, country=country
        )
        online = workshop_list.search_from_anywhere(session, open_filters, now=now, limit=limit)
    instead: list[ListedResult] = []
    is_short = page.total < FEW_FOUND and not params.is_online
    if is_short and where.scale not in search.NOT_ONE_PLACE and params.query():
        shown = {each.id for each in (*page.found, *online.found)}
        instead = workshop_list.search_nearest(
            session, filters, now=now, limit=2 * FEW_FOUND, without=shown
        )[:FEW_FOUND]
    counts = (
        () if list_sections.is_front(params) else _count_kinds(session, params, page, mark, now)
    )
    joint = JointPage()
    # A page with the quick exit leads to no other site: from there the way back would show it.
    if not any(kind.is_discreet for kind in chosen):
        joint = _search_joint(session, params, page, online if is_related else ListPage(), now)
    return ListView(page, online, is_related, tuple(instead), today, counts, joint)


def _search_joint(
    session: Session, params: SearchParams, page: ListPage, online: ListPage, now: datetime
) -> JointPage:
    """Returns the workshops of partner networks within the days or miles that this page of ours
    covers."""
    after = request.args.get("tras", "")
    is_next_online = params.is_online and after.startswith(list_sections.ONLINE_KEY)
    has_in_person = bool(page.filters.modes or not params.modes)
    found = joint_listing.search_page(
        session,
        page.filters,
        has_in_person=has_in_person,
        is_online=params.is_online,
        in_person=PageRange.of_keys("" if is_next_online else after, page.next),
        online=PageRange.of_keys(
            after.removeprefix(list_sections.ONLINE_KEY) if is_next_online else "", online.next
        ),
        now=now,
    )
    return replace(found, near=(), far=()) if is_next_online else found


def _list_unmet(
    params: SearchParams, chosen: Sequence[Kind], view: ListView, now: datetime
) -> list[UnmetSearch]:
    """Returns, for a search that found nothing at its place and nothing of its own online, what it
    is counted as: one entry for each kind, or one for any kind. Empty for any other search."""
    where = view.page.filters.where
    has_found = view.page.total or (view.online.found and view.is_online_related)
    if has_found or list_sections.is_front(params) or "tras" in request.args:
        return []
    if where.scale in search.NOT_ONE_PLACE or not (where.region or chosen):
        return []
    today = clock.network_day(now)
    wanted = [(each.id, each.hides_under(params.kinds)) for each in chosen] or [
        (unmet_searches.ANY_KIND, False)
    ]
    return [
        unmet_searches.make(today, where.region, kind_id, is_discreet=is_discreet)
        for kind_id, is_discreet in wanted
    ]


def _count_kinds(
    session: Session, params: SearchParams, page: ListPage, mark: Hashable, now: datetime
) -> KindCounts:
    """Returns how many workshops of each kind the search finds, whichever kinds it asks for: in
    person and, where that is asked for, online."""
    if page.kind_counts is not None and not params.is_online:
        return page.kind_counts
    filters = replace(page.filters, kinds=())
    key = filters, params.modes
    cache = list_fragments.kind_counts()
    found = cache.get(key, version=mark, now=now)
    if found is None:
        counts = Counter(dict(page.kind_counts or ()))
        if page.kind_counts is None and (filters.modes or not params.modes):
            counts.update(dict(workshop_list.count_kinds(session, filters, now=now)))
        if params.is_online:
            others = workshop_list.count_kinds_from_anywhere(session, filters, now=now)
            counts.update(dict(others))
        found = tuple(sorted(counts.items()))
        cache.put(key, found, version=mark, now=now)
    return found


def _local_day(offices: KnownOffices, where: Location, now: datetime) -> date:
    """Returns today's date at the office nearest to the place; at headquarters without a place."""
    nearest = None if where.position is None else offices.find_nearest(where.position)
    return clock.network_day(now) if nearest is None else now.astimezone(nearest.zone).date()


@pages.get("/o/<slug>")
def office(slug: str) -> ResponseReturnValue:
    now = clock.now()
    found = reference().get_office(slug)
    with store().read() as session:
        coming = search.list_upcoming(session, found, now=now, limit=search.PAGE_SIZE)
    keep_for(60)
    return render_template(
        "workshops/office.html",
        office=found,
        phone=found.phone or config().phone,
        place=place_words.city_name(found),
        territory=district_words.describe(found.district, i18n.current()),
        found=coming,
        days=list_fragments.render_office_days(coming, now=now),
    )


@pages.get("/red")
def network() -> ResponseReturnValue:
    today = clock.now().date()
    with store().read() as session:
        open_offices = offices.list_open_offices(session, today)
    counts = Counter(each.region for each in open_offices)
    keep_for(3600)
    return render_template(
        "workshops/network.html",
        total=len(open_offices),
        tiles=[
            (code, column * 28 + 1, row * 28 + 1, counts[code], place_words.region_name(code))
            for code, (column, row) in regions.load_tiles().items()
        ],
        groups=_group_offices(open_offices),
    )


def _group_offices(found: Sequence[Office]) -> list[tuple[str, str, list[Office]]]:
    """Returns code and name of each state with its offices, all in alphabetical order. Where the
    network has many countries, these take the place of states."""
    by_country = network_profile.current().has_many_countries
    groups: dict[str, list[Office]] = {}
    for each in sorted(found, key=lambda office: fold(formatting.city(office))):
        code = network_profile.country_of(each.region) if by_country else each.region
        groups.setdefault(code, []).append(each)
    lang = i18n.current()
    return sorted(
        (
            (
                code,
                formats.country_name(code, lang) if by_country else place_words.region_name(code),
                those,
            )
            for code, those in groups.items()
        ),
        key=lambda group: fold(group[1]),
    )


@pages.get("/t/<public_id>")
def workshop(public_id: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        found = workshops.find_public(session, public_id)
        given_with = partners.list_public_names(session, found)
        help_line = _help_line(session, found, now) if found.is_discreet else None
        notes = voice_notes.list_played(session, found)
        is_closed = found.is_cancelled or found.has_ended(now) or found.appears_full
        others = alternatives.alternatives(session, found, now=now) if is_closed else []
    reader_place.use_search(found)
    if found.is_hidden:
        keep_private()
    else:
        keep_for(60)
    if notes:
        allow(PagePolicy.AUDIO)
    return render_template(
        "workshops/workshop.html",
        workshop=found,
        voice_notes=notes,
        given_with=given_with,
        others=others,
        phone=found.phone or found.office.phone or config().phone,
        is_open=found.is_open(now),
        opens=workshop_cards.opening(found, now=now),
        search_query=SearchParams.read().carry(reference().kinds),
        is_over=found.has_ended(now),
        seats=workshop_cards.seats_tag(found, now=now),
        place_icon=workshop_cards.place_icon(found.mode),
        is_hour_doubled=found.is_hour_doubled,
        share=sharing.get_links(found),
        help_line=help_line,
        today=now.astimezone(found.zone).date(),
        erased_on=found.day + timedelta(days=found.retention_days),
    )


def _help_line(session: Session, found: workshops.Workshop, now: datetime) -> HelpLine | None:
    """Returns the line to call in danger where the workshop is, whose province is published."""
    region = found.venue.region if found.venue else found.office.region
    country = network_profile.country_of(region)
    return help_lines.find_for(session, HelpPurpose.VIOLENCE, country, region, today=now.date())


def _chosen(all_kinds: Sequence[Kind], params: SearchParams) -> list[Kind]:
    """Returns the kinds of a search by code or public code. Raises NotFound for an unknown one."""
    if not params.kinds:
        return []
    by_name = {code: kind for kind in all_kinds for code in kind.codes}
    if unknown := [code for code in params.kinds if code not in by_name]:
        raise NotFound(f"kind {unknown[0]}")
    return list({by_name[code].id: by_name[code] for code in params.kinds}.values())


_region = place_words.region_name
