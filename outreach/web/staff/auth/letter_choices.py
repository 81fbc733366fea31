"""Which letters a staff member gets: the choice on their account's page, and the link in a letter
that turns them off without a sign-in.

The link only shows a page; only POST acts, because mail scanners open links (S06). A mail program's
one-click unsubscription is such a POST (RFC 8058; `same_origin`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.audit import audit_log
from outreach.domain.dashboard import digests
from outreach.domain.network.staff import Permission
from outreach.domain.newsletter import mail_choices
from outreach.domain.newsletter.mail_choices import LetterGroup, LetterLink, StaffLetter
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.context import key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation import formatting
from outreach.web.staff.auth import blueprint
from outreach.web.staff.common.guards import current_staff, has_permission_anywhere, page
from outreach.web.staff.common.permissions import Scope, requires

_ALERT_WORDS: Final = {
    StaffLetter.APPROVAL: lazy("Cuando alguien espera tu aprobación"),
    StaffLetter.FULL: lazy("Cuando un taller se llena"),
    StaffLetter.BURST: lazy("Cuando llegan muchos registros de una misma conexión"),
}


@dataclass(frozen=True, kw_only=True)
class LetterForm:
    """The form of the account's page."""

    hours: Sequence[tuple[str, str, bool]]  # value, words, whether it is chosen
    alerts: Sequence[tuple[str, str, bool]]
    zone: ZoneInfo
    gets_digest: bool  # a role that only reads has nothing to do
    gets_alerts: bool


def read_form(session: Session) -> LetterForm:
    """The form with what the staff member has chosen."""
    choice = mail_choices.read(session, current_staff().organizer_id)
    has_digest = choice.wants(StaffLetter.DIGEST)
    grants = current_staff().grants
    hours = [
        (
            str(each),
            _("A las %(hour)s", hour=formatting.hour(time(each))),
            has_digest and each == choice.digest_hour,
        )
        for each in mail_choices.HOURS
    ]
    return LetterForm(
        hours=[*hours, ("", _("No recibirlo"), not has_digest)],
        alerts=[
            (each.value, str(words), choice.wants(each)) for each, words in _ALERT_WORDS.items()
        ],
        zone=digests.find_zone(session, grants, now=clock.now()),
        gets_digest=has_permission_anywhere(Permission.DOOR),
        gets_alerts=has_permission_anywhere(Permission.EDIT),
    )


@blueprint.post("/cuenta/correos")
@requires(Scope.SIGNED_IN)
def choose_letters() -> ResponseReturnValue:
    """Stores the hour of the digest (`hour`, empty: none) and the wanted alerts (`letter`)."""
    organizer_id, hour = current_staff().organizer_id, request.form.get("hour")
    if hour is None:  # the form always has one; without it all letters would end
        raise PageRefused(_("Elige qué hacer con los botones de esta página."))
    wanted = set(request.form.getlist("letter"))
    unwanted = {each for each in _ALERT_WORDS if each.value not in wanted}
    with store().change() as session:
        stored = mail_choices.read(session, organizer_id)
        if not has_permission_anywhere(Permission.EDIT):  # their form has no alerts
            unwanted = {each for each in _ALERT_WORDS if not stored.wants(each)}
        digest_hour = stored.digest_hour
        if hour:
            digest_hour = _read_hour(hour)
        else:
            unwanted.add(StaffLetter.DIGEST)
        if mail_choices.choose(session, organizer_id, digest_hour=digest_hour, unwanted=unwanted):
            audit_log.record(session, organizer_id, "letters chosen", now=clock.now())
    return redirect("/org/cuenta?hecho=correos", 303)


@blueprint.get("/correo/<token>/baja")
@requires(Scope.PUBLIC)
def letters_link(token: str) -> ResponseReturnValue:
    """Shows the page of the link in a letter, with a button."""
    with store().read() as session:
        link = _find_link(session, token)
        is_on = mail_choices.read(session, link.organizer_id).wants_any(link.group)
    return _link_page(link, is_on=is_on)


@blueprint.post("/correo/<token>/baja")
@requires(Scope.PUBLIC)
def switch_letters_off(token: str) -> ResponseReturnValue:
    """Turns these letters off, from the page or with one click in a mail program (RFC 8058). A
    second time changes nothing."""
    with store().change() as session:
        link = _find_link(session, token)
        if mail_choices.switch_off(session, link.organizer_id, link.group):
            # Whoever holds the letter may have pressed it: the account may read that in the log.
            audit_log.record(session, link.organizer_id, "letters turned off", now=clock.now())
    return _link_page(link, is_on=False)


def _find_link(session: Session, token: str) -> LetterLink:
    """Returns what a link is about. Raises NotFound, alike for a link that is not ours and for one
    of a disabled account."""
    link = mail_choices.read_token(session, key_store(), token)
    if link is None:
        raise NotFound("letter link")
    return link


def _read_hour(text: str) -> int:
    hour = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else -1
    if hour not in mail_choices.HOURS:
        raise PageRefused(_("Elige una hora de la lista."))
    return hour


def _link_page(link: LetterLink, *, is_on: bool) -> ResponseReturnValue:
    return page("auth/letters_off", is_digest=link.group is LetterGroup.DIGEST, is_on=is_on)
