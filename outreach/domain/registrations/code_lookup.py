"""Finds a registration by its code and its name, for who comes back from any phone.

A code is shown on paper and said at the door, so it opens nothing by itself. An unknown code costs
the same work as a wrong name, and gives the same answer.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import keystore
from outreach.domain.registrations.models import (
    UNNAMED,
    Registration,
    decrypt_person,
    find_by_code,
)
from outreach.domain.text import clean, fold, list_codes_of_keys
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore

CODE_LENGTH: Final = 6
FOUND_AFTER: Final = timedelta(days=30)  # after the workshop: the longest usual retention


def list_by_code(
    session: Session, key_store: KeyStore, code: str, *, now: datetime
) -> Sequence[Registration]:
    """Returns the registrations with this code, the next workshop first.

    Their workshops are to come or ended within FOUND_AFTER. A code is unique within a
    workshop only, and is found by a digest of workshop and code: one is computed for each
    workshop.
    """
    workshop_ids = session.scalars(
        sa.select(Workshop.id).where(Workshop.ends_at > now - FOUND_AFTER)
    ).all()
    found = find_by_code(session, key_store, code, workshop_ids)
    return sorted(found, key=lambda each: (each.workshop.starts_at, each.id), reverse=True)


def list_by_keys(
    session: Session, key_store: KeyStore, keys: str, *, now: datetime
) -> Sequence[Registration]:
    """Returns the registrations whose spoken code is pressed by these keys of a telephone.

    Only workshops ahead that are not discreet are searched; the next workshop comes first.
    """
    workshop_ids = session.scalars(
        sa.select(Workshop.id).where(Workshop.ends_at > now, Workshop.is_discreet.is_(False))
    ).all()
    found = [
        registration
        for each in list_codes_of_keys(keys)
        for registration in find_by_code(session, key_store, each, workshop_ids)
    ]
    return sorted(found, key=lambda each: (each.workshop.starts_at, each.id))


def find_by_code_and_name(
    session: Session, key_store: KeyStore, code: str, name: str, *, now: datetime
) -> tuple[Registration, bytes] | None:
    """Returns the registration with this code and name, and its key; None if there is none.

    Names are compared without accents, capitals, punctuation and superfluous spaces.
    """
    found = list_by_code(session, key_store, code, now=now)
    # Without a registration, a key that nobody has is looked for, and the decoy is decrypted.
    key_ids = [each.key_id for each in found if each.key_id is not None]
    keys = key_store.get_all(key_ids or [secrets.token_bytes(16)])
    wanted, match = _digest(name), None
    for registration in found:
        key = keys.get(registration.key_id or b"")
        if key is None or registration.sealed is None:  # being erased in this moment
            continue
        stored = decrypt_person(registration, key).name
        is_same = hmac.compare_digest(_digest(stored), wanted)
        if is_same and stored != UNNAMED:
            match = registration, key
    if not found:
        hmac.compare_digest(_digest(_decrypt_decoy()), wanted)
    return match


def _digest(name: str) -> bytes:
    """Returns a digest of a name by which names are compared; all digests have the same length."""
    spelled = fold(name) or clean(name).casefold()  # a name may have no letter: «★»
    return hashlib.sha256(spelled.encode()).digest()


def _decrypt_decoy() -> str:
    """Does the work of decrypting a name, and returns a name that belongs to nobody."""
    key, sealed = _seal_decoy()
    text: str = json.loads(keystore.decrypt(key, sealed, "decoy"))["name"]
    return text


@cache
def _seal_decoy() -> tuple[bytes, bytes]:
    key = secrets.token_bytes(32)
    text = json.dumps({"name": secrets.token_hex(6), "address": ""})
    return key, keystore.encrypt(key, text, "decoy")
