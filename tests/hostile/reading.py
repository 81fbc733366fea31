"""What a file is refused with."""

from zoneinfo import ZoneInfo

from outreach.errors import Refused
from outreach.intake.faults import Faulty, Unfit
from outreach.intake.workshops import Network, look, opened
from outreach.intake.workshops.read import KindFacts, OfficeFacts


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
        table = opened(_Nobody(), "archivo", data, network)  # type: ignore[arg-type]  # no session
        _rows, faults = look(table, network)
    except Unfit as unfit:
        return unfit.says
    except Faulty as faulty:
        return faulty.faults[0].says
    except Refused as refused:
        return str(refused)
    return faults[0].says if faults else ""


class _Nobody:
    """A database in which there is no workshop yet."""

    def scalars(self, _statement: object) -> "_Nobody":
        return self

    def all(self) -> list[object]:
        return []
