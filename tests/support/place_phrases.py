"""The phrases that people type for a place, with the answers that are right."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from outreach import network_profile
from outreach.domain.locations.gazetteer import (
    GazetteerPlace,
    PlaceKind,
    miles_between,
)
from outreach.domain.locations.interpretation import Meaning, MeaningKind
from outreach.domain.text import fold

FOLDER: Final = Path(__file__).parents[1] / "domain" / "locations"


@dataclass(frozen=True)
class Phrase:
    """`kinds` are the answers that are right. For a choice alone all of `positions` and `regions`
    must be in it; for a point one of the positions must be near."""

    typed: str
    kinds: frozenset[str]
    positions: tuple[tuple[float, float], ...]
    miles: float
    regions: frozenset[str]
    name: str

    def fault(self, meaning: Meaning) -> str:
        """What is wrong with an answer; empty if it is right."""
        if meaning.kind not in self.kinds:
            return f"{meaning.kind}, not {' or '.join(sorted(self.kinds))}"
        if meaning.kind is MeaningKind.POINT and meaning.place is not None:
            return self._fault_of_point(meaning.place)
        if meaning.kind is MeaningKind.REGION and meaning.place is not None:
            code = region_code(meaning.place)
            return "" if code in self.regions else f"the region {code}"
        return self._fault_of_choice(meaning.others) if self.kinds == {"choice"} else ""

    def _fault_of_point(self, place: GazetteerPlace) -> str:
        name = f"{place.code} {place.name}, {place.parent}, {place.region}"
        far = [miles_between(each, place.position) for each in self.positions]
        if far and min(far) > self.miles:
            return f"{name} is {min(far):.0f} miles off"
        has_name = fold(self.name.split(",")[0]) in fold(name)
        return "" if has_name else f"the name is {name}"

    def _fault_of_choice(self, others: tuple[GazetteerPlace, ...]) -> str:
        towns = [each.position for each in others if each.kind is not PlaceKind.REGION]
        there = {region_code(each) for each in others if each.kind is PlaceKind.REGION}
        missing = [
            each
            for each in self.positions
            if all(miles_between(each, town) > self.miles for town in towns)
        ]
        return (
            f"without {missing} {self.regions - there}"
            if missing or (self.regions - there and not self.positions)
            else ""
        )


def region_code(place: GazetteerPlace) -> str:
    return f"{network_profile.country_of(place.region)}-{place.region}"


def read_phrases() -> list[Phrase]:
    positions = {
        row["place"]: (float(row["latitude"]), float(row["longitude"]))
        for row in _rows("place_positions.csv")
    }
    return [
        Phrase(
            row["typed"],
            frozenset(row["kind"].split("|")),
            tuple(positions[each] for each in row["places"].split(";") if each),
            float(row["miles"] or 0),
            frozenset(each for each in row["region"].split(";") if each),
            row["name"],
        )
        for row in _rows("place_phrases.csv")
    ]


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
