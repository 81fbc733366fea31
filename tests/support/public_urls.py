"""Every public address, with values for its parts: for tests of what holds on all pages.

A new address with a part unknown here fails the tests until a value is added."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from itertools import product
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations import RegistrationStatus as Stands
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import LONG_AGO, make_workshop, seat
from tests.support.extension_scenes import SCENES
from tests.support.registration_forms import answers

NOBODY: Final = "A" * 21 + "g"  # as long as a token is
LANGUAGES: Final = ("es", "en", "fr")
STAFF: Final = "/org"
QR_LANDING: Final = "/q/"  # answered for everybody, and more for staff
# Query strings by endpoint: filters, searches, further pages.
QUERIES: Final = {
    "workshops.upcoming": (
        "",
        "?tipo=K7QX",
        "?donde=Chicago&tipo=mujeres",
        "?tras=nada&desde=x",
        "?donde=60608&cuando=finde&idioma=nah&ninos=1&libres=1",
    ),
    "workshops.workshop": ("", "?donde=Chicago&tipo=mujeres&cuando=mes"),
    "registration.form": ("", "?donde=Chicago&tipo=mujeres&cuando=mes"),
    "feed_builder.build": ("", "?tipo=K7QX", "?oficina=chicago&idioma=es"),
    "calendar_files.workshop": ("", "?titulo=completo"),
    "calendar_files.feed": ("", "?tipo=K7QX", "?tipo=nada"),
} | {endpoint: tuple(each) for scene in SCENES for endpoint, each in scene.queries.items()}

# Values for parts of the addresses of extensions.
PARTS: Final = {name: each for scene in SCENES for name, each in scene.parts.items()}


@dataclass(frozen=True)
class FurnishedSite:
    """A small network, and its public addresses."""

    app: Flask
    workshops: dict[str, Workshop]
    links: dict[str, str]  # the manage token of each registration, by whose it is
    entry: str
    files: tuple[str, ...]
    languages: Sequence[str] = LANGUAGES
    tokens: Mapping[str, str] = field(default_factory=dict)  # of extensions, by their paths

    def addresses(self, method: str = "GET") -> Iterator[tuple[str, str]]:
        """The endpoint and path of every public page that takes the method.

        Pages that end a registration come last."""
        found = [
            (rule.endpoint, path)
            for rule in public_rules(self.app)
            if method in (rule.methods or set())
            for path in self._filled(rule)
        ]
        return iter(sorted(found, key=lambda each: each[1].endswith(("/cancelar", "/borrar"))))

    def of_tokens(self) -> list[str]:
        """The paths with the token of a registration, for every registration."""
        rules = [rule for rule in public_rules(self.app) if "token" in rule.arguments]
        return [p for rule in rules if "GET" in (rule.methods or ()) for p in self._filled(rule)]

    def post(self, client: FlaskClient, path: str) -> TestResponse:
        """Posts the fields of the registration form, which serve for every page."""
        known = list(self.workshops.values())
        workshop = next((each for each in known if each.public_id in path), known[0])
        typed = answers(self.app, workshop)
        return client.post(path, data=typed | {"people": "1", "email": "rosa@example.org"})

    def _filled(self, rule: Rule) -> Iterator[str]:
        names = sorted(rule.arguments)
        for values in product(*(self._values(rule, name) for name in names)):
            built = rule.build(dict(zip(names, values, strict=True)))
            assert built is not None, rule.rule
            for query in QUERIES.get(rule.endpoint, ("",)):
                yield built[1] + query

    def _values(self, rule: Rule, name: str) -> Sequence[str]:
        """Values for a part of an address: some exist, some do not."""
        known: dict[str, Sequence[str]] = {
            "lang": self.languages,
            "slug": ("chicago", "nada"),
            "public_id": [*(each.public_id for each in self.workshops.values()), "0" * 10],
            "id": [*(each.public_id for each in self.workshops.values()), "0" * 10],
            "token": (
                [self.entry, NOBODY]
                if rule.rule.startswith(QR_LANDING)
                else [*own, NOBODY]
                if (own := [each for path, each in self.tokens.items() if path in rule.rule])
                else [*self.links.values(), NOBODY]
            ),
            "text": ("2020-01", "nada"),
            "part": ("1",),
            "number": ("1", "999"),
            "file_name": ("workshops.csv", "nada"),
            "year": ("2020", "1066"),
            "month": ("2020-01", "nada"),
            "code": ("derechos", "mujeres", "nada"),
            "rest": ("nada",),
            "form": ("ics", "atom", "json", "jcal", "jscal"),
            "name": self.files if rule.endpoint.startswith("static") else ("red", "chicago", "x"),
            "version": ("000000000000",),
        } | dict(PARTS)
        assert name in known, (
            f"tell tests/support/public_urls.py what stands for <{name}> in {rule.rule}"
        )
        return known[name]


def public_rules(app: Flask) -> list[Rule]:
    """The URL rules of all pages but the staff's."""
    return [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith(STAFF)]


