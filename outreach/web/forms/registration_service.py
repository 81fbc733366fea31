"""Saves a registration: creates its key, then stores it; after a failure neither is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from outreach.domain import registrations
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationData,
    SealedRegistration,
    assisted,
    notifications,
    review,
    ticket_sharing,
)
from outreach.domain.workshops import Workshop
from outreach.errors import Conflict, FormUsed, Full, RegistrationClosed
from outreach.keystore.seat_shares import ClientNetwork
from outreach.web.context import config, key_store, seat_shares, store
from outreach.web.forms.registration_channels import RegistrationSource
from outreach.web.middleware import rate_limits, request_retry

REPEATED_WITHIN: Final = timedelta(minutes=10)  # a browser repeats a post after a lost answer


def save(
    workshops: Sequence[Workshop],
    data: RegistrationData,
    form_id: str,
    source: RegistrationSource,
    *,
    now: datetime,
) -> bytes:
    """Registers a person for one workshop or for all dates of a series, and returns the key of the
    first.

    `form_id` is what `KeyStore.form_id` returns for the form's nonce. A form that was posted before
    returns the key of its registration. Raises FormUsed as `get_key_of_repeated` does,
    RegistrationClosed, Full or Conflict, and then leaves no data.
    """
    # An earlier attempt of this request may have committed without its response being received.
    prepared: list[tuple[Workshop, SealedRegistration]] = request_retry.keep(
        f"tickets {form_id}", list
    )
    counted = _CountedSeats(
        workshops, source.networks, data.people, now, request_retry.keep(f"seats {form_id}", list)
    )
    try:
        for each in workshops[len(prepared) :]:
            prepared.append((each, registrations.prepare(key_store(), each, data)))
        (workshop, sealed), *others = prepared
        ids = {each.id: its.id for each, its in prepared}
        key_ids = [its.key_id for _each, its in prepared]
        with store().change() as session:
            is_assisted = dict[int, bool]()

            def is_beyond_share(each: Workshop) -> bool:
                is_assisted[each.id] = assisted.use(session, each, source.assisted_code, now=now)
                is_exempt = is_assisted[each.id] or ticket_sharing.use(
                    session, each, source.shared_by, ids[each.id], data.people
                )
                return not is_exempt and counted.is_beyond_share(key_ids)

            if others:
                registrations.register_group(
                    session, prepared, data, form_id,
                    now=now, is_beyond_share=is_beyond_share,
                )  # fmt: skip
            else:
                registrations.register(
                    session, workshop, data, sealed, form_id,
                    now=now, is_beyond_share=is_beyond_share,
                )  # fmt: skip
            if not (is_assisted[workshop.id] or _may_text(data, source.networks)):
                notifications.withhold(session, sealed.id)
            source.also(session)
        return sealed.key
    except (RegistrationClosed, Full, Conflict):
        if not request_retry.is_retry():
            counted.give_back()
            _destroy(prepared)
            raise
        # An earlier attempt of this form may have taken the last place, or may still commit. So its
        # keys stay; the purge removes those that nothing refers to.
        existing = _find_existing(form_id)
        if existing is None:
            raise
        return _get_key(existing, prepared, data, now)
    except sa.exc.IntegrityError:
        # The same form was posted twice at once, and the other post committed first.
        existing = _find_existing(form_id)
        if existing is None:
            _destroy(prepared)
            raise
        return _get_key(existing, prepared, data, now)


@dataclass
class _CountedSeats:
    """The seats that a party counts for in the share of its networks."""

    workshops: Sequence[Workshop]  # the dates of one course, or one
    networks: Sequence[ClientNetwork]
    people: int
    now: datetime
    is_within: list[bool]  # once it is counted; kept while a request is answered again

    def is_beyond_share(self, key_ids: Sequence[bytes]) -> bool:
        """Counts the party in the share of its networks, once for all dates, and returns whether it
        is too large for it. `key_ids` are stored with a burst, so that it can be found (S29)."""
        if not self.networks:
            return False
        if not self.is_within:
            smallest = min(self.workshops, key=lambda each: each.capacity + each.overbooked)
            is_within = seat_shares().take(
                review.name_subject(smallest),
                self.networks,
                self.people,
                review.compute_share(smallest),
                now=self.now,
                key_ids=key_ids,
            )
            self.is_within.append(is_within)
        return not self.is_within[0]

    def give_back(self) -> None:
        if any(self.is_within):
            subject = review.name_subject(self.workshops[0])
            seat_shares().give_back(subject, self.networks, self.people)
        self.is_within.clear()


def _may_text(data: RegistrationData, networks: Sequence[ClientNetwork]) -> bool:
    """Whether the client may cause the text of this registration, where there is one (S31)."""
    is_text = data.contact is ContactMethod.PHONE and data.may_leave_message
    if not (is_text and networks and config().texts.url):
        return True
    return rate_limits.count_text(networks[0].name)


def get_key_of_repeated(existing: Registration, data: RegistrationData, *, now: datetime) -> bytes:
    """Returns the key of the registration that this form made, for a browser that repeats its post.

    Raises FormUsed where the post names another party, or comes later than REPEATED_WITHIN: a used
    token leads nobody else to the registration (S26). Raises NotFound where it has been erased.
    """
    key = registrations.get_key(key_store(), existing)
    made_at = key_store().made_at(existing.key_id or b"")  # the row has only the hour
    is_late = made_at is None or now - made_at > REPEATED_WITHIN
    if is_late or not registrations.is_of_party(existing, key, data):
        raise FormUsed(f"workshop {existing.workshop_id}")
    return key


def _find_existing(form_id: str) -> Registration | None:
    with store().read() as session:
        return registrations.find_duplicate(session, form_id)


def _get_key(
    existing: Registration,
    prepared: list[tuple[Workshop, SealedRegistration]],
    data: RegistrationData,
    now: datetime,
) -> bytes:
    """Returns the key of the saved registration, and destroys the prepared keys unless it uses
    them."""
    if not prepared or existing.key_id != prepared[0][1].key_id:
        _destroy(prepared)
    return get_key_of_repeated(existing, data, now=now)


def _destroy(prepared: list[tuple[Workshop, SealedRegistration]]) -> None:
    key_ids = [sealed.key_id for _workshop, sealed in prepared]
    prepared.clear()  # first: another attempt must not use a destroyed key
    if key_ids:
        key_store().destroy(*key_ids)
