"""The errors that the product raises on purpose, and the codes of refusals.

OutreachError
├── NotFound              there is no such workshop, registration or office
├── RegistrationClosed    the workshop takes no registrations, or no longer
│   └── RegistrationNotOpen  registration opens later
├── Full                  fewer seats are left than were asked for, and there is no waitlist
├── Conflict              somebody else has just taken the time slot or the accommodation
├── FormUsed              the form has made a registration already: of somebody else, or long ago
├── TooMany               a limit is reached: of a contact, or of a phone at the door
├── DataErased            the encryption key is gone: nobody can read these data any more
├── Refusal               what was asked cannot be done; says why with a code and values
├── CommandError          an operation of the administrator failed; its text is English
└── Misconfigured         settings, zone rules or database are not fit to start with

The domain knows no language of pages: `outreach.web.error_messages` says a `Refusal` to a person.
"""

from datetime import datetime, time
from enum import StrEnum, unique


@unique
class ErrorCode(StrEnum):
    """Why something was refused. The value is the English message, for commands and logs."""

    # scheduling: what staff say of a workshop
    HOUR_SKIPPED = "clocks go forward that day and there is no %(hour)s; choose another hour"
    ENDS_AT_START = "the end is the same hour as the start; change one of them"
    CAPACITY_NEGATIVE = "places cannot be fewer than zero"
    DISCRETION_PROMISED = (
        "people are registered who were promised more discretion; it can only rise until %(day)s. "
        "Copy the workshop instead"
    )
    PUSHED_ELSEWHERE = (
        "it was pushed to other sites, where it cannot be deleted, so it cannot become discreet; "
        "clone it and make the copy discreet"
    )
    CAPACITY_BELOW_TAKEN = "%(taken)s places have been saved already; write %(taken)s or more"
    VENUE_UNVERIFIED = (
        "a stranger named the venue: call a number that you find on your own, and mark it as "
        "verified on its page"
    )
    VENUE_MISSING = "the venue is missing; choose one, or say that it is online"
    KIND_NOT_IN_COUNTRY = "this kind is not given in the country of the office; choose another kind"
    SERIES_OF_OTHER_OFFICE = "that series belongs to another office; choose one of yours"
    LIMIT_WITHOUT_ACCOMMODATION = (
        "there is a limit for an accommodation that is not offered; remove the limit"
    )
    OPENING_TOO_LATE = "registration opens at least 1 day before"
    RECONFIRMATION_OUT_OF_RANGE = "ask who is coming from %(least)s to %(most)s days before"
    SLOT_TOO_SHORT = "say how often a time slot starts: 5 minutes or more"
    SLOT_WITHOUT_PLACES = "say how many places each time slot has: 1 or more"
    SLOTS_OVERBOOKED = "time slots cannot be overbooked"
    SLOT_TAKEN = "somebody has the time slot at %(hour)s; leave it as it is"
    ACCOMMODATION_PROMISED = "%(promised)s have been promised it; write %(promised)s or more"
    ADMISSION_IN_USE = "places have been saved already; the way to get in stays as it is"
    FORM_DRAFT_TOO_LONG = "that is too long; write less"
    IMPORT_DRAFT_TOO_LARGE = "the sheet is too much for a draft; bring it in parts"
    WORKSHOP_TEMPLATES_TOO_MANY = "the office has %(most)s templates; delete one"
    MESSAGE_TEXTS_TOO_MANY = "the office has %(most)s texts; delete one"
    MESSAGE_TEXT_NEEDS_NAME = "name the text, in %(most)s letters or less"
    MESSAGE_TEXT_NAME_IN_USE = "another text has that name; choose another"
    MESSAGE_TEXT_EMPTY = "there is no text to save; write one"
    IMPORT_DRAFTS_TOO_MANY = "the office has %(most)s sheets begun; finish or delete one"
    CALENDAR_LINKS_TOO_MANY = "the office has %(most)s calendars by address; remove one"
    # publishing, cancelling and reporting a workshop
    WORKSHOP_PAST = "that day and hour are past; look at the date"
    ADDRESS_EXPOSED = "the workshop is discreet and everybody would see its address; hide it first"
    FIELDS_MISSING = "missing: %(fields)s; it was not published"
    CANCEL_NEEDS_PUBLISHED = "only a published workshop can be cancelled"
    CANCEL_AFTER_END = "it is past; say in its attendance that it was not held"
    CANCEL_NEEDS_NOTICE = "it is less than 7 days away: who has a place must be told"
    NOT_URGENT = "only what changes less than 24 hours before the start is told at once"
    DANGER_TOO_EARLY = "a workshop is closed for danger from 24 hours before its start"
    CLOSED_FOR_DANGER = "it is closed for danger at its venue; reopen it first"
    NOT_CLOSED_FOR_DANGER = "it is not closed for danger"
    UNDO_TOO_LATE = "it is too late to undo it; change the workshop instead"
    UNDO_PUBLISHED_SINCE = "it was published since; cancel it by hand if it is not held"
    UNDO_EDITED_SINCE = "it was changed again since; change it back by hand"
    UNDO_APPROVED_SINCE = "somebody was allowed to read the address since; change it back by hand"
    UNDO_NOTIFIED_SINCE = "people were told already; change it back, and they are told again"
    UNDO_WITH_OTHERS = "another workshop at that venue or stop cannot be changed back"
    UNDO_REGISTERED_SINCE = "somebody saved a place since; change it back, and they are told"
    WORKSHOP_NOT_CANCELLED = "this workshop is not cancelled"
    REPORT_NEEDS_PUBLISHED = "only a published workshop can be reported on"
    REPORT_TOO_EARLY = "this workshop has not started; report on it when it is over"
    ATTENDANCE_NEGATIVE = "people cannot be fewer than zero"
    CALL_NOT_OPENED = "open the call first: its number is shown to one person a day"
    # bulk actions
    BULK_ACTION_FAILED = "“%(title)s”, %(day)s: %(cause)s; nothing was done"
    NOT_A_DRAFT = "it is no draft"
    DATE_PAST = "its date is past; change it first"
    DELETE_NEEDS_DRAFT = (
        "only a draft that was never published is deleted; this one can be cancelled"
    )
    DELETE_WITH_REGISTRATIONS = "it has registrations already; it is not deleted"
    DELETE_WITH_TEAM = "somebody is in its team; take them out of it first, so that they are told"
    WORKSHOP_WITHOUT_VENUE = "it has no venue: it is online or by telephone"
    WORKSHOP_CANCELLED = "it is cancelled"
    WORKSHOP_STARTED = "it has started, or is over"
    NEW_DATE_PAST = "its new date would be in the past"
    DURATION_IMPOSSIBLE = "it would last less than a minute, or a whole day; change its end"
    # recurrence
    RECURRENCE_WITHOUT_END = "say until which day it repeats, or how many times"
    RECURRENCE_WITHOUT_WEEKDAY = "choose at least one day of the week"
    RECURRENCE_COUNT_OUT_OF_RANGE = "from 1 to %(most)s dates are made at once; write such a number"
    RECURRENCE_TOO_FAR = "the last date is too far away; choose one of the next 3 years"
    RECURRENCE_TOO_MANY_DATES = "those are more than %(most)s dates; choose an earlier last date"
    RECURRENCE_WITHOUT_DATES = "that makes no date; choose a later last date"
    DATE_FAILED = "%(day)s: %(cause)s; nothing was done"
    # tours
    TOUR_STOP_EXISTS = "that stop is in the tour already: same day, hour and place"
    TOUR_WITH_TOO_MANY_STOPS = "a tour has up to %(most)s stops; make another tour for the others"
    TOUR_STOP_EDIT_CANCELLED = "this stop is cancelled; reinstate it before you change it"
    TOUR_STOP_NEEDS_VENUE = "the workshops of this stop have a venue; choose another or keep it"
    TOUR_STOP_KIND_IN_USE = "a kind that you removed has its workshop here; keep it"
    TOUR_STOP_PUBLISH_CANCELLED = "this stop is cancelled; reinstate it before you publish it"
    TOUR_STOP_WITHOUT_VENUE = "%(city)s: the venue is missing; it was not published"
    TOUR_STOP_CANCELLED_ALREADY = "this stop is cancelled already"
    TOUR_STOP_NOT_CANCELLED = "this stop is not cancelled"
    TOUR_STOP_WITHOUT_KIND = "choose at least one kind of workshop for this stop"
    TOUR_STOP_WITH_TOO_MANY_KINDS = "choose up to %(most)s kinds for a stop"
    WORKSHOP_OF_CANCELLED_STOP = "its stop of the tour is cancelled; reinstate the stop first"
    # the network, its venues, partners and accounts
    ACCOUNT_IN_USE = "that account is in use, or disabled; it needs no invitation"
    ACCOUNT_OF_NETWORK = "an admin of the network manages that account; ask one"
    ACCOUNT_OF_OTHER_OFFICE = "that account has a role at another office too; ask an admin"
    OFFICE_OF_OTHERS = "you can invite only to your own offices"
    OWN_ACCOUNT = "nobody disables or invites their own account; ask a colleague"
    ROLE_OF_NETWORK = "an admin of the network gives that role; ask one"
    OFFICE_SLUG_TAKEN = "that short name belongs to another office; choose another"
    KIND_CODE_TAKEN = "that code belongs to another kind; choose another"
    PLACE_NOT_CLEAR = "that is not one place; write a ZIP code, or a city and its state"
    PLACE_NAME_EXISTS = "the office has added that name already"
    PLACE_NAME_UNCLEAR = "a name has at least three letters"
    TOO_MANY_PLACE_NAMES = "the office has 200 names already; remove one first"
    VENUE_MERGED = "the venue of that name is «%(name)s» now; use it, or change the name"
    VENUE_MERGE_ZONES = "the two venues are in different time zones; mend that first"
    VENUE_MERGE_SELF = "a venue is not merged with itself; choose another"
    VENUE_MERGE_TOO_LATE = "a merge can be undone for a day; separate them by a new venue"
    VENUE_MERGE_CHANGED = "«%(name)s» was changed after the merge; it cannot be undone"
    VENUE_MERGE_MERGED = "«%(name)s» was merged into another; undo that first"
    VENUE_MERGE_NAME = "a venue that was made after the merge has one of the two names"
    VENUE_EXISTS = "there is a venue with that name and address; change the name"
    MEETING_POINT_TELLS_ADDRESS = "the meeting point tells the venue's name or address"
    PARTNER_EXISTS = "there is one with that name; use it, or change the name"
    UNIT_ELSEWHERE = "the unit is at another workshop elsewhere at that time; choose another"
    ASSIGNED_ALREADY = "they are in the team of this workshop already"
    ASSIGNMENT_RELEASED = "they are not needed at this workshop any more"
    MEMBER_ERASED = "the data of this member are erased; add them again"
    ACCOUNT_EXISTS = "there is an account with that address; look for it in the list"
    LAST_ADMINISTRATOR = (
        "it is the only account that administers the network; give that role to another first"
    )
    ACCOUNT_WITHOUT_ROLE = "leave at least one role; suspend the account of who does not work here"
    OWN_ACCOUNT_RESET = "your own account is reset by another administrator"
    ROLE_NEEDS_OFFICE = "that role needs an office; choose one"
    ROLE_NEEDS_NETWORK = "an account of the call centre works for all offices and has no other role"
    OFFICE_UNKNOWN = "there is no such office; choose one of the list"
    VOICE_NOTE_OF_DISCREET = "what is discreet, or has a hidden address, has no recordings"
    # attendees and check-in
    ADDRESS_NOT_BY_APPROVAL = "this workshop's address is not approved for each person"
    APPROVAL_NEEDS_SEAT = "confirm the registration first; then its address can be approved"
    MANIFEST_TOO_EARLY = "take the list along on the day of the workshop, or one day before"
    CHECKIN_LIST_TOO_EARLY = "the list of the door opens the day before the workshop"
    WAITLIST_CHECKIN_TOO_EARLY = "let in who waits when the workshop starts"
    CHAIRS_TAKEN = "there are no chairs left for so many people"
    CHECKIN_NEEDS_PUBLISHED = "only a published workshop has a check-in"
    CERTIFICATE_TOO_EARLY = "a certificate is made when the workshop is over"
    FLYER_OF_CANCELLED = "this workshop is not held: it has no flyer; take down those you put up"
    # messages to the people of a workshop
    MESSAGE_NEEDS_PUBLISHED = "only people of a published or cancelled workshop are written to"
    MESSAGE_TOO_LATE = "this workshop is past; no more messages are sent"
    MESSAGE_WITHOUT_REASON = "choose what happened with the buttons of the page"
    MESSAGE_TEXT_NOT_ALLOWED = "only the prepared texts are sent here; remove yours"
    MESSAGE_TOO_LONG = "that is too long; write %(most)s characters or fewer"
    MESSAGE_WITH_LINK = "remove links and e-mail addresses: the letter has each person's own link"
    MESSAGE_WITHOUT_SPANISH = "write it in Spanish too: that is read by who has another language"
    MESSAGE_WITHOUT_BRING = "this workshop does not say what to bring; write it in “Algo más”"
    MESSAGE_SENT_TWICE = "the same message was sent minutes ago; it is not sent twice"
    MESSAGE_REACHES_NOBODY = "none of them left an e-mail address or phone number"
    # months and bulletins
    MONTH_NOT_OVER = "%(month)s is not over. Close it from three days after its last day on."
    REVISION_WITHOUT_REASON = (
        "%(month)s is closed already. Say with --reason why there is to be another revision."
    )
    REVISION_WITHOUT_CHANGES = (
        "%(month)s is as its last revision says. There is no need for another."
    )
    BULLETIN_WITHOUT_CORRECTION = "say what is corrected and why: the new edition begins with it"
    BULLETIN_FIGURES_CHANGED = (
        "the figures have changed; save to fetch the new ones, read them and publish"
    )
    BULLETIN_MONTH_NOT_CLOSED = "this month is not closed; close it before you write the bulletin"
    BULLETIN_MONTH_REOPENED = (
        "this month has been reopened; close it before you go on with the bulletin"
    )
    BULLETIN_UNDO_TOO_LATE = "the five minutes are over; what is published is corrected instead"
    BULLETIN_UNDO_SENT = "letters have been sent already; publish a correction instead"
    BULLETIN_UNDO_CORRECTED = "somebody has begun a correction since"
    BULLETIN_EMBARGOED = "the numbers of this month are not released yet; publish it afterwards"
    RELEASE_DAY = "the day of release is from %(first)s to %(last)s"
    REMINDERS_SENT = "these reminders have been sent already"


