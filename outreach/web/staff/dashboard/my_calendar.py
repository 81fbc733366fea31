"""The staff member's own calendar feed: its address is created, replaced, revoked and served.

Calendar programs send no cookie and show no page: the address is the permission, and an unknown one
gets a plain sentence.
"""

import hashlib
import logging
from typing import Final

import sqlalchemy as sa
from flask import Response, redirect, request
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
from outreach.web.error_messages import PageRefused
from outreach.web.presentation.icons import qr
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import current_staff, has_permission_anywhere, page
from outreach.web.staff.common.permissions import PermissionMissing, Scope, requires
from outreach.web.staff.dashboard import blueprint

log = logging.getLogger(__name__)

# The calendar program revalidates its copy each time; shared caches store nothing. (`no-store`
# would prevent conditional requests.)
CACHE_CONTROL: Final = "private, no-cache"


@blueprint.get("/mi-calendario")
@requires(Scope.SIGNED_IN)
def calendar() -> ResponseReturnValue:
    return _page(message=_("La dirección ya no sirve.") if "hecho" in request.args else "")


@blueprint.post("/mi-calendario")
@requires(Scope.SIGNED_IN)
def create_calendar() -> ResponseReturnValue:
    """Creates an address. This response alone shows it, since only its hash is stored. The address
    before stops working, so the form has to say `do=make`."""
    _require_see()
    if request.form.get("do") != "make":
        raise PageRefused(_("Elige qué hacer con los botones de esta página."))
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
    _require_see()
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
    """Answers with the feed. It needs no session: the address is the permission."""
    with store().read() as session:
        owner = calendar_tokens.owner_of(session, token)
        if owner is None:
            return Response(_gone_message() + "\n", 404, mimetype="text/plain")
        site = PublicSite(
            config().public_url, installation_settings.get_calendar_host(session), config().phone
        )
        written = staff_feed.write(session, owner.offices, site, owner.language, now=clock.now())
    _cache(written)
    headers = {
        "Cache-Control": CACHE_CONTROL,
        "Content-Disposition": 'inline; filename="mis-talleres.ics"',
    }
    answer = Response(written.body, headers=headers, mimetype="text/calendar")
    # Weak, as in every feed: the same for each content encoding.
    answer.set_etag(hashlib.sha256(written.body).hexdigest(), weak=True)
    return answer.make_conditional(request)


def _cache(written: WrittenStaffFeed) -> None:
    """Caches the written events. A failure is logged; the response does not depend on it."""
    if not written.fresh:
        return
    try:
        with store().change() as session:
            event_cache.keep(session, written.fresh)
    except sa.exc.DBAPIError as error:
        log.warning("events of a staff calendar could not be cached: %s", type(error.orig).__name__)


def _gone_message() -> str:
    return _("Este calendario ya no existe: entra a tu cuenta y haz una dirección nueva.")


def _require_see() -> None:
    if not has_permission_anywhere(Permission.SEE):
        raise PermissionMissing(Permission.SEE)


def _page(*, address: str = "", message: str = "") -> Response:
    """Shows the page, with the address if it was just created."""
    _require_see()
    with store().read() as session:
        made_at = calendar_tokens.created_at_of(session, current_staff().organizer_id)
    return page(
        "dashboard/my_calendar",
        address=address,
        webcal="webcal:" + address.partition(":")[2],
        qr=qr(address) if address else "",
        made_on=made_at.date() if made_at else None,
        done_message=message if made_at is None else "",
        words=workshop_labels,
    )
