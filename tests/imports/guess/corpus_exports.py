"""Exports of other programs and forms, and what must come out of each: files never seen before.

The office and the day are those of `corpus`.
"""

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from tests.imports.guess.builders import calendar, lines, xlsx
from tests.imports.guess.corpus import LIBRARY, PARISH, ROOM, MessyFile, left, new


def _google_forms() -> bytes:
    return lines(
        "Timestamp,Email Address,Your name,What day is the workshop?,What time does it start?,"
        "What time does it end?,Which workshop?,Where?,How many people fit?",
        "2/14/2027 9:15:22,ana@example.org,Ana Ruiz,4/5/2027,6:00:00 PM,8:00:00 PM,"
        "Know Your Rights,Biblioteca de Pilsen,30",
        "2/15/2027 10:01:00,luz@example.org,Luz Díaz,4/12/2027,10:00:00 AM,12:00:00 PM,"
        "DACA renewal,Parroquia San Pío,25",
    )


def _google_forms_spanish() -> bytes:
    return xlsx(
        (
            "Respuestas de formulario 1",
            [
                [
                    "Marca temporal", "Dirección de correo electrónico", "¿Cómo te llamas?",
                    "Fecha del taller", "Hora de inicio", "Hora de término", "Tema", "Sede", "Cupo",
                    "¿Requiere proyector?",
                ],
                [datetime(2026, 11, 20, 9, 30), "eva@example.org", "Eva Soto", datetime(2027, 1, 9), time(10), time(12), "Plan familiar de emergencia", LIBRARY, 30, "Sí"],
                [datetime(2026, 11, 21, 9, 30), "ana@example.org", "Ana Ruiz", datetime(2027, 1, 16), time(17, 30), time(19), "Prevención de fraudes", "Por confirmar", 20, "No"],
            ],
        )
    )  # fmt: skip


def _facebook() -> bytes:
    return lines(
        "id,name,start_time,end_time,place,attending_count,interested_count,owner",
        "998877,Conoce tus derechos 🗽,2027-01-20T18:00:00-0600,2027-01-20T20:00:00-0600,"
        "Biblioteca de Pilsen,12,40,Ana Ruiz",
        "998878,DACA: ¿cómo renovar?,2027-01-23T10:00:00-0600,2027-01-23T13:00:00-0600,"
        "Parroquia San Pío,3,22,Ana Ruiz",
        "998879,Feria de salud 🩺 gratis,2027-01-30T09:00:00-0600,2027-01-30T13:00:00-0600,"
        "Biblioteca de Pilsen,8,60,Ana Ruiz",
    )


def _eventbrite() -> bytes:
    return lines(
        "Event Name,Event Status,Event Start Date,Event Start Time,Event End Date,Event End Time,"
        "Timezone,Venue Name,Venue Address,Capacity,Tickets Sold,Organizer Name",
        "DACA Renewal Clinic,Live,2027-01-16,10:00 AM,2027-01-16,1:00 PM,America/Chicago,"
        'Biblioteca de Pilsen,"1805 S. Ejemplo St., Chicago, IL 60608",40,12,Ana Ruiz',
        "Citizenship Class,Draft,2027-01-19,6:30 PM,2027-01-19,8:30 PM,America/Chicago,"
        "Consulado sala B,,25,0,Ana Ruiz",
        "Know Your Rights: Workplace,Sold Out,2027-01-21,7:00 AM,2027-01-21,8:30 AM,"
        "America/Los_Angeles,Online,,100,100,Ana Ruiz",
    )


def _eventbrite_api() -> bytes:
    return lines(
        "name,status,start_utc,end_utc,timezone,venue,capacity",
        "Renueva tu DACA,live,2027-01-16T16:00:00Z,2027-01-16T19:00:00Z,America/Chicago,"
        "Biblioteca de Pilsen,30",
        "Educación financiera para familias,live,2027-01-22T00:00:00Z,2027-01-22T01:30:00Z,"
        "America/Chicago,Parroquia San Pío,25",
    )


