"""Erases roster members: a year after they were retired, and those whose key is gone."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store, change_rows
from outreach.domain.roster import assignments
from outreach.domain.roster.members import KEPT_RETIRED
from outreach.domain.roster.models import RosterMember
from outreach.keystore import KeyStore
from outreach.privacy.reconcile import MAX_UNEXPECTED, TooManyBlind


def find_expired(
    store: Store, key_store: KeyStore, *, now: datetime, sure: bool = False
) -> list[RosterMember]:
    """Members to be erased: retired a year ago, or without a key.

    Raises TooManyBlind when more than a few who are not retired have no key, and fewer have one:
    then the key store was lost."""
    # Rows before keys: a key exists before its row.
    with store.read() as session:
        rows = session.scalars(sa.select(RosterMember)).unique().all()
    known = key_store.list_existing([row.key_id for row in rows]) - key_store.due_ids()
    blind = [row for row in rows if row.key_id not in known]
    early = sum(1 for row in blind if row.retired_at is None)
    if not sure and early > max(MAX_UNEXPECTED, len(rows) - len(blind)):
        raise TooManyBlind(
            f"{early} members of the roster have lost their key, more than have one. If the ring "
            "is lost, load its spare first: outreach keys spare --load FILE. If they are to be "
            "forgotten, run again with --yes"
        )
    late = [
        row
        for row in rows
        if row.key_id in known
        and row.retired_at is not None
        and row.retired_at <= now - KEPT_RETIRED
    ]
    return [*blind, *late]


def purge(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Erases expired members with their assignments, the key first, and old rows of letters;
    returns how many members. `find_expired` has checked for a lost key store before."""
    expired = find_expired(store, key_store, now=now, sure=True)
    if expired:
        key_store.destroy(*(row.key_id for row in expired))
    with store.change() as session:
        _delete(session, [row.id for row in expired])
        assignments.delete_old_letters(session, now=now)
    return len(expired)


def _delete(session: Session, member_ids: Sequence[int]) -> None:
    """Deletes the rows; all that is theirs is deleted by cascade."""
    for start in range(0, len(member_ids), 500):
        some = member_ids[start : start + 500]
        change_rows(session, sa.delete(RosterMember).where(RosterMember.id.in_(some)))
