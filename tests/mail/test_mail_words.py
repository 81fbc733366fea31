"""Words of letters, texts and calendar entries: none reveals a kind to other readers (S13 to S18).

Tested for every kind of the network, in three languages.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from icalendar import Calendar

import outreach.imports
from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, RegistrationChange
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop
from outreach.i18n import LANGUAGES
from outreach.imports import kinds as kinds_file
from outreach.keystore import KeyStore
from outreach.mail import render, sms
from outreach.mail.delivery import letter_outlets
from outreach.mail.delivery_round import deliver
from outreach.mail.message_context import MessageContext
from tests.conftest import make_workshop, registration_data, seat
from tests.support.letters import CASES, RenderedMessage, list_cases, write_all

pytestmark = pytest.mark.any_database("the words of letters, texts and entries")

TAXONOMY = Path(outreach.imports.__file__).parent / "data" / "taxonomy.json"
# Words of the network and of its people, in three languages, which no subject or text may have.
NEVER = (
    "consul", "embaj", "embass", "ambass", "migra", "immigr", "mujer", "women", "femme", "mexic",
    "chicago", "illinois", "legal", "visa", "daca", "salud",
)  # fmt: skip
WORKSHOP = ("taller", "workshop", "atelier")  # the sender of ordinary letters is «Talleres»
# Words that a letter about a discreet workshop may have nowhere.
NEVER_DISCREET = (
    *NEVER,
    *WORKSHOP,
    "victim",
    "violen",
    "malt",
    "rosa",
    "biblioteca",
    "ejemplo",
    "7k3",
)


def without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def words_of(workshop: Workshop) -> set[str]:
    """The words of five letters or more in the names of the workshop's kind."""
    names = [*workshop.kind.name.values(), *workshop.kind.short_name.values()]
    return {word for each in names for word in re.findall(r"\w{5,}", without_accents(each))}


def forbidden_words(text: str, workshop: Workshop, never: tuple[str, ...]) -> list[str]:
    plain = re.sub(r"https?://\S+", lambda link: without_accents(link[0].partition("/r/")[0]), text)
    plain = without_accents(plain)
    whole = set(re.findall(r"\w+", plain))
    return [word for word in never if re.search(rf"\b{word}", plain)] + sorted(
        words_of(workshop) & whole
    )


def a_wednesday() -> date:
    """A Wednesday, since a kind is named after Saturday."""
    today = clock.now().date()
    return today + timedelta(days=(2 - today.weekday()) % 7 + 14)


@pytest.fixture
def workshops_of_all_kinds(
    app: Flask, store: Store, config: Config, chicago: Office
) -> list[Workshop]:
    """A workshop of each kind in the package's taxonomy."""
    now = clock.now()
    with store.change() as session:
        kinds_file.load(session, kinds_file.read(TAXONOMY), now=now)
        workshops = [
            make_workshop(
                session, chicago, kind, day=a_wednesday(), title=kind.name, way=Way.PLACE,
                frees_silence=True,
            )
            for kind in kinds.list_kinds(session)
        ]  # fmt: skip
    assert len(workshops) >= 21
    return workshops


def all_messages(
    app: Flask, config: Config, workshops: list[Workshop], lang: str
) -> Iterator[tuple[Workshop, RenderedMessage]]:
    with app.app_context():
        for workshop in workshops:
            now = workshop.starts_at - timedelta(days=3)
            for sent in write_all(workshop, config, lang, now=now, wants_entry=True):
                yield workshop, sent


def body_of(letter: EmailMessage) -> str:
    part = letter.get_body()
    assert part is not None
    text: str = part.get_content()
    return text