def furnished(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> FurnishedSite:
    """A workshop of every sort, with registrations of every status."""
    with store.change() as session:
        plain = make_workshop(session, chicago, rights)
        full = make_workshop(session, chicago, rights, capacity=0)
        workshops = {
            "plain": plain,
            "full": full,
            "discreet": make_workshop(session, chicago, women),
            "secret": make_workshop(session, chicago, women, visibility=Visibility.PHONE_ONLY),
            "unlisted": make_workshop(session, chicago, rights, way=Way.UNLISTED),
            "draft": make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT),
            "cancelled": make_workshop(session, chicago, rights),
            "hours": make_workshop(session, chicago, rights, way=Way.SLOTS, slot_minutes=20),
            "quiet hours": make_workshop(session, chicago, women, way=Way.SLOTS, slot_minutes=20),
            "later": make_workshop(session, chicago, women, opens_days=2),
        }
        workshop_service.cancel(session, workshops["cancelled"], now=LONG_AGO)
    seated = seat(store, key_store, plain)
    people = {
        "seated": seated,
        "waiting": seat(store, key_store, full),
        "secret": seat(store, key_store, workshops["secret"]),
        "hour": seat(store, key_store, workshops["hours"], slot="18:20"),
        "quiet hour": seat(store, key_store, workshops["quiet hours"], slot="18:40"),
    }
    return FurnishedSite(
        app=app,
        workshops=workshops,
        links={name: manage_token(key_store, each) for name, each in people.items()}
        | in_every_status(store, key_store, plain)
        | in_every_status(store, key_store, workshops["discreet"]),
        entry=registrations.derive_entry_token(registrations.get_key(key_store, seated)),
        files=tuple(app.extensions["outreach_static"]),
        tokens={each.token_path: each.make_token(key_store) for each in SCENES if each.make_token},
    )


def in_every_status(store: Store, key_store: KeyStore, workshop: Workshop) -> dict[str, str]:
    """The links of registrations of one workshop, one for each status."""
    now = clock.now()
    ways: dict[str, dict[str, Any]] = {
        "seated": {},
        "asked": {"asked_at": now},
        "waiting": {"status": Stands.WAITLISTED},
        "offered": {"status": Stands.OFFERED, "offered_until": now + timedelta(hours=24)},
        "late": {"status": Stands.OFFERED, "offered_until": now - timedelta(hours=1)},
        "lapsed": {"status": Stands.EXPIRED, "lapses": 2},
    }
    links = {}
    for way, values in ways.items():
        somebody = seat(store, key_store, workshop)
        links[f"{way} {workshop.public_id}"] = manage_token(key_store, somebody)
        if values:
            with store.change() as session:
                session.execute(
                    sa.update(Registration).where(Registration.id == somebody.id).values(**values)
                )
    return links


def manage_token(key_store: KeyStore, registration: Registration) -> str:
    return registrations.derive_manage_token(registrations.get_key(key_store, registration))


class Page(HTMLParser):
    """The tags, title, links and visible words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.title = ""
        self._within: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"title", "script", "style", "svg"}:
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            self._within.remove(tag)

    def handle_data(self, data: str) -> None:
        if self._within == ["title"]:
            self.title += data
        elif not self._within:
            self.words.append(data)

    @property
    def links(self) -> list[str]:
        """The targets of the page's links."""
        return [has["href"] or "" for tag, has in self.tags if tag == "a" and has.get("href")]