def _offset_beside_end() -> bytes:
    return lines(
        "Inicio,Fin,Taller,Sede",
        "2027-01-20T07:00:00-08:00,2027-01-20T11:00:00-06:00,DACA,Biblioteca de Pilsen",
        "2027-01-21T18:00:00-06:00,8:00 pm,Ciudadanía,Parroquia San Pío",
        "2027-01-22T09:00:00.000-08:00,2027-01-22T10:30:00.000-08:00,Becas,Biblioteca de Pilsen",
    )


def _airtable() -> bytes:
    return lines(
        "Name,Date,Start,End,Type,Venue,Seats,Status,Assignee,Attachments,Last Modified",
        "Renovaciones de enero,1/16/2027,9:00am,12:00pm,DACA,Biblioteca de Pilsen,30,"
        "Ready to publish,Ana Ruiz,flyer.png (https://example.org/flyer.png),11/20/2026 4:05pm",
        "Círculo de mujeres,1/18/2027,5:00pm,7:00pm,Mujeres,TBD,20,In review,Luz Díaz,,"
        "11/21/2026 4:05pm",
        "Vacunas,1/20/2027,10:00am,2:00pm,Salud,Parroquia San Pío,,Cancelled,Eva Soto,,"
        "11/21/2026 4:15pm",
    )


def _airtable_by_name() -> bytes:
    return lines(
        "Name,When,Where,Seats,Lead",
        "DACA: renovaciones,1/16/2027 9:00am,Biblioteca de Pilsen,30,Ana Ruiz",
        "Taller de educación financiera,1/19/2027 5:30pm,Parroquia San Pío,25,Luz Díaz",
        "Citizenship class,1/20/2027 6:00pm,Confidencial,20,Eva Soto",
    )


def _notion() -> bytes:
    return lines(
        "Name,Date,Tags,Place,Status,Person,Created time",
        'Conoce tus derechos,"January 16, 2027 10:00 AM → 12:00 PM",enero,Biblioteca de Pilsen,'
        'Done,Ana Ruiz,"November 20, 2026 9:02 AM"',
        'Renueva tu DACA,"January 18, 2027 6:00 PM (CST) → 8:00 PM",enero,Parroquia San Pío,'
        'Not started,Ana Ruiz,"November 20, 2026 9:02 AM"',
        'Taller de becas,"January 20, 2027 5:00 PM → January 20, 2027 6:30 PM",enero,—,In progress,'
        'Ana Ruiz,"November 20, 2026 9:03 AM"',
    )


def _outlook() -> bytes:
    head = (
        '"Subject","Start Date","Start Time","End Date","End Time","All day event",'
        '"Reminder on/off","Reminder Date","Reminder Time","Meeting Organizer",'
        '"Required Attendees","Categories","Description","Location","Priority","Private",'
        '"Sensitivity","Show time as"'
    )
    tail = '"False","True","{day}","{hour}","Ana Ruiz","eva@example.org","{kind}","Traer 312 555 0101","{place}","Normal","False","Normal","2"'
    rows = [
        ('"DACA, renovaciones"', "1/16/2027", "10:00:00 AM", "1:00:00 PM", "Talleres", LIBRARY),
        ('"Plática de salud mental"', "1/19/2027", "6:00:00 PM", "7:30:00 PM", "Talleres", PARISH),
        ('"Asesoría legal"', "1/21/2027", "9:00:00 AM", "12:00:00 PM", "", "Consulado, sala B"),
    ]
    return lines(
        head,
        *(
            f'{title},"{day}","{start}","{day}","{end}",'
            + tail.format(day=day, hour="9:45:00 AM", kind=kind, place=place)
            for title, day, start, end, kind, place in rows
        ),
        encoding="cp1252",
        end="\r\n",
    )