def calendar_entry_of(letter: EmailMessage) -> bytes | None:
    for part in letter.iter_attachments():
        content: object = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        return content
    return None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_subjects_texts_and_calendar_entries_reveal_no_kind(
    app: Flask, config: Config, workshops_of_all_kinds: list[Workshop], lang: str
) -> None:
    count = 0
    for workshop, sent in all_messages(app, config, workshops_of_all_kinds, lang):
        letter, case = sent.letter, f"{workshop.kind.code}, {sent.case}"
        assert forbidden_words(str(letter["From"]), workshop, NEVER) == [], case
        for text in (str(letter["Subject"]), sent.text.words):
            assert forbidden_words(text, workshop, (*NEVER, *WORKSHOP)) == [], case
        assert body_of(letter).count("http") <= 1, case
        assert sms.parts(sent.text.words) == 1, case
        assert set(sent.text.words) <= sms.GSM_ALPHABET, case
        if workshop.is_discreet:
            assert forbidden_words(body_of(letter), workshop, NEVER_DISCREET) == [], case
            assert forbidden_words(sent.text.words, workshop, NEVER_DISCREET) == [], case
            assert "http" not in sent.text.words, case
            assert calendar_entry_of(letter) is None, case
            assert letter["Reply-To"] is None, case
            assert str(letter["From"]).startswith(("Avisos", "Notices", "Avis")), case
        elif (entry := calendar_entry_of(letter)) is not None:
            without_place = re.sub(rb"LOCATION:[^\r]*\r\n(?: [^\r]*\r\n)*", b"", entry)
            without_place = re.sub(rb"TZID[:=]America/Chicago", b"", without_place)
            assert forbidden_words(without_place.decode(), workshop, NEVER) == [], case
        count += 1
    assert count == sum(len(list_cases(each)) for each in workshops_of_all_kinds)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_letter_is_plain_text_to_one_person_without_automatic_replies(
    app: Flask, config: Config, workshops_of_all_kinds: list[Workshop], lang: str
) -> None:
    for _workshop, sent in all_messages(app, config, workshops_of_all_kinds[:4], lang):
        letter = sent.letter
        assert letter["To"] == "rosa@example.org"
        assert letter["Cc"] is None
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["Date"] is not None
        assert "\n" not in str(letter["Subject"])
        part = letter.get_body()
        assert part is not None
        assert part.get_content_type() == "text/plain"
        assert not any(each.get_content_type() == "text/html" for each in letter.walk())
        assert len(body_of(letter)) > 40
        assert "None" not in body_of(letter) + sent.text.words


def test_every_notification_type_is_written() -> None:
    assert {cause for cause, _status in CASES.values()} == set(NotificationType)


def workshop_with_visibility(
    store: Store, office: Office, kind: kinds.Kind, visibility: Visibility
) -> Workshop:
    with store.change() as session:
        return make_workshop(session, office, kind, visibility=visibility)


@pytest.mark.parametrize("visibility", list(Visibility))
def test_address_is_only_in_letters_to_people_who_may_read_it(
    app: Flask, store: Store, config: Config, chicago: Office, rights: kinds.Kind,
    visibility: Visibility,
) -> None:  # fmt: skip
    workshop = workshop_with_visibility(store, chicago, rights, visibility)
    informed = {
        Visibility.PUBLIC: {"confirmed", "waitlisted", "offered", "expired"},
        Visibility.REGISTERED: {"confirmed"},
        Visibility.APPROVED: set[str](),
        Visibility.PHONE_ONLY: set[str](),
    }[visibility]
    for _workshop, sent in all_messages(app, config, [workshop], "es"):
        status = CASES[sent.case][1].get("status", "confirmed")
        has_address = "1805 S. Ejemplo" in body_of(sent.letter)
        assert not has_address or status in informed, sent.case
        entry = calendar_entry_of(sent.letter) or b""
        assert b"Ejemplo" not in entry or status in informed, sent.case


def test_calendar_entry_is_neutral_and_no_invitation(
    app: Flask, config: Config, store: Store, chicago: Office, rights: kinds.Kind
) -> None:
    workshop = workshop_with_visibility(store, chicago, rights, Visibility.PUBLIC)
    entries = {
        sent.case: calendar_entry_of(sent.letter)
        for _workshop, sent in all_messages(app, config, [workshop], "es")
    }
    assert {case for case, entry in entries.items() if entry is not None} == {
        "saved", "seated by the staff", "changed", "cancelled", "reinstated", "approved",
        "lapsed, off the list", "lapsed, by silence", "moved",
    }  # fmt: skip
    saved = entries["saved"]
    assert saved is not None
    calendar = Calendar.from_ical(saved)
    (event,) = calendar.events
    assert calendar["METHOD"] == "PUBLISH"
    assert event["SUMMARY"] == "Cita"
    assert event["ORGANIZER"] == "mailto:talleres@example.org"
    assert event["CLASS"] == "PRIVATE"
    assert event["STATUS"] == "CONFIRMED"
    assert event["URL"] == f"http://localhost:8000/es/t/{workshop.public_id}"
    assert event["LOCATION"] == "1805 S. Ejemplo St., Chicago, IL"
    assert event["SEQUENCE"] == workshop.sequence
    assert workshop.uid not in str(event["UID"])
    assert not {"ATTENDEE", "DESCRIPTION", "CATEGORIES", "ATTACH"} & set(event)
    assert event.walk("VALARM") == []
    assert b"/r/" not in saved
    cancelled = Calendar.from_ical(entries["cancelled"] or b"")
    (cancelled_event,) = cancelled.events
    assert cancelled["METHOD"] == "CANCEL"
    assert cancelled_event["STATUS"] == "CANCELLED"
    assert cancelled_event["UID"] == event["UID"]
    assert cancelled_event["ORGANIZER"] == event["ORGANIZER"]


