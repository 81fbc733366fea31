"""The registration: a party that asked to come to a workshop, its status and its seats.

Imports `workshops` and below, and `keystore`, which encrypts personal data. This package hands on
the names that other packages use. Open `service.py` first: register, change, cancel. `models.py` is
the table and its personal data, `status.py` the allowed changes of status, `capacity.py` how seats
are reserved, `waitlist.py` the waitlist and its offers, `reconfirmation.py` «are you still
coming?», `contact_details.py` a new name or contact, `address_approval.py` who may read a hidden
address, `call_attempts.py` what came of calls, `code_lookup.py` coming back with code and name,
`staff_lookup.py` searching a person for staff, `review.py` who is beyond the share of a network,
`doubtful.py` what staff decide about them, `ticket_sharing.py` a ticket for another person,
`message_types.py` the declarations of what people are told, `notifications.py` and `notify.py` how
it is queued.

A person moves to another date at `/es/r/TOKEN/mover` (SEAT06): the page asks for the limits,
`moving.py` does it in one transaction, and `outreach/privacy/registration_move.py` does it in both
databases. Since a registration may change its workshop, whoever locks the workshop of a
registration does it by `capacity.lock_workshop_of`.

People are told of a change by what they know (S36): `Registration.known_facts` keeps the facts of
`outreach/domain/workshops/facts.py` that somebody was last told, and is NULL while they hold.
`change_notifications.py` stores them before a change, compares them afterwards, and queues one
notification for each person who has to be told. The worker sends it when it can no longer be
undone, or discards it where it says nothing new, and records what was told. Reminders, offers and
other letters that say when and where are recorded too (`SAID_FACTS`, taken when the worker claims a
notification): no letter of the change follows them, and the change cannot be undone. The digest
keeps time and place apart, so that merging venues of one address tells nobody (`rename_places`).
"""

from outreach.domain.registrations.address_approval import (
    approve,
    decline_approval,
    revoke_approval,
)
from outreach.domain.registrations.code_lookup import find_by_code_and_name
from outreach.domain.registrations.contact_details import change_person
from outreach.domain.registrations.models import (
    ACTIVE_STATUSES,
    INTERPRETER,
    STATUSES_WITH_SEATS,
    UNNAMED,
    AccessNeed,
    ContactMethod,
    PersonalData,
    Registration,
    RegistrationData,
    RegistrationStatus,
    SealedRegistration,
    decrypt_people,
    decrypt_person,
    derive_entry_token,
    derive_manage_token,
    digest,
    find,
    find_by_code,
    find_by_entry_token,
    find_duplicate,
    get_key,
    is_of_party,
    list_active,
    list_group,
    manage_digest_of,
    open_details,
    prepare,
    store_links,
)
from outreach.domain.registrations.notify import follow_reminders, set_reminders
from outreach.domain.registrations.service import (
    RegistrationChange,
    cancel,
    change,
    register,
    register_group,
)
from outreach.domain.registrations.status import TRANSITIONS, StatusEvent
from outreach.domain.registrations.waitlist import (
    accept_offer,
    get_position,
    grant_seat,
    list_expired,
    offer_free_seats,
    rejoin,
)

__all__ = [
    "ACTIVE_STATUSES",
    "INTERPRETER",
    "STATUSES_WITH_SEATS",
    "TRANSITIONS",
    "UNNAMED",
    "AccessNeed",
    "ContactMethod",
    "PersonalData",
    "Registration",
    "RegistrationChange",
    "RegistrationData",
    "RegistrationStatus",
    "SealedRegistration",
    "StatusEvent",
    "accept_offer",
    "approve",
    "cancel",
    "change",
    "change_person",
    "decline_approval",
    "decrypt_people",
    "decrypt_person",
    "derive_entry_token",
    "derive_manage_token",
    "digest",
    "find",
    "find_by_code",
    "find_by_code_and_name",
    "find_by_entry_token",
    "find_duplicate",
    "follow_reminders",
    "get_key",
    "get_position",
    "grant_seat",
    "is_of_party",
    "list_active",
    "list_expired",
    "list_group",
    "manage_digest_of",
    "offer_free_seats",
    "open_details",
    "prepare",
    "register",
    "register_group",
    "rejoin",
    "revoke_approval",
    "set_reminders",
    "store_links",
]
