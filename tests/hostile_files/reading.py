"""Reads a file as the import page does, and returns the error message."""

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
    """The error message for a file; empty if it is accepted."""
    try:
        network = known()
        with empty_store().read() as session:
            table = read_table(session, "archivo", data, network)
        _rows, faults = parse(table, network)
    except UnreadableFile as error:
        return error_messages.say(error)
    except ImportRejected as rejected:
        return error_messages.say(rejected.faults[0].error)
    except Refusal as refusal_error:
        return error_messages.say(refusal_error)
    return error_messages.say(faults[0].error) if faults else ""


@cache
def empty_store() -> Store:
    """An empty database in memory."""
    store = Store("sqlite://")
    tables.metadata.create_all(store.engine)
    return store
