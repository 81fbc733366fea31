"""The conversation of the phone line: what each key does, and what is said then.

Only the last key writes: it saves the seat whose code the caller has heard. All before reads, so
that a call that ends holds nothing.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach import i18n
from outreach.domain import registrations
from outreach.domain.recordings import voice_notes
from outreach.domain.recordings.voice_notes import LinePrompt
from outreach.domain.registrations import RegistrationData, RegistrationStatus, code_lookup
from outreach.domain.registrations.models import CODE_LENGTH
from outreach.domain.workshops import Channel, DeliveryMode
from outreach.errors import Conflict, Full, RegistrationClosed
from outreach.keystore.seat_shares import ClientNetwork
from outreach.web.context import config, key_store, store
from outreach.web.forms import registration_channels, registration_service
from outreach.web.middleware import rate_limits
from outreach.web.middleware.reference_cache import reference
from outreach.web.public.phone_line import line_offers, line_state, line_words
from outreach.web.public.phone_line.line_offers import PhoneOffer
from outreach.web.public.phone_line.line_state import LineState, LineStep
from outreach.web.public.phone_line.line_xml import KEY_SECONDS, WRITING_SECONDS, SpokenPrompt

PERSON: Final = "0"
REPEAT: Final = "9"
OWN_CODE: Final = "1"


@dataclass(frozen=True)
class LineReply:
    """What is said, and the state in which the next keys arrive; None: the line hangs up."""

    prompts: tuple[SpokenPrompt, ...]
    state: LineState | None = None
    keys: int = 1
    seconds: int = KEY_SECONDS

    def prepend(self, said: SpokenPrompt) -> "LineReply":
        """Returns the same answer with a sentence before it."""
        return replace(self, prompts=(said, *self.prompts))


@dataclass(frozen=True, kw_only=True)
class LineCall:
    """A call, as far as its parties need it: ids are HMACs."""

    id: str
    networks: tuple[ClientNetwork, ...]  # in whose shares its seats count (S29)
    now: datetime


def begin() -> LineReply:
    prompts = []
    for number, lang in enumerate(i18n.list_languages(), 1):
        with i18n.use_language(lang):
            if number == 1:
                prompts.append(_prompt(LinePrompt.WELCOME))
            prompts.append(SpokenPrompt(line_words.language_key(number), lang))
    return LineReply(tuple(prompts), LineState())


def answer(state: LineState, keys: str, call: LineCall) -> LineReply:
    """The reply to the keys of a caller; `keys` is empty where none came."""
    with i18n.use_language(state.lang):
        if keys == PERSON and state.step not in {LineStep.LANGUAGE, LineStep.PLACE}:
            return _end(line_words.person(config().phone))
        reply = _STEPS[state.step](state, keys, call)
        if reply.state is not None and reply.state.is_over:
            return _end(line_words.person(config().phone))
        return reply


def apologize() -> LineReply:
    """Ends a call whose step failed."""
    return LineReply((_say(line_words.failed()), _say(line_words.person(config().phone))))


def _choose_language(state: LineState, keys: str, call: LineCall) -> LineReply:
    langs = {str(number): lang for number, lang in enumerate(i18n.list_languages(), 1)}
    if keys not in langs:
        return replace(begin(), state=state.miss())
    with i18n.use_language(langs[keys]):
        return _ask_place(state.go(LineStep.PLACE, lang=langs[keys]))


def _choose_place(state: LineState, keys: str, call: LineCall) -> LineReply:
    if not keys:
        return _ask_place(state.miss()).prepend(_prompt(LinePrompt.NO_KEY))
    if keys == PERSON:
        return _ask_city(state, call)
    if keys == OWN_CODE:
        return _ask_code(state.go(LineStep.CODE))
    with store().read() as session:
        if line_offers.is_zip_code(session, keys, reference()):
            return _ask_kind(session, state, keys, call)
    return _ask_place(state.miss()).prepend(_say(line_words.unknown_place()))


def _choose_code(state: LineState, keys: str, call: LineCall) -> LineReply:
    """Says what became of a code, and nothing else: who keys it in may not be the person."""
    if len(keys) != CODE_LENGTH or not keys.isdecimal():
        question = _ask_code(state.miss())
        return question if keys else question.prepend(_prompt(LinePrompt.NO_KEY))
    is_within_tries = rate_limits.count_code_try(keys, by=call.networks[0].name)
    with store().read() as session:
        found = code_lookup.list_by_keys(session, key_store(), keys, now=call.now)
    if len(found) != 1 or not is_within_tries:
        return _ask_code(state.miss()).prepend(_say(line_words.unknown_code()))
    return _end(line_words.status(found[0], call.now, config().phone))


def _choose_city(state: LineState, keys: str, call: LineCall) -> LineReply:
    slug = _chosen(state, keys)
    if slug is None:
        return _ask_again(_ask_city(state.miss(), call), state.miss(), keys)
    office = reference().get_office(slug)
    with store().read() as session:
        return _ask_kind(session, state, f"{office.city} {office.region}", call)


def _choose_kind(state: LineState, keys: str, call: LineCall) -> LineReply:
    code = _chosen(state, keys)
    with store().read() as session:
        if code is not None:
            return _ask_date(session, state, code, call)
        question = _ask_kind(session, state, state.where, call)
    return _ask_again(question, state.miss(), keys)


def _choose_date(state: LineState, keys: str, call: LineCall) -> LineReply:
    public_id, kind_code = _chosen(state, keys), state.choices[-1]
    with store().read() as session:
        offer = (
            line_offers.find_offer(session, public_id, call.now, state.taken) if public_id else None
        )
        if offer is not None:
            return _ask_people(state, offer, call)
        question = _ask_date(session, state, kind_code, call)
    if public_id is not None:
        return question.prepend(_say(line_words.seat_taken()))
    return _ask_again(question, state.miss(), keys)


def _choose_people(state: LineState, keys: str, call: LineCall) -> LineReply:
    with store().read() as session:
        offer = line_offers.find_offer(session, state.workshop, call.now, state.taken)
        if offer is None:
            return _ask_other_date(session, state, call)
    if _digest(offer) != state.heard:
        # It moved, or its hour was taken. Nothing is saved that the caller has not heard.
        return _ask_people(state, offer, call).prepend(_say(line_words.changed()))
    if not keys.isdecimal() or not 1 <= int(keys) <= offer.most_people:
        reply = _ask_people(state, offer, call)
        return reply if keys == REPEAT else _ask_again(reply, state.miss(), keys)
    return _save(state, offer, int(keys), call)


_STEPS: Final[Mapping[LineStep, Callable[[LineState, str, LineCall], LineReply]]] = {
    LineStep.LANGUAGE: _choose_language,
    LineStep.PLACE: _choose_place,
    LineStep.CODE: _choose_code,
    LineStep.CITY: _choose_city,
    LineStep.KIND: _choose_kind,
    LineStep.HOUR: _choose_date,
    LineStep.PEOPLE: _choose_people,
}


def _ask_place(state: LineState) -> LineReply:
    prompts = (_prompt(LinePrompt.ZIP_CODE), _say(line_words.own_code()))
    return LineReply(prompts, state, line_offers.ZIP_DIGITS)


def _ask_code(state: LineState) -> LineReply:
    return LineReply((_say(line_words.ask_code()),), state, CODE_LENGTH, WRITING_SECONDS)


def _ask_city(state: LineState, call: LineCall) -> LineReply:
    offices = line_offers.list_offices_without_zip(reference(), call.now)
    if not offices:
        return _ask_place(state.miss()).prepend(_say(line_words.none_near()))
    following = state.go(LineStep.CITY, choices=tuple(each.slug for each in offices))
    return LineReply((_say(line_words.offices(offices)),), following)


def _ask_kind(session: Session, state: LineState, where: str, call: LineCall) -> LineReply:
    """Asks which of the kinds near a place the caller wants."""
    place = line_offers.find_place(session, where, reference())
    kinds = line_offers.list_kinds(session, place, reference(), call.now) if place else []
    if not kinds:
        return _end(f"{line_words.none_near()} {line_words.person(config().phone)}")
    following = state.go(LineStep.KIND, where=where, choices=tuple(each.code for each in kinds))
    return LineReply((_say(line_words.kinds(kinds)),), following)


def _ask_date(session: Session, state: LineState, kind_code: str, call: LineCall) -> LineReply:
    """Asks which of the next dates of a kind the caller wants. The kind itself is put last among
    the choices: no key reaches it, and the next step reads it there."""
    place = line_offers.find_place(session, state.where, reference())
    offers = (
        line_offers.list_dates(session, place, reference(), kind_code, call.now, state.taken)
        if place
        else []
    )
    if not offers:
        return _end(f"{line_words.none_near()} {line_words.person(config().phone)}")
    choices = (*(each.workshop.public_id for each in offers), kind_code)
    return LineReply((_say(line_words.dates(offers)),), state.go(LineStep.HOUR, choices=choices))


def _ask_other_date(session: Session, state: LineState, call: LineCall) -> LineReply:
    reply = _ask_date(session, state, state.choices[-1], call)
    return reply.prepend(_say(line_words.code_is_void()))


def _ask_people(state: LineState, offer: PhoneOffer, call: LineCall) -> LineReply:
    """Says when and where it is and the code, and asks for the key that saves the seat."""
    public_id = offer.workshop.public_id
    code = line_state.derive_code(call.id, public_id)
    words = (
        line_words.when_and_where(offer),
        line_words.code(code),
        line_words.people_key(offer.most_people),
    )
    following = state.go(LineStep.PEOPLE, workshop=public_id, heard=_digest(offer))
    return LineReply(tuple(map(_say, words)), following, seconds=WRITING_SECONDS)


def _digest(offer: PhoneOffer) -> str:
    return hashlib.sha256(line_words.when_and_where(offer).encode()).hexdigest()[:16]


def _save(state: LineState, offer: PhoneOffer, people: int, call: LineCall) -> LineReply:
    workshop = offer.workshop
    data = RegistrationData(
        # Not a name that others could guess: with the code it opens the registration.
        name=f"Llamada {line_state.derive_number(call.id, workshop.public_id)}",
        people=people,
        language=state.lang,
        slot=offer.slot,
        channel=Channel.VENUE if workshop.mode is DeliveryMode.HYBRID else "",
        code=line_state.derive_code(call.id, workshop.public_id),
    )
    try:
        registration_service.save(
            [workshop],
            data,
            key_store().form_id(line_state.derive_nonce(call.id, workshop.public_id)),
            registration_channels.from_phone_line(call.networks),
            now=call.now,
        )
    except (Full, Conflict, RegistrationClosed):
        if offer.slot:
            # The public sees late that an hour of a sensitive workshop is taken (S28): this call
            # knows it, and is offered the next one.
            hour = line_offers.describe_hour(workshop, offer.slot)
            state = replace(state, taken=(*state.taken, hour))
        with store().read() as session:
            return _ask_other_date(session, state, call)
    with store().read() as session:
        [saved] = registrations.find_by_code(session, key_store(), data.code, [workshop.id])
    if saved.apparent_status is not RegistrationStatus.CONFIRMED:
        return _end(line_words.status(saved, call.now, config().phone))
    prompts = [_prompt(LinePrompt.SAVED)]
    if workshop.is_sensitive:
        prompts.append(_say(line_words.full_day()))
    return LineReply(tuple(prompts))


def _ask_again(reply: LineReply, missed: LineState, keys: str) -> LineReply:
    """Asks the same question once more, and counts one miss."""
    if reply.state is None:
        return reply
    following = reply.state.with_misses(missed.misses)
    question = replace(reply, state=following)
    return question if keys else question.prepend(_prompt(LinePrompt.NO_KEY))


def _chosen(state: LineState, keys: str) -> str | None:
    """Returns what the key stands for; None without a key, or for one that stands for nothing."""
    # The last of the choices of dates is their kind.
    count = len(state.choices) - (state.step is LineStep.HOUR)
    if not keys.isdecimal() or not 1 <= int(keys) <= count:
        return None
    return state.choices[int(keys) - 1]


def _end(words: str) -> LineReply:
    return LineReply((_say(words),))


def _say(words: str) -> SpokenPrompt:
    return SpokenPrompt(words, i18n.current())


def _prompt(prompt: LinePrompt) -> SpokenPrompt:
    """Returns a prompt as it was recorded; a machine says it where it was not."""
    lang = i18n.current()
    with store().read() as session:
        note = voice_notes.find_prompt(session, prompt, lang)
    if note is None:
        return SpokenPrompt(line_words.prompt_words(prompt), lang)
    audio = f"{config().public_url}/audio/{note.name}.mp3"
    return SpokenPrompt(note.spoken_text, lang, audio)
