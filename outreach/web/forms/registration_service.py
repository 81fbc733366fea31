"""Saves a registration: creates its key, then stores it; on failure nothing of it is left."""

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain import registrations
from outreach.domain.registrations import Registration, RegistrationData, SealedRegistration
from outreach.domain.workshops import Workshop
from outreach.errors import Conflict, Full, RegistrationClosed, TooMany
from outreach.web.context import key_store, store
from outreach.web.middleware import request_retry


def save(
    wanted: Sequence[Workshop],
    data: RegistrationData,
    nonce: str,
    *,
    now: datetime,
    also: Callable[[Session], None] = lambda session: None,
) -> bytes:
    """Registers somebody for one workshop, or for all the dates of a series, and gives the key of
    the first; of a form that was sent before, the key it made then. `also` is done in the same
    transaction. Raises TooMany, RegistrationClosed, Full, Conflict: then nothing of it is left."""
    # Of an earlier try of this request too: it may have been done, though nobody heard of it.
    made: list[tuple[Workshop, SealedRegistration]] = request_retry.keep(f"tickets {nonce}", list)
    try:
        for each in wanted[len(made) :]:
            made.append((each, registrations.prepare(key_store(), each, data)))
        (workshop, sealed), *others = made
        with store().change() as session:
            if others:
                registrations.register_group(session, made, data, nonce, now=now)
            else:
                registrations.register(session, workshop, data, sealed, nonce, now=now)
            also(session)
        return sealed.key
    except (TooMany, RegistrationClosed, Full, Conflict):
        if not request_retry.is_retry():
            _destroy(made)
            raise
        # The last place may have gone to this very form, a moment ago. And what nobody heard of may
        # still be done: a key that was made for it stays; the purge takes it if nothing needs it.
        before = _before(nonce)
        if before is None:
            raise
        return _key_of(before, made)
    except sa.exc.IntegrityError:
        # The same form, sent twice at the same moment: the other post was first.
        before = _before(nonce)
        if before is None:
            _destroy(made)
            raise
        return _key_of(before, made)


def _before(nonce: str) -> Registration | None:
    with store().read() as session:
        return registrations.find_duplicate(session, nonce)


def _key_of(before: Registration, made: list[tuple[Workshop, SealedRegistration]]) -> bytes:
    """The key of what was saved. Those made now go, unless they are the very ones of it."""
    if not made or before.key_id != made[0][1].key_id:
        _destroy(made)
    return registrations.get_key(key_store(), before)


def _destroy(made: list[tuple[Workshop, SealedRegistration]]) -> None:
    gone = [sealed.key_id for _workshop, sealed in made]
    made.clear()  # first: a key that may be gone must not be used by another try
    if gone:
        key_store().destroy(*gone)
