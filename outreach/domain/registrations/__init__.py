"""Registrations: who asked to come, and whether there is a place for them.

`registration` is the row and who may read it; `standings` every way it can go; `holding` how places
are taken; `seats` saving, changing and giving up; `reaching` another name or contact; `waiting` the
list and its offers; `rounds` the question whether people still come; `approval` who may read a
hidden address; `telling` what they are owed to be told.
"""

from outreach.domain.registrations.approval import approve, unapprove
from outreach.domain.registrations.reaching import change_person
from outreach.domain.registrations.registration import (
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
from outreach.domain.registrations.seats import Change, change, register, register_all, release
from outreach.domain.registrations.standings import ARROWS, Move
from outreach.domain.registrations.telling import tell_all
from outreach.domain.registrations.waiting import accept, grant, lapsed, offer_free, rejoin, turn

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
