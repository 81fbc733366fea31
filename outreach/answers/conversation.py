"""What an answer by text does, and what is replied (S41).

A sender's number can be forged, so «yes» only keeps a place, and whatever ends one waits until
digits that we sent to that phone come back from it. What an answer is about is looked up anew:
nothing of an earlier text is remembered but the digits. A number without an ordinary place of its
own, known or not, gets the same reply.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from outreach.answers import commands
from outreach.answers.adapters import InboundText
from outreach.answers.commands import ReadAnswer, TextCommand
from outreach.answers.text_limits import TextLimits
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.outbox import text_questions
from outreach.domain.outbox.text_questions import TextedPlace
from outreach.domain.registrations import Registration, reconfirmation, waitlist
from outreach.domain.registrations.message_types import TextQuestion
from outreach.errors import RegistrationClosed
from outreach.i18n import get_default_language
from outreach.keystore import KeyStore, text_exchange
from outreach.keystore.text_exchange import QueuedReply
from outreach.privacy import erasure


class ReplyName(StrEnum):
    """Names of templates in `templates/sms/replies`."""

    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TOO_LATE = "too_late"
    DIGITS = "digits"
    WRONG_DIGITS = "wrong_digits"
    NO_MORE_DIGITS = "no_more_digits"
    CANCELLED = "cancelled"
    SEVERAL = "several"
    WHERE = "where"
    HELP = "help"
    STOPPED = "stopped"
    STARTED = "started"


# Replies that anybody can cause at any number. «Stop» has a limit of its own.
CAUSED_BY_ANYBODY: Final = frozenset({ReplyName.HELP, ReplyName.STARTED})
_CHOICES_OF_TEXTS: Final = {
    TextCommand.STOP: ReplyName.STOPPED,
    TextCommand.START: ReplyName.STARTED,
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Reply:
    name: ReplyName
    language: str
    registration: Registration | None = None  # that it is about
    is_about_erased: bool = False


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """Answers of people, in one installation."""

    store: Store
    key_store: KeyStore
    config: Config

    def take(self, inbound: InboundText, *, now: datetime) -> Reply | None:
        """Does what the answer says and queues the reply; returns it, or None where nothing is
        replied: to numbers that we would not write to, beyond the limits, after «stop»."""
        number, answer = inbound.number, commands.read(inbound.words)
        limits = TextLimits(self.config, self.key_store)
        if not number:
            return None
        if not limits.count_inbound(number) and answer.command is not TextCommand.STOP:
            return None
        was_stopped = text_exchange.is_stopped(self.key_store, number)
        reply = self._answer(number, answer, limits, now)
        if reply is None or (was_stopped and reply.name is not ReplyName.STARTED):
            return None
        if not _count_reply(limits, number, reply.name):
            return None
        registration = None if reply.is_about_erased else reply.registration
        text_exchange.add_reply(
            self.key_store,
            QueuedReply(
                number=number,
                words={
                    "name": reply.name.value,
                    "language": reply.language,
                    "channel": inbound.channel,
                },
                key_id=registration.key_id if registration is not None else None,
                made_at=now,
            ),
            now=now,
        )
        return reply

    def _answer(
        self, number: str, answer: ReadAnswer, limits: TextLimits, now: datetime
    ) -> Reply | None:
        if answer.command is TextCommand.STOP:
            text_exchange.stop_texts(self.key_store, number)
        elif answer.command is TextCommand.START:
            text_exchange.allow_texts(self.key_store, number)
        with self.store.read() as session:
            key_ids = self.key_store.find(number)
            places = text_questions.list_texted(session, key_ids, now=now)
            language = places[0].registration.language if places else ""
        said_in = answer.language or language or get_default_language()
        if answer.command in _CHOICES_OF_TEXTS:
            return Reply(name=_CHOICES_OF_TEXTS[answer.command], language=said_in)
        request = _Request(number=number, answer=answer, limits=limits, now=now, places=places)
        act = self._acts.get(answer.command)
        reply = act(request) if act is not None and places else None
        return reply or Reply(name=ReplyName.HELP, language=language or said_in)

    @property
    def _acts(self) -> Mapping[TextCommand, Callable[["_Request"], Reply | None]]:
        """What does each command. Each returns None where the answer fits nothing that was
        asked."""
        return {
            TextCommand.YES: self._say_yes,
            TextCommand.NO: self._say_no,
            TextCommand.CANCEL: self._ask_for_digits,
            TextCommand.WHERE: self._say_where,
            TextCommand.DIGITS: self._take_digits,
        }

    def _say_yes(self, request: "_Request") -> Reply | None:
        place = request.find_place(lambda each: each.question is not TextQuestion.NONE)
        if place is None:
            return request.several()
        registration, now = place.registration, request.now
        is_offer = place.question is TextQuestion.OFFER
        try:
            with self.store.change() as session:
                row = session.get_one(Registration, registration.id)
                if is_offer:
                    waitlist.accept_offer(session, row, now=now)
                elif place.is_confirmable:
                    reconfirmation.confirm(session, row, now=now)
                else:
                    return None
        except RegistrationClosed:
            self._expire_offers(registration, now)
            return request.reply(ReplyName.TOO_LATE, place)
        return request.reply(ReplyName.ACCEPTED if is_offer else ReplyName.CONFIRMED, place)

    def _expire_offers(self, registration: Registration, now: datetime) -> None:
        """Offers the place to the next on the waitlist now, as the page does."""
        with self.store.change() as session:
            row = session.get_one(Registration, registration.id)
            waitlist.expire_offers(session, row.workshop, now=now)

    def _say_no(self, request: "_Request") -> Reply | None:
        """Asks for digits after a «no» to a question. A «no» without a question ends nothing."""
        if all(each.question is TextQuestion.NONE for each in request.asked_places):
            return None
        return self._ask_for_digits(request)

    def _ask_for_digits(self, request: "_Request") -> Reply | None:
        place = request.find_place()
        if place is None:
            return request.several()
        key_id = place.registration.key_id
        if key_id is None:
            return None
        if not request.limits.count_challenge(request.number):
            return request.reply(ReplyName.NO_MORE_DIGITS, place)
        text_exchange.begin_challenge(self.key_store, request.number, key_id, now=request.now)
        return request.reply(ReplyName.DIGITS, place)

    def _take_digits(self, request: "_Request") -> Reply | None:
        number, now = request.number, request.now
        if not text_exchange.has_challenge(self.key_store, number, now=now):
            return None
        key_id = text_exchange.end_challenge(self.key_store, number, request.answer.digits, now=now)
        # The registration may have left that phone, or become discreet, since the digits were sent.
        place = next((e for e in request.places if e.registration.key_id == key_id), None)
        if key_id is None or place is None:
            return request.reply(ReplyName.WRONG_DIGITS, request.places[0])
        registration_id = place.registration.id
        reply = request.reply(ReplyName.CANCELLED, place)  # its language goes with its key
        erasure.erase(self.store, self.key_store, self.config, [registration_id], now=now)
        return reply

    def _say_where(self, request: "_Request") -> Reply | None:
        place = request.find_place()
        return request.several() if place is None else request.reply(ReplyName.WHERE, place)


@dataclass(frozen=True, kw_only=True, repr=False)
class _Request:
    """An answer from a number that has places."""

    number: str
    answer: ReadAnswer
    limits: TextLimits
    now: datetime
    places: Sequence[TextedPlace]

    @property
    def asked_places(self) -> Sequence[TextedPlace]:
        return text_questions.choose_asked(self.places)

    def find_place(
        self, is_meant: Callable[[TextedPlace], bool] = lambda each: True
    ) -> TextedPlace | None:
        """The one place that the answer can be about; None where it is not clear."""
        asked = [each for each in self.asked_places if is_meant(each)]
        return asked[0] if len(asked) == 1 else None

    def several(self) -> Reply | None:
        """Returns the reply that there are several places; None where there are not."""
        if len(self.asked_places) < 2:
            return None
        return self.reply(ReplyName.SEVERAL, self.asked_places[0])

    def reply(self, name: ReplyName, place: TextedPlace) -> Reply:
        return Reply(
            name=name,
            language=place.registration.language or get_default_language(),
            registration=place.registration,
            is_about_erased=name is ReplyName.CANCELLED,
        )


def _count_reply(limits: TextLimits, number: str, name: ReplyName) -> bool:
    """Counts a reply to a number. Returns False where it is one too many."""
    if name is ReplyName.STOPPED:
        return limits.count_stop_reply(number)
    return limits.count_reply(number, is_of_anybody=name in CAUSED_BY_ANYBODY)


def find_place(
    session: Session, key_store: KeyStore, reply: QueuedReply, *, now: datetime
) -> Registration | None:
    """The registration that a queued reply is about, while it is still of that phone."""
    if reply.key_id is None or reply.key_id not in key_store.find(reply.number):
        return None
    places = text_questions.list_texted(session, [reply.key_id], now=now)
    return places[0].registration if places else None
