"""Each way of taking part has its own words on page, form, ticket, letter and calendar entry, in
every state, ordinary or discreet, in three languages; and none contradicts another.

The sentences are in `tests/support/way_sentences.py`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.message_types import DECLARATIONS, REMINDERS
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop, series
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.keystore import KeyStore
from outreach.mail import render
from outreach.mail.message_context import MessageContext
from tests.conftest import LONG_AGO, kind, make_workshop, seat
from tests.support import page_text, way_sentences
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.limits import UNLIMITED
from tests.support.way_sentences import NO_REGISTRATION, State, Surface, TakingPart

pytestmark = [fixed_clock, pytest.mark.any_database("the words of the templates")]

LANGUAGES: Final = ("es", "en", "fr")
USUAL: Final = (TakingPart.IN_PERSON, TakingPart.VIDEO_CALL, TakingPart.COURSE)  # in the plain run
ROOM: Final = "https://sala.example/1"
STREAM: Final = "https://vivo.example/1"
TITLE: Final = {"es": "Título canario", "en": "Canary title", "fr": "Titre canari"}
_ONLINE: Final[dict[str, Any]] = {"venue": None, "online_url": ROOM}
_MADE: Final[dict[TakingPart, dict[str, Any]]] = {
    TakingPart.IN_PERSON: {},
    TakingPart.WALK_IN: {"way": Way.OPEN},
    TakingPart.VIDEO_CALL: {"mode": DeliveryMode.VIDEO_CALL, **_ONLINE},
    TakingPart.LIVE: {
        "mode": DeliveryMode.LIVE_STREAM, "way": Way.OPEN, "venue": None, "live_url": STREAM,
    },
    TakingPart.CALL: {
        "mode": DeliveryMode.PHONE_BANK, "way": Way.SLOTS, "venue": None, "slot_minutes": 20,
        "starts": time(9), "ends": time(12),
    },
    TakingPart.BY_PHONE: {"way": Way.PHONE},
    TakingPart.HYBRID_THERE: {"mode": DeliveryMode.HYBRID, "online_url": ROOM},
    TakingPart.HYBRID_ONLINE: {"mode": DeliveryMode.HYBRID, "online_url": ROOM},
    TakingPart.HOURS: {
        "way": Way.SLOTS, "slot_minutes": 20, "starts": time(9), "ends": time(12),
    },
    TakingPart.COURSE: {},
}  # fmt: skip
_CHOSEN: Final[dict[TakingPart, dict[str, Any]]] = {
    TakingPart.CALL: {
        "contact": ContactMethod.PHONE, "address": "+13125550199", "slot": "09:20",
    },
    TakingPart.HYBRID_THERE: {"channel": "venue"},
    TakingPart.HYBRID_ONLINE: {"channel": "online"},
    TakingPart.HOURS: {"slot": "09:20"},
}  # fmt: skip

# The letters that are sent in each state.
_LETTERS: Final = dict.fromkeys(State, (NotificationType.REGISTERED, *REMINDERS)) | {
    State.CANCELLED: (NotificationType.CANCELLED,),
    State.PAST: (),
    State.MOVED: (NotificationType.CHANGED,),
}


# What the page of a full workshop says of others.
_OTHER_DATES: Final = re.compile(
    r'<section[^>]* aria-labelledby="otros"[^>]*>.*?</section>', re.DOTALL
)
# What a letter is compared by, as `7K3M QX9P`. It is random: «Compara el código QR4B…» is no QR.
_CHECK_CODE: Final = re.compile(r"\b[0-9A-Z]{4} [0-9A-Z]{4}\b")


@dataclass(frozen=True)
class Audience:
    """Whom the workshop is for, and whether it is discreet."""

    name: str
    is_discreet: bool
    is_women_only: bool


AUDIENCES: Final = (
    Audience("ordinary", is_discreet=False, is_women_only=False),
    Audience("discreet", is_discreet=True, is_women_only=False),
    Audience("women only", is_discreet=True, is_women_only=True),
)


def list_states(way: TakingPart, audience: Audience) -> list[State]:
    """The states that the way has. A live link is public, so that none is discreet."""
    if way is TakingPart.LIVE and audience.is_discreet:
        return []
    if way in NO_REGISTRATION:
        return [State.OPEN, State.CANCELLED, State.PAST, State.MOVED]
    return list(State)


def list_combinations() -> list[tuple[TakingPart, Audience, State, str]]:
    return [
        (way, audience, state, lang)
        for way in TakingPart
        for audience in AUDIENCES
        for state in list_states(way, audience)
        for lang in LANGUAGES
    ]


def test_combinations_are_all_there_are() -> None:
    # 7 ways with 7 states and 2 with 4 for three audiences, and the live stream with 4 for one.
    assert len(list_combinations()) == ((7 * 7 + 2 * 4) * 3 + 4) * 3 == 525


@dataclass(frozen=True)
class Scene:
    """One workshop in one state, and what a person reads of it."""

    app: Flask
    client: FlaskClient
    store: Store
    key_store: KeyStore
    workshop: Workshop
    state: State
    registration: Registration | None

    def read(self, lang: str) -> Iterator[tuple[Surface, str]]:
        public = f"/{lang}/t/{self.workshop.public_id}"
        page = self.client.get(public).text
        yield Surface.PAGE, _words(_OTHER_DATES.sub("", page))
        yield Surface.FORM, _words(self.client.get(f"{public}/lugar").text)
        yield Surface.ENTRY, _unfold(self.client.get(f"{public}.ics").text)
        if self.registration is None:
            return
        key = registrations.get_key(self.key_store, self.registration)
        own = f"/{lang}/r/{registrations.derive_manage_token(key)}"
        yield Surface.TICKET, _words(self.client.get(own).text)
        yield Surface.ENTRY, _unfold(self.client.post(f"{own}/cita.ics").text)
        yield from self._letters(lang, key)

    def _letters(self, lang: str, key: bytes) -> Iterator[tuple[Surface, str]]:
        assert self.registration is not None
        with self.store.change() as session:
            row = session.get_one(Registration, self.registration.id)
            row.change_details(language=lang)
        with self.store.read() as session:
            row = session.get_one(Registration, self.registration.id)
            assert row.workshop.title
            for cause in _LETTERS[self.state]:
                if not DECLARATIONS[cause].is_sent_about(row.workshop):
                    continue
                surface = Surface.REMINDER if cause in REMINDERS else Surface.LETTER
                notification = Notification(
                    registration_id=row.id, cause=cause, due_at=FIXED_NOW, made_at=FIXED_NOW
                )
                notification.id, notification.registration = 7, row
                context = MessageContext(
                    notification=notification, address="rosa@example.org", key=key, now=FIXED_NOW
                )
                with self.app.app_context():
                    letter = render.write(context, self.app.extensions["outreach_config"])
                yield (
                    surface,
                    _CHECK_CODE.sub("(code)", " ".join(str(letter.get_content()).split())),
                )


@pytest.mark.thorough
@pytest.mark.parametrize(
    "way",
    [pytest.param(each, marks=() if each in USUAL else pytest.mark.long) for each in TakingPart],
)
def test_no_surface_contradicts_its_way(
    make_app: Callable[..., Flask],
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
    way: TakingPart,
) -> None:
    app = make_app(limits=UNLIMITED)
    kinds = _make_kinds(store, rights, women)
    faults: list[str] = []
    read = 0
    for audience in AUDIENCES:
        for state in list_states(way, audience):
            scene = _set_up(app, store, key_store, chicago, kinds[audience.name], way, state)
            for lang in LANGUAGES:
                read += 1
                faults += _find_faults(scene, way, audience, state, lang)
    assert read == sum(each[0] is way for each in list_combinations())
    assert not faults, "\n".join([f"{len(faults)} contradictions in {read} combinations", *faults])


def _make_kinds(store: Store, rights: Kind, women: Kind) -> dict[str, Kind]:
    with store.change() as session:
        only = session.merge(women, load=False)
        session.execute(sa.update(Kind).where(Kind.id == only.id).values(is_women_only=True))
        only.is_women_only = True
        session.flush()
    with store.change() as session:
        quiet = kind(
            "duelo",
            "Duelo",
            is_discreet=True,
            public_code="Z9WY",
            visibility=women.visibility,
            neutral_title=women.neutral_title,
        )
        session.add(quiet)
        session.flush()
        only = session.get_one(Kind, women.id)
        return {"ordinary": rights, "discreet": quiet, "women only": only}


def _set_up(
    app: Flask,
    store: Store,
    key_store: KeyStore,
    office: Office,
    of_kind: Kind,
    way: TakingPart,
    state: State,
) -> Scene:
    changes = {"title": TITLE, "has_childcare": True, "interpretation": Codes(["nah"])}
    changes |= _MADE[way]
    if state is State.FULL_NO_LIST:
        changes["has_waiting_list"] = False
    with store.change() as session:
        if way is TakingPart.COURSE:
            course = series.find_or_create(
                session,
                session.merge(office, load=False),
                f"Curso {of_kind.code} {state}",
                is_joint=True,
            )
            changes["series"] = course
            make_workshop(
                session, office, of_kind, **(changes | {"day": clock.now().date() + timedelta(20)})
            )
        workshop = make_workshop(session, office, of_kind, **changes)
    registration = None
    if way not in NO_REGISTRATION:
        chosen = {"contact": ContactMethod.EMAIL, "address": "rosa@example.org"}
        chosen |= _CHOSEN.get(way, {})
        registration = seat(
            store, key_store, workshop, now=FIXED_NOW - timedelta(hours=3), **chosen
        )
    _enter(store, workshop, state)
    return Scene(app, app.test_client(), store, key_store, workshop, state, registration)


def _enter(store: Store, workshop: Workshop, state: State) -> None:
    with store.change() as session:
        row = session.get_one(Workshop, workshop.id)
        if state in {State.FULL, State.FULL_NO_LIST}:
            row.seats_left = row.shown_seats = 0
            session.execute(
                sa.update(TimeSlot).where(TimeSlot.workshop_id == row.id).values(seats_left=0)
            )
        elif state is State.NOT_OPEN:
            row.opens_days = 2
        elif state is State.CANCELLED:
            workshop_service.cancel(session, row, now=FIXED_NOW)
        elif state is State.PAST:
            row.day -= timedelta(days=9)
            row.retime()
        elif state is State.MOVED:
            data = workshop_service.get_data(row)
            workshop_service.change(
                session, row, replace(data, day=data.day + timedelta(days=1)), now=FIXED_NOW
            )
        row.changed_at = max(row.changed_at, LONG_AGO + timedelta(seconds=1))


def _find_faults(
    scene: Scene, way: TakingPart, audience: Audience, state: State, lang: str
) -> Iterator[str]:
    about = {"is_discreet": audience.is_discreet, "is_women_only": audience.is_women_only}
    for surface, text in scene.read(lang):
        where = f"{way} · {audience.name} · {state} · {lang} · {surface}"
        for sentences in way_sentences.list_required(way, state, surface, **about):
            for sentence in sentences[lang]:
                is_of_own = surface is not Surface.ENTRY or "cita-" in text
                if is_of_own and _plain(sentence) not in _plain(text):
                    yield f"{where} lacks «{sentence}»"
        for sentences in way_sentences.list_forbidden(way, state, surface, **about):
            for sentence in sentences[lang]:
                if _plain(sentence) in _plain(text):
                    yield f"{where} says «{sentence}»"
        if audience.is_discreet and surface is not Surface.PAGE and TITLE[lang] in text:
            yield f"{where} names the workshop"


def _words(page: str) -> str:
    main = page[page.index("<main") :]
    main = main[: main.index("</main>")]
    bar = page.split("</main>")[1].split("<footer")[0]
    return " ".join(page_text.seen(f"<body>{main}</main>{bar}</body>").split())


def _unfold(calendar: str) -> str:
    return calendar.replace("\r\n ", "").replace("\\,", ",")


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u202f", " ").replace("\u00a0", " "))
