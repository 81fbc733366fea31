"""The messages about one registration: each type is declared here, once.

Everything else follows from the declarations: which outbox sends a message and what it counts in,
when it is obsolete, what it attaches, what staff read of it. The words are in
`templates/mail/<value>.txt` and `templates/sms/<value>.txt`, where `value` is that of the type.
Discretion has no default: a declaration says what its message does at a discreet workshop and at
one of high sensitivity. To add a message see «A message» on the page *contributing*.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from outreach.domain.fields import N_
from outreach.domain.registrations.models import (
    ACTIVE_STATUSES,
    ContactMethod,
    Registration,
    RegistrationStatus,
)
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.workshops import Workshop


class NotificationType(StrEnum):
    """The reason why we write. Its name is stored, and its value names the templates."""

    REGISTERED = "saved"
    WAITLISTED = "waiting"
    OFFER = "offer"  # a free seat is held for them until they answer
    SEAT_GRANTED = "seated"  # staff gave them a seat
    OFFER_EXPIRED = "lapsed"  # they did not answer the offer in time
    MOVED = "moved"  # they moved to another date themselves
    CHANGED = "changed"
    CANCELLED = "cancelled"
    REINSTATED = "reinstated"
    EARLY_REMINDER = "early"  # the first of two
    REMINDER = "reminder"
    RECONFIRM = "confirm"  # are you still coming?
    APPROVED = "approved"  # they may see the address
    LINK_RECOVERY = "link"  # they asked for their link
    SUMMARY = "summary"  # all registrations of the recipient, in place of several messages
    MESSAGE = "message"  # written by staff


class AtDiscreet(Enum):
    """How a message is handled at a discreet workshop.

    Its letter is neutral in any case: another sender, no address for replies, no calendar
    entry (S14 to S17).
    """

    IS_NEUTRAL = 1  # the letter says day and hour; a text only that there is news, and whom to call
    HAS_LINK = 2  # the same; a text has the link, and goes only to who alone reads that phone
    IS_NOT_SENT = 3


class AtSensitive(Enum):
    """Whether a message is sent at a workshop of high sensitivity that is not discreet."""

    IS_SENT = 1  # in the words of any other workshop
    IS_NOT_SENT = 2


class MessageChannel(Enum):
    """A way by which a message reaches somebody."""

    LETTER = 1
    TEXT = 2
    CALL = 3  # staff call who has a phone and gets no text


class WorkshopState(Enum):
    """The state that a workshop must have for a message to be sent about it."""

    PLANNED = 1  # not cancelled
    CANCELLED = 2
    ANY = 3  # it is about the person, and stays true where they move to another date
    AS_WRITTEN = 4  # as it was when staff wrote the message


class SaidFacts(Enum):
    """When a message says day, hour and place as they are, so that who gets it knows them (S36)."""

    NEVER = 1
    ALWAYS = 2  # or it leads to the page that does
    UNLESS_DISCREET = 3
    LETTER_UNLESS_DISCREET = 4  # a text does not say them
    OF_ITS_CHANGE = 5  # it says those that it was queued for


class CountedAs(Enum):
    """Which limit a message counts against (S30), and which purse pays it as a text (S31)."""

    OF_ANYBODY = 1  # whoever knows an address can cause it: limited; from the strangers' half
    OF_YOUNG = 2  # the same in the first hour of a registration; afterwards as one of staff
    OF_STAFF = 3  # never limited; from the whole day's budget
    OF_REMINDERS = 4  # one a day and recipient (`outbox.reminder_folds`); from a purse of its own


class EntryChange(Enum):
    """How a letter changes the calendar of somebody who wants an entry."""

    NONE = 1
    ADDED = 2  # it says when and where to somebody with a place
    REMOVED = 3
    REMOVED_IF_EXPIRED = 4  # from who is off the waiting list


class NotifySheetType(Enum):
    """The page on which staff see a message and decide on it before it is queued."""

    NONE = 1  # nobody decides: it follows from what happened
    CHANGE = 2  # the sheet of a change of the workshop; it can be undone for some minutes
    PREVIEW = 3  # the page on which they write it


class TextQuestion(IntEnum):
    """The question that a text asked. An answer is about the most pressing one (S41)."""

    NONE = 0  # it only said something
    REMINDER = 1  # «tomorrow»: who does not come may say so
    RECONFIRM = 2
    OFFER = 3

    @property
    def is_open(self) -> bool:
        """Whether it asks for an answer, which staff can also note in a call."""
        return self in {TextQuestion.RECONFIRM, TextQuestion.OFFER}


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a message is due that is queued together with a confirmed seat.

    It follows the workshop to another day.
    """

    compute_due: Callable[[Workshop], datetime | None]  # None: not at this workshop
    is_on_request: bool  # only to who ticked «recuérdame»
    is_repetition: bool  # left out where another message has said when and where since it was due
    call_ahead: timedelta  # so long before it is due may staff say it in a call


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """When a message is due after the workshop.

    The worker queues it then for the parties of whom it is true; `valid_until` is later still.
    """

    wait: timedelta  # since the end
    is_on_request: bool  # only to who ticked «recuérdame»


