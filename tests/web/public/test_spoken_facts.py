"""Every fact of a workshop is in what the button «Escuchar» says of its page, in each language."""

import random
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any, Final

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from outreach import clock, i18n
from outreach.db.base import Words
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.locations import city_names
from outreach.domain.locations.venues import Entrance
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.i18n import use_language
from outreach.web.presentation import formatting, reader_hours, workshop_cards
from tests.conftest import make_workshop, venue
from tests.support.page_speech import read_speech

pytestmark = pytest.mark.any_database("texts of pages")

FEW: Final = 40
MANY: Final = 1000
NOUNS: Final = ("talón", "agua", "lápiz", "carta", "silla", "puerta", "mesa", "café", "sombrero")
FREE: Final = {"es": "Gratis", "en": "Free", "fr": "Gratuit"}
CHILDCARE: Final = {"es": "Cuidado de niños", "en": "Childcare", "fr": "Garde d’enfants"}


class WorkshopMaker:
    """Makes workshops at random; the same ones for the same seed."""

    def __init__(self, session: Session, office: Office, kind: Kind) -> None:
        self.session, self.office, self.kind = session, office, kind
        self.random = random.Random(53)

    def make(self) -> Workshop:
        rng = self.random
        mode = rng.choice(tuple(DeliveryMode))
        place = self._venue() if mode.has_venue else None
        way = rng.choice((Way.PLACE, Way.OPEN, Way.PHONE, Way.SLOTS, Way.UNLISTED))
        starts = rng.randrange(7, 20)
        values: dict[str, Any] = {
            "venue": place,
            "mode": mode,
            "way": way,
            "day": clock.now().date() + timedelta(days=rng.randrange(3, 80)),
            "starts": time(starts, rng.choice((0, 15, 30))),
            "ends": time(starts + rng.randrange(1, 4), 45),
            "title": self._words("Taller de"),
            "summary": self._words("Vas a ver"),
            "bring": self._words("Trae tu") if rng.random() < 0.8 else {},
            "languages": Codes(rng.sample(("es", "en", "fr", "nah", "mam", "quc"), 2)),
            "interpretation": Codes(rng.sample(("zap", "kjb", "oto"), rng.randrange(3))),
            "has_childcare": rng.random() < 0.5,
            "phone": rng.choice(("", "773 555 0199")),
            "visibility": rng.choice((Visibility.PUBLIC, Visibility.PUBLIC, Visibility.REGISTERED)),
            "slot_minutes": 20 if way is Way.SLOTS else None,
        }
        return make_workshop(self.session, self.office, self.kind, **values)

    def _venue(self) -> Any:
        rng = self.random
        return venue(
            self.session,
            self.office,
            name=f"Biblioteca {rng.randrange(10**8)}",
            address=f"{rng.randrange(10**5)} W. Ejemplo Ave.",
            area=rng.choice(("", "Zona de Pilsen")),
            is_step_free=rng.random() < 0.5,
            access=self._words("Entra por") if rng.random() < 0.5 else {},
            landmark=self._words("Junto a") if rng.random() < 0.5 else {},
            transit=self._words("Autobús de") if rng.random() < 0.5 else {},
            meeting_point=self._words("Frente a") if rng.random() < 0.5 else {},
            entrance=rng.choice((*Entrance, "")),
        )

    def _words(self, start: str) -> Words:
        """In Spanish, and sometimes in the others."""
        rng = self.random
        langs = ["es", *(each for each in ("en", "fr") if rng.random() < 0.7)]
        return {each: f"{start} {' '.join(rng.sample(NOUNS, 3))} {each}" for each in langs}


def list_facts(workshop: Workshop, lang: str) -> Iterator[str]:
    """What the person has to know, as the page writes it."""
    yield i18n.say(workshop.kind.short_name, lang)
    yield i18n.say(workshop.title, lang)
    yield formatting.first_capital(formatting.day(workshop.day))
    yield formatting.hours(workshop.starts, workshop.ends)
    yield reader_hours.zone_words(workshop)
    yield i18n.say(workshop.summary, lang)
    yield i18n.say(workshop.bring, lang)
    yield workshop_cards.spoken(workshop.languages)
    yield workshop_cards.spoken(workshop.interpretation)
    yield CHILDCARE[lang] if workshop.has_childcare else ""
    yield FREE[lang]
    yield i18n.say(workshop.office.name, lang)
    yield workshop.phone or workshop.office.phone
    yield from _list_place_facts(workshop, lang)


def _list_place_facts(workshop: Workshop, lang: str) -> Iterator[str]:
    place = workshop.venue
    if place is None:
        yield workshop_cards.mode_words(workshop.mode)
        return
    yield city_names.localize(place.city, place.region, lang)
    if workshop.has_secret_address:
        yield place.area
        yield i18n.say(workshop.meeting_point, lang)
        return
    yield place.name
    yield place.address
    for words in (place.access, place.landmark, place.transit):
        yield i18n.say(words, lang)
    if place.is_step_free:
        yield i18n.translate("Entrada sin escalones", lang)
    if place.entrance == Entrance.IDENTIFICATION:
        yield i18n.translate(
            "En la entrada piden identificación. Si no tienes, llámanos antes.", lang
        )


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
def test_every_fact_of_a_workshop_is_spoken(
    app: Flask, store: Store, chicago: Office, rights: Kind, count: int
) -> None:
    client = app.test_client()
    with store.change() as session:
        maker = WorkshopMaker(session, session.merge(chicago, load=False), rights)
        made = [maker.make() for _number in range(count)]
    hidden = 0
    for workshop in made:
        for lang in i18n.LANGUAGES:
            said = read_speech(client.get(f"/{lang}/t/{workshop.public_id}").text)
            with use_language(lang):
                facts = [" ".join(each.split()) for each in list_facts(workshop, lang)]
            assert [each for each in facts if each not in said] == [], (workshop.mode, said)
            if workshop.has_secret_address and workshop.venue is not None:
                hidden += 1
                assert workshop.venue.address not in said
    assert hidden > count / 20, "some of them have an address that is never said"
