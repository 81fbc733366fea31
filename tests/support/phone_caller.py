"""A simulated caller of the automatic phone line, and the gateway that signs its requests."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from xml.etree import ElementTree as ET

from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import review
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from outreach.web.public.phone_line import gateway_signature
from tests.conftest import make_workshop, venue

SECRET: Final = "a secret of the gateway"
SITE: Final = "http://localhost:8000"
NUMBER: Final = "+13125550199"
WORDS_A_SECOND: Final = 2.5  # a machine speaks that fast to who listens once
MOST_SECONDS: Final = 90
NOT_YET: Final = (
    "Todavía no está confirmado. Llama mañana después de las nueve y marca tu código, o ven."
)
UNKNOWN: Final = "No encontramos ese código por teléfono."
_calls: Final = count()
LANGUAGE_KEYS: Final = {"es": "1", "en": "2", "fr": "3"}


@dataclass
class Caller:
    """Somebody who calls: hears what is said, and presses keys."""

    app: Flask
    call: str
    number: str = NUMBER
    heard: list[str] = field(default_factory=list)
    played: list[str] = field(default_factory=list)
    address: str = "/voz/inicio"
    silent_address: str = ""
    is_over: bool = False
    key_seconds: int = 0

    def ring(self) -> str:
        return self.listen(self.send("/voz/inicio"))

    def press(self, keys: str) -> str:
        return self.listen(self.send(self.address, Digits=keys))

    def wait(self) -> str:
        """Presses nothing until the line asks again."""
        return self.listen(self.send(self.silent_address))

    def send(self, address: str, **fields: str) -> TestResponse:
        form = {"CallSid": self.call, "From": self.number, "To": "+13125550100"} | fields
        given = gateway_signature.sign(SECRET, SITE + address, form)
        headers = {"X-Twilio-Signature": given}
        return self.app.test_client().post(address, data=form, headers=headers)

    def listen(self, answer: TestResponse) -> str:
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "text/xml"
        assert answer.headers["Cache-Control"] == "no-store"
        response = ET.fromstring(answer.data)
        words = " ".join(each.text or "" for each in response.iter("Say"))
        self.heard.append(words)
        self.played += [each.text or "" for each in response.iter("Play")]
        gather = response.find("Gather")
        self.is_over = gather is None
        if gather is not None:
            self.key_seconds = int(gather.attrib["timeout"])
            self.address = gather.attrib["action"]
            self.silent_address = response.findtext("Redirect") or ""
        else:
            assert response.find("Hangup") is not None
        return words

    def reach_code(self, lang: str = "es", place: str = "60608") -> str:
        """Goes on until the code is said, with the first choices; returns what is said then."""
        self.ring()
        self.press(LANGUAGE_KEYS[lang])
        self.press(place)
        self.press("1")
        return self.press("1")

    @property
    def seconds(self) -> float:
        return sum(len(each.split()) for each in self.heard) / WORDS_A_SECOND


def hold_near(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    with store.change() as session:
        if "venue" not in changes:
            changes["venue"] = venue(
                session, session.merge(office, load=False), f"Biblioteca {clock.now().timestamp()}"
            )
        return make_workshop(session, office, kind, **changes)


def read_code(words: str) -> str:
    """The code as a caller writes it down."""
    found = re.search(r"\b(?:[0-9A-Z], ){5}[0-9A-Z]\b", words)
    assert found is not None, words
    return found[0].replace(", ", "")


def keys_of(code: str) -> str:
    """The keys of a telephone that press a code."""
    return code.translate(str.maketrans("AFHMRX", "234679"))


def call_with_a_code(app: Flask, number: str = NUMBER) -> Caller:
    """Calls, and goes on until the line waits for a code."""
    caller = Caller(app, f"code {next(_calls)}", number)
    caller.ring()
    assert "Si ya tienes un código, marca 1 y espera." in caller.press("1")
    assert (
        caller.press("1") == "Marca tu código. En lugar de una letra, marca la tecla que la tiene."
    )
    return caller


def ask_about(app: Flask, code: str, number: str = "") -> str:
    """What somebody hears who calls and keys in a code, each time from another telephone."""
    caller = call_with_a_code(app, number or f"+1773555{next(_calls):04}")
    said = caller.press(keys_of(code))
    assert caller.is_over == (UNKNOWN not in said)
    assert caller.seconds <= MOST_SECONDS, caller.heard
    return said


def review_all(store: Store, key_store: KeyStore, workshop: Workshop) -> None:
    """Runs the worker's step when the review of who has just registered is due."""
    with store.read() as session:
        due = review.compute_review(session.get_one(Workshop, workshop.id), clock.now())
    scheduled_jobs.run_reviews(store, key_store, now=due)
