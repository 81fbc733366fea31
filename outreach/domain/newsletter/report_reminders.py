"""Reminders of a month's missing reports, which headquarters sends to offices: who can be reached,
and the undoing of reminders that are not sent yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.network import offices
from outreach.domain.network.staff import StaffMember
from outreach.domain.newsletter import mailings
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.reporting import missing_reports, months
from outreach.errors import ErrorCode, Refusal


class NoReach(StrEnum):
    """The reason why nobody of an office gets a reminder."""

    NO_ACCOUNT = "no account"  # nobody has one that reports for the office
    DISABLED = "disabled"  # all of them are disabled
    UNCONFIRMED = "unconfirmed"  # nobody has used one: the address may be a stranger's
    REMINDED = "reminded"  # all were reminded within a day


@dataclass(frozen=True)
class OfficeReach:
    """The accounts of an office that get a reminder, or the reason why there is none."""

    slug: str
    account_ids: tuple[int, ...]
    cause: NoReach | None = None
    undelivered_count: int = 0  # accounts whose last letter was given up


def find_reach(
    session: Session, slugs: Iterable[str], month: Month, *, now: datetime
) -> list[OfficeReach]:
    """Returns, for each of these offices in their order, which accounts a reminder would reach
    now.
    """
    wanted = list(slugs)
    accounts: dict[str, list[StaffMember]] = {slug: [] for slug in wanted}
    for account, slug in missing_reports.list_accounts(session, wanted):
        accounts[slug].append(account)
    reminded = mailings.find_reminded(session, month, now=now)
    found = [_find_office_reach(slug, accounts[slug], reminded) for slug in wanted]
    ids = {account_id for each in found for account_id in each.account_ids}
    lost = mailings.find_undelivered(session, ids)
    return [
        replace(each, undelivered_count=len(lost.intersection(each.account_ids))) for each in found
    ]


def _find_office_reach(
    slug: str, accounts: Sequence[StaffMember], reminded: set[int]
) -> OfficeReach:
    if not accounts:
        return OfficeReach(slug, (), NoReach.NO_ACCOUNT)
    active = [each for each in accounts if each.disabled_at is None]
    if not active:
        return OfficeReach(slug, (), NoReach.DISABLED)
    used = [each for each in active if each.password is not None or each.signed_in_at is not None]
    if not used:
        return OfficeReach(slug, (), NoReach.UNCONFIRMED)
    due = tuple(each.id for each in used if each.id not in reminded)
    return OfficeReach(slug, due, None if due else NoReach.REMINDED)


def remind(session: Session, reached: Sequence[OfficeReach], month: Month, *, now: datetime) -> int:
    """Queues a reminder for each account of these offices, to be sent after the undo window.

    Records which offices were reminded; returns the number of letters.
    """
    account_ids = {account_id for each in reached for account_id in each.account_ids}
    queued = set(mailings.remind(session, account_ids, month, undo_window=UNDO_WINDOW, now=now))
    slugs = {each.slug for each in reached if queued.intersection(each.account_ids)}
    office_ids = [each.id for each in offices.list_offices(session) if each.slug in slugs]
    months.record_reminder(session, office_ids, month, now=now)
    return len(queued)


@dataclass(frozen=True)
class HeldReminders:
    """Reminders that wait for the end of their undo window."""

    count: int
    due_at: datetime  # when the first is sent


def find_held(session: Session, month: Month, *, now: datetime) -> HeldReminders | None:
    """Returns the reminders of this month that can be undone; None without any."""
    due = mailings.list_held_due(session, month, now=now)
    return HeldReminders(len(due), min(due)) if due else None


def undo(session: Session, month: Month, *, now: datetime) -> int:
    """Deletes the reminders of this month that are not sent yet; returns how many.

    Records again when the offices were reminded before. Raises Refusal where none is left.
    """
    held = mailings.list_held_reminders(session, month, now=now)
    if not held:
        raise Refusal(ErrorCode.REMINDERS_SENT)
    undone_moments = {each.made_at for each in held}
    for mailing in held:
        session.delete(mailing)
    session.flush()
    reminded = months.list_office_months(session, month)
    slugs = {
        each.slug: each.id
        for each in offices.list_offices(session)
        if each.id in reminded and reminded[each.id].reminded_at in undone_moments
    }
    reporters: dict[str, list[int]] = {slug: [] for slug in slugs}
    for account, slug in missing_reports.list_accounts(session, slugs):
        reporters[slug].append(account.id)
    for slug, office_id in slugs.items():
        last = mailings.find_last_reminder(session, reporters[slug], month)
        reminded[office_id].reminded_at = last
    session.flush()
    return len(held)
