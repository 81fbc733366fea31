"""What an address of the figures asks for: which month, and which revision of it."""

import re
from typing import Final

from flask import Blueprint, abort, request
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.reports import trends

pages = Blueprint("figures", __name__, url_prefix="/<lang:lang>/cifras")

FEW: Final = 24  # months back at least, and ahead at most, that have a page
SOON, LATER, FROZEN = 60, 300, 86_400  # seconds for which an answer is kept


def span(session: Session) -> tuple[Month, Month]:
    """The first and the last month that have a page. Without an end, a crawler never had one."""
    now = clock.now()
    this = Month.of(now.date())
    return min(trends.first_month(session, now), this.plus(-FEW)), this.plus(FEW)


def month_of(session: Session, text: str) -> Month:
    """The month of an address; 404 where none is written, or one outside of the span."""
    try:
        found = Month.parse(text)
    except ValueError:
        abort(404)
    first, last = span(session)
    if not first <= found <= last:
        abort(404)
    return found


def revision() -> int | None:
    """The number in `?revision=`, if one is asked for."""
    text = request.args.get("revision")
    if text is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        abort(404)
    return int(text)


def seconds(*, is_over: bool, number: int | None = None) -> int:
    """How long an answer may be kept. `number`: a file of that revision, which never changes. A
    page, and whatever says what other revisions there are, does: it gives no number."""
    if number is not None:
        return FROZEN
    return LATER if is_over else SOON
