"""An organizer's own calendar: its address is made, replaced and taken back here, and served.

Calendar programs bring no cookie and show no page. They have the address, or they are told in one
plain sentence that there is no such calendar.
"""

import hashlib
import logging
from typing import Final

import sqlalchemy as sa
from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.accounts import calendar_tokens
from outreach.domain.audit import audit_log
from outreach.domain.calendar import event_cache
from outreach.domain.network import installation_settings
from outreach.domain.network.staff import Permission
from outreach.feeds import staff_feed
from outreach.feeds.staff_feed import WrittenStaffFeed
from outreach.feeds.vevent import PublicSite
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.presentation.icons import qr
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import current_staff, has_permission_anywhere, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.dashboard import blueprint

log = logging.getLogger(__name__)

# The calendar program may keep its copy, but asks each time whether it still holds: a place may
# have been taken. Caches in between keep nothing. (`no-store` would forbid it to ask with an ETag.)
KEPT_FOR: Final = "private, no-cache"


@blueprint.get("/mi-calendario")
@requires(Scope.SIGNED_IN)
def calendar() -> ResponseReturnValue:
    return _page(said=_("La dirección ya no sirve.") if "hecho" in request.args else "")


@blueprint.post("/mi-calendario")
@requires(Scope.SIGNED_IN)
def create_calendar() -> ResponseReturnValue:
    """The only page that ever shows the address: it is not kept, and is in no link of ours."""
    _must_see()
    now = clock.now()
    with store().change() as session:
        before = calendar_tokens.created_at_of(session, current_staff().organizer_id)
        token = calendar_tokens.create(session, current_staff().organizer_id, now=now)
        what = "own calendar made" if before is None else "own calendar replaced"
        audit_log.record(session, current_staff().organizer_id, what, now=now)
    return _page(address=f"{config().public_url}/org/cal/{token}.ics")


@blueprint.post("/mi-calendario/quitar")
@requires(Scope.SIGNED_IN)
def revoke_calendar() -> ResponseReturnValue:
    _must_see()
    with store().change() as session:
        if calendar_tokens.created_at_of(session, current_staff().organizer_id) is not None:
            calendar_tokens.revoke(session, current_staff().organizer_id)
            audit_log.record(
                session, current_staff().organizer_id, "own calendar stopped", now=clock.now()
            )
    return redirect("/org/mi-calendario?hecho=quitado", 303)


@blueprint.get("/cal/<token>.ics")
@requires(Scope.PUBLIC)
def calendar_feed(token: str) -> ResponseReturnValue:
    """Without a session: the address is the permission."""
    with store().read() as session:
        follower = calendar_tokens.owner_of(session, token)
        if follower is None:
            return Response(_gone() + "\n", 404, mimetype="text/plain")
        site = PublicSite(
            config().public_url, installation_settings.get_calendar_host(session), config().phone
        )
        written = staff_feed.write(session, follower.offices, site, now=clock.now())
    _keep(written)
    headers = {
        "Cache-Control": KEPT_FOR,
        "Content-Disposition": 'inline; filename="mis-talleres.ics"',
    }
    answer = Response(written.body, headers=headers, mimetype="text/calendar")
    # Weak, as in every feed: the same for both encodings.
    answer.set_etag(hashlib.sha256(written.body).hexdigest(), weak=True)
    return answer.make_conditional(request)


def _keep(written: WrittenStaffFeed) -> None:
    """Who asked gets what was written all the same."""
    if not written.fresh:
        return
    try:
        with store().change() as session:
            event_cache.keep(session, written.fresh)
    except sa.exc.DBAPIError as error:
        log.warning("a calendar was written and not kept: %s", type(error.orig).__name__)


def _gone() -> str:
    return _("Este calendario ya no existe: entra a tu cuenta y haz una dirección nueva.")


def _must_see() -> None:
    if not has_permission_anywhere(Permission.SEE):
        abort(403)


def _page(*, address: str = "", said: str = "") -> Response:
    """With the address, if it has just been made."""
    _must_see()
    with store().read() as session:
        made_at = calendar_tokens.created_at_of(session, current_staff().organizer_id)
    return page(
        "dashboard/my_calendar",
        address=address,
        webcal="webcal:" + address.partition(":")[2],
        qr=qr(address) if address else "",
        made_on=made_at.date() if made_at else None,
        said=said if made_at is None else "",
        words=workshop_labels,
    )
