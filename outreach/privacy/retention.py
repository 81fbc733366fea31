"""Erases people when their retention ends (S11), and what was kept about them.

The key is deleted first: from then on no copy of the row can be read, in no backup either.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts import interrupted_forms, invitations, sessions, webauthn_challenges
from outreach.accounts.interrupted_forms import InterruptedForm
from outreach.accounts.invitations import Invitation
from outreach.accounts.sessions import StaffSession
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit import hash_chain
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.checkin import checkin_events, checkin_tokens
from outreach.domain.checkin.checkin_events import CheckinEvent
from outreach.domain.checkin.checkin_tokens import CheckinToken
from outreach.domain.dashboard import digests, staff_alerts
from outreach.domain.network import fraud_reports
from outreach.domain.registrations import assisted
from outreach.domain.registrations.call_attempts import CallAttempt
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.scheduling import (
    form_drafts,
    import_batches,
    import_drafts,
    place_changes,
    workshop_changes,
)
from outreach.domain.scheduling.form_drafts import FormDraft
from outreach.domain.scheduling.import_batches import ImportBatch
from outreach.domain.scheduling.import_drafts import ImportDraft
from outreach.keystore import KeyStore, TooManyDue, key_backup, rotation
from outreach.privacy import (
    audit_verification,
    link_renewal,
    mail_folder,
    reconcile,
    subscriber_erasure,
)
from outreach.privacy.reconcile import (
    WAITLIST_RETENTION,
    TooManyBlind,
    TooManyUnused,
    WaitlistedKey,
    reconcile_stores,
)

__all__ = [
    "Purged",
    "daily",
    "delete_letters",
    "hourly",
    "preview",
    "purge",
    "purge_after_restore",
    "reconcile_stores",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Purged:
    """Numbers of what was erased, or would be."""

    keys: int = 0  # deleted because they were due
    emptied: int = 0  # rows without a key that were cleared
    unused: int = 0  # deleted keys of no row
    letters: int = 0  # files in the mail folder
    rows: dict[str, int] = field(default_factory=dict)  # of the other tables, by their noun


def purge(
    store: Store,
    key_store: KeyStore,
    config: Config | None = None,
    *,
    now: datetime,
    sure: bool = False,
    keep_unused: bool = False,
) -> Purged:
    """Erases everybody whose retention has ended. With `keep_unused`, keys of no row are kept.

    Unless `sure`, raises TooManyDue as `KeyStore.destroy_due`, TooManyBlind as
    `reconcile.find_rows_without_key`, and TooManyUnused as `reconcile.require_matching_stores`;
    then nothing has been deleted."""
    with store.read() as session:
        waitlisted = reconcile.find_waitlisted_keys(session, now=now)
    _shorten_retention(key_store, waitlisted)
    reconcile.correct_workshops(store, key_store)
    reconcile.correct_days(store, key_store, now=now)
    # All of these raise before anything is deleted.
    if not (sure or keep_unused):
        reconcile.require_matching_stores(store, key_store)
    reconcile.find_rows_without_key(store, key_store, sure=sure)
    subscriber_erasure.find_expired(store, key_store, now=now, sure=sure)
    keys = key_store.destroy_due(sure=sure)
    blind = reconcile.find_rows_without_key(store, key_store, sure=True)
    with store.read() as session:
        notifications = reconcile.count_notifications(session, [row.id for row in blind])
    emptied = reconcile_stores(store, key_store, now=now, sure=True)
    reconcile.seal_plain_values(store, key_store)
    link_renewal.reconcile_links(store, key_store, now=now)
    reconcile.recount_totals(store)
    with store.read() as session:
        used = reconcile.used_key_ids(session)
    unused = 0 if keep_unused else key_store.destroy_unused(used)
    rows = {
        "look-ups": key_store.tidy(),
        "subscribers": subscriber_erasure.purge(store, key_store, now=now),
    }
    audit_verification.allow_deletion(store, key_store, now=now)
    with store.change() as session:
        rows |= _clear(session, now=now)
    rows["notices"] += notifications
    with store.read() as session:
        folder = None if config is None else config.mail_folder
        files = mail_folder.find_expired(session, key_store, folder)
    store.truncate_log()
    letters = mail_folder.delete(files)
    _refresh_backup(key_store, now=now)
    return Purged(keys, emptied, unused, letters, rows)


def preview(store: Store, key_store: KeyStore, config: Config, *, now: datetime) -> Purged:
    """The numbers of what `purge` would erase now; changes nothing."""
    with store.read() as session:
        references, used = reconcile.key_references(session), reconcile.used_key_ids(session)
        files = mail_folder.find_expired(session, key_store, config.mail_folder)
        waitlisted = reconcile.find_waitlisted_keys(session, now=now)
    late = {
        each.key_id for each in waitlisted if each.day + WAITLIST_RETENTION <= key_store.today()
    }
    known = key_store.ids()
    wrong_days = reconcile.find_wrong_days(store, key_store, now=now)
    later = {key_id for key_id, (_stored, day) in wrong_days.items() if day > key_store.today()}
    due = ((key_store.due_ids() | wrong_days.keys()) - later) | (late & known)
    cleared = [row.id for row in references if row.key_id in due or row.key_id not in known]
    with store.change() as session:
        notifications = reconcile.count_notifications(session, cleared)
        rows = _clear(session, now=now)
        session.rollback()
    rows["notices"] += notifications
    rows["subscribers"] = len(subscriber_erasure.find_expired(store, key_store, now=now, sure=True))
    unused = key_store.unused(used)
    return Purged(len(due), len(cleared), len(unused), len(files), rows)


def purge_after_restore(
    store: Store,
    key_store: KeyStore,
    config: Config | None = None,
    *,
    now: datetime,
    sure: bool = False,
) -> Purged:
    """Erases in a restored copy everybody who was erased since it was made; to be called before the
    copy is used. Raises as `purge`.

    Keys of people who registered since are kept until the next purge, in case it was the wrong
    copy."""
    audit_verification.reset_after_restore(store, key_store, now=now)
    return purge(store, key_store, config, now=now, sure=sure, keep_unused=True)


def daily(store: Store, key_store: KeyStore, config: Config, *, now: datetime) -> Purged | None:
    """The worker's daily job: the purge and, once a month, a rotation of the master key.

    Returns None, with nothing changed, when the purge refuses; that is logged, and `outreach
    doctor` reports it."""
    try:
        purged = purge(store, key_store, config, now=now)
    except (TooManyDue, TooManyBlind, TooManyUnused) as error:
        log.error("purge: %s", str(error))  # our own sentence; `logs` hides the text of errors
        return None
    if rotation.may_begin(key_store, now=now):
        rotation.rotate(key_store, now=now)
    hourly(key_store, now=now)
    return purged


def hourly(key_store: KeyStore, *, now: datetime) -> None:
    """The hourly job of every host: deletes older master keys and refreshes the key backup."""
    rotation.retire(key_store, now=now)
    key_store.tidy()
    _refresh_backup(key_store, now=now)


def delete_letters(store: Store, key_store: KeyStore, config: Config) -> int:
    """Deletes letters of erased people from the mail folder of this host; the purge may have run on
    another host."""
    with store.read() as session:
        files = mail_folder.find_expired(session, key_store, config.mail_folder)
    return mail_folder.delete(files)


def _refresh_backup(key_store: KeyStore, *, now: datetime) -> None:
    """Refreshes the key backup. An error is logged and not raised, since the purge is complete;
    `outreach doctor` reports an old backup."""
    try:
        key_backup.refresh(key_store, now=now)
    except OSError as error:
        log.error("the spare of the ring cannot be written: %s", type(error).__name__)


def _shorten_retention(key_store: KeyStore, waitlisted: Sequence[WaitlistedKey]) -> None:
    """Brings the day of keys of parties without a seat forward."""
    by_day: dict[date, list[bytes]] = {}
    for each in waitlisted:
        by_day.setdefault(each.day + WAITLIST_RETENTION, []).append(each.key_id)
    for day, key_ids in by_day.items():
        key_store.expire_by(key_ids, day)


def _clear(session: Session, *, now: datetime) -> dict[str, int]:
    """Deletes expired rows of the main database; returns how many by name."""
    before = _count(session)
    reconcile.clear_erased_rows(session, now=now)
    reconcile.delete_unreadable_messages(session)
    interrupted_forms.purge(session, now=now)
    sessions.purge(session, now=now)
    invitations.purge(session, now=now)
    webauthn_challenges.purge(session, now=now)
    form_drafts.purge(session, now=now)
    workshop_changes.delete_old(session, now=now)
    digests.delete_old(session, now=now)
    staff_alerts.delete_old(session, now=now)
    place_changes.delete_old(session, now=now)
    import_batches.purge(session, now=now)
    import_drafts.purge(session, now=now)
    checkin_events.purge(session, now=now)
    checkin_tokens.purge(session, now=now)
    assisted.purge(session, now=now)
    fraud_reports.purge(session, clock.network_day(now))
    # Last, since writers of the audit log wait for it.
    hash_chain.delete_old_rows(session, now=now)
    after = _count(session)
    return {noun: before[noun] - after[noun] for noun in _TABLES}


_TABLES: Final = {
    "notices": Notification,
    "messages": Message,
    "call attempts": CallAttempt,
    "journal entries": AuditEntry,
    "sessions": StaffSession,
    "invitations": Invitation,
    "unsaved forms": FormDraft,
    "interrupted forms": InterruptedForm,
    "files brought and not loaded": ImportBatch,
    "sheets begun": ImportDraft,
    "door marks": CheckinEvent,
    "door passes": CheckinToken,
}


def _count(session: Session) -> dict[str, int]:
    return {
        noun: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for noun, table in _TABLES.items()
    }
