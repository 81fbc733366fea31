"""The parts of the list page that searches have in common: cards, and its form and filters; the
cards of an office's page too.

A workshop is found by many searches, and a form differs from another by its place. Each part is
rendered once, with marks where searches differ, and kept; a new search fills in the marks
(`Markup.replace` escapes what it fills in).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from operator import itemgetter
from typing import Any, Final

from cachetools.keys import hashkey
from flask import Flask, current_app, get_template_attribute, render_template
from markupsafe import Markup

from outreach import clock, i18n, reader_zone
from outreach.domain.joint.joint_listing import ListedJoint
from outreach.domain.search.search import SearchResult
from outreach.domain.search.workshop_list import KindCounts, ListedResult
from outreach.domain.text import fold
from outreach.memory_cache import MemoryCache, remember
from outreach.web.middleware import page_cache
from outreach.web.presentation import formatting, workshop_cards
from outreach.web.presentation.workshop_cards import CardOptions
from outreach.web.public import joint_cards
from outreach.web.public.search_params import SearchParams
from outreach.whole_lists import make_each

MAX_CARDS: Final = 2000  # about 2 KB each
MAX_FRAMES: Final = 200  # about 15 KB each
MAX_COUNTS: Final = 500
# Characters for private use. A text that has one is only filled like a mark, with escaped words.
_QUERY: Final = "\ue000"
_DISTANCE: Final = "\ue001"
_MILES: Final = "\ue002"
_WHERE: Final = "\ue003"
_PLACE: Final = "\ue004"
# How many workshops are found: all, and of each kind that has a tile.
COUNT_MARKS: Final = tuple(chr(0xE005 + each) for each in range(40))
_LIST: Final = "the public list"
_WHERE_IN_LINK: Final = "donde=%EE%80%83"


@dataclass(frozen=True, slots=True)
class RenderedDay:
    """The cards of one day."""

    near_words: str
    words: str
    cards: Markup


def init_app(app: Flask) -> None:
    app.extensions["outreach_list_cards"] = MemoryCache[Markup](MAX_CARDS)
    app.extensions["outreach_list_frames"] = MemoryCache[Markup](MAX_FRAMES)
    app.extensions["outreach_list_counts"] = MemoryCache[KindCounts](
        MAX_COUNTS, lifetime=page_cache.MAX_AGE
    )


def kind_counts() -> MemoryCache[KindCounts]:
    """Returns the cache of how many workshops of each kind a search finds, valid at one
    `Store.mark`."""
    cache: MemoryCache[KindCounts] = current_app.extensions["outreach_list_counts"]
    return cache


def render_cards(listed: Sequence[ListedResult], options: CardOptions) -> Markup:
    """Renders the cards of several days."""
    lang = i18n.current()
    cards = make_each(
        listed, lambda each: _render_card(each, options, lang, with_day=True), what=_LIST
    )
    return Markup().join(cards)


def render_days(
    listed: Sequence[ListedResult], joint: Sequence[ListedJoint], options: CardOptions
) -> list[RenderedDay]:
    """Renders the cards of each day, in their order, with those of partner networks among them."""
    lang = i18n.current()

    def make(each: ListedResult) -> tuple[date, time, Markup]:
        card = _render_card(each, options, lang, with_day=False)
        return each.workshop.day, each.workshop.starts, card

    def make_joint(each: ListedJoint) -> tuple[date, time, Markup]:
        card = joint_cards.render(each, options, with_day=False)
        return each.workshop.day, each.workshop.starts, card

    cards = make_each(listed, make, what=_LIST)
    if joint:
        cards += make_each(joint, make_joint, what=_LIST)
        cards.sort(key=itemgetter(0, 1))
    return _group_by_day(((day, card) for day, _starts, card in cards), options.today)


def render_far(
    listed: Sequence[ListedResult], joint: Sequence[ListedJoint], options: CardOptions
) -> Markup:
    """Renders the cards of several days, by distance."""
    lang = i18n.current()

    def make(each: ListedResult) -> tuple[float, Markup]:
        return each.miles or 0.0, _render_card(each, options, lang, with_day=True)

    def make_joint(each: ListedJoint) -> tuple[float, Markup]:
        return each.miles or 0.0, joint_cards.render(each, options, with_day=True)

    cards = make_each(listed, make, what=_LIST)
    if joint:
        cards += make_each(joint, make_joint, what=_LIST)
        cards.sort(key=itemgetter(0))
    return Markup().join(card for _miles, card in cards)


def render_office_days(found: Sequence[SearchResult], *, now: datetime) -> list[RenderedDay]:
    """Renders the cards of each day on the page of their office, which say no city."""
    lang = i18n.current()
    cards = make_each(
        found, lambda each: (each.day, _render_office_card(each, now, lang)), what=_LIST
    )
    return _group_by_day(cards, clock.network_day(now))


def _group_by_day(cards: Iterable[tuple[date, Markup]], today: date) -> list[RenderedDay]:
    by_day: dict[date, list[Markup]] = {}
    for day, card in cards:
        by_day.setdefault(day, []).append(card)
    return [
        RenderedDay(
            near_words=workshop_cards.today_or_tomorrow(day, today),
            words=formatting.first_capital(formatting.day(day)),
            cards=Markup().join(those),
        )
        for day, those in by_day.items()
    ]


def _render_office_card(found: SearchResult, now: datetime, lang: str) -> Markup:
    opening = workshop_cards.opening(found, now=now)
    key = hashkey(lang, found, found.starts_at <= now, opening)
    cache: MemoryCache[Markup] = current_app.extensions["outreach_list_cards"]
    text = cache.get(key)
    if text is None:
        card = get_template_attribute("macros.html", "card")
        text = card(workshop_cards.card(found, now=now), heading="h4", with_day=False)
        cache.put(key, text)
    return text


def _render_card(
    listed: ListedResult, options: CardOptions, lang: str, *, with_day: bool
) -> Markup:
    found, now = listed.workshop, options.now
    city = _fold_city(found.venue_city or found.office_city)
    key = hashkey(
        lang,
        found,
        listed.course_days,
        listed.miles is None,
        options.today if with_day else None,
        bool(options.query),
        reader_zone.current(),
        city == options.city,
        found.starts_at <= now,
        workshop_cards.opening(found, now=now),
    )
    cache: MemoryCache[Markup] = current_app.extensions["outreach_list_cards"]
    text = cache.get(key)
    if text is None:
        made = workshop_cards.list_card(
            listed, replace(options, query=_QUERY if options.query else "")
        )
        if listed.miles is not None:
            made = replace(made, distance=_DISTANCE, miles=_MILES)
        text = get_template_attribute("macros.html", "card")(made, with_day=with_day)
        cache.put(key, text)
    if options.query:
        text = text.replace(_QUERY, options.query)
    if listed.miles is not None:
        words = workshop_cards.distance(listed.miles, is_metric=options.is_metric)
        text = text.replace(_MILES, f"{listed.miles:.1f}").replace(_DISTANCE, words)
    return text


_fold_city = remember(4096)(fold)


def render_frame(
    template: str,
    params: SearchParams,
    place: str,
    shape: tuple[Any, ...],
    make_context: Callable[[SearchParams], dict[str, Any]],
    *,
    counts: Sequence[int] = (),
) -> Markup:
    """A part of the page that differs by the place only where `params.where`, `place` and the marks
    of `counts` stand.

    `shape` is all else that it shows; `make_context` gives the template's values."""
    bare = replace(params, where=_WHERE if params.where else "")
    key = template, i18n.current(), bare, bool(place), shape
    cache: MemoryCache[Markup] = current_app.extensions["outreach_list_frames"]
    text = cache.get(key)
    if text is None:
        context = make_context(bare)
        shown = render_template(template, params=bare, place=_PLACE if place else "", **context)
        text = Markup(shown)  # noqa: S704 - the template has escaped it
        cache.put(key, text)
    for mark, count in zip(COUNT_MARKS, counts, strict=False):
        text = text.replace(mark, str(count))
    if params.where:
        link = SearchParams.only_where(params.where)
        text = text.replace(_WHERE_IN_LINK, link).replace(_WHERE, params.where)
    if place:
        text = text.replace(_PLACE, place)
    return text
