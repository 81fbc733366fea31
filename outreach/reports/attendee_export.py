"""The list of who has a place or a turn in a workshop, as a file: what is needed to receive people,
and no way to reach them. Never of a discreet kind; whoever asks sees to that."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

from outreach.domain.registrations import PersonalData, Registration, RegistrationStatus
from outreach.reports import spreadsheets
from outreach.reports.spreadsheets import Cell, escape

HEADS: Final = (
    "Nombre", "Código", "Personas", "Llegaron", "Situación", "Hora", "Aviso", "Necesita", "Idioma",
)  # fmt: skip
STANDINGS: Final[Mapping[RegistrationStatus, str]] = {
    RegistrationStatus.CONFIRMED: "Con lugar",
    RegistrationStatus.OFFERED: "Con lugar ofrecido",
    RegistrationStatus.WAITLISTED: "En espera",
}
CONTACTS: Final[Mapping[str, str]] = {
    "email": "Por correo",
    "phone": "Por teléfono",
    "none": "No avisar",
}


def table(
    parties: Iterable[Registration], people: Mapping[str, PersonalData], says: Mapping[str, str]
) -> list[list[Cell]]:
    """A row for each party that can still be read, under the headings; `says` is each need in
    words."""
    rows = [
        _row(party, people[party.id].name, says)
        for party in parties
        if party.id in people and party.status in STANDINGS
    ]
    return [list(HEADS), *rows]


def as_csv(rows: Iterable[Iterable[Cell]]) -> bytes:
    """With the mark by which Excel knows its letters."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([escape(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: list[list[Cell]], title: str) -> bytes:
    out = io.BytesIO()
    with spreadsheets.open_spreadsheet(out, title=title) as book:
        book.add("Registros", rows)
    return out.getvalue()


def _row(party: Registration, name: str, says: Mapping[str, str]) -> list[Cell]:
    return [
        name,
        party.door_code or "",
        party.people,
        party.arrived,
        STANDINGS[party.status],
        f"{party.starts:%H:%M}" if party.slot is not None else "",
        CONTACTS[party.contact],
        ", ".join(says.get(need, need) for need in party.needs),
        party.language,
    ]
