"""The form ticks the reminders of an ordinary workshop, the ticket turns them off and on, and who
lost the phone ends all messages to it."""

from typing import Final

import pytest
from flask.testing import FlaskClient
from lxml import html

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.message_types import REMINDERS
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import fixed_clock
from tests.support.registration_forms import link_of
from tests.web.public.test_changing import pending

pytestmark = fixed_clock

PHONE: Final = "+13125550142"
LANGUAGES: Final = ("es", "en", "fr")


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def _tick(client: FlaskClient, workshop: Workshop, lang: str = "es") -> bool | None:
    """Whether the form offers the reminders, and ticks them."""
    page = html.fromstring(client.get(f"/{lang}/t/{workshop.public_id}/lugar").data)
    found = page.xpath("//input[@name='remind']")
    return None if not found else "checked" in found[0].attrib


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("confirm_days", [None, 2, 3, 5])
def test_form_and_ticket_of_an_ordinary_workshop_say_both_days(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    lang: str, confirm_days: int | None,
) -> None:  # fmt: skip
    """Also where the first message is the question whether one still comes."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, confirm_days=confirm_days)
    early = workshop.remind_early_at or workshop.confirm_at
    assert early is not None
    rosa = seat(
        store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org",
        wants_reminder=True,
    )  # fmt: skip
    assert _tick(client, workshop, lang) is True
    form = html.fromstring(client.get(f"/{lang}/t/{workshop.public_id}/lugar").data)
    link = link_of(key_store, rosa).replace("/es/", f"/{lang}/")
    ticket = html.fromstring(client.get(link).data)
    [on_form] = form.xpath("//label[@for='remind' or .//input[@name='remind']]")
    [on_ticket] = ticket.xpath("//*[@id='recordatorios']")
    for moment in (early, workshop.remind_at):
        day = str(moment.astimezone(workshop.zone).day)
        assert day in on_form.text_content().split()
        assert day in on_ticket.text_content().replace(".", " ").split()


def test_form_of_a_discreet_workshop_does_not_tick_them(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        circle = make_workshop(session, chicago, women, has_reminders=True)
    assert _tick(client, circle) is False


def test_form_does_not_offer_what_is_too_late(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        soon = make_workshop(session, chicago, rights, day=clock.now().date())
    assert _tick(client, soon) is None


@pytest.mark.parametrize("contact", [ContactMethod.EMAIL, ContactMethod.PHONE])
def test_ticket_ends_and_restores_reminders(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop,
    contact: ContactMethod,
) -> None:  # fmt: skip
    address = PHONE if contact is ContactMethod.PHONE else "rosa@example.org"
    rosa = seat(store, key_store, workshop, contact=contact, address=address, wants_reminder=True)
    link = link_of(key_store, rosa)
    queued = set(pending(store, rosa)) & set(REMINDERS)
    assert queued
    for _twice in range(2):
        answer = client.post(f"{link}/recordatorios", data={"remind": "no"})
        assert answer.status_code == 303
        assert not set(pending(store, rosa)) & set(REMINDERS)
    assert "Sin recordatorios." in client.get(link).text
    assert client.post(f"{link}/recordatorios", data={"remind": "yes"}).status_code == 303
    assert set(pending(store, rosa)) & set(REMINDERS) == queued


@pytest.mark.parametrize("typed", [{}, {"remind": ""}, {"remind": "on"}, {"remind": "yes\x00"}])
def test_answer_that_is_neither_changes_nothing(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop,
    typed: dict[str, str],
) -> None:  # fmt: skip
    rosa = seat(
        store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org",
        wants_reminder=True,
    )  # fmt: skip
    before = pending(store, rosa)
    answer = client.post(f"{link_of(key_store, rosa)}/recordatorios", data=typed)
    assert answer.status_code == 422
    assert "Nada cambió." in answer.text
    assert pending(store, rosa) == before


def test_unknown_link_changes_nothing(client: FlaskClient) -> None:
    answer = client.post("/es/r/AAAAAAAAAAAAAAAAAAAAAA/recordatorios", data={"remind": "no"})
    assert answer.status_code == 404


def test_lost_phone_gets_no_more_messages_and_its_link_ends(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(
        store, key_store, workshop, contact=ContactMethod.PHONE, address=PHONE,
        may_leave_message=True, wants_reminder=True,
    )  # fmt: skip
    old = link_of(key_store, rosa)
    page = html.fromstring(client.get(f"{old}/enlace").data)
    typed = {
        each.get("name"): each.get("value") for each in page.xpath("//input[@type='hidden']")
    } | {"lost": "phone"}
    answer = client.post(f"{old}/enlace", data=typed)
    assert answer.status_code == 303
    assert client.get(old).status_code == 404
    assert client.get(answer.location).status_code == 200
    assert key_store.find(PHONE) == []
    assert pending(store, rosa) == []
    with store.read() as session:
        row = session.get_one(Registration, rosa.id)
        assert (row.contact, row.wants_reminder) == (ContactMethod.NONE, False)


def test_who_left_an_email_is_not_asked_about_a_phone(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    assert "Perdí mi teléfono" not in client.get(f"{link_of(key_store, rosa)}/enlace").text
