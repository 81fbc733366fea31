"""Reads the month and the revision from addresses of the figures."""

import re
from typing import Final

from flask import Blueprint, abort, request
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.reporting.releases import Embargo
from outreach.reports import trends
from outreach.web.middleware.response_headers import keep_for

pages = Blueprint("figures", __name__, url_prefix="/<lang:lang>/cifras")

FEW: Final = 24  # months back (at least) and ahead (at most) that have a page
SOON, LATER, FROZEN = 60, 300, 86_400  # Cache-Control max-age, in seconds


def span(session: Session) -> tuple[Month, Month]:
    """Returns the first and the last month that have a page; the end stops crawlers."""
    now = clock.now()
    this = Month.from_day(now.date())
    return min(trends.first_month(session, now), this.plus(-FEW)), this.plus(FEW)


def month_of(session: Session, text: str) -> Month:
    """Returns the month of an address; aborts with 404 if it is invalid or outside of the span."""
    return parse(text, span(session))


def parse(text: str, months: tuple[Month, Month]) -> Month:
    """Returns the month of an address within a span; aborts with 404 as `month_of` does."""
    try:
        found = Month.parse(text)
    except ValueError:
        abort(404)
    if not months[0] <= found <= months[1]:
        abort(404)
    return found


def revision() -> int | None:
    """Returns the number in `?revision=`, or None without it; aborts with 404 if it is invalid."""
    text = request.args.get("revision")
    if text is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        abort(404)
    return int(text)


def keep_until_release(seconds: int, embargo: Embargo) -> None:
    """Lets caches keep the answer for `seconds`, but not past the next release of a month."""
    keep_for(embargo.limit_seconds(seconds))


def seconds(*, is_over: bool, number: int | None = None) -> int:
    """Returns the max-age of an answer. `number` is for a file of one revision, which never
    changes; an answer that lists other revisions passes none."""
    if number is not None:
        return FROZEN
    return LATER if is_over else SOON
