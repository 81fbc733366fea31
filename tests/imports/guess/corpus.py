"""Messy files, and what must come out of each.

Today is Friday 27 November 2026, at the office of Chicago, which has the Biblioteca de Pilsen (1805
S. Ejemplo St.), the Consulado, sala B, and the Parroquia San Pío.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from tests.imports.guess.builders import FILES, calendar, lines, ods, xlsx

LIBRARY: Final = "Biblioteca de Pilsen"
ROOM: Final = "Consulado, sala B"
PARISH: Final = "Parroquia San Pío"
OPEN: Final = "open"  # asked or refused, with a reason


@dataclass(frozen=True)
class Expected:
    """A row: its line, what becomes of it and the values that it must have."""

    line: int
    outcome: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MessyFile:
    name: str
    make: Callable[[], bytes]
    columns: Mapping[str, str | None]
    rows: tuple[Expected, ...]


def new(line: int, day: str, hours: str, kind: str, venue: str | None, **more: Any) -> Expected:
    """A row that is loaded: `hours` are «18:00-20:00»; a venue with «+» is a new one."""
    starts, ends = hours.split("-")
    values: dict[str, Any] = {"day": day, "starts": starts, "ends": ends, "kind": kind}
    values["venue"] = venue.removeprefix("+") if venue else None
    values["venue_is_new"] = venue.startswith("+") if venue else None
    return Expected(line, "new", values | {"status": "draft"} | more)


def left(line: int, **values: Any) -> Expected:
    """A row that is not loaded, and has a reason."""
    return Expected(line, OPEN, values)


def _plain() -> bytes:
    return lines(
        "Fecha,Hora,Hora fin,Tipo,Título,Sede,Cupo,Estatus",
        "2026-12-05,18:00,20:00,DACA,Renueva tu DACA,Biblioteca de Pilsen,30,publicado",
        "2026-12-06,10:00,12:00,Salud,Vacunas,Parroquia San Pio,25,borrador",
    )


def _titled() -> bytes:
    return xlsx(
        (
            "Enero",
            [
                ["CONSULADO GENERAL DE MÉXICO"],
                ["PROGRAMACIÓN DE TALLERES, ENERO 2027"],
                [],
                ["FECHA", "HORARIO", "TALLER", "LUGAR", "CUPO", "PONENTE", "OBS"],
                ["sábado 9 de enero", "10 a 12", "Conoce tus derechos", "Biblioteca de Pilsen", 40, "Lic. Ortiz", ""],
                ["domingo 10 de enero", "6:00 p.m.–8:00 p.m.", "DACA", "consulado sala b", "20 personas", "VDS", "traer proyector"],
                ["lunes 12 de enero", "18 h", "Salud", "Parroquia San Pío", 15, "", ""],
                [],
                ["Nota: sujeto a cambios sin previo aviso."],
                ["Total", "", "", "", 75],
            ],
        ),
        merge=["A1:G1", "A2:G2"],
    )  # fmt: skip


def _merged_days() -> bytes:
    return xlsx(
        (
            "Hoja1",
            [
                ["Día", "Hora", "Evento", "Sede"],
                [date(2026, 12, 12), time(9, 0), "DACA", LIBRARY],
                [None, time(11, 0), "Finanzas personales", LIBRARY],
                [None, time(16, 30), "Ciudadanía", PARISH],
                [date(2026, 12, 13), time(9, 0), "Salud mental", PARISH],
            ],
        ),
        merge=["A2:A4"],
    )


def _hidden() -> bytes:
    return xlsx(
        (
            "Talleres",
            [
                ["Fecha", "Tel. asistentes", "Inicio", "Tipo de taller", "Lugar", "Notas"],
                [datetime(2026, 12, 5, 18), "312 555 0101", "", "DACA", LIBRARY, "x"],
                [datetime(2026, 12, 6), "312 555 0102", "6 pm", "DACA", LIBRARY, "y"],
                [datetime(2026, 12, 7), "312 555 0103", "6 pm", "DACA", LIBRARY, "z"],
            ],
        ),
        ("Asistentes", [["Nombre completo", "Correo"], ["Ana Ruiz", "ana@example.org"]]),
        hide_columns="B",
        hide_rows=[4],
    )


def _two_sheets() -> bytes:
    head = ["Fecha", "Hora", "Tipo", "Sede"]
    return xlsx(
        ("Instrucciones", [["Llena una hoja por mes."]]),
        ("Diciembre", [head, ["5 de diciembre", "18:00", "DACA", LIBRARY]]),
        ("Enero", [head, ["9 de enero", "10:00", "Salud", PARISH]]),
        ("Vieja", [head, ["9 de enero", "10:00", "Salud", PARISH]]),
        hide_sheets=["Vieja"],
    )


def _form() -> bytes:
    return lines(
        "Marca temporal,Nombre completo,Correo electrónico,¿Qué día será el taller?,"
        "¿A qué hora empieza?,¿Qué taller?,¿En dónde?,¿Cuántas personas caben?",
        "20/11/2026 10:32:11,Luz Díaz,luz@example.org,13/12/2026,6:00 PM,"
        "Conoce tus derechos,Biblioteca de Pilsen,30",
        "21/11/2026 11:02:41,Eva Soto,eva@example.org,05/12/2026,10:30 AM,DACA,Parroquia San Pío,",
    )


def _windows() -> bytes:
    return lines(
        "Día;Hora de inicio;Duración;Plática;Ubicación;Capacidad;¿Publicar?",
        "13/12/2026;18:00;90 min;Conoce tus derechos;Parroquia San Pío;40;sí",
        "5/12/2026;17:30;2 h;Educación financiera;Biblioteca de Pilsen;25;no",
        encoding="cp1252",
        end="\r\n",
    )


def _utf16() -> bytes:
    return lines(
        "Date\tStart Time\tEnd Time\tEvent Name\tVenue\tMax attendees\tStatus",
        "Dec 5th, 2026\t6:00 PM\t8:00 PM\tKnow your rights\tBiblioteca de Pilsen\t30\tLive",
        "December 19, 2026\t9am\tnoon\tCitizenship\tCommunity Center\t\tTENTATIVE",
        encoding="utf-16",
    )


def _french() -> bytes:
    return lines(
        "Jour,Heure de début,Heure de fin,Atelier,Lieu,Nombre de places,Statut",
        "le samedi 5 décembre 2026,18 h,20 h,Droits des personnes migrantes,"
        "Biblioteca de Pilsen,20,publié",
        "dimanche 6 décembre 2026,10h30,12h,Santé mentale,Parroquia San Pío,15,à confirmer",
    )


def _us_dates() -> bytes:
    return lines(
        "Date,Time,Type,Location,Capacity,Status",
        "12/05/2026,6:00 PM - 8:00 PM,DACA,Biblioteca de Pilsen,20,CONFIRMED",
        "12/13/2026,10:00 AM - 12:00 PM,Health,Parroquia San Pío,20,Cancelled",
    )


def _unknown_order() -> bytes:
    return lines(
        "Fecha,Hora,Tipo,Sede",
        "5/12/26,18:00,DACA,Biblioteca de Pilsen",
        "12/12/26,18:00,DACA,Biblioteca de Pilsen",
        "6/1/27,18:00,DACA,Biblioteca de Pilsen",
    )


def _order_by_weekday() -> bytes:
    return lines(
        "Día,Fecha,Hora,Tipo,Sede",
        "sábado,5/12/26,18:00,DACA,Biblioteca de Pilsen",
        "miércoles,6/1/27,18:00,DACA,Biblioteca de Pilsen",
        "lunes,9/12/26,18:00,DACA,Biblioteca de Pilsen",
    )


def _questions() -> bytes:
    return lines(
        "Fecha,Hora,Tipo,Sede,Cupo,Estatus",
        "2026-12-05,6:00,DACA,Biblioteca de Pilsen,20,",
        "2026-12-06,18:00,Plática Sra. Luz,Biblioteca de Pilsen,20,",
        "2026-12-07,18:00,DACA,Bibl. Pilssen,20,",
        "2026-12-08,18:00,DACA,Biblioteca de Pilsen,ilimitado,",
        "2026-11-09,18:00,DACA,Biblioteca de Pilsen,20,",
        "30/02/2027,18:00,DACA,Biblioteca de Pilsen,20,",
        "2026-12-12,18:00,Derechos de las mujeres,Biblioteca de Pilsen,20,",
        "2026-12-13,,DACA,Biblioteca de Pilsen,20,",
        ",18:00,DACA,Biblioteca de Pilsen,20,",
        "2026-12-14,20:00-18:00,DACA,Biblioteca de Pilsen,20,",
        "5 y 6 de diciembre,18:00,DACA,Biblioteca de Pilsen,20,",
        "2026-12-15,10:00 y 16:00,DACA,Biblioteca de Pilsen,20,",
        "2026-12-16,25:00,DACA,Biblioteca de Pilsen,20,",
        "sábado 18 de diciembre de 2026,18:00,DACA,Biblioteca de Pilsen,20,",
    )


def _twins() -> bytes:
    return lines(
        "Fecha,Hora,Tipo,Sede,Cupo",
        "2026-12-05,18:00,DACA,Biblioteca de Pilsen,20",
        "2026-12-05,18:00,DACA,BIBLIOTECA DE PILSEN,20",
        "2026-12-05,19:00,Salud,Biblioteca de Pilsen,20",
        "2026-12-05,18:00,DACA,Parroquia San Pío,20",
    )


def _sections() -> bytes:
    return lines(
        "Hora|Taller|Sede",
        "SÁBADO 5 DE DICIEMBRE||",
        "10:00|DACA|Biblioteca de Pilsen",
        "12:00|Salud|Parroquia San Pío",
        "DOMINGO 6 DE DICIEMBRE||",
        "10:00|Ciudadanía|Biblioteca de Pilsen",
    )


def _one_cell() -> bytes:
    return lines(
        "Cuándo,Qué taller,En dónde",
        '"sábado 5 de diciembre, 6 pm",DACA,"Biblioteca de Pilsen, 1805 S Ejemplo St"',
        '"Domingo 13 de diciembre de 2026, de 10 a 12",Vacunas,Zoom',
    )


def _parts_of_day() -> bytes:
    return lines(
        "Mes,Día,Año,Horario,Tipo,Sede",
        "diciembre,5,2026,18h-20h,DACA,Biblioteca de Pilsen",
        "enero,9,2027,mediodía,Salud,Parroquia San Pío",
    )


def _serials() -> bytes:
    return lines(
        "Fecha\tHora\tTipo\tSede",
        "46361\t18:00\tDACA\tBiblioteca de Pilsen",
        "46368.75\t\tDACA\tBiblioteca de Pilsen",
    )


def _headless() -> bytes:
    return lines(
        "2026-12-05,18:00,DACA,40", "2026-12-06,18:00,Salud,40", "2026-12-07,18:00,DACA,40"
    )


def _repeated_heading() -> bytes:
    return xlsx(
        (
            "Hoja",
            [
                ["", "", "", ""],
                ["", "Horario del taller", "", ""],
                ["Fecha", "Inicio", "Fin", "Tipo"],
                [date(2026, 12, 5), "6:00 PM", "8:00 PM", "DACA"],
                ["Fecha", "Inicio", "Fin", "Tipo"],
                [date(2026, 12, 6), "9:00", "1 pm", "Salud"],
                ["Total: 2"],
            ],
        )
    )


def _own_venue_names() -> bytes:
    return lines(
        "Fecha,Hora,Tipo,Sede,Dirección",
        "2026-12-05,18:00,DACA,BIBLIOTECA PILSEN,1805 South Ejemplo Street",
        "2026-12-06,18:00,DACA,Biblioteca  de  Pilsén,",
        "2026-12-07,18:00,DACA,Parr. Sn. Pio,",
        "2026-12-08,18:00,DACA,Casa Aztlán,1831 S Racine Ave",
        "2026-12-09,18:00,DACA,casa aztlan,1831 S. Racine Avenue",
    )


def _open_document() -> bytes:
    day = (
        '<table:table-cell office:value-type="date" office:date-value="2026-12-05">'
        "<text:p>05/12/26</text:p></table:table-cell>"
    )
    hour = (
        '<table:table-cell office:value-type="time" office:time-value="PT18H00M00S">'
        "<text:p>18:00</text:p></table:table-cell>"
    )
    places = (
        '<table:table-cell office:value-type="float" office:value="30">'
        "<office:annotation><text:p>preguntar</text:p></office:annotation>"
        "<text:p>30</text:p></table:table-cell>"
    )
    return ods(
        ["Talleres de diciembre"],
        ["Fecha", "Hora", "Tipo", "Sede", "Cupo"],
        [day, hour, "DACA", LIBRARY, places],
        after='<table:table-row table:number-rows-repeated="1048570">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
    )


def _births() -> bytes:
    return lines(
        "Fecha de nacimiento,Edad,Se hace,Hora,Tipo,Quien asiste",
        "1990-02-03,36,2026-12-13,18:00,DACA,Ana Ruiz",
        "1985-04-01,41,2026-12-14,18:00,Salud,Eva Soto",
    )


def _old_workbook() -> bytes:
    return (FILES / "old.xls").read_bytes()


_ZONE: Final = (
    "BEGIN:VTIMEZONE", "TZID:Central Standard Time", "BEGIN:STANDARD", "DTSTART:16011104T020000",
    "TZOFFSETFROM:-0500", "TZOFFSETTO:-0600", "END:STANDARD", "BEGIN:DAYLIGHT",
    "DTSTART:16010311T020000", "TZOFFSETFROM:-0600", "TZOFFSETTO:-0500", "END:DAYLIGHT",
    "END:VTIMEZONE",
)  # fmt: skip


def _google() -> bytes:
    return calendar(
        [
            "DTSTART;TZID=America/Chicago:20261205T180000",
            "DTEND;TZID=America/Chicago:20261205T200000",
            "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=SA",
            "EXDATE;TZID=America/Chicago:20261212T180000",
            "UID:abc@google.com",
            "ATTENDEE;CN=Ana Ruiz:mailto:ana@example.org",
            "ORGANIZER;CN=Eva:mailto:eva@example.org",
            "DESCRIPTION:Llamar a Ana 312 555 0101",
            "LOCATION:Biblioteca de Pilsen\\, 1805 S Ejemplo St\\, Chicago\\, IL 60608\\, USA",
            "STATUS:CONFIRMED",
            "SUMMARY:Plática DACA",
        ],
        [
            "DTSTART;TZID=America/Chicago:20261220T100000",
            "DTEND;TZID=America/Chicago:20261220T120000",
            "UID:abc@google.com",
            "RECURRENCE-ID;TZID=America/Chicago:20261219T180000",
            "LOCATION:Parroquia San Pío",
            "STATUS:CONFIRMED",
            "SUMMARY:Plática DACA",
        ],
        ["DTSTART:20261207T000000Z", "DTEND:20261207T020000Z", "UID:z", "SUMMARY:Salud"],
    )


def _outlook() -> bytes:
    return calendar(
        [
            "CATEGORIES:DACA",
            "DTSTART;TZID=Central Standard Time:20261210T173000",
            "DTEND;TZID=Central Standard Time:20261210T190000",
            "UID:040000008200E00074C5B7101A82E008",
            "LOCATION:Consulado\\, sala B",
            "SUMMARY:Renovaciones",
            "STATUS:TENTATIVE",
        ],
        ["DTSTART;VALUE=DATE:20261211", "UID:day", "SUMMARY:DACA"],
        head=_ZONE,
    )


D: Final = {"Fecha": "day", "Hora": "starts", "Tipo": "kind", "Sede": "venue"}
CORPUS: Final = (
    MessyFile("plain", _plain, {**D, "Hora fin": "ends", "Título": "title", "Cupo": "capacity"}, (
        new(2, "2026-12-05", "18:00-20:00", "daca", LIBRARY, title="Renueva tu DACA", capacity=30),
        new(3, "2026-12-06", "10:00-12:00", "salud", PARISH, title="Vacunas", capacity=25),
    )),
    MessyFile("titles, merged cells, notes", _titled, {"FECHA": "day", "HORARIO": "starts", "TALLER": "kind", "LUGAR": "venue", "CUPO": "capacity", "PONENTE": None, "OBS": None}, (
        new(5, "2027-01-09", "10:00-12:00", "derechos", LIBRARY, capacity=40, title="Conoce tus derechos"),
        new(6, "2027-01-10", "18:00-20:00", "daca", ROOM, capacity=20),
        left(7, starts="18:00", kind="salud"),
    )),
    MessyFile("days merged downwards", _merged_days, {"Día": "day", "Hora": "starts"}, (
        new(2, "2026-12-12", "09:00-12:00", "daca", LIBRARY),
        new(3, "2026-12-12", "11:00-12:30", "finanzas", LIBRARY),
        new(4, "2026-12-12", "16:30-18:00", "ciudadania", PARISH),
        new(5, "2026-12-13", "09:00-10:30", "salud_mental", PARISH),
    )),
    MessyFile("hidden column and row", _hidden, {"Fecha": "day", "Tel. asistentes": None, "Inicio": "starts", "Notas": None, "Tipo de taller": "kind"}, (
        new(2, "2026-12-05", "18:00-21:00", "daca", LIBRARY),
        new(3, "2026-12-06", "18:00-21:00", "daca", LIBRARY),
        left(4),
    )),
    MessyFile("several sheets", _two_sheets, D, (
        new(2, "2026-12-05", "18:00-21:00", "daca", LIBRARY),
        new(2, "2027-01-09", "10:00-14:00", "salud", PARISH),
    )),
    MessyFile("answers of a form", _form, {"Marca temporal": None, "Nombre completo": None, "Correo electrónico": None, "¿Qué día será el taller?": "day", "¿Cuántas personas caben?": "capacity"}, (
        new(2, "2026-12-13", "18:00-19:30", "derechos", LIBRARY, capacity=30),
        new(3, "2026-12-05", "10:30-13:30", "daca", PARISH),
    )),
    MessyFile("Windows, semicolons", _windows, {"Día": "day", "Duración": "minutes", "Plática": "kind", "¿Publicar?": "status"}, (
        new(2, "2026-12-13", "18:00-19:30", "derechos", PARISH, capacity=40),
        new(3, "2026-12-05", "17:30-19:30", "finanzas", LIBRARY, capacity=25),
    )),
    MessyFile("UTF-16, tabs, English", _utf16, {"Date": "day", "Start Time": "starts", "End Time": "ends", "Venue": "venue", "Max attendees": "capacity", "Status": "status"}, (
        new(2, "2026-12-05", "18:00-20:00", "derechos", LIBRARY, capacity=30, title="Know your rights"),
        new(3, "2026-12-19", "09:00-12:00", "ciudadania", "+Community Center"),
    )),
    MessyFile("French", _french, {"Jour": "day", "Heure de début": "starts", "Heure de fin": "ends", "Lieu": "venue", "Nombre de places": "capacity", "Statut": "status"}, (
        new(2, "2026-12-05", "18:00-20:00", "derechos", LIBRARY, capacity=20),
        new(3, "2026-12-06", "10:30-12:00", "salud_mental", PARISH, capacity=15),
    )),
    MessyFile("month first", _us_dates, {"Date": "day", "Time": "starts", "Type": "kind"}, (
        new(2, "2026-12-05", "18:00-20:00", "daca", LIBRARY),
        new(3, "2026-12-13", "10:00-12:00", "salud", PARISH),
    )),
    MessyFile("order of day and month unknown", _unknown_order, D, (
        left(2, day=None), new(3, "2026-12-12", "18:00-21:00", "daca", LIBRARY), left(4, day=None),
    )),
    MessyFile("order told by a weekday", _order_by_weekday, {"Día": "weekday", "Fecha": "day"}, (
        new(2, "2026-12-05", "18:00-21:00", "daca", LIBRARY),
        new(3, "2027-01-06", "18:00-21:00", "daca", LIBRARY),
        left(4),
    )),
    MessyFile("doubts", _questions, D, (
        *(left(line) for line in range(2, 12)),
        new(12, "2026-12-05", "18:00-21:00", "daca", LIBRARY),
        new(12, "2026-12-06", "18:00-21:00", "daca", LIBRARY),
        *(left(line) for line in range(13, 16)),
    )),
    MessyFile("twins and clashes", _twins, D, (
        new(2, "2026-12-05", "18:00-21:00", "daca", LIBRARY), left(3),
        new(4, "2026-12-05", "19:00-23:00", "salud", LIBRARY),
        new(5, "2026-12-05", "18:00-21:00", "daca", PARISH),
    )),
    MessyFile("a row says the day of those below", _sections, {"Hora": "starts", "Taller": "kind", "Sede": "venue"}, (
        new(3, "2026-12-05", "10:00-13:00", "daca", LIBRARY),
        new(4, "2026-12-05", "12:00-16:00", "salud", PARISH),
        new(6, "2026-12-06", "10:00-11:30", "ciudadania", LIBRARY),
    )),
    MessyFile("day and hour in one cell", _one_cell, {"Cuándo": "day", "En dónde": "venue"}, (
        new(2, "2026-12-05", "18:00-21:00", "daca", LIBRARY),
        new(3, "2026-12-13", "10:00-12:00", "salud", None),
    )),
    MessyFile("day, month and year apart", _parts_of_day, {"Mes": "month", "Día": "day", "Año": "year", "Horario": "starts"}, (
        new(2, "2026-12-05", "18:00-20:00", "daca", LIBRARY),
        new(3, "2027-01-09", "12:00-16:00", "salud", PARISH),
    )),
    MessyFile("serial numbers", _serials, D, (
        new(2, "2026-12-05", "18:00-21:00", "daca", LIBRARY),
        new(3, "2026-12-12", "18:00-21:00", "daca", LIBRARY),
    )),
    MessyFile("no heading", _headless, {"A": "day", "B": "starts", "C": "kind", "D": None}, (
        new(1, "2026-12-05", "18:00-21:00", "daca", None),
        new(2, "2026-12-06", "18:00-22:00", "salud", None),
        new(3, "2026-12-07", "18:00-21:00", "daca", None),
    )),
    MessyFile("repeated heading", _repeated_heading, {"Fecha": "day", "Inicio": "starts", "Fin": "ends"}, (
        new(4, "2026-12-05", "18:00-20:00", "daca", None),
        new(6, "2026-12-06", "09:00-13:00", "salud", None),
    )),
    MessyFile("venues spelled otherwise", _own_venue_names, {**D, "Dirección": "address"}, (
        new(2, "2026-12-05", "18:00-21:00", "daca", LIBRARY),
        new(3, "2026-12-06", "18:00-21:00", "daca", LIBRARY),
        left(4, day="2026-12-07"),
        new(5, "2026-12-08", "18:00-21:00", "daca", "+Casa Aztlán"),
        new(6, "2026-12-09", "18:00-21:00", "daca", "+Casa Aztlán"),
    )),
    MessyFile("OpenDocument", _open_document, {**D, "Cupo": "capacity"}, (
        new(3, "2026-12-05", "18:00-21:00", "daca", LIBRARY, capacity=30),
    )),
    MessyFile("days of birth", _births, {"Fecha de nacimiento": None, "Edad": None, "Se hace": "day", "Quien asiste": None}, (
        new(2, "2026-12-13", "18:00-21:00", "daca", None),
        new(3, "2026-12-14", "18:00-22:00", "salud", None),
    )),
    MessyFile("Excel 97", _old_workbook, {"Fecha": "day", "Hora": "starts", "Taller": "kind", "Lugar": "venue", "Cupo": "capacity", "Celular": None}, (
        new(3, "2026-12-05", "18:00-21:00", "daca", LIBRARY, capacity=30),
        new(4, "2026-12-05", "10:30-14:30", "salud", PARISH, capacity=40),
        left(5),
    )),
    MessyFile("calendar of Google", _google, {"DTSTART": "starts", "SUMMARY": "title", "LOCATION": "venue", "ATTENDEE": None, "ORGANIZER": None, "DESCRIPTION": None}, (
        new(4, "2026-12-05", "18:00-20:00", "daca", LIBRARY, title="Plática DACA"),
        new(17, "2026-12-20", "10:00-12:00", "daca", PARISH),
        new(4, "2026-12-26", "18:00-20:00", "daca", LIBRARY),
        new(26, "2026-12-06", "18:00-20:00", "salud", None),
    )),
    MessyFile("calendar of Outlook", _outlook, {"CATEGORIES": "kind", "DTSTART": "starts"}, (
        new(17, "2026-12-10", "17:30-19:00", "daca", ROOM, title="Renovaciones"),
        left(26),
    )),
)  # fmt: skip
