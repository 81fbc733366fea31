"""Moves a registration to another date in both databases.

The main database first, in one transaction (`outreach/domain/registrations/moving.py`); then the
key becomes one of the new workshop, and is destroyed on that one's day. A crash before the first
changes nothing. After a crash in between the key has the day and the workshop of before, until the
daily purge corrects both, before it destroys a key; the old workshop is still ahead, so that its
day is not today. The other way round, a crash could leave a key that is destroyed before the
workshop of its row, or after the day that its person was told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from outreach.db.store import Store
from outreach.domain.registrations import Registration, moving, notifications
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.keystore import KeyStore


@dataclass(frozen=True)
class _MovedKey:
    key_id: bytes
    workshop_id: int
    forget_on: date


def move(
    store: Store,
    key_store: KeyStore,
    registration_id: str,
    target_id: int,
    *,
    now: datetime,
    slot: str = "",
    is_beyond_share: bool = False,
    may_write: Callable[[Registration], bool] = lambda registration: True,
) -> bool:
    """Moves a registration as `moving.move` does, with the same errors. Returns False where it is
    there already: done twice it has the effect of once. `may_write` says whether a message confirms
    the move. Raises NotFound where the person has been erased."""
    with store.change() as session:
        registration = session.get(Registration, registration_id)
        if registration is None or registration.key_id is None:
            raise NotFound("registration")
        target = session.get_one(Workshop, target_id)
        is_new = moving.move(
            session,
            key_store,
            registration,
            target,
            now=now,
            slot=slot,
            is_beyond_share=is_beyond_share,
        )
        if is_new and not may_write(registration):
            notifications.withhold(session, registration.id)
        moved = _MovedKey(registration.key_id, target.id, target.forget_on)
    key_store.reassign(moved.key_id, moved.workshop_id, moved.forget_on)
    return is_new
