"""The files of closed months as they were published, and how anybody can check them (COUNT15)."""

from importlib import resources

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import i18n
from outreach.domain.reporting import revision_log
from outreach.reports.month_report import MonthReport
from outreach.web.context import store
from outreach.web.middleware.response_headers import keep_for
from outreach.web.public.figures import month_params
from outreach.web.public.figures.month_params import pages

SCRIPT = resources.files("outreach.signing") / "check_month.py"


def find(report: MonthReport, extension: str) -> bytes | None:
    """The published file of a closed month in the language of the request; None where it is not
    in the log yet, or the month is open. Until it is logged, caches keep an answer for a minute:
    its bytes are not yet those that stay."""
    if not report.is_closed:
        return None
    name = f"{i18n.current()}.{extension}"
    with store().read() as session:
        content = revision_log.find_file(session, report.month, report.count.revision, name)
    if content is None:
        keep_for(month_params.SOON)
    return content


def is_logged(session: Session, report: MonthReport) -> bool:
    """Whether the revision of a closed month is in the log."""
    number = report.count.revision
    return report.is_closed and revision_log.has_entry(session, report.month, number)


@pages.get("/comprobar")
def how_to_check() -> ResponseReturnValue:
    with store().read() as session:
        newest = revision_log.find_newest(session)
    keep_for(month_params.LATER)
    return render_template("figures/check.html", newest=newest)


@pages.get("/comprobar.py")
def script() -> Response:
    keep_for(month_params.LATER)
    answer = Response(SCRIPT.read_bytes(), mimetype="text/x-python")
    answer.headers["Content-Disposition"] = 'attachment; filename="check_month.py"'
    return answer
