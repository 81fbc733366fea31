"""What loading did: how many rows were new, how many differ from before, how many were the same."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

Row = TypeVar("Row")
# Lets a command show how far it is: gets the rows, gives them back one by one.
Watch = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass(kw_only=True)
class Loaded:
    new: int = 0
    changed: int = 0
    same: int = 0
    # Workshops, by the number the ring knows them by, whose people are to be forgotten on another
    # day than before: the caller tells the ring (`Keyring.move`) once the change is kept.
    moved: dict[int, date] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.new} new, {self.changed} changed, {self.same} as they were"


def unwatched(rows: Iterable[Row]) -> Iterable[Row]:
    return rows


def fill(thing: object, values: Mapping[str, object]) -> bool:
    """Sets what differs, and says whether anything did."""
    changed = {name: new for name, new in values.items() if getattr(thing, name) != new}
    for name, new in changed.items():
        setattr(thing, name, new)
    return bool(changed)
