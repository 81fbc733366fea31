"""Attendee list of a workshop as CSV or XLSX, without contact details.

Lists confirmed, offered and waitlisted registrations. The caller must refuse discreet kinds (S23).
"""

import io
from collections.abc import Iterable, Mapping
from typing import Final

from outreach.domain.registrations import PersonalData, Registration, RegistrationStatus
from outreach.reports import spreadsheets
from outreach.reports.spreadsheets import Cell, Column, Table

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
    """Returns the header and a row for each registration whose personal data is still readable.

    `people` maps ids of registrations to personal data, `need_labels` codes of access needs to
    their labels.
    """
    columns = Table[Registration](
        (
            Column("Nombre", lambda each: people[each.id].name),
            Column("Código", lambda each: each.door_code),
            Column("Personas", lambda each: each.people),
            Column("Llegaron", lambda each: each.arrived_count),
            Column("Situación", lambda each: STATUS_LABELS[each.status]),
            Column("Hora", lambda each: f"{each.starts:%H:%M}" if each.slot is not None else ""),
            Column("Aviso", lambda each: CONTACT_LABELS[each.contact]),
            Column(
                "Necesita",
                lambda each: ", ".join(need_labels.get(need, need) for need in each.needs),
            ),
            Column("Idioma", lambda each: each.language),
        )
    )
    return columns.make_rows(
        each for each in registrations if each.id in people and each.status in STATUS_LABELS
    )


def as_xlsx(rows: list[list[Cell]], title: str) -> bytes:
    out = io.BytesIO()
    with spreadsheets.open_spreadsheet(out, title=title) as book:
        book.add("Registros", rows)
    return out.getvalue()
