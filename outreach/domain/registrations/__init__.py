"""Registrations: who asked to come, and whether there is a place for them.

`models` is the row and who may read it; `status` every way it can go; `capacity` how places
are taken; `service` saving, changing and giving up; `contact_details` another name or contact;
`waitlist` the list and its offers; `reconfirmation` the question whether people still come;
`address_approval` who may read a hidden address; `notify` what they are owed to be told.
"""

from outreach.domain.registrations.address_approval import approve, unapprove
from outreach.domain.registrations.contact_details import change_person
from outreach.domain.registrations.models import (
    HOLDING,
    INTERPRETER,
    LIVE,
    LIVE_PER_CONTACT,
    Applicant,
    Contact,
    Need,
    Person,
    Registration,
    Standing,
    Ticket,
    count_need,
    digest,
    entry_token,
    find,
    find_by_entry,
    joint,
    key_of,
    manage_token,
    of_workshop,
    people_of,
    prepare,
    read_person,
    saved_before,
)
from outreach.domain.registrations.notify import tell_all
from outreach.domain.registrations.service import Change, change, register, register_all, release
from outreach.domain.registrations.status import ARROWS, Move
from outreach.domain.registrations.waitlist import accept, grant, lapsed, offer_free, rejoin, turn

__all__ = [
    "ARROWS",
    "HOLDING",
    "INTERPRETER",
    "LIVE",
    "LIVE_PER_CONTACT",
    "Applicant",
    "Change",
    "Contact",
    "Move",
    "Need",
    "Person",
    "Registration",
    "Standing",
    "Ticket",
    "accept",
    "approve",
    "change",
    "change_person",
    "count_need",
    "digest",
    "entry_token",
    "find",
    "find_by_entry",
    "grant",
    "joint",
    "key_of",
    "lapsed",
    "manage_token",
    "of_workshop",
    "offer_free",
    "people_of",
    "prepare",
    "read_person",
    "register",
    "register_all",
    "rejoin",
    "release",
    "saved_before",
    "tell_all",
    "turn",
    "unapprove",
]