class OutreachError(Exception):
    """The base of every error this product raises on purpose."""


class NotFound(OutreachError):
    pass


class Embargoed(NotFound):
    """The numbers of a month are not released yet; `at` is when they are to be."""

    def __init__(self, month: str, at: datetime) -> None:
        super().__init__(f"{month} is released at {at:%Y-%m-%dT%H:%M:%SZ}")
        self.at = at


class RegistrationClosed(OutreachError):
    pass


class Full(OutreachError):
    pass


class RegistrationNotOpen(RegistrationClosed):
    pass


class Conflict(OutreachError):
    """Somebody else has changed or taken what was asked for. Of a registration, its text is the
    access need that has run out; empty for the time slot."""


class FormUsed(OutreachError):
    pass


class TooMany(OutreachError):
    pass


class DataErased(OutreachError):
    pass


class Refusal(OutreachError):
    """What was asked cannot be done as it stands.

    `code` is a member of `ErrorCode`, or of another enumeration whose values are English messages;
    `values` fill in its `%(name)s`. Its text is that message.
    """

    def __init__(self, code: StrEnum, /, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        return self.code.value % {name: _in_english(each) for name, each in self.values.items()}


class CommandError(OutreachError):
    """An operation of the command line failed. Its text is an English sentence that says why."""


class Misconfigured(OutreachError):
    """Settings, zone rules or a database are not fit to start with. Its text names every fault at
    once, one a line."""


def _in_english(value: object) -> object:
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
