"""The people of the year: they look for a workshop, save a place, and do with it what people do."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from tests.support.extension_scenes import SCENES
from tests.support.registration_forms import own_address
from tests.support.text_conversation import plain
from tests.year.browser import Browser, Form, Page
from tests.year.findings import Findings
from tests.year.installation import Installation

# What stands in the addresses of pages of somebody's own, of extensions.
TOKEN_PATHS: Final = tuple(each.token_path for each in SCENES if each.token_path)
LANGUAGES: Final = ("es", "es", "en", "fr")
NAMES: Final = (
    "Rosa", "Luz María", "José Ángel", "Ma. del Carmen", "Dr. Luz", "J.R.", "Chʼol", "Ñuu Savi",
    "★", "Zoë", "O’Neil", "عائشة", "王芳", "Ana-Lucía", "Tomás 2",
)  # fmt: skip
# With the zone of its clocks; of what is no one place, as Arizona, none.
PLACES: Final[Mapping[str, str]] = {
    "Chicago": "America/Chicago", "60608": "America/Chicago", "Boise": "America/Boise",
    "El Paso": "America/Denver", "Nogales, AZ": "America/Phoenix", "Montréal": "America/Toronto",
    "Calgary": "America/Edmonton", "Vancouver, BC": "America/Vancouver", "Arizona": "",
    "San Juan, PR": "America/Puerto_Rico", "H2X 1Y4": "America/Toronto",
    "Honolulu": "Pacific/Honolulu", "cerca de Detroit": "America/Detroit", "": "",
}  # fmt: skip
CONTACTS: Final = ("email", "email", "text", "call", "none")


@dataclass
class Person:
    number: int
    name: str
    lang: str
    contact: str  # one of CONTACTS
    address: str  # an e-mail address or a phone
    place: str = ""  # one of PLACES, where they look for a workshop
    workshop: str = ""  # public id
    link: str = ""  # their own page's
    own_page: str = ""  # of what they asked an extension for
    is_gone: bool = False


@dataclass
class People:
    site: Installation
    rng: random.Random
    findings: Findings
    pause: Callable[[int], None]  # lets seconds pass
    everyone: list[Person] = field(default_factory=list)
    by_address: dict[str, Person] = field(default_factory=dict)
    _read_letters: int = 0
    _read_texts: int = 0

    def browse(self, person: Person) -> Browser:
        return self.site.visit(self.findings.watch, own_address(person.number))

    def come(self) -> Person:
        number = len(self.everyone)
        contact = self.rng.choice(CONTACTS)
        address = {
            "email": f"p{number}@example.org",
            "none": "",
        }.get(contact, f"+1312555{1000 + number % 9000:04d}")
        person = Person(
            number, self.rng.choice(NAMES), self.rng.choice(LANGUAGES), contact, address,
            self.rng.choice(list(PLACES)),
        )  # fmt: skip
        self.everyone.append(person)
        if address:
            self.by_address[address] = person
        return person

    # A place

    def register(self, public_id: str) -> Person | None:
        """Somebody saves a place, by the form; None where it is closed or full."""
        person = self.come()
        browser = self.browse(person)
        query = f"?{urlencode({'donde': person.place})}" if person.place else ""
        browser.get(f"/{person.lang}/{query}")
        browser.get(f"/{person.lang}/t/{public_id}{query}")
        page = browser.get(f"/{person.lang}/t/{public_id}/lugar{query}")
        form = page.find("/lugar", field_name="name")
        if form is None:
            return None
        self.pause(25)
        for _try in range(3):
            page = browser.send(form, **self._answer(person, form))
            if "/r/" in page.path:
                person.workshop, person.link = public_id, page.path
                return person
            again = page.find("/lugar", field_name="name")
            if again is None:
                return None
            form = again
        self.findings.expect(
            page.status != 422 or bool(page.find("/lugar", field_name="name")),
            "registration", "the form is gone", page.text[:200],
        )  # fmt: skip
        return None

    def _answer(self, person: Person, form: Form) -> dict[str, Any]:
        """What somebody fills in; people whom a workshop calls leave a phone."""
        filled: dict[str, Any] = {"name": person.name}
        if form.has("people"):
            filled["people"] = self.rng.choice(["1", "1", "2", "4"])
        if slots := [each for each in form.choices.get("slot", ()) if each]:
            filled["slot"] = self.rng.choice(slots)
        if form.has("consent"):
            filled["consent"] = "yes"
        if self.rng.random() < 0.2 and form.choices.get("needs"):
            filled["needs"] = [self.rng.choice(form.choices["needs"])]
        if self.rng.random() < 0.3 and form.has("series"):
            filled["series"] = "yes"
        if form.has("calendar") and self.rng.random() < 0.5:
            filled["calendar"] = "yes"
        filled |= self._answer_contact(person, form)
        return filled

    def _answer_contact(self, person: Person, form: Form) -> dict[str, Any]:
        choices = form.choices.get("contact", ())
        if person.contact == "email" and "email" in choices:
            return {"contact": "email", "email": person.address, "remind": "yes"}
        has_phone = person.contact in {"text", "call"} and "phone" in choices
        if has_phone or not choices:
            number = person.address or f"+1312555{1000 + person.number % 9000:04d}"
            by = person.contact if person.contact in form.choices.get("by", ()) else "call"
            return {
                "contact": "phone" if choices else None,
                "phone": number.removeprefix("+1"),
                "by": by,
                "remind": "yes",
                "message_ok": "yes",
                "only_me": "yes",
            }
        return {"contact": "none"}

    def look(self, person: Person) -> None:
        """Looks at the own page, and does one of the things that it offers."""
        browser = self.browse(person)
        page = browser.get(person.link)
        if page.status != 200:
            person.is_gone = True
            return
        found = re.search(r"/r/[\w-]+", page.path)
        forms = [each for each in page.forms if found and found[0] in each.action]
        links = [each for each in page.links if found and f"{found[0]}/" in each]
        dice = self.rng.random()
        if forms and dice < 0.5:
            self._press(person, browser, self.rng.choice(forms))
        elif links and dice < 0.75:
            self._go_on(person, browser, browser.get(self.rng.choice(links)))

    def _go_on(self, person: Person, browser: Browser, page: Page) -> None:
        """Sends a form of one of the pages beside the own page, with something changed."""
        if page.status != 200 or page.answer.mimetype != "text/html":
            return
        forms = [each for each in page.forms if "/r/" in each.action]
        if forms:
            self._press(person, browser, self.rng.choice(forms))

    def _press(self, person: Person, browser: Browser, form: Form) -> None:
        button = self.rng.choice(form.buttons) if form.buttons else None
        changes: dict[str, Any] = {}
        for name, choices in form.choices.items():
            if self.rng.random() < 0.3 and name not in {"contact"}:
                changes[name] = self.rng.choice(choices)
        page = browser.send(form, button, **changes)
        if form.action.endswith("/enlace") and "/r/" in page.path:
            person.link = page.path
        if form.action.endswith(("/cancelar", "/borrar")):
            person.is_gone = browser.get(person.link).status != 200

    # What they get

    def read_letters(self) -> Sequence[tuple[Person | None, str, str, str]]:
        """What came by letter since the last time: whose, the address, subject, text."""
        letters = self.site.postman.letters[self._read_letters :]
        self._read_letters = len(self.site.postman.letters)
        found = []
        for letter in letters:
            body = letter.get_body(("plain",))
            text = body.get_content() if body is not None else ""
            to = str(letter["To"])
            found.append((self.by_address.get(to), to, str(letter["Subject"]), text))
        return found

    def read_texts(self) -> Sequence[tuple[Person | None, str, str]]:
        asked = self.site.gateway.asked[self._read_texts :]
        self._read_texts = len(self.site.gateway.asked)
        found = []
        for each in asked:
            to, text = self.site.gateway.read_text(each)
            found.append((self.by_address.get(to), to, text))
        return found

    def open_links(self, person: Person, text: str) -> None:
        """Opens what a message leads to; confirms what was asked for."""
        browser = self.browse(person)
        for path in re.findall(r"http://localhost:8000(/\S+)", text)[:3]:
            page = browser.get(path.rstrip(".,)"))
            if page.status == 200 and any(each in page.path for each in TOKEN_PATHS):
                person.own_page = page.path
                form = page.find(page.path)
                if form is not None and self.rng.random() < 0.8:
                    browser.send(form, form.buttons[0] if form.buttons else None)

    def answer_text(self, person: Person) -> None:
        words = self.rng.choice(["SI", "NO", "¿dónde es?", "STOP", "yes", "oui", "ALTO", "👍"])
        answer = plain(person.address, words).send(self.site.app.test_client(use_cookies=False))
        self.findings.expect(
            answer.status_code < 500, "POST /respuestas/texto", f"answers {answer.status_code}"
        )