def test_calendar_entry_is_an_attachment_that_mail_programs_open(
    app: Flask, config: Config, store: Store, chicago: Office, rights: kinds.Kind
) -> None:
    workshop = workshop_with_visibility(store, chicago, rights, Visibility.PUBLIC)
    letter = next(all_messages(app, config, [workshop], "es"))[1].letter
    assert letter.get_content_type() == "multipart/mixed"
    text, calendar = letter.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert calendar.get_content_type() == "text/calendar"
    assert calendar["Content-Type"].params["method"] == "PUBLISH"
    assert calendar["Content-Type"].params["charset"] == "utf-8"
    assert calendar["Content-Transfer-Encoding"] == "base64"
    assert calendar.get_content_disposition() == "attachment"
    assert calendar.get_filename() == "cita.ics"


def test_no_calendar_entry_unless_wanted(
    app: Flask, config: Config, store: Store, chicago: Office, rights: kinds.Kind
) -> None:
    workshop = workshop_with_visibility(store, chicago, rights, Visibility.PUBLIC)
    with app.app_context():
        for sent in write_all(workshop, config, "es", now=workshop.starts_at - timedelta(days=3)):
            assert not sent.letter.is_multipart()


def test_letter_states_the_booked_time_slot(
    app: Flask,
    config: Config,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: kinds.Kind,
) -> None:
    with store.change() as session:
        workshop = make_workshop(
            session, chicago, rights, way=Way.SLOTS, slot_minutes=20, slot_places=1, capacity=6
        )
    rosa = seat(
        store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org",
        slot="18:40", wants_entry=True,
    )  # fmt: skip
    letter = letter_to(app, config, store, key_store, rosa)
    assert "6:40\u00a0p.\u00a0m." in str(letter["Subject"])
    assert "6:40\u00a0p.\u00a0m." in body_of(letter)
    entry = calendar_entry_of(letter) or b""
    assert re.findall(rb"DT(?:START|END);[^\r]*T(\d{4})00\r", entry) == [b"1840", b"1900"]
    assert b"\r\nSEQUENCE:0\r\n" in entry
    with store.change() as session:
        registration = session.get_one(registrations.Registration, rosa.id)
        wanted = RegistrationChange(people=1, needs=Codes(), slot="19:20")
        registrations.change(session, registration, wanted, now=clock.now())
    changed_entry = calendar_entry_of(letter_to(app, config, store, key_store, rosa)) or b""
    assert re.findall(rb"DT(?:START|END);[^\r]*T(\d{4})00\r", changed_entry) == [b"1920", b"1940"]
    assert b"\r\nSEQUENCE:1\r\n" in changed_entry
    assert re.findall(rb"UID:.*", changed_entry) == re.findall(rb"UID:.*", entry)


def test_one_letter_lists_all_dates_of_a_group_registration(
    app: Flask,
    config: Config,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: kinds.Kind,
) -> None:
    first = a_wednesday()
    with store.change() as session:
        dates = [
            make_workshop(
                session, chicago, rights, day=first + timedelta(days=7 * week), capacity=capacity
            )
            for week, capacity in enumerate((20, 20, 0))
        ]
    rosa = registration_data(contact=ContactMethod.EMAIL, address="rosa@example.org")
    sealed = [registrations.prepare(key_store, each, rosa) for each in dates]
    with store.change() as session:
        registrations.register_group(
            session, list(zip(dates, sealed, strict=True)), rosa, "once", now=clock.now()
        )
        leader = session.get_one(registrations.Registration, sealed[0].id)
    letters: list[EmailMessage] = []

    @contextmanager
    def transport() -> Iterator[Callable[[EmailMessage], None]]:
        yield letters.append

    with app.app_context():
        deliver(letter_outlets(store, key_store, config, transport), now=clock.now())
    (letter,) = letters
    assert letter["To"] == "rosa@example.org"
    body = body_of(letter)
    assert leader.status == "confirmed"
    assert body.count("miércoles") == 3
    assert body.count("(lista de espera)") == 1
    assert body.count("http") == 1


def letter_to(
    app: Flask, config: Config, store: Store, key_store: KeyStore, row: registrations.Registration
) -> EmailMessage:
    """The confirmation letter of a registration, as it would be written now."""
    with store.read() as session:
        registration = session.get_one(registrations.Registration, row.id)
        notification = session.scalars(
            sa.select(Notification).where(Notification.registration_id == row.id).limit(1)
        ).one()
        assert notification.registration is registration
        assert registration.workshop is not None
    key = registrations.get_key(key_store, registration)
    context = MessageContext(
        notification=notification,
        address=registrations.decrypt_person(registration, key).address, key=key,
        now=clock.now(), calendar_host="talleres.example.org",
    )  # fmt: skip
    with app.app_context():
        return render.write(context, config)
