"""What people type for a place, with the answers that are right in the demo's network.

`place_answers.csv` has them as `point:Fresno CA`, `choice:Lake Worth Beach FL;Lake Worth TX`,
`region:GA` and `unknown`, with `|` between answers that are right alike. A border city has the town
of the office across from it."""

import csv
from pathlib import Path
from typing import Final, NamedTuple

from outreach.domain.locations import gazetteer
from outreach.domain.locations.gazetteer import Position, miles_between
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.locations.place_text import canonicalize

FOLDER: Final = Path(__file__).parents[1] / "domain" / "locations"
MAX_MILES: Final = 13
_POINTS: Final = {LocationScale.OFFICE, LocationScale.CITY, LocationScale.NEAR}


class Answer(NamedTuple):
    typed: str
    right: str

    def is_right(self, found: Location) -> bool:
        return any(_is(found, *each.partition(":")[::2]) for each in self.right.split("|"))


def _is(found: Location, kind: str, places: str) -> bool:
    match kind:
        case "unknown":
            return found.scale is LocationScale.UNKNOWN
        case "region":
            return found.scale is LocationScale.REGION and found.region == places
        case "point":
            return (
                found.scale in _POINTS
                and found.position is not None
                and miles_between(found.position, locate(places)) < MAX_MILES
            )
    return found.scale is LocationScale.CHOICE and all(
        any(miles_between(each.position, locate(name)) < MAX_MILES for each in found.others)
        for name in places.split(";")
    )


def locate(place: str) -> Position:
    """Where «Fresno CA» is: the largest town of that name in its state."""
    name, _, region = place.rpartition(" ")
    towns = [each for each in gazetteer.load().find(canonicalize(name)) if each.region == region]
    return max(towns, key=lambda each: each.population).position


def read_answers() -> list[Answer]:
    return [Answer(row["typed"], row["answer"]) for row in read_rows("place_answers.csv")]


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a file of phrases, by their column."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
