"""The sheet before a mailing: bulletins to subscribers, reminders to the staff of offices.

As with the sheet before changes of workshops (`notify_sheet`), the form is answered with the sheet
until it says what was decided, and the sheet sends its fields again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response, request
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.audit.audit_log import Details
from outreach.domain.registrations.change_notifications import NotifyDecision, NotifyMode
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.mail.preview import MessagePreview
from outreach.web.error_messages import PageRefused
from outreach.web.staff.common.guards import log_office_action, page
from outreach.web.staff.common.notify_sheet import MODE_FIELD, REASON_FIELD

# Why nobody gets a bulletin, by the code that is logged. A free text could name a person.
WITHHELD_REASONS: Final = {
    "small correction": lazy("Es una corrección pequeña"),
    "sent otherwise": lazy("Ya se mandó de otro modo"),
    "other": lazy("Otra razón"),
}
_MODES: Final = frozenset({NotifyMode.NOTIFY, NotifyMode.LATER, NotifyMode.NOBODY})
_OWN_FIELDS: Final = frozenset({MODE_FIELD, REASON_FIELD, "token", "office"})
MAX_OPEN_OFFICES: Final = 5  # the others are folded


@dataclass(frozen=True)
class OfficeLine:
    """A line of the sheet: an office, and what happens to its letters."""

    slug: str
    name: str
    words: str


@dataclass(frozen=True)
class UnreachedOffices:
    """Offices that get nothing for the same cause, with a link to where that can be mended, if it
    can."""

    heading: str
    names: Sequence[str]  # the offices'
    address: str = ""
    action: str = ""


@dataclass(frozen=True, kw_only=True)
class MailingSheet:
    """What the sheet says. Its texts are in the language of the staff pages."""

    title: str
    lead: str
    recipients: str  # the heading above who gets it
    languages: Sequence[str] = ()  # how many in each
    offices: Sequence[OfficeLine] = ()  # each can be left out
    unreached: Sequence[UnreachedOffices] = ()
    unreached_count: int = 0
    letters: Sequence[tuple[str, str, MessagePreview]] = ()  # code and name of the language
    note: str = ""  # what is saved so far
    fault: str = ""
    button: str
    telling: str = ""  # what it says as long as all get it; empty where nobody does
    no_button: str
    reasons: Mapping[str, str] = field(default_factory=lambda: dict(WITHHELD_REASONS))
    can_decide: bool = True  # else there is one answer: to send
    here: str = "more"  # the entry of the navigation
    # As `NotifySheet`, for the same choices.
    is_held: bool = True
    can_tell_nobody: bool = True
    can_be_urgent: bool = False


def read_decision() -> NotifyDecision | None:
    """The decision in the form of this request; None without one. Raises PageRefused where the
    reason is missing."""
    given = request.form.get(MODE_FIELD, "")
    if given not in _MODES:
        return None
    if given == NotifyMode.NOBODY and request.form.get(REASON_FIELD) not in WITHHELD_REASONS:
        raise PageRefused(_("Elige por qué no se avisa."))
    return NotifyDecision(NotifyMode(given), UNDO_WINDOW)


def log_decision(session: Session, month: Month, edition: int, decision: NotifyDecision) -> None:
    """Writes in the audit log what was decided about the letters of a bulletin, and why nobody
    gets one."""
    details: Details = {
        "month": str(month),
        "edition": edition,
        "decision": decision.mode.value,
    }
    if decision.mode is NotifyMode.NOBODY:
        details = {**details, "reason": request.form[REASON_FIELD]}
    log_office_action(session, "", "bulletin mail decided", details)


def show(sheet: MailingSheet, *, back: str, replaced: Mapping[str, Any] | None = None) -> Response:
    """Renders the page of the sheet. Its form sends the fields of this request again to the same
    address, with the values in `replaced` instead of theirs; `back` is the page for whoever decides
    not to."""
    given = replaced or {}
    fields = [
        (name, given.get(name, value))
        for name, values in request.form.lists()
        if name not in _OWN_FIELDS
        for value in values
    ]
    return page(
        "mailing_sheet",
        422 if sheet.fault else 200,
        sheet=sheet,
        fields=fields,
        action=request.path,
        back=back,
        most_open=MAX_OPEN_OFFICES,
    )
