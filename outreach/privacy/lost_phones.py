"""A lost phone: whoever has it now gets no more messages about a registration, and its link ends.

It is one act. The contact goes first: after a crash in between, the person still has the old link
and presses again.
"""

from collections.abc import Sequence
from datetime import datetime

from outreach.db.store import Store
from outreach.domain.registrations import (
    ContactMethod,
    PersonalData,
    Registration,
    contact_details,
    decrypt_person,
)
from outreach.keystore import KeyStore, RegistrationKey
from outreach.privacy import link_renewal


def report(
    store: Store, key_store: KeyStore, group: Sequence[Registration], nonce: str, *, now: datetime
) -> dict[str, RegistrationKey]:
    """Removes the phone from all dates of a group and renews their links; returns their keys as
    `link_renewal.renew` does. An e-mail stays. Raises NotFound where they have been erased."""
    lost = [each for each in group if each.contact is ContactMethod.PHONE]
    keys = key_store.get_all(each.key_id for each in lost if each.key_id is not None)
    for each in lost:
        if each.key_id in keys:
            _forget_phone(store, key_store, each.id, keys[each.key_id], now=now)
    return link_renewal.renew(store, key_store, group, nonce, now=now)


def _forget_phone(
    store: Store, key_store: KeyStore, registration_id: str, key: RegistrationKey, *, now: datetime
) -> None:
    with store.change() as session:
        registration = session.get(
            Registration, registration_id, with_for_update={"of": Registration}
        )
        if registration is None or registration.key_id is None:
            return
        key_id = registration.key_id
        registration.open_with(key)
        name = decrypt_person(registration, key).name
        contact_details.change_person(
            session,
            registration,
            key,
            PersonalData(name=name, address=""),
            ContactMethod.NONE,
            may_leave_message=False,
            takes_calls=False,
            now=now,
            has_moved=False,
        )
    key_store.set_contact(key_id, None)
