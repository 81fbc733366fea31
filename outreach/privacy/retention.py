"""Erases people when their retention ends (S11), and what was kept about them.

The key is deleted first: from then on no copy of the row can be read, in no backup either.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Protocol

from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts import interrupted_forms, invitations, sessions, webauthn_challenges
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit import hash_chain
from outreach.domain.call_centre import call_holds
from outreach.domain.checkin import checkin_events, checkin_tokens
from outreach.domain.dashboard import digests, staff_alerts
from outreach.domain.network import fraud_reports
from outreach.domain.recordings import voice_notes
from outreach.domain.registrations import assisted
from outreach.domain.registrations.call_attempts import CallAttempt
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import (
    form_drafts,
    import_batches,
    import_drafts,
    place_changes,
    workshop_changes,
)
from outreach.domain.search import unmet_searches
from outreach.keystore import KeyStore, TooManyDue, key_backup, rotation
from outreach.privacy import (
    audit_verification,
    link_renewal,
    mail_folder,
    reconcile,
    roster_erasure,
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
    rows: dict[str, int] = field(default_factory=dict)  # in the other tables, by their noun


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
    roster_erasure.find_expired(store, key_store, now=now, sure=sure)
    keys = key_store.destroy_due(sure=sure)
    blind = reconcile.find_rows_without_key(store, key_store, sure=True)
    with store.read() as session:
        notifications = reconcile.count_notifications(session, [row.id for row in blind])
    reconcile.clear_rows(store, blind, now=now)
    link_renewal.reconcile_links(store, key_store, now=now)
    reconcile.recount_totals(store)
    unused = [] if keep_unused else reconcile.find_unused_keys(store, key_store)
    key_store.destroy(*unused)
    rows = {
        "look-ups": key_store.tidy(),
        "subscribers": subscriber_erasure.purge(store, key_store, now=now),
        "roster members": roster_erasure.purge(store, key_store, now=now),
    }
    audit_verification.allow_deletion(store, key_store, now=now)
    cleared = reconcile.clear_erased_rows(store, now=now)
    rows["notices"] = notifications + cleared[Notification.__tablename__]
    rows["call attempts"] = cleared[CallAttempt.__tablename__]
    for noun, delete in _DELETIONS.items():
        with store.change() as session:
            rows[noun] = delete(session, now=now)
    for delete_silently in _UNCOUNTED_DELETIONS:
        with store.change() as session:
            delete_silently(session, now=now)
    with store.read() as session:
        folder = None if config is None else config.mail_folder
        files = mail_folder.find_expired(session, key_store, folder)
    store.truncate_log()
    letters = mail_folder.delete(files)
    _refresh_backup(key_store, now=now)
    return Purged(keys, len(blind), len(unused), letters, rows)


def preview(store: Store, key_store: KeyStore, config: Config, *, now: datetime) -> Purged:
    """The numbers of what `purge` would erase now; changes nothing."""
    with store.read() as session:
        files = mail_folder.find_expired(session, key_store, config.mail_folder)
        waitlisted = reconcile.find_waitlisted_keys(session, now=now)
    late = key_store.list_existing(
        [each.key_id for each in waitlisted if each.day + WAITLIST_RETENTION <= key_store.today()]
    )
    wrong_days = reconcile.find_wrong_days(store, key_store, now=now)
    later = {key_id for key_id, (_stored, day) in wrong_days.items() if day > key_store.today()}
    due = ((key_store.due_ids() | wrong_days.keys()) - later) | late
    with store.read() as session:
        cleared = {each.id for each in reconcile.find_references(session, due)}
    cleared |= {each.id for each in reconcile.find_rows_without_key(store, key_store, sure=True)}
    with store.change() as session:
        rows = {noun: delete(session, now=now) for noun, delete in _DELETIONS.items()}
        session.rollback()
    with store.read() as session:
        rows["notices"] = reconcile.count_notifications(session, list(cleared))
        rows["notices"] += reconcile.count_rows_of_erased(session, Notification)
        rows["call attempts"] = reconcile.count_rows_of_erased(session, CallAttempt)
    rows["subscribers"] = len(subscriber_erasure.find_expired(store, key_store, now=now, sure=True))
    rows["roster members"] = len(roster_erasure.find_expired(store, key_store, now=now, sure=True))
    unused = reconcile.find_unused_keys(store, key_store)
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


def _delete_messages(session: Session, *, now: datetime) -> int:
    return reconcile.delete_unreadable_messages(session)


def _delete_fraud_counts(session: Session, *, now: datetime) -> None:
    fraud_reports.purge(session, clock.network_day(now))


def _delete_unmet_searches(session: Session, *, now: datetime) -> None:
    unmet_searches.purge(session, clock.network_day(now))


def _delete_voice_notes(session: Session, *, now: datetime) -> int:
    return voice_notes.purge(session, clock.network_day(now))


class _Deletion(Protocol):
    """Deletes what has expired; returns how many rows."""

    def __call__(self, session: Session, *, now: datetime) -> int: ...


class _SilentDeletion(Protocol):
    def __call__(self, session: Session, *, now: datetime) -> None: ...


# What expires by itself, each in a transaction of its own; by the noun that `Purged` counts it by.
_DELETIONS: Final[dict[str, _Deletion]] = {
    "messages": _delete_messages,
    "journal entries": hash_chain.delete_old_rows,
    "sessions": sessions.purge,
    "invitations": invitations.purge,
    "unsaved forms": form_drafts.purge,
    "interrupted forms": interrupted_forms.purge,
    "files brought and not loaded": import_batches.purge,
    "sheets begun": import_drafts.purge,
    "door marks": checkin_events.purge,
    "door passes": checkin_tokens.purge,
    "recordings": _delete_voice_notes,
}
_UNCOUNTED_DELETIONS: Final[tuple[_SilentDeletion, ...]] = (
    webauthn_challenges.purge,
    workshop_changes.delete_old,
    digests.delete_old,
    staff_alerts.delete_old,
    place_changes.delete_old,
    assisted.purge,
    call_holds.purge,
    _delete_fraud_counts,
    _delete_unmet_searches,
)
