"""Nobody learns who is registered: what an attacker sees is the same with the victim registered and
with somebody else in her place (S26)."""

import re
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time
from typing import Any, Final

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.maintenance.worker import Worker
from tests.conftest import make_workshop
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import (
    answers,
    ask_for_link,
    everyone,
    own_address,
    send,
)

pytestmark = pytest.mark.any_database("texts of pages")

EMAIL: Final = {"contact": "email", "email": "rosa@example.org"}
PHONE: Final = {"contact": "phone", "phone": "312 555 0142", "message_ok": "no"}
OTHER_EMAIL: Final = {"contact": "email", "email": "luz@example.org"}
OTHER_PHONE: Final = {"contact": "phone", "phone": "312 555 0199", "message_ok": "no"}
HERS, FAR = "203.0.113.9", "198.51.100.77"
PAIRS: Final = 400
_MASKS: Final = (
    (r"/r/[A-Za-z0-9_-]{22}", "/r/…"),
    (r"/lugar\?de=[\w.-]+", "/lugar?de=…"),  # the attacker's own ticket
    (r'(name="(?:stamp|nonce)" value=")[^"]*', r"\1…"),
    (r"<svg.*?</svg>", "<svg>"),
    (r"Biblioteca [0-9a-f]{6}", "Biblioteca"),
    # Both notations of a door code: «7K3 Q9X» and «7 K 3 Q 9 X».
    (r">[0-9A-Z]{3} [0-9A-Z]{3}<", ">…<"),
    (r">(?:[0-9A-Z] ){5}[0-9A-Z]<", ">…<"),
)


class Attacker:
    """Sends posts from one address, and writes down every answer and the page that it leads to."""

    def __init__(self, client: FlaskClient, workshop: Workshop, address: str) -> None:
        self.client, self.workshop, self.address = client, workshop, address
        self.client.environ_base["REMOTE_ADDR"] = address
        self.transcript: list[str] = []
        self.consent = {"consent": "yes"} if workshop.is_discreet else {}

    def register(self, **typed: Any) -> str:
        form = answers(self.client.application, self.workshop, **(self.consent | typed))
        answer = send(self.client, self.workshop, form, address=self.address)
        return self._write(answer.status_code, answer.headers.get("Location", ""), answer.text)

    def repeat(self, **typed: Any) -> None:
        """The same form twice, the second time with another name."""
        form = answers(self.client.application, self.workshop, **(self.consent | typed))
        for name in ("Eva", "Ana"):
            answer = send(self.client, self.workshop, form | {"name": name}, address=self.address)
            self._write(answer.status_code, answer.headers.get("Location", ""), answer.text)

    def change(self, link: str, **typed: Any) -> None:
        form = {"name": "Eva", "people": "1"} | typed
        answer = self.client.post(f"{link}/cambiar", data=form)
        self._write(answer.status_code, answer.headers.get("Location", ""), answer.text)

    def ask_for_link(self, email: str) -> None:
        answer = ask_for_link(self.client, email)
        self._write(answer.status_code, "", answer.text)

    def _write(self, status: int, location: str, text: str) -> str:
        page = self.client.get(location).text if location else ""
        masked = f"{status} {location}\n{text}\n{page}"
        for pattern, instead in _MASKS:
            masked = re.sub(pattern, instead, masked, flags=re.DOTALL)
        self.transcript.append(masked)
        return location


def attack(
    client: FlaskClient, workshop: Workshop, address: str, hers: dict[str, str]
) -> list[str]:
    """24 posts that try every way to learn whether her contact is known."""
    attacker = Attacker(client, workshop, address)
    links = [attacker.register(name="Eva", **hers) for _ in range(4)]
    links += [attacker.register(name=name, **hers) for name in ("Rosa", "ROSA", "rosa ")]
    attacker.register(name="Rosa", people="4", **hers)
    attacker.repeat(**hers)
    attacker.register(name="", **hers)
    attacker.register(name="Eva", **hers, website="x")
    own = attacker.register(name="Eva", contact="none")
    attacker.change(own, **hers)
    attacker.change(own, contact="none")
    attacker.change(own, **hers)
    attacker.change(own, **hers)
    attacker.change(links[0], contact="same", people="1")
    attacker.change(links[1], **(OTHER_EMAIL if "email" in hers else OTHER_PHONE))
    attacker.change(links[1], **hers)
    for email in ("rosa@example.org", "ROSA@example.org", "nobody@example.org"):
        attacker.ask_for_link(email)
    attacker.register(name="Eva", **hers)
    assert len(attacker.transcript) == 24
    return attacker.transcript


