"""PDFs have the size of the paper that the network's first country prints on."""

import io
from typing import Final

import pytest
from pypdf import PdfReader

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.network_profile import NetworkProfile, use_profile
from outreach.pdf import certificate, checkin_sheet
from outreach.pdf.checkin_sheet import SheetLine
from tests.conftest import make_workshop

pytestmark = pytest.mark.any_database("documents")

LETTER: Final = (612, 792)  # points
A4: Final = (595, 842)


@pytest.mark.parametrize(
    ("countries", "size"),
    [
        (("US", "CA"), LETTER),
        (("MX",), LETTER),
        (("DE", "US"), A4),
        (("ES",), A4),
        (("NP",), A4),
        (("CL",), LETTER),
    ],
)
def test_documents_have_the_paper_of_the_first_country(
    store: Store,
    chicago: Office,
    rights: Kind,
    countries: tuple[str, ...],
    size: tuple[int, int],
) -> None:
    now = clock.now()
    line = SheetLine(name="Rosa", code="4TD 8HK", people=3, arrived=1, hour="")
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        with use_profile(NetworkProfile(countries=countries)):
            documents = (
                certificate.pdf(
                    workshop, ["Rosa"], "2", "es", brand="Talleres", today=now.date(), now=now
                ),
                checkin_sheet.pdf(workshop, [line] * 50, brand="Talleres", made_at=now),
            )
    for body in documents:
        pages = PdfReader(io.BytesIO(body)).pages
        boxes = [(round(page.mediabox.width), round(page.mediabox.height)) for page in pages]
        assert {tuple(sorted(box)) for box in boxes} == {size}  # certificates lie on their side
