"""The registration: a party that asked to come to a workshop, its status and its seats.

Imports `workshops` and below, and `keystore`, which encrypts personal data. This package hands on
the names that other packages use. Open `service.py` first: register, change, cancel. `models.py` is
the table and its personal data, `status.py` the allowed changes of status, `capacity.py` how seats
are reserved, `waitlist.py` the waitlist and its offers, `reconfirmation.py` «are you still
coming?», `contact_details.py` a new name or contact, `address_approval.py` who may read a hidden
address, `notifications.py` and `notify.py` what people are told.
"""

from outreach.domain.registrations.address_approval import approve, unapprove
from outreach.domain.registrations.contact_details import change_person
from outreach.domain.registrations.models import (
    ACTIVE_STATUSES,
    INTERPRETER,
    MAX_ACTIVE_PER_CONTACT,
    SEAT_HOLDING_STATUSES,
    AccessNeed,
    ContactMethod,
    PersonalData,
    Registration,
    RegistrationData,
    RegistrationStatus,
    SealedRegistration,
    calendar_token,
    count_access_need,
    decrypt_people,
    decrypt_person,
    digest,
    find,
    find_by_calendar_token,
    find_duplicate,
    group,
    key_of,
    manage_token,
    of_workshop,
    prepare,
)
from outreach.domain.registrations.notify import notify_all
from outreach.domain.registrations.service import (
    RegistrationChange,
    cancel,
    change,
    register,
    register_group,
)
from outreach.domain.registrations.status import TRANSITIONS, StatusEvent
from outreach.domain.registrations.waitlist import (
    accept,
    grant,
    lapsed,
    offer_free_seats,
    rejoin,
    turn,
)

__all__ = [
    "ACTIVE_STATUSES",
    "INTERPRETER",
    "MAX_ACTIVE_PER_CONTACT",
    "SEAT_HOLDING_STATUSES",
    "TRANSITIONS",
    "AccessNeed",
    "ContactMethod",
    "PersonalData",
    "Registration",
    "RegistrationChange",
    "RegistrationData",
    "RegistrationStatus",
    "SealedRegistration",
    "StatusEvent",
    "accept",
    "approve",
    "calendar_token",
    "cancel",
    "change",
    "change_person",
    "count_access_need",
    "decrypt_people",
    "decrypt_person",
    "digest",
    "find",
    "find_by_calendar_token",
    "find_duplicate",
    "grant",
    "group",
    "key_of",
    "lapsed",
    "manage_token",
    "notify_all",
    "of_workshop",
    "offer_free_seats",
    "prepare",
    "register",
    "register_group",
    "rejoin",
    "turn",
    "unapprove",
]
