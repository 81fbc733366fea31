"""The page about the open data, for people: every address with what it takes and an example."""

from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from outreach import clock, i18n
from outreach.clock import Month
from outreach.domain.reporting import months
from outreach.domain.search import public_listing
from outreach.domain.search.search import SearchFilters
from outreach.reports import month_report, workshop_counts
from outreach.web.api import handlers
from outreach.web.api.handlers import FAR, TERMS
from outreach.web.api.route import Route
from outreach.web.api.routes import TABLE
from outreach.web.api.serializers import ROOT
from outreach.web.context import config, store
from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import keep_for

pages = Blueprint("open_data", __name__, url_prefix="/<lang:lang>")


@dataclass(frozen=True)
class DocumentedRoute:
    """An address of the open data, as the page shows it."""

    path: str
    words: str
    parameters: list[tuple[str, str]]
    example: str  # a path; empty: there is nothing to show yet

    @property
    def has_parts(self) -> bool:
        return "{" in self.path

    @property
    def noun(self) -> str:
        """What it is about: offices."""
        return self.path.removeprefix(f"{ROOT}/").partition("/")[0]


@pages.get("/datos")
def about() -> ResponseReturnValue:
    parts = _parts()
    shown = [_shown(route, parts) for route in TABLE]
    keep_for(600)
    return render_template(
        "api/about.html",
        nouns=[list(those) for _noun, those in groupby(shown, key=lambda each: each.noun)],
        terms=i18n.gettext(TERMS),
        public_url=config().public_url,
    )


def _shown(route: Route, parts: dict[str, str]) -> DocumentedRoute:
    lang = i18n.current()
    named = {part.name: parts.get(f"{route.name} {part.name}", "") for part in route.parts}
    path = ROOT + route.path.format(**named)
    if route.name == "workshops" and parts["office slug"]:
        path += "?" + urlencode({"oficina": parts["office slug"]})
    return DocumentedRoute(
        path=ROOT + route.path,
        words=i18n.translate(route.says, lang),
        parameters=[(each.name, i18n.translate(each.says, lang)) for each in route.parameters],
        example=path if all(named.values()) else "",
    )


def _parts() -> dict[str, str]:
    """Something that is there, for each part of each address."""
    now, known = clock.now(), reference()
    this = Month.of(now.date())
    with store().read() as session:
        found, _more = public_listing.list_page(session, SearchFilters(), now=now, limit=1)
        counted = [month for month in workshop_counts.months(session) if month < this]
        over = handlers.list_past_months(session, months.list_closed_months(session, *FAR), now=now)
        typed = month_report.figure_months(session, *FAR)
    office = next((each.slug for each in known.offices if each.is_open(now.date())), "")
    return {
        "office slug": found[0].office_slug if found else office,
        "kind code": next((each.code for each in known.kinds if not each.is_discreet), ""),
        "workshop id": found[0].public_id if found else "",
        "count month": str(counted[-1]) if counted else "",
        "figure month": str(typed[-1]) if typed else "",
        "bulletin month": str(over[0]) if over else "",
    }
