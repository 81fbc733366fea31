"""Finds registrations for staff by the whole door code, or by the whole contact of a person.

Both look only at workshops of the given offices that are to come or ended within FOUND_AFTER. By
contact nobody of a discreet workshop is found: a known and an unknown contact are then looked up
with the same statements and get the same answer.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import models
from outreach.domain.registrations.code_lookup import FOUND_AFTER
from outreach.domain.registrations.models import ACTIVE_STATUSES, Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore

MAX_KEYS: Final = 50  # registrations of one contact that are looked at


def find_by_code(
    session: Session, key_store: KeyStore, code: str, office_ids: Sequence[int], *, now: datetime
) -> list[Registration]:
    """Returns the registrations with this code, the latest workshop first.

    There is one as a rule, and seldom more: a code is unique within a workshop only.
    """
    workshop_ids = session.scalars(
        sa.select(Workshop.id).where(
            Workshop.office_id.in_(office_ids), Workshop.ends_at > now - FOUND_AFTER
        )
    ).all()
    found = models.find_by_code(session, key_store, code, workshop_ids)
    return sorted(found, key=_start, reverse=True)


def find_by_contact(
    session: Session, key_store: KeyStore, contact: str, office_ids: Sequence[int], *, now: datetime
) -> list[Registration]:
    """Returns the active registrations with this e-mail or phone (E.164), the latest workshop
    first.

    Discreet workshops are left out. Nothing of a registration is decrypted.
    """
    key_ids = key_store.find(contact)[:MAX_KEYS]
    # As many keys in every statement, so that it is the same for a contact that nobody has.
    key_ids += [secrets.token_bytes(16) for _ in range(MAX_KEYS - len(key_ids))]
    found = session.scalars(
        _BY_KEYS, {"key_ids": key_ids, "office_ids": list(office_ids), "since": now - FOUND_AFTER}
    ).all()
    return sorted(found, key=_start, reverse=True)


def _start(registration: Registration) -> tuple[datetime, str]:
    return registration.workshop.starts_at, registration.id


_BY_KEYS: Final = (
    sa.select(Registration)
    .join(Registration.workshop)
    .where(
        Registration.key_id.in_(sa.bindparam("key_ids", expanding=True)),
        Registration.status.in_(ACTIVE_STATUSES),
        Workshop.office_id.in_(sa.bindparam("office_ids", expanding=True)),
        Workshop.is_discreet.is_(False),
        Workshop.ends_at > sa.bindparam("since"),
    )
    .options(sa.orm.contains_eager(Registration.workshop))
)
