"""The cookie of a browser that an account has signed in with in the last 30 days (S09).

Tries to sign in are counted by it where there is one, so that what others try from the same
address shuts nobody out. It names an account and a moment, under the server's secret, and opens
nothing. Its path is that of the staff: no public page gets it, and none sets it.
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Response, request

from outreach.web.staff.common.kept_forms import server_key

COOKIE: Final = "__Secure-known"
KEPT_FOR: Final = timedelta(days=30)


def remember(response: Response, organizer_id: int, *, now: datetime) -> None:
    named = f"{organizer_id}.{int(now.timestamp())}"
    response.set_cookie(
        COOKIE,
        f"{named}.{_sign(named)}",
        max_age=KEPT_FOR,
        path="/org",
        secure=True,
        httponly=True,
        samesite="Lax",
    )


def find(*, now: datetime) -> str:
    """Returns a text for the account that signed in with this browser. No address equals such a
    text. It is empty where no account did, or too long ago."""
    named, _dot, mark = request.cookies.get(COOKIE, "").rpartition(".")
    if not named or not hmac.compare_digest(mark.encode(), _sign(named).encode()):
        return ""
    organizer_id, _dot, moment = named.partition(".")
    is_recent = now - datetime.fromtimestamp(int(moment), UTC) <= KEPT_FOR
    return f"browser of {organizer_id}" if is_recent else ""


def _sign(named: str) -> str:
    return server_key().mark(f"known browser {named}")[:32]
