"""The flyer of an office's month: page with a preview, PDF and picture."""

from typing import Final

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.clock import Month
from outreach.domain.dashboard import agenda
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.i18n import NAMES, get_default_language, list_languages
from outreach.pdf import month_flyer as paper
from outreach.pdf.month_flyer import MonthFlyer
from outreach.web.context import config, store
from outreach.web.staff.common.guards import page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import blueprint
from outreach.web.staff.workshops.flyers import list_papers

PREVIEW_PPI: Final = 72


@blueprint.get("/volantes/<slug>")
@requires(Scope.OFFICE, Permission.SEE)
def month_flyer(slug: str) -> ResponseReturnValue:
    office, month, flyer = _build(slug)
    return page(
        "workshops/month_flyer",
        office=office,
        month=month,
        lang_of_flyer=flyer.lang,
        names=NAMES,
        count=len(flyer.rows),
        papers=list_papers(),
    )


@blueprint.get("/volantes/<slug>.pdf")
@requires(Scope.OFFICE, Permission.SEE)
def month_flyer_pdf(slug: str) -> ResponseReturnValue:
    size = request.args.get("papel", "carta")
    if size not in paper.PAPERS:
        abort(404)
    office, month, flyer = _build(slug)
    answer = Response(paper.pdf(flyer, size), mimetype="application/pdf")
    name = f"talleres-{office.slug}-{month}-{flyer.lang}.pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.get("/volantes/<slug>.png")
@requires(Scope.OFFICE, Permission.SEE)
def month_flyer_png(slug: str) -> ResponseReturnValue:
    """Answers with the preview, which is the first page."""
    _office, _month, flyer = _build(slug)
    return Response(paper.picture(flyer, ppi=PREVIEW_PPI), mimetype="image/png")


def _build(slug: str) -> tuple[Office, Month, MonthFlyer]:
    """Returns the office, and the flyer of the month and language that the query names. By default
    these are this month and the main language."""
    lang, now = request.args.get("idioma", get_default_language()), clock.now()
    if lang not in list_languages():
        abort(404)
    with store().read() as session:
        office = offices.find(session, slug)
        month = _read_month(office)
        days = month.first, month.following.first
        found = agenda.list_workshops(session, frozenset({slug}), *days, limit=paper.MAX_ROWS)
        flyer = paper.prepare(
            office,
            month,
            paper.select_workshops(found, now=now),
            lang,
            public_url=config().public_url,
            phone=config().phone,
            brand=config().brand,
            now=now,
        )
    return office, month, flyer


def _read_month(office: Office) -> Month:
    given = request.args.get("mes")
    if given is None:
        return Month.from_day(clock.now().astimezone(office.zone).date())
    try:
        return Month.parse(given)
    except ValueError:
        abort(404)
