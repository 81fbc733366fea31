"""The documentation page of the open-data API: every address, its parameters and an example."""

from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from outreach import clock, i18n
from outreach.clock import Month
from outreach.domain.reporting import releases, revision_log
from outreach.domain.search import public_listing
from outreach.domain.search.search import SearchFilters
from outreach.reports import month_report, workshop_counts
from outreach.web.api import handlers
from outreach.web.api.handlers import MONTH_RANGE, TERMS
from outreach.web.api.route import Route
from outreach.web.api.routes import TABLE
from outreach.web.api.serializers import ROOT
from outreach.web.context import config, store
from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import keep_for

pages = Blueprint("open_data", __name__, url_prefix="/<lang:lang>")


@dataclass(frozen=True)
class DocumentedRoute:
    """A route of the API, as the page shows it."""

    path: str
    words: str
    parameters: list[tuple[str, str]]
    example: str  # a path; empty if there is no data for one yet

    @property
    def has_parts(self) -> bool:
        return "{" in self.path

    @property
    def noun(self) -> str:
        """The first segment of the path: offices."""
        return self.path.removeprefix(f"{ROOT}/").partition("/")[0]


@pages.get("/datos")
def about() -> ResponseReturnValue:
    parts = _example_values()
    shown = [_document_route(route, parts) for route in TABLE]
    keep_for(600)
    return render_template(
        "api/about.html",
        nouns=[list(those) for _noun, those in groupby(shown, key=lambda each: each.noun)],
        terms=i18n.gettext(TERMS),
        licence=config().data_licence,
        source=config().data_source,
        public_url=config().public_url,
    )


def _document_route(route: Route, parts: dict[str, str]) -> DocumentedRoute:
    lang = i18n.current()
    values = {part.name: parts.get(f"{route.name} {part.name}", "") for part in route.parts}
    path = ROOT + route.path.format(**values)
    if route.name == "workshops" and parts["office slug"]:
        path += "?" + urlencode({"oficina": parts["office slug"]})
    return DocumentedRoute(
        path=ROOT + route.path,
        words=i18n.translate(route.description, lang),
        parameters=[
            (each.name, i18n.translate(each.description, lang)) for each in route.parameters
        ],
        example=path if all(values.values()) else "",
    )


def _example_values() -> dict[str, str]:
    """Returns an example value for each path parameter, by route and parameter; empty if none."""
    now, known = clock.now(), reference()
    current_month = Month.from_day(now.date())
    with store().read() as session:
        workshops, _more = public_listing.list_page(session, SearchFilters(), now=now, limit=1)
        embargo = releases.load_embargo(session, now)
        counted_months = [
            month
            for month in workshop_counts.months(session)
            if month < current_month and not embargo.hides(month)
        ]
        published = releases.list_published(session, *MONTH_RANGE, embargo=embargo)
        past_months = handlers.list_past_months(session, published, embargo=embargo)
        newest_entry = revision_log.find_newest(session)
        months_with_figures = [*month_report.list_figures(session, *MONTH_RANGE, embargo=embargo)]
    office = next((each.slug for each in known.offices if each.is_open(now.date())), "")
    return {
        "office slug": workshops[0].office_slug if workshops else office,
        "kind code": next((each.code for each in known.kinds if not each.is_discreet), ""),
        "workshop id": workshops[0].public_id if workshops else "",
        "count month": str(counted_months[-1]) if counted_months else "",
        "figure month": str(months_with_figures[-1]) if months_with_figures else "",
        "bulletin month": str(past_months[0]) if past_months else "",
        "log_entry month": str(Month.from_number(newest_entry.month)) if newest_entry else "",
    }
