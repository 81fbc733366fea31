"""Attendee list of a workshop as CSV or XLSX, without contact details.

Lists confirmed, offered and waitlisted registrations. The caller must refuse discreet kinds (S23).
"""

import io
from collections.abc import Iterable, Mapping
from typing import Final

from outreach.domain.registrations import PersonalData, Registration, RegistrationStatus
from outreach.reports import spreadsheets
from outreach.reports.spreadsheets import Cell

HEADINGS: Final = (
    "Nombre", "Código", "Personas", "Llegaron", "Situación", "Hora", "Aviso", "Necesita", "Idioma",
)  # fmt: skip
STATUS_LABELS: Final[Mapping[RegistrationStatus, str]] = {
    RegistrationStatus.CONFIRMED: "Con lugar",
    RegistrationStatus.OFFERED: "Con lugar ofrecido",
    RegistrationStatus.WAITLISTED: "En espera",
}
CONTACT_LABELS: Final[Mapping[str, str]] = {
    "email": "Por correo",
    "phone": "Por teléfono",
    "none": "No avisar",
}


def table(
    registrations: Iterable[Registration],
    people: Mapping[str, PersonalData],
    need_labels: Mapping[str, str],
) -> list[list[Cell]]:
    """Return the header and a row for each registration whose personal data is still readable.

    `people` maps ids of registrations to personal data, `need_labels` codes of access needs to
    their labels."""
    rows = [
        _row(registration, people[registration.id].name, need_labels)
        for registration in registrations
        if registration.id in people and registration.status in STATUS_LABELS
    ]
    return [list(HEADINGS), *rows]


def as_csv(rows: Iterable[Iterable[Cell]]) -> bytes:
    """Return the rows as CSV in UTF-8 with a byte order mark, which Excel needs."""
    return spreadsheets.as_csv(rows).encode("utf-8-sig")


def as_xlsx(rows: list[list[Cell]], title: str) -> bytes:
    out = io.BytesIO()
    with spreadsheets.open_spreadsheet(out, title=title) as book:
        book.add("Registros", rows)
    return out.getvalue()


def _row(registration: Registration, name: str, need_labels: Mapping[str, str]) -> list[Cell]:
    return [
        name,
        registration.door_code,
        registration.people,
        registration.arrived_count,
        STATUS_LABELS[registration.status],
        f"{registration.starts:%H:%M}" if registration.slot is not None else "",
        CONTACT_LABELS[registration.contact],
        ", ".join(need_labels.get(need, need) for need in registration.needs),
        registration.language,
    ]
