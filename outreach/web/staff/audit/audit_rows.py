"""Entries of the audit log as the pages show them, and the history of one workshop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import AuditLine, AuditQuery
from outreach.domain.workshops import Workshop
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.audit import audit_details, audit_labels
from outreach.web.staff.audit.audit_labels import AuditSubject
from outreach.web.staff.common import workshop_labels

HISTORY_LENGTH: Final = 5
_CANCELLATION: Final = frozenset({"workshop cancelled"})


@dataclass(frozen=True)
class AuditRow:
    """One entry, as a page shows it."""

    at: datetime  # local
    who: str
    address_of_who: str  # where `who` is a display name, which anybody may choose
    action: str
    workshop: str  # its title and day
    address: str  # leads to the page of the workshop
    place: str  # the city of the office, where entries of several are shown
    detail: str
    tag: CardTag | None


def describe(
    line: AuditLine,
    zone: ZoneInfo,
    cities: Mapping[str, str],
    accounts: Mapping[int, str],
    *,
    is_of_one: bool,
) -> AuditRow:
    """An entry with the hour of `zone`. `cities` are those of the offices, by slug; `accounts` are
    labels by id. `is_of_one`: the page shows one workshop, which its entries need not name."""
    workshop, address = "", ""
    if line.public_id and line.day and not is_of_one:
        workshop = f"{say(line.title, current())}, {workshop_labels.short_day(line.day)}"
        address = f"/org/talleres/{line.public_id}"
    gone = _("Una cuenta que ya no existe") if line.organizer_id else _("El sistema")
    return AuditRow(
        at=line.at.astimezone(zone),
        who=line.name or line.email or gone,
        address_of_who=(line.email or "") if line.name else "",
        action=audit_labels.sentence(line, accounts),
        workshop=workshop,
        address=address,
        place="" if is_of_one else cities.get(line.office, ""),
        detail=audit_details.words(line.details, cities),
        tag=audit_labels.tag(line),
    )


def list_history(session: Session, workshop: Workshop) -> Sequence[AuditRow]:
    """Returns the last entries about the workshop, the newest first. Who saw its people is in the
    log."""
    return _list_rows(
        session, workshop, audit_labels.actions_about(AuditSubject.WORKSHOPS), HISTORY_LENGTH
    )


def find_cancellation(session: Session, workshop: Workshop) -> AuditRow | None:
    """Returns the entry that says who cancelled the workshop last, when and why; None where the log
    no longer has it."""
    return next(iter(_list_rows(session, workshop, _CANCELLATION, 1)), None)


def _list_rows(
    session: Session, workshop: Workshop, actions: frozenset[str] | None, limit: int
) -> Sequence[AuditRow]:
    query = AuditQuery(workshop_id=workshop.id, actions=actions)
    return [
        describe(line, workshop.zone, {}, {}, is_of_one=True)
        for line in audit_log.lines(session, query, limit=limit)
    ]