def _google_calendar_csv() -> bytes:
    return lines(
        "Subject,Start Date,Start Time,End Date,End Time,All Day Event,Description,Location,Private",
        "Derechos laborales,01/16/2027,10:00 AM,01/16/2027,11:30 AM,False,,"
        '"Biblioteca de Pilsen, 1805 S Ejemplo St, Chicago, IL 60608, USA",True',
        "Ciudadanía,01/30/2027,05:00 PM,01/30/2027,06:30 PM,False,,Parroquia San Pío,True",
    )


def _zones_column() -> bytes:
    return lines(
        "Date,Start,End,Time Zone,Workshop,Location",
        "2027-01-16,10:00 AM,12:00 PM,Central,DACA,Biblioteca de Pilsen",
        "2027-01-18,4:00 PM,6:00 PM,Pacific,Citizenship,Zoom",
        "2027-01-19,7:00 PM,8:30 PM,EST,Know your rights,Zoom",
    )


def _zone_in_heading() -> bytes:
    return lines(
        "Fecha;Hora (UTC);Taller;Lugar",
        "2027-01-16;16:00-18:00;DACA;Biblioteca de Pilsen",
        "2027-01-19;00:30-02:00;Ciudadanía;Parroquia San Pío",
    )


def _microsoft_forms() -> bytes:
    return xlsx(
        (
            "Sheet1",
            [
                [
                    "ID", "Start time", "Completion time", "Email", "Name", "Fecha del taller",
                    "Horario del taller", "Tipo de taller", "Lugar del taller", "Cupo máximo",
                ],
                [1, datetime(2026, 11, 20, 9, 3, 11), datetime(2026, 11, 20, 9, 6, 2), "anonymous", "Ana Ruiz", datetime(2027, 1, 16), "10:00 a 12:00", "Conoce tus derechos", LIBRARY, 30],
                [2, datetime(2026, 11, 20, 10, 3, 11), datetime(2026, 11, 20, 10, 6, 2), "anonymous", "Eva Soto", datetime(2027, 1, 23), "5 a 7 pm", "DACA", PARISH, 25],
            ],
        )
    )  # fmt: skip


def _raw_numbers() -> bytes:
    return lines(
        "Fecha;Inicio;Fin;Taller;Sede;Cupo",
        "46403;0,416666667;0,5;DACA;Biblioteca de Pilsen;30",
        "46404;0,75;0,833333333;Ciudadanía;Parroquia San Pío;25",
        "46405;0,395833333;0,479166667;Becas;Biblioteca de Pilsen;20",
    )


def _unstyled_workbook() -> bytes:
    return xlsx(
        (
            "Datos",
            [
                ["Fecha", "Hora", "Hora fin", "Tipo", "Sede"],
                [46403, 0.75, 0.8333333333333334, "DACA", LIBRARY],
                [46404, 0.5, 0.5833333333333334, "Salud", PARISH],
                [46405.4166666667, None, None, "Becas", LIBRARY],
            ],
        )
    )


def _midnight() -> bytes:
    return xlsx(
        (
            "Noches",
            [
                ["Fecha", "Inicio", "Fin", "Taller", "Sede"],
                [date(2027, 1, 16), "20:00", "24:00", "Salud", LIBRARY],
                [date(2027, 1, 17), "21:00", timedelta(days=1), "DACA", LIBRARY],
                [date(2027, 1, 18), "24:00", "02:00", "DACA", LIBRARY],
            ],
        )
    )


def _calendar_of_phone() -> bytes:
    return calendar(
        [
            "DTSTART:20270116T160000Z",
            "DTEND:20270116T180000Z",
            "UID:one@example.org",
            "SUMMARY:Conoce tus derechos 🗽",
            "LOCATION:Centro comunitario (2300 S. Muestra St.\\, Chicago)",
        ],
        [
            "DTSTART;TZID=America/Los_Angeles:20270118T170000",
            "DTEND;TZID=America/Los_Angeles:20270118T183000",
            "UID:two@example.org",
            "SUMMARY:DACA: ¿cómo renovar?",
            "LOCATION:Por confirmar",
        ],
        [
            "DTSTART;TZID=America/Chicago:20270120T100000",
            "DURATION:PT90M",
            "UID:three@example.org",
            "SUMMARY:CANCELADO: Educación financiera",
            "LOCATION:https://zoom.example/j/1",
        ],
    )


