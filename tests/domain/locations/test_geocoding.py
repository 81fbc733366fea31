"""A typed place with the offices and venues of an installation; addresses of feeds that are kept
for years."""

from typing import Final

import pytest

from outreach import network_profile
from outreach.db.store import Store
from outreach.domain.locations import gazetteer, office_places
from outreach.domain.locations.gazetteer import miles_between
from outreach.domain.locations.geocoding import LocationScale, resolve, resolve_stored
from outreach.domain.locations.place_text import canonicalize
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.text import fold
from outreach.errors import NotFound, Refusal
from outreach.imports import offices
from outreach.web.presentation import place_words
from tests.conftest import LONG_AGO, make_workshop, venue
from tests.support.place_phrases import read_phrases

MAX_MILES: Final = 15


def test_every_office_city_is_a_point_by_its_name(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    assert len(network) == 59
    far = []
    with store.read() as session:
        for row in network:
            for typed in (row.city, row.slug, f"{row.city}, {row.region}", row.name["es"]):
                found = resolve(session, typed)
                if typed == "washington":  # the state as well
                    assert found.scale is LocationScale.CHOICE
                    continue
                assert found.scale is LocationScale.OFFICE, typed
                assert found.position is not None
                if miles_between(found.position, (row.latitude, row.longitude)) > MAX_MILES:
                    far.append(typed)
    assert not far


@pytest.mark.thorough
@pytest.mark.any_database("points of the gazetteer")
def test_every_postal_code_of_an_office_city_is_a_point_near_it(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    """But for those that really are that far out: the Space Center of Orlando, the mountains of
    Las Vegas, the lakeside of Houston."""
    codes = far = 0
    with store.read() as session:
        for row in network:
            names = {canonicalize(each) for each in (row.city, row.slug)}
            names |= {canonicalize(each) for each in _english_names(row)}
            for each in gazetteer.load().postal_codes():
                if each.region != row.region or canonicalize(each.name) not in names:
                    continue
                found = resolve(session, each.code)
                assert found.scale is LocationScale.NEAR
                assert found.position is not None
                codes += 1
                far += miles_between(found.position, (row.latitude, row.longitude)) > MAX_MILES
    assert codes > 2_500
    assert far <= 0.03 * codes


def _english_names(row: offices.OfficeRow) -> list[str]:
    return [
        name
        for place in gazetteer.load().find(canonicalize(row.city))
        if place.region == row.region
        for name in (place.name, *place.names.values())
    ]


@pytest.mark.thorough
def test_phrases_are_understood_with_the_offices_of_the_network(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    """The network makes no right answer wrong: of all phrases, those that give a point give it."""
    wrong = []
    with store.read() as session:
        for phrase in read_phrases():
            found = resolve(session, phrase.typed)
            is_unknown = found.scale is LocationScale.UNKNOWN
            if is_unknown != (phrase.kinds == {"unknown"}) and "unknown" not in phrase.kinds:
                wrong.append(phrase.typed)
            if is_unknown or found.scale is LocationScale.CHOICE or not phrase.positions:
                continue
            if found.scale is not LocationScale.REGION and found.position is not None:
                far = [miles_between(found.position, each) for each in phrase.positions]
                if min(far) > phrase.miles + 3:
                    wrong.append(phrase.typed)
    assert len(wrong) <= 0.02 * len(read_phrases()), wrong


def test_country_means_the_cities_of_its_offices(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    with store.read() as session:
        for typed, country in (
            ("Canadá", "CA"),
            ("talleres en canada", "CA"),
            ("Estados Unidos", "US"),
            ("united states of america", "US"),
        ):
            own = [row for row in network if network_profile.country_of(row.region) == country]
            found = resolve(session, typed)
            assert (found.scale, found.country) == (LocationScale.CHOICE, country), typed
            assert len(found.others) == len(own), typed
            for place in found.others:
                assert place.country == country
                chosen = resolve(session, place_words.search_words(place))
                assert chosen.scale is LocationScale.OFFICE, place
                assert fold(chosen.name) == fold(place.name)
            # The address of a feed does not ask: it is the whole country, in one spelling.
            whole = resolve_stored(session, typed)
            assert (whole.scale, whole.country) == (LocationScale.COUNTRY, country), typed
            assert resolve_stored(session, whole.spelling) == whole
            assert whole.spelling == {"CA": "canada", "US": "usa"}[country]
        for typed in ("Alemania", "México", "Canada St"):
            assert resolve(session, typed).scale is LocationScale.UNKNOWN, typed
            assert resolve_stored(session, typed).scale is not LocationScale.COUNTRY, typed
        # Codes and names of states stay what they were.
        assert resolve_stored(session, "CA").region == "CA"


@pytest.mark.parametrize(
    ("spelling", "scale", "region"),
    [
        ("chicago", LocationScale.OFFICE, "IL"),
        ("los-angeles", LocationScale.OFFICE, "CA"),
        ("nueva york", LocationScale.OFFICE, "NY"),
        ("portland", LocationScale.OFFICE, "OR"),
        ("washington", LocationScale.OFFICE, "DC"),
        ("IL", LocationScale.REGION, "IL"),
        ("LA", LocationScale.REGION, "LA"),
        ("NY", LocationScale.REGION, "NY"),
        ("ON", LocationScale.REGION, "ON"),
        ("ontario", LocationScale.REGION, "ON"),
        ("quebec", LocationScale.REGION, "QC"),
        ("60608", LocationScale.NEAR, "IL"),
        ("joliet il", LocationScale.CITY, "IL"),
        ("rockford il", LocationScale.NEAR, "IL"),
        ("aurora", LocationScale.NEAR, "CO"),
        ("springfield mo", LocationScale.NEAR, "MO"),
    ],
)
def test_address_of_a_feed_keeps_its_meaning(
    store: Store,
    network: list[offices.OfficeRow],
    rights: Kind,
    spelling: str,
    scale: LocationScale,
    region: str,
) -> None:
    with store.change() as session:
        office = session.query(Office).filter_by(slug="chicago").one()
        make_workshop(
            session, office, rights, venue=venue(session, office, name="Sur", city="Joliet")
        )
    with store.read() as session:
        found = resolve_stored(session, spelling)
    assert (found.scale, found.region) == (scale, region)


@pytest.mark.thorough
@pytest.mark.any_database("points of the gazetteer")
def test_spelling_of_a_place_means_the_same_place(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    """A feed's address holds the spelling of the place that was searched for."""
    lost = []
    with store.read() as session:
        for phrase in read_phrases():
            found = resolve(session, phrase.typed)
            if found.position is None:
                continue
            again = resolve_stored(session, found.spelling)
            if again.position is None or miles_between(found.position, again.position) > 10:
                lost.append((phrase.typed, found.spelling))
    assert len(lost) <= 3, lost


def test_city_that_only_a_venue_has_is_found(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        office = session.merge(chicago)
        make_workshop(
            session, office, rights, venue=venue(session, office, name="S", city="Villa Nadie")
        )
    with store.read() as session:
        for typed in ("villa nadie", "Villa Nadie, IL"):
            assert resolve(session, typed).scale is LocationScale.CITY
        assert resolve(session, "!!!").scale is LocationScale.UNKNOWN
        assert resolve(session, "  ").scale is LocationScale.EVERYWHERE


def test_name_that_an_office_adds_is_found(store: Store, chicago: Office) -> None:
    with store.change() as session:
        office = session.merge(chicago)
        office_places.add(session, office, "El Barrio de la Virgen", "60608", now=LONG_AGO)
    with store.read() as session:
        for typed in ("barrio de la virgen", "El barrio de la virgen, Chicago"):
            found = resolve(session, typed)
            assert (found.scale, found.region) == (LocationScale.NEAR, "IL"), typed
            again = resolve_stored(session, found.spelling)
            assert again.position == found.position


@pytest.mark.parametrize(
    ("name", "meaning"),
    [("Barrio", "Aurora"), ("Barrio", "asdfgh"), ("Barrio", "Illinois"), ("Barrio", ""),
     ("x", "60608"), ("123", "60608"), ("El barrio", "60608")],
)  # fmt: skip
def test_name_is_refused_that_means_no_one_place(
    store: Store, chicago: Office, name: str, meaning: str
) -> None:
    with store.change() as session:
        office_places.add(session, session.merge(chicago), "El Barrio", "60608", now=LONG_AGO)
    with store.change() as session, pytest.raises(Refusal):
        office_places.add(session, session.merge(chicago), name, meaning, now=LONG_AGO)


def test_office_removes_only_its_own_names(store: Store, chicago: Office, calgary: Office) -> None:
    with store.change() as session:
        row = office_places.add(session, session.merge(chicago), "Yardas", "60609", now=LONG_AGO)
        session.flush()
        row_id = row.id
    with store.change() as session, pytest.raises(NotFound):
        office_places.remove(session, session.merge(calgary), row_id)
    with store.change() as session:
        office_places.remove(session, session.merge(chicago), row_id)
    with store.read() as session:
        assert not office_places.list_names(session, chicago)
