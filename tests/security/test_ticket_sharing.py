"""«Apartar para otra persona»: one party by a ticket, exempt from the address's share (S29)."""

import re
from collections.abc import Callable

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach.db.store import Store
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.security import test_seat_share as shares
from tests.security.test_seat_share import HOSTILE, of_veiled_kinds, page_of, post, taken
from tests.support.registration_forms import everyone, own_address

client, daca, make = shares.client, shares.daca, shares.make  # fixtures


def share_of(page: str) -> str:
    """The address of «Apartar para otra persona» on a ticket; empty where it has none."""
    found = re.search(r'href="(/es/t/[^"]+/lugar\?de=[^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def register_other(
    client: FlaskClient, workshop: Workshop, page: str, address: str, people: str = "1"
) -> TestResponse:
    shown = client.get(share_of(page)).text
    found = re.search(r'name="ticket" value="([^"]+)"', shown)
    assert found is not None, "the form has the pass"
    return post(client, workshop, address, ticket=found[1], people=people)


def test_ticket_registers_one_other_party_beyond_the_share(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    workshop = make(seats=40)
    tickets = [post(client, workshop, HOSTILE) for _ in range(10)]
    pages = [page_of(client, each) for each in tickets]
    assert "Apartar para otra persona" in pages[0]
    other = register_other(client, workshop, pages[0], HOSTILE, people="4")
    assert 'data-standing="seated"' in page_of(client, other)
    assert taken(store, workshop) == 14
    # Once: neither this ticket nor the one made by it offers it again.
    assert share_of(page_of(client, tickets[0])) == ""
    assert share_of(page_of(client, other)) == ""
    # All tickets together a quarter of the seats.
    register_other(client, workshop, pages[1], HOSTILE, people="4")
    register_other(client, workshop, pages[2], HOSTILE, people="3")
    assert taken(store, workshop) == 18
    register_other(client, workshop, pages[3], HOSTILE, people="2")
    assert taken(store, workshop) == 20
    # The old address of the form is of no use any more.
    assert 'name="ticket"' not in client.get(share_of(pages[0])).text


def test_ticket_of_one_workshop_helps_at_no_other(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    first, second = make(), make()
    page = page_of(client, post(client, first, own_address(1)))
    found = share_of(page).replace(first.public_id, second.public_id)
    assert 'name="ticket"' not in client.get(found).text
    for _ in range(5):
        post(client, second, HOSTILE)
    code = re.search(r"de=([^&]+)", share_of(page))
    assert code is not None
    post(client, second, HOSTILE, ticket=code[1])
    assert taken(store, second) == 5


@of_veiled_kinds
def test_veiled_tickets_offer_nobody_another_place(
    client: FlaskClient, make: Callable[..., Workshop], sort: str
) -> None:
    page = page_of(client, post(client, make(sort), HOSTILE))
    assert 'data-standing="seated"' in page
    assert share_of(page) == ""


def test_waiting_tickets_offer_nobody_another_place(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    workshop = make(seats=8)
    for number in range(8):
        post(client, workshop, own_address(number))
    assert share_of(page_of(client, post(client, workshop, own_address(9)))) == ""


def test_neither_ticket_shows_the_other(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    workshop = make()
    first = post(client, workshop, HOSTILE, name="Lupita")
    shown = client.get(share_of(page_of(client, first))).text
    found = re.search(r'name="ticket" value="([^"]+)"', shown)
    assert found is not None
    other = post(client, workshop, HOSTILE, name="Chayo", ticket=found[1])
    links = [each.headers["Location"] for each in (first, other)]
    rows = everyone(store)
    pages = [client.get(link).text for link in links]
    for page, foreign, link, row in (
        (pages[0], "Chayo", links[1], rows[1]),
        (pages[1], "Lupita", links[0], rows[0]),
    ):
        assert foreign not in page
        assert link.rsplit("/", 1)[1] not in page
        assert row.door_code[:3] + " " + row.door_code[3:] not in page
    client.post(f"{links[1]}/cancelar")
    assert client.get(links[0]).text == pages[0]


def test_ticket_is_for_four_people_at_most(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    workshop = make(seats=40, party_limit=8)
    tickets = [post(client, workshop, HOSTILE) for _ in range(10)]
    answer = register_other(client, workshop, page_of(client, tickets[0]), HOSTILE, people="5")
    assert 'data-standing="waiting"' in page_of(client, answer)
    assert taken(store, workshop) == 10
    # The ticket is not used up by it.
    register_other(client, workshop, page_of(client, tickets[0]), HOSTILE, people="4")
    assert taken(store, workshop) == 14
