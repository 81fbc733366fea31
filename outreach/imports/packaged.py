"""The files of offices and kinds that come with the program, for a site that has none yet."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from outreach.imports import import_result, kinds, offices
from outreach.imports.import_result import ImportResult
from outreach.imports.kinds import Taxonomy
from outreach.imports.offices import OfficeRow

OFFICES: Final = "offices.csv"
KINDS: Final = "taxonomy.json"


@contextmanager
def open_file(name: str) -> Iterator[Path]:
    """The packaged file of that name, on the disk."""
    with resources.as_file(resources.files("outreach.imports").joinpath("data", name)) as file:
        yield file


def read_offices() -> list[OfficeRow]:
    """The packaged offices, in the order of the file."""
    with open_file(OFFICES) as file:
        return offices.read(file)


def read_kinds() -> Taxonomy:
    """The packaged kinds of workshops, and series of figures."""
    with open_file(KINDS) as file:
        return kinds.read(file)


def load_offices(
    session: Session, chosen: Collection[str], organizer_id: int, *, now: datetime
) -> ImportResult:
    """Loads the packaged offices with these slugs, as `outreach load offices --packaged` loads
    them all."""
    rows = [row for row in read_offices() if row.slug in chosen]
    loaded = offices.load(session, rows, now=now)
    import_result.record_load(session, "offices", loaded, organizer_id, now=now)
    return loaded


def load_kinds(session: Session, organizer_id: int, *, now: datetime) -> ImportResult:
    """Loads the packaged kinds, as `outreach load kinds --packaged` does."""
    loaded = kinds.load(session, read_kinds(), now=now)
    import_result.record_load(session, "kinds", loaded, organizer_id, now=now)
    return loaded
