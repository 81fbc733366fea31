"""Fuzzes the walls between two networks in one process.

Each network has a word in every text of its rows that the other has nowhere, and ids, sessions and
tokens of its own. A request is made of what is known of one network and sent to the host of either:
no answer of a network may hold what is of the other, and no row of a network may change by requests
to the other.
"""

import gzip
import hashlib
import re
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import sqlalchemy as sa
from werkzeug.test import Client

from outreach import network_profile
from outreach.app import create_network_apps
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, MasterKeys
from outreach.migrations.models import MAIN
from outreach.network_profile import NetworkProfile
from outreach.web.middleware.network_dispatch import NetworkDispatcher
from tests.conftest import seat
from tests.fuzz.exchange import REFUSED_FORMAT, FuzzRequest, FuzzResponse, Tally, ask
from tests.fuzz.site_map import Map, found
from tests.fuzz.surfaces import SURFACES, Asker
from tests.fuzz.world import VISITORS, Base, Site, made
from tests.support.network_scene import dump

WORDS: Final[Mapping[str, str]] = {"north": "Zqxnorte", "south": "Zqxsur"}
IN_A_ROUND: Final = 500  # requests before both networks are copied again
IN_A_ROW: Final = 50  # requests to one network, after which the rows of the other are compared
# What people write, by table; a word in a code or an address would make it another one.
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("name", "short_name", "description", "neutral_title", "bring", "topic"),
    "office": ("name", "address", "district", "note", "hours", "access"),
    "staff_member": ("name",),
    "figure_series": ("label", "provided_by"),
    "workshop_series": ("name",),
    "partner": ("name",),
    "speaker": ("name",),
    "tour": ("name",),
    "venue": ("name", "address", "area", "entrance", "meeting_point", "landmark", "transit"),
    "workshop": ("title", "summary", "bring", "facilitator"),
    "monthly_figure": ("source",),
}
NO_HOSTS: Final = ("localhost:8000", "10.0.0.1", "north.example.org.", "south.example.org:80", "")
ID: Final = re.compile(rb"[A-Za-z0-9_-]{10,64}")


@dataclass
class NetworkWalls:
    """Copies of both networks in one process."""

    sites: Mapping[str, Site]
    seen: Mapping[str, Map]
    dispatcher: NetworkDispatcher
    random: Random
    # By network, the ids of it that requests have brought to the other, which may show them.
    brought: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    ids: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    # The host that requests to a network have; a test of the fuzzer exchanges them.
    hosts: Mapping[str, str] = field(
        default_factory=lambda: {each: host_of(each) for each in WORDS}
    )

    def ask(self, to: str, tally: Tally) -> None:
        """One request to a network, made of what is known of either."""
        of = self.random.choice(sorted(self.sites))
        asker = Asker(self.sites[of], self.seen[of], self.random)
        surface = self.random.choice(sorted(SURFACES))
        if surface == "forms" and not self.seen[of].forms:
            surface = "addresses"
        request = self._mix(SURFACES[surface](asker), of, to)
        host = self._choose_host(to)
        if of != to:
            self.brought[of] |= self._find_ids(of, request)
        headers = [each for each in request.headers if each[0] != "Host"]
        request = replace(request, headers=(*headers, ("Host", host)))
        response = ask(Client(self.dispatcher, use_cookies=False), request)
        tally.tried += 1
        tally.answers[f"{response.status // 100}xx"] += 1
        for fault in self._find_leaks("" if host in NO_HOSTS else to, response):
            tally.leaks += 1
            tally.faults.setdefault(fault, f"to {host}: {request} -> {response.status}")
        if response.status >= 500 and response.status != REFUSED_FORMAT:
            words = "\n".join(response.log) or f"answered {response.status}"
            tally.faults.setdefault(words, f"to {host}: {request}")

    def digest(self, name: str) -> str:
        """Of all rows of a network."""
        extensions = self.sites[name].app.extensions
        stores: tuple[Store, Store] = (
            extensions["outreach_store"],
            extensions["outreach_key_store"].store,
        )
        return hashlib.sha256(b"".join(map(dump, stores))).hexdigest()

    def _mix(self, request: FuzzRequest, of: str, to: str) -> FuzzRequest:
        """Sometimes with the session or the form tokens of the other network. The words of a
        network are never sent to the other, which would rightly store and show them."""
        if of == to:
            return request
        random, body = self.random, request.body
        headers = [each for each in request.headers if each[0] != "Cookie"]
        who = random.choice(VISITORS)
        cookies = {name: site.headers(who).get("Cookie", "") for name, site in self.sites.items()}
        chosen = random.choice(
            (_get_cookie(request), cookies[of], cookies[to], "; ".join(cookies.values()))
        )
        if chosen:
            headers.append(("Cookie", chosen))
        if random.random() < 0.5:
            for each, token in self.sites[of].tokens.items():
                body = body.replace(token.encode(), self.sites[to].tokens[each].encode())
        word = WORDS[of]
        return replace(
            request,
            path=request.path.replace(word, "palabra"),
            body=body.replace(word.encode(), b"palabra"),
            headers=tuple(headers),
        )

    def _choose_host(self, to: str) -> str:
        if self.random.random() < 0.05:
            return self.random.choice(NO_HOSTS)
        host = self.hosts[to]
        return self.random.choice((host, host, host, host.upper(), host.title()))

    def _find_ids(self, of: str, request: FuzzRequest) -> set[bytes]:
        sent = b" ".join(
            (request.path.encode(errors="replace"), request.body, repr(request.headers).encode())
        )
        return set(ID.findall(unquote_to_bytes(sent))) & self.ids[of]

    def _find_leaks(self, to: str, response: FuzzResponse) -> Iterator[str]:
        """What an answer of the network tells of the other; that of none, of either."""
        body = response.body
        if dict(response.headers).get("Content-Encoding") == "gzip" and body:
            body = gzip.decompress(body)
        content = body + repr(response.headers).encode()
        for of, word in WORDS.items():
            if of == to:
                continue
            for text in (word, host_of(of)):
                if text.encode().lower() in content.lower():
                    yield f"{to or 'nobody'} tells {text} of {of}"
            for each in set(ID.findall(content)) & (self.ids[of] - self.brought[of]):
                yield f"{to or 'nobody'} tells an id of {of}: {each.decode()}"