@pytest.fixture
def store_workshop(
    store: Store, chicago: Office, rights: Kind, women: Kind
) -> Callable[[bool], Workshop]:
    """Of the ordinary one the share of an address is larger than the attack: its page may say that
    many came from one connection (S29)."""

    def make(is_discreet: bool) -> Workshop:
        with store.change() as session:
            kind, capacity = (women, 20) if is_discreet else (rights, 200)
            title = {"es": "Taller de prueba"}
            return make_workshop(session, chicago, kind, capacity=capacity, title=title)

    return make


def blind(transcript: Sequence[str], workshop: Workshop) -> list[str]:
    return [each.replace(workshop.public_id, "ID") for each in transcript]


@pytest.mark.parametrize("address", [FAR, HERS], ids=["from afar", "from her connection"])
@pytest.mark.parametrize("hers", [EMAIL, PHONE], ids=["e-mail", "phone"])
@pytest.mark.parametrize(
    "is_discreet", [True, pytest.param(False, marks=pytest.mark.long)], ids=["discreet", "ordinary"]
)
def test_attack_sees_the_same_with_and_without_the_victim(
    make_app: Callable[..., Flask], store: Store, store_workshop: Callable[[bool], Workshop],
    is_discreet: bool, hers: dict[str, str], address: str,
) -> None:  # fmt: skip
    app = make_app(limits=UNLIMITED)
    other = OTHER_EMAIL if "email" in hers else OTHER_PHONE
    seen = []
    # One seat is taken in both, once by her and once by somebody else from elsewhere.
    for contact, source in ((other, "192.0.2.55"), (hers, HERS)):
        workshop = store_workshop(is_discreet)
        Attacker(app.test_client(), workshop, source).register(name="Rosa", **contact)
        Worker(app).once()
        seen.append(blind(attack(app.test_client(), workshop, address, hers), workshop))
    without, with_her = seen
    for number, (one, two) in enumerate(zip(without, with_her, strict=True), 1):
        assert one == two, f"post {number}"


def test_five_parties_with_one_phone_succeed(
    make_app: Callable[..., Flask], store: Store, store_workshop: Callable[[bool], Workshop]
) -> None:
    """A neighbour registers five women with her own phone."""
    app = make_app(limits=UNLIMITED)
    attacker = Attacker(app.test_client(), store_workshop(True), FAR)
    links = {attacker.register(name=f"Amiga {number}", **PHONE) for number in range(5)}
    assert len(links) == 5
    assert [each.status.value for each in everyone(store)] == ["confirmed"] * 5


@pytest.mark.long
@pytest.mark.parametrize("is_discreet", [True, False], ids=["discreet", "ordinary"])
def test_a_known_contact_takes_the_same_time(
    make_app: Callable[..., Flask], store_workshop: Callable[[bool], Workshop], is_discreet: bool
) -> None:
    """In processor time of interleaved pairs: the medians differ by less than 5 %, and Cliff's
    delta is less than 0.15."""
    app = make_app(limits=UNLIMITED)
    client, without, with_her = app.test_client(), *map(store_workshop, (is_discreet,) * 2)
    Attacker(client, without, "192.0.2.55").register(name="Rosa", **OTHER_EMAIL)
    Attacker(client, with_her, HERS).register(name="Rosa", **EMAIL)
    typed: dict[str, Any] = {"name": "Eva"} | EMAIL | ({"consent": "yes"} if is_discreet else {})
    took: dict[int, list[float]] = {without.id: [], with_her.id: []}
    for number in range(PAIRS):
        pair = (without, with_her) if number % 2 else (with_her, without)
        for workshop in pair:
            form = answers(app, workshop, **typed)
            began = process_time()
            answer = send(client, workshop, form, address=own_address(number))
            took[workshop.id].append(process_time() - began)
            assert answer.status_code == 303
    one, other = took[without.id], took[with_her.id]
    ratio = median(other) / median(one)
    delta = cliffs_delta(one, other)
    print(f"medians {median(one) * 1000:.2f} and {median(other) * 1000:.2f} ms, delta {delta:.3f}")
    assert 0.95 < ratio < 1.05
    assert abs(delta) < 0.15


def cliffs_delta(one: Sequence[float], other: Sequence[float]) -> float:
    """How often a value of one exceeds one of the other, minus how often it is the other way."""
    signs = sum((a > b) - (a < b) for a in one for b in other)
    return signs / (len(one) * len(other))