# Until when a message is worth sending.
def _get_end(workshop: Workshop) -> datetime:
    return workshop.ends_at


def _get_start(workshop: Workshop) -> datetime:
    return workshop.starts_at


def _get_end_of_early(workshop: Workshop) -> datetime:
    """One day after it is due: later, the second reminder is near."""
    early = workshop.remind_early_at
    return workshop.starts_at if early is None else early + timedelta(days=1)


# What has to be true of a registration beside its status.
def _is_true(_registration: Registration, _now: datetime) -> bool:
    return True


def _awaits_answer(registration: Registration, _now: datetime) -> bool:
    return registration.asked_at is not None and registration.confirmed_at is None


def _has_early_reminder(registration: Registration, _now: datetime) -> bool:
    return registration.workshop.remind_early_at is not None


def _has_offer(registration: Registration, now: datetime) -> bool:
    return registration.offered_until is not None and now < registration.offered_until


WITH_SEAT: Final = frozenset({RegistrationStatus.CONFIRMED})
ACTIVE: Final = frozenset(ACTIVE_STATUSES)
NOT_CANCELLED: Final = frozenset({*ACTIVE_STATUSES, RegistrationStatus.EXPIRED})
EVERY_CHANNEL: Final = frozenset(MessageChannel)
# People with a phone have read it on the page.
WRITTEN_ONLY: Final = frozenset({MessageChannel.LETTER, MessageChannel.TEXT})


@dataclass(frozen=True, kw_only=True)
class MessageDeclaration:
    """All that is known of a type of notification, except for the words of its templates."""

    notification_type: NotificationType
    at_discreet: AtDiscreet
    at_sensitive: AtSensitive
    # When: at once, in the transaction of its cause, unless one of these says otherwise.
    schedule: Schedule | None = None
    follow_up: FollowUp | None = None
    # It waits until a change of the workshop that it would tell cannot be undone any more.
    waits_for_changes: bool = False
    # To whom: parties whose own page shows one of these statuses.
    statuses: frozenset[RegistrationStatus]
    channels: frozenset[MessageChannel] = EVERY_CHANNEL
    # Obsolete when the workshop, the instant or the registration is none of these.
    workshop_state: WorkshopState = WorkshopState.PLANNED
    valid_until: Callable[[Workshop], datetime] = _get_end
    is_true_of: Callable[[Registration, datetime], bool] = _is_true
    # What it says, beside its templates.
    staff_words: str = ""  # what a call, or a letter that came back, was about
    said_facts: SaidFacts = SaidFacts.NEVER
    question: TextQuestion = TextQuestion.NONE
    answer_page: str = ""  # what the link of a question leads to, below the registration's page
    entry: EntryChange = EntryChange.NONE
    is_receipt: bool = False  # confirms what somebody just did themselves; their page says it
    # Limits and purse.
    counted_as: CountedAs
    sheet: NotifySheetType = NotifySheetType.NONE

    @property
    def is_reminder(self) -> bool:
        return self.counted_as is CountedAs.OF_REMINDERS

    @property
    def is_of_change(self) -> bool:
        """Whether the message tells of a change of the workshop."""
        return self.sheet is NotifySheetType.CHANGE

    def is_over(self, workshop: Workshop, now: datetime) -> bool:
        """Tells whether it is too late to send the message."""
        return now >= self.valid_until(workshop)

    def is_true(self, registration: Registration, message: Message | None, now: datetime) -> bool:
        """Tells whether the message may be sent for a registration at an instant.

        `message` is what staff wrote.
        """
        workshop = registration.workshop
        return (
            self.is_sent_about(workshop)
            and self.reaches(registration.contact)
            and self._fits(workshop, message)
            and registration.apparent_status in self.statuses
            and self.is_true_of(registration, now)
        )

    def is_sent_about(self, workshop: Workshop) -> bool:
        """Tells whether the message may be sent about a workshop that is discreet or sensitive as
        this one.
        """
        if workshop.is_discreet:
            return self.at_discreet is not AtDiscreet.IS_NOT_SENT
        return not workshop.is_sensitive or self.at_sensitive is AtSensitive.IS_SENT

    def reaches(self, contact: ContactMethod) -> bool:
        """Tells whether one of its channels can reach somebody with that contact."""
        if contact is ContactMethod.EMAIL:
            return MessageChannel.LETTER in self.channels
        return self.channels != {MessageChannel.LETTER}

    def is_as_planned(self, message: Message | None) -> bool:
        """Tells whether the message is about a workshop that takes place, and tells no change of
        it.

        Such a message is true again when a cancellation is undone.
        """
        if self.workshop_state is WorkshopState.AS_WRITTEN:
            return message is not None and not message.is_of_cancelled
        return self.workshop_state is WorkshopState.PLANNED and not self.is_of_change

    def _fits(self, workshop: Workshop, message: Message | None) -> bool:
        if self.workshop_state is WorkshopState.AS_WRITTEN:
            return message is not None and message.is_of_cancelled == workshop.is_cancelled
        if self.workshop_state is WorkshopState.ANY:
            return True
        return workshop.is_cancelled is (self.workshop_state is WorkshopState.CANCELLED)


