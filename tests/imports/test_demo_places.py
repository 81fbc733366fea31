"""Where the demo's workshops are: each venue in the state and on the clock of its city."""

import csv
import json
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.locations import gazetteer
from outreach.domain.locations.gazetteer import GazetteerPlace, miles_between
from outreach.domain.locations.place_text import canonicalize
from outreach.domain.locations.venues import Venue
from outreach.domain.network.offices import Office
from outreach.imports import demo
from outreach.keystore import KeyStore

DATA: Final = Path(str(files("outreach.imports"))) / "data"
MAX_MILES: Final = 15
MAX_MILES_FROM_OFFICE: Final = 400  # Atlanta's office holds workshops in Nashville


def find_city(city: str, region: str) -> list[GazetteerPlace]:
    """The towns and postal codes of that name in that state."""
    name = canonicalize(city)
    towns = [each for each in gazetteer.load().find(name) if each.region == region]
    return towns or [
        each
        for each in gazetteer.load().postal_codes()
        if each.region == region and canonicalize(each.name) == name
    ]


@pytest.mark.thorough
@pytest.mark.any_database("points of the gazetteer")
def test_every_venue_of_the_demo_is_in_the_state_of_its_city(
    store: Store, key_store: KeyStore
) -> None:
    demo.fill(store, key_store, now=clock.now())
    with store.read() as session:
        rows = session.execute(sa.select(Venue, Office).join(Office, Venue.office_id == Office.id))
        wrong, seen = [], 0
        for venue, office in rows.unique():
            seen += 1
            towns = find_city(venue.city, venue.region)
            near = venue.near_latitude, venue.near_longitude
            is_there = any(miles_between(each.position, near) < MAX_MILES for each in towns)
            miles = miles_between(near, (office.latitude, office.longitude))
            if not is_there or miles > MAX_MILES_FROM_OFFICE:
                wrong.append((office.slug, venue.city, venue.region))
            if (venue.city, venue.region) == ("Nashville", "TN"):
                assert venue.zone.key == "America/Chicago"
    assert seen > 100
    assert not wrong


def test_every_city_of_the_packaged_files_is_in_its_state() -> None:
    samples = json.loads((DATA / "sample-workshops.json").read_text(encoding="utf-8"))
    places = {(each["city"], each["region"]) for each in samples}
    for name in ("workshops-2020-01.csv", "offices.csv"):
        with (DATA / name).open(encoding="utf-8", newline="") as file:
            places |= {(row["city"], row["region"]) for row in csv.DictReader(file) if row["city"]}
    assert len(places) > 60
    assert ("Nashville", "GA") not in places
    assert not [each for each in places if not find_city(*each)]


def test_every_sample_is_near_its_office() -> None:
    """A city of that name in the office's state may be another one: Nashville is in Georgia too."""
    with (DATA / "offices.csv").open(encoding="utf-8", newline="") as file:
        offices = {row["slug"]: row for row in csv.DictReader(file)}
    far = []
    for each in json.loads((DATA / "sample-workshops.json").read_text(encoding="utf-8")):
        office = offices[each["office"]]
        here = float(office["latitude"]), float(office["longitude"])
        largest = max(find_city(each["city"], each["region"]), key=lambda town: town.population)
        zones = {office["timezone"], *office["extra_timezones"].split()}
        if miles_between(largest.position, here) > 250 or each["timezone"] not in zones:
            far.append((each["id"], each["city"]))
    assert not far
