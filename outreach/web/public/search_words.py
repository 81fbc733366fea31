"""What the list says of a search: its filters as words and as links that change one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from outreach import i18n
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import DeliveryMode
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting, workshop_cards
from outreach.web.public.search_params import ONLINE, Period, SearchParams


@dataclass(frozen=True, slots=True)
class FilterLink:
    """A filter by name, and the query string of the search with or without it."""

    words: str
    query: str


def list_active(params: SearchParams, chosen: Sequence[Kind]) -> list[FilterLink]:
    """Returns the active filters except the place; each link takes one of them off."""
    kinds = [
        FilterLink(
            formatting.localize(kind.short_name),
            params.query(tipo=[each.public_code for each in chosen if each is not kind]),
        )
        for kind in chosen
    ]
    return [*kinds, *_list_active(params)]


def _list_active(params: SearchParams) -> Iterator[FilterLink]:
    if params.period is not None:
        yield FilterLink(period_words(params.period), params.query(cuando=""))
    if params.first_day is not None or params.last_day is not None:
        words = days_words(params.first_day, params.last_day)
        yield FilterLink(words, params.query(desde="", hasta=""))
    for code in params.languages:
        others = [each for each in params.languages if each != code]
        yield FilterLink(language_words(code), params.query(idioma=others))
    for word in params.modes:
        others = [each for each in params.modes if each != word]
        yield FilterLink(mode_words(word), params.query(modalidad=others))
    if params.has_childcare:
        yield FilterLink(_("Con cuidado de niños"), params.query(ninos=""))
    if params.has_free_places:
        yield FilterLink(_("Con lugares libres"), params.query(libres=""))


def list_quick(params: SearchParams) -> list[FilterLink]:
    """The filters that are one tap away, without those that are active."""
    found = []
    if params.period is not Period.WEEKEND:
        found.append(_link_period(params, Period.WEEKEND))
    if not params.is_online:
        found.append(FilterLink(mode_words(ONLINE), params.query(modalidad=ONLINE)))
    return found


def list_more(params: SearchParams) -> list[FilterLink]:
    """The other filters but kinds and languages, without those that are active."""
    found = [
        _link_period(params, each)
        for each in (Period.WEEK, Period.MONTH)
        if each is not params.period
    ]
    if not params.has_free_places:
        found.append(FilterLink(_("Con lugares libres"), params.query(libres="1")))
    if not params.has_childcare:
        found.append(FilterLink(_("Con cuidado de niños"), params.query(ninos="1")))
    return found


def list_languages(params: SearchParams) -> list[FilterLink]:
    """The languages of workshops, without those that are active."""
    return [
        FilterLink(name, params.query(idioma=code))
        for code, name in formatting.spoken_languages()
        if code not in params.languages
    ]


def _link_period(params: SearchParams, period: Period) -> FilterLink:
    return FilterLink(period_words(period), params.query(cuando=period, desde="", hasta=""))


def period_words(period: Period) -> str:
    words: dict[Period, str] = {
        Period.WEEKEND: _("Fin de semana"),
        Period.WEEK: _("Esta semana"),
        Period.MONTH: _("Este mes"),
    }
    return words[period]


def days_words(since: date | None, until: date | None) -> str:
    """Returns the days of a search in words: «Del 1 de diciembre al 5 de diciembre», «Desde el 1 de
    diciembre», «Hasta el 5 de diciembre»."""
    if since is None:
        return _("Hasta el %(day)s", day=formatting.short_day(until)) if until else ""
    first = formatting.short_day(since)
    if until is None:
        return _("Desde el %(day)s", day=first)
    return _("Del %(first)s al %(last)s", first=first, last=formatting.short_day(until))


def language_words(code: str) -> str:
    return i18n.gettext(i18n.SPOKEN[code])


def mode_words(word: str) -> str:
    return _("En línea") if word == ONLINE else workshop_cards.mode_words(DeliveryMode(word))