CENTER: Final = "Centro comunitario"
_X: Final[dict[str, Any]] = {"Fecha": "day", "Inicio": "starts", "Fin": "ends"}
EXPORTS: Final = (
    MessyFile("Google Forms, month first by its timestamp", _google_forms, {"Timestamp": None, "Email Address": None, "Your name": None, "What day is the workshop?": "day", "What time does it start?": "starts", "What time does it end?": "ends", "Where?": "venue"}, (
        new(2, "2027-04-05", "18:00-20:00", "derechos", LIBRARY, capacity=30),
        new(3, "2027-04-12", "10:00-12:00", "daca", PARISH, capacity=25),
    )),
    MessyFile("Google Forms, workbook", _google_forms_spanish, {"Marca temporal": None, "¿Cómo te llamas?": None, "Fecha del taller": "day", "Tema": "title"}, (
        new(2, "2027-01-09", "10:00-12:00", "plan_familiar", LIBRARY, capacity=30),
        new(3, "2027-01-16", "17:30-19:00", "anti_fraude", None, capacity=20),
    )),
    MessyFile("Facebook", _facebook, {"name": "title", "start_time": "starts", "end_time": "ends", "place": "venue", "owner": None}, (
        new(2, "2027-01-20", "18:00-20:00", "derechos", LIBRARY, title="Conoce tus derechos 🗽"),
        new(3, "2027-01-23", "10:00-13:00", "daca", PARISH, title="DACA: ¿cómo renovar?"),
        new(4, "2027-01-30", "09:00-13:00", "salud", LIBRARY),
    )),
    MessyFile("Eventbrite", _eventbrite, {"Event Name": "title", "Event Status": "status", "Event Start Date": "day", "Event Start Time": "starts", "Event End Time": "ends", "Timezone": "zone", "Venue Name": "venue", "Organizer Name": None}, (
        new(2, "2027-01-16", "10:00-13:00", "daca", LIBRARY, capacity=40),
        new(3, "2027-01-19", "18:30-20:30", "ciudadania", ROOM, capacity=25),
        new(4, "2027-01-21", "09:00-10:30", "derechos", None, capacity=100),
    )),
    MessyFile("Eventbrite, UTC", _eventbrite_api, {"name": "title", "start_utc": "starts", "end_utc": "ends", "timezone": "zone"}, (
        new(2, "2027-01-16", "10:00-13:00", "daca", LIBRARY, capacity=30, title="Renueva tu DACA"),
        new(3, "2027-01-21", "18:00-19:30", "finanzas", PARISH, capacity=25),
    )),
    MessyFile("offsets beside an explicit end", _offset_beside_end, {"Inicio": "starts", "Fin": "ends"}, (
        new(2, "2027-01-20", "09:00-11:00", "daca", LIBRARY),
        new(3, "2027-01-21", "18:00-20:00", "ciudadania", PARISH),
        new(4, "2027-01-22", "11:00-12:30", "educacion", LIBRARY),
    )),
    MessyFile("Airtable", _airtable, {"Name": "title", "Date": "day", "Type": "kind", "Seats": "capacity", "Status": "status", "Assignee": None, "Last Modified": None}, (
        new(2, "2027-01-16", "09:00-12:00", "daca", LIBRARY, capacity=30),
        new(3, "2027-01-18", "17:00-19:00", "mujeres", None, capacity=20),
        new(4, "2027-01-20", "10:00-14:00", "salud", PARISH),
    )),
    MessyFile("Airtable, kind in the name", _airtable_by_name, {"Name": "title", "When": "day", "Where": "venue", "Lead": None}, (
        new(2, "2027-01-16", "09:00-12:00", "daca", LIBRARY, title="DACA: renovaciones"),
        new(3, "2027-01-19", "17:30-19:00", "finanzas", PARISH),
        new(4, "2027-01-20", "18:00-19:30", "ciudadania", None),
    )),
    MessyFile("Notion", _notion, {"Name": "title", "Date": "day", "Place": "venue", "Person": None, "Created time": None}, (
        new(2, "2027-01-16", "10:00-12:00", "derechos", LIBRARY),
        new(3, "2027-01-18", "18:00-20:00", "daca", PARISH),
        new(4, "2027-01-20", "17:00-18:30", "educacion", None),
    )),
    MessyFile("Outlook", _outlook, {"Subject": "title", "Start Date": "day", "Start Time": "starts", "End Time": "ends", "Reminder Date": None, "Reminder Time": None, "Meeting Organizer": None, "Required Attendees": None, "Description": None, "Location": "venue"}, (
        new(2, "2027-01-16", "10:00-13:00", "daca", LIBRARY, title="DACA, renovaciones"),
        new(3, "2027-01-19", "18:00-19:30", "salud_mental", PARISH),
        new(4, "2027-01-21", "09:00-12:00", "asesoria_legal", ROOM),
    )),
    MessyFile("Google Calendar's table", _google_calendar_csv, {"Subject": "title", "All Day Event": None, "Private": None}, (
        new(2, "2027-01-16", "10:00-11:30", "laboral", LIBRARY),
        new(3, "2027-01-30", "17:00-18:30", "ciudadania", PARISH),
    )),
    MessyFile("a column of zones", _zones_column, {"Time Zone": "zone", "Start": "starts", "End": "ends"}, (
        new(2, "2027-01-16", "10:00-12:00", "daca", LIBRARY),
        new(3, "2027-01-18", "18:00-20:00", "ciudadania", None),
        new(4, "2027-01-19", "18:00-19:30", "derechos", None),
    )),
    MessyFile("a zone in the heading", _zone_in_heading, {"Hora (UTC)": "starts"}, (
        new(2, "2027-01-16", "10:00-12:00", "daca", LIBRARY),
        new(3, "2027-01-18", "18:30-20:00", "ciudadania", PARISH),
    )),
    MessyFile("Microsoft Forms", _microsoft_forms, {"Start time": None, "Completion time": None, "Email": None, "Name": None, "Fecha del taller": "day", "Horario del taller": "starts", "Lugar del taller": "venue"}, (
        new(2, "2027-01-16", "10:00-12:00", "derechos", LIBRARY, capacity=30),
        new(3, "2027-01-23", "17:00-19:00", "daca", PARISH, capacity=25),
    )),
    MessyFile("serial days and fractions, text", _raw_numbers, {**_X, "Taller": "kind"}, (
        new(2, "2027-01-16", "10:00-12:00", "daca", LIBRARY, capacity=30),
        new(3, "2027-01-17", "18:00-20:00", "ciudadania", PARISH, capacity=25),
        new(4, "2027-01-18", "09:30-11:30", "educacion", LIBRARY, capacity=20),
    )),
    MessyFile("serial days and fractions, workbook", _unstyled_workbook, {"Fecha": "day", "Hora": "starts", "Hora fin": "ends"}, (
        new(2, "2027-01-16", "18:00-20:00", "daca", LIBRARY),
        new(3, "2027-01-17", "12:00-14:00", "salud", PARISH),
        new(4, "2027-01-18", "10:00-11:30", "educacion", LIBRARY),
    )),
    MessyFile("24:00", _midnight, _X, (
        new(2, "2027-01-16", "20:00-00:00", "salud", LIBRARY),
        new(3, "2027-01-17", "21:00-00:00", "daca", LIBRARY),
        left(4, day="2027-01-18"),
    )),
    MessyFile("a telephone's calendar", _calendar_of_phone, {"SUMMARY": "title", "LOCATION": "venue"}, (
        new(4, "2027-01-16", "10:00-12:00", "derechos", f"+{CENTER}", title="Conoce tus derechos 🗽"),
        new(11, "2027-01-18", "19:00-20:30", "daca", None),
        new(18, "2027-01-20", "10:00-11:30", "finanzas", None, title="Educación financiera"),
    )),
)  # fmt: skip
