"""Forgetting people when their day has come. The key goes first: from that moment no copy
anywhere can be read; what is emptied after that is order, not secrecy."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

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
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.scheduling import form_drafts, import_batches
from outreach.domain.scheduling.form_drafts import FormDraft
from outreach.domain.scheduling.import_batches import ImportBatch
from outreach.keystore import KeyStore, TooManyDue, key_backup, rotation
from outreach.privacy import audit_verification, mail_folder, reconcile, subscriber_erasure
from outreach.privacy.reconcile import (
    TURN_KEPT,
    ReconcileTurn,
    TooManyBlind,
    TooManyUnused,
    reconcile_stores,
)

__all__ = [
    "Purged",
    "daily",
    "forget_letters",
    "hourly",
    "preview",
    "purge",
    "reconcile_stores",
    "settle_after_restore",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Purged:
    """How much went, or would go."""

    keys: int = 0  # destroyed because their day had come
    emptied: int = 0  # rows whose key is gone
    unused: int = 0  # keys that nothing pointed at
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
    """Forgets everyone whose day has come, and all that was kept about them; with `keep_unused` but
    for the keys that nothing points at.

    Raises TooManyDue as `Keyring.destroy_due` does, TooManyBlind as `settle` does, and
    TooManyUnused as `require_used` does, unless `sure`; then nothing has been destroyed."""
    with store.read() as session:
        turns = reconcile.never_came_in(session, now=now)
    _hasten(key_store, turns)
    reconcile.correct(store, key_store, now=now)
    # Asked before anything is destroyed.
    if not (sure or keep_unused):
        reconcile.require_used(store, key_store)
    reconcile.blind(store, key_store, sure=sure)
    subscriber_erasure.going(store, key_store, now=now, sure=sure)
    keys = key_store.destroy_due(sure=sure)
    blind = reconcile.blind(store, key_store, sure=True)
    with store.read() as session:
        told = reconcile.count_notices(session, [row.id for row in blind])
    emptied = reconcile_stores(store, key_store, now=now, sure=True)
    with store.read() as session:
        used = reconcile.used(session)
    unused = 0 if keep_unused else key_store.destroy_unused(used)
    rows = {
        "look-ups": key_store.tidy(),
        "subscribers": subscriber_erasure.purge(store, key_store, now=now),
    }
    audit_verification.allow_to_go(store, key_store, now=now)
    with store.change() as session:
        rows |= _clear(session, now=now)
    rows["notices"] += told
    with store.read() as session:
        files = mail_folder.to_forget(session, None if config is None else config.mail_folder)
    store.sweep()
    gone = mail_folder.forget(files)
    _refresh(key_store, now=now)
    return Purged(keys, emptied, unused, gone, rows)


def preview(store: Store, key_store: KeyStore, config: Config, *, now: datetime) -> Purged:
    """What `purge` would do now, as numbers; nothing is changed."""
    with store.read() as session:
        pointing, used = reconcile.pointing(session), reconcile.used(session)
        files = mail_folder.to_forget(session, config.mail_folder)
        turns = reconcile.never_came_in(session, now=now)
    late = {turn.key_id for turn in turns if turn.day + TURN_KEPT <= key_store.today()}
    known = key_store.known()
    moved = reconcile.astray(store, key_store, now=now)
    put_off = {key_id for key_id, (_was, day) in moved.items() if day > key_store.today()}
    due = ((key_store.due() | moved.keys()) - put_off) | (late & known)
    going = [row.id for row in pointing if row.key_id in due or row.key_id not in known]
    with store.change() as session:
        told = reconcile.count_notices(session, going)
        rows = _clear(session, now=now)
        session.rollback()
    rows["notices"] += told
    rows["subscribers"] = len(subscriber_erasure.going(store, key_store, now=now, sure=True))
    unused = key_store.unused(used)
    return Purged(len(due), len(going), len(unused), len(files), rows)


def settle_after_restore(
    store: Store,
    key_store: KeyStore,
    config: Config | None = None,
    *,
    now: datetime,
    sure: bool = False,
) -> Purged:
    """To be called before a restored copy is opened to anybody: whoever was forgotten since it
    was made is forgotten in it. Raises as `purge` does.

    The keys of those who registered since stay until the next purge: whoever finds that it was the
    wrong copy can still go back."""
    audit_verification.begin_again(store, key_store, now=now)
    return purge(store, key_store, config, now=now, sure=sure, keep_unused=True)


def daily(store: Store, key_store: KeyStore, config: Config, *, now: datetime) -> Purged | None:
    """The worker's round of each day and of its start: the purge and, once a month, a new master.

    None, and nothing is changed, when the purge refuses: that is logged, and `doctor` says so."""
    try:
        done = purge(store, key_store, config, now=now)
    except (TooManyDue, TooManyBlind, TooManyUnused) as error:
        log.error("purge: %s", str(error))  # a sentence of ours: of an error only its kind is told
        return None
    if rotation.may_begin(key_store, now=now):
        rotation.rotate(key_store, now=now)
    hourly(key_store, now=now)
    return done


def hourly(key_store: KeyStore, *, now: datetime) -> None:
    """The round of each hour, on every host: older masters go, and the spare is written over."""
    rotation.retire(key_store, now=now)
    key_store.tidy()
    _refresh(key_store, now=now)


def forget_letters(store: Store, config: Config) -> int:
    """Deletes what the mail folder of this host has of those who are forgotten; the purge may have
    been another host's."""
    with store.read() as session:
        files = mail_folder.to_forget(session, config.mail_folder)
    return mail_folder.forget(files)


def _refresh(key_store: KeyStore, *, now: datetime) -> None:
    """Writes the spare over. A disk that is full or may not be written holds up nothing else: the
    purge is done, and would begin again each round; `doctor` says that the spare is old."""
    try:
        key_backup.refresh(key_store, now=now)
    except OSError as error:
        log.error("the spare of the ring cannot be written: %s", type(error).__name__)


def _hasten(key_store: KeyStore, turns: Sequence[ReconcileTurn]) -> None:
    """Brings forward the day of those who had only a turn."""
    by_day: dict[date, list[bytes]] = {}
    for turn in turns:
        by_day.setdefault(turn.day + TURN_KEPT, []).append(turn.key_id)
    for day, key_ids in by_day.items():
        key_store.hasten(key_ids, day)


def _clear(session: Session, *, now: datetime) -> dict[str, int]:
    """Deletes what has grown old in the main database; how many rows of each."""
    before = _count(session)
    reconcile.wash(session, now=now)
    reconcile.drop_unread(session)
    interrupted_forms.purge(session, now=now)
    sessions.purge(session, now=now)
    invitations.purge(session, now=now)
    webauthn_challenges.purge(session, now=now)
    form_drafts.purge(session, now=now)
    import_batches.purge(session, now=now)
    checkin_events.purge(session, now=now)
    checkin_tokens.purge(session, now=now)
    # Last: whoever writes in the journal waits for it.
    hash_chain.let_go(session, now=now)
    after = _count(session)
    return {noun: before[noun] - after[noun] for noun in _TABLES}


_TABLES: Final = {
    "notices": Notification,
    "messages": Message,
    "journal entries": AuditEntry,
    "sessions": StaffSession,
    "invitations": Invitation,
    "unsaved forms": FormDraft,
    "interrupted forms": InterruptedForm,
    "files brought and not loaded": ImportBatch,
    "door marks": CheckinEvent,
    "door passes": CheckinToken,
}


def _count(session: Session) -> dict[str, int]:
    return {
        noun: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for noun, table in _TABLES.items()
    }
