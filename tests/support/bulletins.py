"""For tests of the bulletin: loads January 2020, and reads the words of PDF and HTML."""

import io
import re
from importlib import resources

from pypdf import PdfReader
from sqlalchemy.orm import Session

from outreach import clock
from outreach.imports import figures
from outreach.imports import kinds as kinds_file
from outreach.imports import offices as offices_file
from outreach.imports import workshops as workshops_file


def load_january(session: Session) -> None:
    now = clock.now()
    with resources.as_file(resources.files("outreach.imports").joinpath("data")) as data:
        offices_file.load(session, offices_file.read(data / "offices.csv"), now=now)
        kinds_file.load(session, kinds_file.read(data / "taxonomy.json"), now=now)
        session.flush()
        rows = workshops_file.read(data / "workshops-2020-01.csv", workshops_file.network(session))
        workshops_file.load(session, rows, now=now, is_synthetic=True)
        known = figures.list_series_codes(session)
        figures.load(session, figures.read(data / "figures-2020-01.csv", known), now=now)


def words_of_pdf(body: bytes) -> str:
    pages = PdfReader(io.BytesIO(body)).pages
    return " ".join(page.extract_text() for page in pages)


def words_of_html(body: str) -> str:
    return re.sub("<[^>]+>", " ", re.sub("(?s)<style>.*?</style>|<svg.*?</svg>", " ", body))


def numbers_in(text: str) -> set[int]:
    """Every number of a text, with thousands grouped in any way of our languages."""
    plain = re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}\b)", "", text)
    return {int(each) for each in re.findall(r"\d+", plain)}
