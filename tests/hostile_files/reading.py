"""What a file is refused with."""

from functools import cache
from zoneinfo import ZoneInfo

from outreach.db.store import Store
from outreach.domain import tables
from outreach.errors import Refusal
from outreach.imports.import_errors import ImportRejected, UnreadableFile
from outreach.imports.workshops import Network, parse, read_table
from outreach.imports.workshops.read import KindFacts, OfficeFacts
from outreach.web import error_messages


def known() -> Network:
    """A network of one office and one kind."""
    office = OfficeFacts(
        zone=ZoneInfo("America/Chicago"), country="US", city="Chicago", region="IL"
    )
    kind = KindFacts(code="derechos", countries=("US",), minutes=90, capacity=20)
    return Network(offices={"chicago": office}, kinds={"derechos": kind})


def refusal(data: bytes) -> str:
    """The sentence a file is refused with; empty if it is not."""
    try:
        network = known()
        with nobody().read() as session:
            table = read_table(session, "archivo", data, network)
        _rows, faults = parse(table, network)
    except UnreadableFile as unfit:
        return error_messages.say(unfit)
    except ImportRejected as faulty:
        return error_messages.say(faulty.faults[0].error)
    except Refusal as refused:
        return error_messages.say(refused)
    return error_messages.say(faults[0].error) if faults else ""


@cache
def nobody() -> Store:
    """A database in which there is no workshop yet."""
    empty = Store("sqlite://")
    tables.metadata.create_all(empty.engine)
    return empty