_DECLARED: Final = (
    MessageDeclaration(
        notification_type=NotificationType.REGISTERED,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=WITH_SEAT,
        channels=WRITTEN_ONLY,
        said_facts=SaidFacts.ALWAYS,
        entry=EntryChange.ADDED,
        is_receipt=True,
        counted_as=CountedAs.OF_ANYBODY,
    ),
    MessageDeclaration(
        notification_type=NotificationType.WAITLISTED,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=frozenset({RegistrationStatus.WAITLISTED}),
        channels=WRITTEN_ONLY,
        said_facts=SaidFacts.UNLESS_DISCREET,
        is_receipt=True,
        counted_as=CountedAs.OF_ANYBODY,
    ),
    MessageDeclaration(
        notification_type=NotificationType.OFFER,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=frozenset({RegistrationStatus.OFFERED}),
        is_true_of=_has_offer,
        staff_words=N_("Hay un lugar para esta persona. ¿Lo quiere?"),
        said_facts=SaidFacts.LETTER_UNLESS_DISCREET,
        question=TextQuestion.OFFER,
        counted_as=CountedAs.OF_YOUNG,
    ),
    MessageDeclaration(
        notification_type=NotificationType.SEAT_GRANTED,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=WITH_SEAT,
        staff_words=N_("Ya tiene lugar"),
        said_facts=SaidFacts.ALWAYS,
        entry=EntryChange.ADDED,
        counted_as=CountedAs.OF_YOUNG,
    ),
    MessageDeclaration(
        notification_type=NotificationType.OFFER_EXPIRED,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=frozenset({RegistrationStatus.WAITLISTED, RegistrationStatus.EXPIRED}),
        staff_words=N_("No contestó y el lugar pasó a otra persona"),
        said_facts=SaidFacts.LETTER_UNLESS_DISCREET,
        entry=EntryChange.REMOVED_IF_EXPIRED,
        counted_as=CountedAs.OF_YOUNG,
    ),
    MessageDeclaration(
        notification_type=NotificationType.MOVED,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=WITH_SEAT,
        channels=WRITTEN_ONLY,
        said_facts=SaidFacts.ALWAYS,
        entry=EntryChange.ADDED,
        is_receipt=True,
        counted_as=CountedAs.OF_ANYBODY,
    ),
    MessageDeclaration(
        notification_type=NotificationType.CHANGED,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=ACTIVE,
        staff_words=N_("Cambió la hora o el lugar"),
        said_facts=SaidFacts.OF_ITS_CHANGE,
        entry=EntryChange.ADDED,
        counted_as=CountedAs.OF_STAFF,
        sheet=NotifySheetType.CHANGE,
    ),
    MessageDeclaration(
        notification_type=NotificationType.CANCELLED,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=ACTIVE,
        workshop_state=WorkshopState.CANCELLED,
        staff_words=N_("Se canceló"),
        said_facts=SaidFacts.OF_ITS_CHANGE,
        entry=EntryChange.REMOVED,
        counted_as=CountedAs.OF_STAFF,
        sheet=NotifySheetType.CHANGE,
    ),
    MessageDeclaration(
        notification_type=NotificationType.REINSTATED,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=ACTIVE,
        staff_words=N_("Siempre sí se hace"),
        said_facts=SaidFacts.OF_ITS_CHANGE,
        entry=EntryChange.ADDED,
        counted_as=CountedAs.OF_STAFF,
        sheet=NotifySheetType.CHANGE,
    ),
    MessageDeclaration(
        notification_type=NotificationType.EARLY_REMINDER,
        at_discreet=AtDiscreet.IS_NOT_SENT,
        at_sensitive=AtSensitive.IS_SENT,
        schedule=Schedule(
            compute_due=lambda workshop: workshop.remind_early_at,
            is_on_request=True,
            is_repetition=True,
            call_ahead=timedelta(0),
        ),
        waits_for_changes=True,
        statuses=WITH_SEAT,
        channels=WRITTEN_ONLY,  # one call is enough
        valid_until=_get_end_of_early,
        is_true_of=_has_early_reminder,
        said_facts=SaidFacts.ALWAYS,
        question=TextQuestion.REMINDER,
        counted_as=CountedAs.OF_REMINDERS,
    ),
    MessageDeclaration(
        notification_type=NotificationType.REMINDER,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        schedule=Schedule(
            compute_due=lambda workshop: workshop.remind_at,
            is_on_request=True,
            is_repetition=True,
            # From 11:00 of the day before, where it is due at 8:00 of the day.
            call_ahead=timedelta(hours=21),
        ),
        waits_for_changes=True,
        statuses=WITH_SEAT,
        valid_until=_get_start,
        staff_words=N_("Recordarle su lugar"),
        said_facts=SaidFacts.ALWAYS,
        question=TextQuestion.REMINDER,
        counted_as=CountedAs.OF_REMINDERS,
    ),
    MessageDeclaration(
        notification_type=NotificationType.RECONFIRM,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        waits_for_changes=True,
        statuses=WITH_SEAT,
        is_true_of=_awaits_answer,
        staff_words=N_("¿Sigue viniendo?"),
        said_facts=SaidFacts.UNLESS_DISCREET,
        question=TextQuestion.RECONFIRM,
        answer_page="/vengo",
        counted_as=CountedAs.OF_YOUNG,
    ),
    MessageDeclaration(
        notification_type=NotificationType.APPROVED,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=WITH_SEAT,
        staff_words=N_("Ya puede ver la dirección en su enlace"),
        said_facts=SaidFacts.ALWAYS,
        entry=EntryChange.ADDED,
        counted_as=CountedAs.OF_YOUNG,
    ),
    MessageDeclaration(
        notification_type=NotificationType.LINK_RECOVERY,
        at_discreet=AtDiscreet.HAS_LINK,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=NOT_CANCELLED,
        channels=WRITTEN_ONLY,
        workshop_state=WorkshopState.ANY,
        counted_as=CountedAs.OF_ANYBODY,
    ),
    MessageDeclaration(
        notification_type=NotificationType.SUMMARY,
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=NOT_CANCELLED,
        workshop_state=WorkshopState.ANY,
        counted_as=CountedAs.OF_ANYBODY,
    ),
    MessageDeclaration(
        notification_type=NotificationType.MESSAGE,  # its words for staff are those of the message
        at_discreet=AtDiscreet.IS_NEUTRAL,
        at_sensitive=AtSensitive.IS_SENT,
        statuses=ACTIVE,
        workshop_state=WorkshopState.AS_WRITTEN,
        said_facts=SaidFacts.ALWAYS,
        counted_as=CountedAs.OF_STAFF,
        sheet=NotifySheetType.PREVIEW,
    ),
)
DECLARATIONS: Final = MappingProxyType({each.notification_type: each for each in _DECLARED})
if tuple(each.notification_type for each in _DECLARED) != tuple(NotificationType):
    raise TypeError("every NotificationType has one declaration, in the same order")


def select_types(
    is_wanted: Callable[[MessageDeclaration], bool],
) -> tuple[NotificationType, ...]:
    """Returns the types whose declaration satisfies a condition, in the order of declaration."""
    return tuple(each.notification_type for each in _DECLARED if is_wanted(each))


CHANGE_TYPES: Final = select_types(lambda each: each.is_of_change)
REMINDERS: Final = select_types(lambda each: each.is_reminder)
FOLLOW_UPS: Final = tuple(each for each in _DECLARED if each.follow_up is not None)
SCHEDULES: Final = MappingProxyType(
    {each.notification_type: each.schedule for each in _DECLARED if each.schedule is not None}
)