def _get_cookie(request: FuzzRequest) -> str:
    return dict(request.headers).get("Cookie", "")


def host_of(name: str) -> str:
    return f"{name}.example.org"


@contextmanager
def ready(server: str = "", *, pages: int) -> Iterator[tuple[dict[str, Base], dict[str, Map]]]:
    """Two networks that are only copied, and their crawled maps."""
    bases, maps = {}, {}
    with ExitStack() as stack:
        for name, word in WORDS.items():
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="outreach-fuzz-"))
            base = stack.enter_context(made(Path(folder), server))
            _mark(base, word)
            bases[name] = base
            with base.opened() as site:
                maps[name] = found(site, pages)
        yield bases, maps


@contextmanager
def opened(
    bases: Mapping[str, Base], maps: Mapping[str, Map], random: Random
) -> Iterator[NetworkWalls]:
    """Copies of both in one process for the block."""
    with ExitStack() as stack:
        stack.callback(network_profile.set_for_process, NetworkProfile())
        configs = []
        for name, base in bases.items():
            copied = stack.enter_context(base.copied())
            configs.append(
                replace(
                    copied,
                    name=name,
                    public_url=f"http://{host_of(name)}",
                    brand=f"Red {WORDS[name]}",
                    controller=f"Responsable {WORDS[name]}",
                )
            )
        apps = create_network_apps(configs)
        sites = {
            name: stack.enter_context(base.served(app))
            for (name, base), app in zip(bases.items(), apps, strict=True)
        }
        ids = {name: frozenset(_list_ids(site)) for name, site in sites.items()}
        yield NetworkWalls(sites, maps, NetworkDispatcher(apps), random, ids=ids)


def round_of(
    bases: Mapping[str, Base], maps: Mapping[str, Map], seed: str, *, most: int = IN_A_ROUND
) -> Tally:
    """That many requests, determined by the seed."""
    tally, random = Tally(), Random(seed)
    with opened(bases, maps, random) as walls:
        began = time.monotonic()
        while tally.tried < most:
            to, other = random.sample(sorted(WORDS), 2)
            wait_for_threads()
            before = walls.digest(other)
            for _ in range(min(IN_A_ROW, most - tally.tried)):
                walls.ask(to, tally)
            wait_for_threads()
            if walls.digest(other) != before:
                tally.leaks += 1
                tally.faults[f"rows of {other} changed by requests to {to}"] = seed
        tally.took = time.monotonic() - began
    return tally


def wait_for_threads() -> None:
    """Waits for the threads that requests have started."""
    for each in threading.enumerate():
        if each is not threading.main_thread() and each.name.startswith("Thread-"):
            each.join(timeout=5)


def _mark(base: Base, word: str) -> None:
    """Puts the word into every text of the main database that people write, and registers a person
    of that name in each workshop whose id requests have."""
    store = Store(base.config.database_url)
    key_store = KeyStore(Store(base.config.keyring_url), MasterKeys(base.config.keys))
    key_store.attach(store)
    change_sessions.install(store)
    try:
        for public_id in base.ids["workshop"]:
            with store.read() as session:
                where = sa.select(Workshop).where(Workshop.public_id == public_id)
                workshop = session.scalars(where).one()
                _ = workshop.office, workshop.kind
            address = f"{word.lower()}@example.org"
            seat(
                store,
                key_store,
                workshop,
                name=f"Persona {word}",
                contact=ContactMethod.EMAIL,
                address=address,
            )
        with store.engine.begin() as connection:
            for name, columns in TEXTS.items():
                table = MAIN.tables[name]
                for column in columns:
                    _mark_column(connection, table, table.c[column], word)
            connection.execute(sa.delete(MAIN.tables["cached_event"]))  # written from them
        store.truncate_log()
        key_store.store.truncate_log()
    finally:
        store.close()
        key_store.store.close()


def _mark_column(
    connection: sa.Connection, table: sa.Table, column: "sa.Column[Any]", word: str
) -> None:
    keys = list(table.primary_key.columns)
    for row in connection.execute(sa.select(*keys, column)).all():
        text = row[-1]
        if isinstance(text, dict):
            marked: Any = {
                lang: f"{each} {word}" if isinstance(each, str) and each else each
                for lang, each in text.items()
            }
        elif isinstance(text, str) and text:
            marked = f"{text} {word}"
        else:
            continue
        is_row = sa.and_(*(key == value for key, value in zip(keys, row, strict=False)))
        connection.execute(sa.update(table).where(is_row).values({column: marked}))


def _list_ids(site: Site) -> Iterator[bytes]:
    """What names one workshop, person or session, and nothing of the other network."""
    with site.store.read() as session:
        yield from (each.encode() for each in session.scalars(sa.select(Workshop.public_id)))
        yield from (each.encode() for each in session.scalars(sa.select(Registration.id)))
    yield from (each.encode() for each in site.base.cookies.values())
    yield from (each.encode() for each in site.tokens.values())
    for sort in ("token", "entry"):
        yield from (each.encode() for each in site.base.ids[sort])
    yield site.base.door_pass.encode()
