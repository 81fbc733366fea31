"""Workshops before, within and after the door's window, ordinary and discreet, each at a hidden
venue of its own, with canaries for all that a role may not see; and what a response has of them.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import unescape
from itertools import product
from typing import Any, Final

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from outreach.accounts import calendar_tokens
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.disclosure.who_sees import Moment, SeenField
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, notifications
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.scheduling import tours
from outreach.domain.scheduling.tours import TourStopData
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.web.staff.lists.declared_lists import LISTS
from tests.conftest import LONG_AGO, make_workshop, seat, venue
from tests.support import pdf_reader, policy_place
from tests.support.fixed_clock import FIXED_NOW

DAYS: Final[Mapping[Moment, int]] = {Moment.BEFORE: 6, Moment.WITHIN: 1, Moment.AFTER: -3}
# Pictures: their words are drawn, and the PDF of the same page is read.
DRAWN: Final = frozenset({"image/png", "image/svg+xml"})
_TAGS: Final = ("ant", "hoy", "fue")


@dataclass(frozen=True)
class Canary:
    """A text that stands for one field of one workshop."""

    field: SeenField
    text: str
    moment: Moment
    is_discreet: bool
    is_whole: bool = True  # a whole contact; else the piece that a list of calls shows
    is_listed: bool = True  # else only the form of a workshop has it


@dataclass
class DisclosureScene:
    app: Flask
    store: Store
    key_store: KeyStore
    workshops: dict[tuple[Moment, bool], Workshop]  # by moment, and whether they are discreet
    parties: dict[str, list[Registration]]  # by public id
    contacts: dict[str, str]  # by id of registration
    names: dict[str, str]
    canaries: list[Canary]
    values: dict[str, list[str]]  # by part of the address
    fields: dict[str, str]  # sent with every form

    def find(self, answer: TestResponse) -> set[Canary]:
        """The canaries in the body of a response, decoded."""
        body = read(answer)
        squashed = pdf_reader.squashed(body)
        return {
            each
            for each in self.canaries
            if each.text in body or pdf_reader.squashed(each.text) in squashed
        }

    def paths(self, rule: Rule, **own: str) -> Iterator[str]:
        """The addresses of a route, one for each combination of values. Raises KeyError for a part
        whose values are not known: add them to `furnish`."""
        names = sorted(rule.arguments)
        known = {name: [own[name]] if name in own else self._values(rule, name) for name in names}
        with self.app.test_request_context(base_url="http://localhost:8000"):
            for values in product(*(known[name] for name in names)):
                chosen: dict[str, Any] = dict(zip(names, values, strict=True))
                built = self.app.url_for(rule.endpoint, **chosen)
                yield built.removeprefix("http://localhost:8000")

    def _values(self, rule: Rule, name: str) -> Sequence[str]:
        choices = getattr(rule._converters[name], "items", None)  # `any(csv,xlsx)` has them
        return sorted(choices) if choices else self.values[name]

    def token_for(self, organizer_id: int) -> str:
        """The token of the calendar of an account."""
        with self.store.change() as session:
            return calendar_tokens.create(session, organizer_id, now=FIXED_NOW)


def read(answer: TestResponse) -> str:
    """What a response says, whatever its format."""
    kind, data = answer.mimetype or "", answer.get_data()
    if kind == "application/pdf":
        return pdf_reader.words_of(data)
    if kind.endswith("spreadsheetml.sheet"):
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return unescape(" ".join(book.read(name).decode() for name in book.namelist()))
    if kind == "application/json":
        return json.dumps(json.loads(data), ensure_ascii=False)
    if kind in DRAWN:
        return ""
    text = data.decode("utf-8")
    if kind == "text/calendar":
        text = re.sub("\r?\n[ \t]", "", text).replace("\\,", ",")
    return unescape(text.replace("<wbr>", ""))


def furnish(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> DisclosureScene:
    """The scene at the fixed time. All is of Chicago."""
    place = policy_place.furnish(app, store, key_store, chicago, rights)
    scene = DisclosureScene(
        app,
        store,
        key_store,
        {},
        {},
        {},
        {},
        [],
        {name: [value] for name, value in place.url_values.items()},
        dict(place.fields),
    )
    entries = []
    today = FIXED_NOW.astimezone(chicago.zone).date()
    for (moment, days), is_discreet in product(DAYS.items(), (False, True)):
        kind = women if is_discreet else rights
        day = today + timedelta(days=days)
        workshop = _hold(scene, chicago, kind, moment, day)
        parties = _fill(scene, workshop, moment)
        scene.workshops[moment, is_discreet] = workshop
        scene.parties[workshop.public_id] = parties
        keys = registrations.open_details(key_store, parties)
        entries += [
            registrations.derive_entry_token(keys[each.key_id]) for each in parties if each.key_id
        ]
    _add_stop(scene, chicago, women, today)
    scene.values |= {
        "public_id": [each.public_id for each in scene.workshops.values()],
        "token": entries,
        "month": ["2026-11", "2026-12"],
        "venue": [str(each.venue_id) for each in scene.workshops.values()],
        "ending": ["csv", "xlsx"],
        "list_name": [each.name for each in LISTS],
    }
    return scene


def _hold(
    scene: DisclosureScene, chicago: Office, kind: Kind, moment: Moment, day: date
) -> Workshop:
    tag = _tag(moment, is_discreet=kind.is_discreet)
    name, street = f"Casa Zorzal{tag}", f"417 Vereda Quimera{tag}"
    with scene.store.change() as session:
        there = venue(session, chicago, name=name, address=street, area="Zona norte")
        workshop = make_workshop(
            session,
            chicago,
            kind,
            day=day,
            venue=there,
            capacity=2,
            visibility=Visibility.REGISTERED,
            live_url=f"https://video-{tag}.example/",
            online_url=f"https://sala-{tag}.example/",
        )
    for text in (name, street, f"video-{tag}.example", f"sala-{tag}.example"):
        is_listed = not text.startswith(("video", "sala"))
        canary = Canary(SeenField.ADDRESS, text, moment, workshop.is_discreet, is_listed=is_listed)
        scene.canaries.append(canary)
    return workshop


def _fill(scene: DisclosureScene, workshop: Workshop, moment: Moment) -> list[Registration]:
    """Who left an e-mail, who left a phone and is to be called, and who waits for a place."""
    tag, parties = _tag(moment, is_discreet=workshop.is_discreet), []
    number = 2 * _TAGS.index(tag[:3]) + workshop.is_discreet
    for place, contact in enumerate(
        (ContactMethod.EMAIL, ContactMethod.PHONE, ContactMethod.PHONE), 1
    ):
        is_email = contact is ContactMethod.EMAIL
        local = f"312555{7390 + 100 * number + place}"
        address = f"pajaro{tag}@buzon-{tag}.example" if is_email else f"+1{local}"
        name, need = f"Canaria{place}{tag}", f"necesidad-{place}-{tag}"
        seen_at = min(FIXED_NOW, workshop.starts_at) - timedelta(days=3)
        party = seat(
            scene.store,
            scene.key_store,
            workshop,
            now=seen_at,
            name=name,
            contact=contact,
            address=address,
            needs=(need,),
        )
        parties.append(party)
        scene.contacts[party.id], scene.names[party.id] = address, name
        piece = f"@buzon-{tag}.example" if is_email else f"•••• {local[-4:]}"
        for field, text, is_whole in (
            (SeenField.NAMES, name, True),
            (SeenField.NEEDS, need, True),
            (SeenField.CONTACTS, address.removeprefix("+1"), True),
            (SeenField.CONTACTS, piece, False),
        ):
            scene.canaries.append(Canary(field, text, moment, workshop.is_discreet, is_whole))
    with scene.store.change() as session:
        notifications.enqueue(session, parties[1].id, NotificationType.CHANGED, now=FIXED_NOW)
    return parties


def _add_stop(scene: DisclosureScene, chicago: Office, women: Kind, today: date) -> None:
    """A stop of a tour at a venue whose workshop hides it."""
    tag = "giraD"
    with scene.store.change() as session:
        name, street = f"Casa Zorzal{tag}", f"417 Vereda Quimera{tag}"
        there = venue(session, chicago, name=name, address=street)
        tour = tours.find(session, there.office, int(scene.values["tour_id"][0]))
        stop = TourStopData(
            day=today + timedelta(days=DAYS[Moment.BEFORE]),
            starts=datetime.min.time().replace(hour=9),
            ends=datetime.min.time().replace(hour=11),
            city=there.city,
            region=there.region,
            venue=there,
            kinds=Codes([women.code]),
        )
        tours.add_stop(session, tour, stop, now=LONG_AGO)
    for text in (name, street):
        scene.canaries.append(Canary(SeenField.ADDRESS, text, Moment.BEFORE, is_discreet=True))


def _tag(moment: Moment, *, is_discreet: bool) -> str:
    """A text that is in the canaries of one workshop only."""
    return _TAGS[list(DAYS).index(moment)] + ("D" if is_discreet else "O")
