"""Sheets as offices keep them, and what must come out of each: files never seen before.

The office and the day are those of `corpus`.
"""

from datetime import date, datetime, time
from typing import Final

from tests.imports.guess.builders import FILES, lines, ods, xlsx
from tests.imports.guess.corpus import LIBRARY, PARISH, ROOM, MessyFile, left, new

CENTER: Final = "Centro comunitario"


def _months_as_sheets() -> bytes:
    head = ["Día", "Hora", "Taller", "Lugar", "Cupo"]
    return xlsx(
        (
            "Enero 2027",
            [
                ["PROGRAMA DE TALLERES"],
                head,
                ["sábado 16", "10 a 13 h", "DACA", LIBRARY, 30],
                ["lunes 18", "18 a 19:30 h", "Finanzas personales", PARISH, 25],
                ["TOTAL", "", "", "", 55],
            ],
        ),
        (
            "Febrero 2027",
            [
                head,
                ["sábado 6", "10 a 12 h", "Conoce tus derechos", LIBRARY, 40],
                ["viernes 12 y sábado 13", "9 a 11 h", "Ciudadanía", ROOM, 20],
                ["Nota: confirmar con la sede"],
            ],
        ),
        merge=["A1:E1"],
    )


def _numbers_of_days() -> bytes:
    return xlsx(
        (
            "MARZO",
            [
                ["AGENDA MARZO 2027"],
                ["Día", "Hora", "Actividad", "Sede"],
                [6, "10:00", "Salud mental", LIBRARY],
                [13, "17:30", "DACA", PARISH],
                [20, "11:00", "Becas", LIBRARY],
            ],
        )
    )


def _figures_in_named_sheet() -> bytes:
    return xlsx(
        (
            "Enero",
            [
                ["Fecha", "Hora", "Tipo", "Sede"],
                ["4/1/2027", "18:00", "DACA", LIBRARY],
                ["11/1/2027", "18:00", "Ciudadanía", LIBRARY],
                ["8/1/2027", "18:00", "Becas", PARISH],
            ],
        )
    )


def _two_heading_rows() -> bytes:
    return xlsx(
        (
            "Talleres",
            [
                ["Consulado General", "", "", "", "", ""],
                ["Datos del taller", "", "Horario", "", "Sede", ""],
                ["Fecha", "Tema", "Inicio", "Fin", "Nombre del lugar", "Dirección"],
                [date(2027, 1, 16), "DACA", time(10), time(13), LIBRARY, "1805 S. Ejemplo St."],
                [date(2027, 1, 18), "Becas", time(18), time(19, 30), CENTER, "2300 S. Muestra St."],
            ],
        ),
        merge=["A1:F1", "A2:B2", "C2:D2", "E2:F2"],
    )


def _places() -> bytes:
    return lines(
        "Fecha,Hora,Taller,Lugar,Estatus",
        '2027-01-16,10:00,DACA,"Centro comunitario (2300 S. Muestra St., Chicago)",'
        "listo para publicar",
        "2027-01-17,10:00,DACA,Centro comunitario,por revisar",
        "2027-01-18,10:00,DACA,PENDIENTE,listo",
        "2027-01-19,10:00,DACA,Por definir,en proceso",
        "2027-01-20,10:00,DACA,TBD,borrador",
        "2027-01-21,10:00,DACA,Confidencial,LISTO PARA PUBLICAR",
        "2027-01-22,10:00,DACA,—,listo para publicar",
        '2027-01-23,10:00,DACA,"Biblioteca de Pilsen (1805 S. Ejemplo St., Chicago, IL)",Cancelado',
        "2027-01-25,10:00,DACA,Biblioteca de Pilsen - 1805 S. Ejemplo St.,CANCELADO por clima",
    )


def _several_days() -> bytes:
    return lines(
        "Fecha;Horario;Taller;Sede;Cupo",
        "5 y 12 de diciembre de 2026;10 a 12 h;DACA;Biblioteca de Pilsen;30",
        "viernes 22 y sábado 23 de enero;9 am;Ciudadanía;Parroquia San Pío;25",
        "sábados 6, 13 y 20 de febrero;11:00 a 12:30;Becas;Biblioteca de Pilsen;20",
        "del 1 al 3 de marzo;10:00;Salud;Biblioteca de Pilsen;20",
    )


def _slots() -> bytes:
    return lines(
        "Fecha,Inicio,Fin,Tipo,Sede,Cupo",
        "2027-01-16,10:00,13:00,Diagnóstico migratorio,Biblioteca de Pilsen,30",
        '2027-01-18,10:00,12:00,Asesoría legal,"Consulado, sala B",12',
        "2027-01-20,10:00,12:00,DACA,Biblioteca de Pilsen,30",
    )


def _french() -> bytes:
    return lines(
        "Date;Début;Fin;Titre;Lieu;Capacité;Responsable",
        "16/01/2027;10 h;12 h;Droits des personnes migrantes;Biblioteca de Pilsen;30;Ana Ruiz",
        "18/01/2027;17 h 30;19 h;Santé mentale : gérer le stress;À confirmer;25;Eva Soto",
        "23/01/2027;13 h;15 h;Éducation financière;Parroquia San Pío;20;Luz Díaz",
        encoding="cp1252",
    )


def _french_workbook() -> bytes:
    return xlsx(
        (
            "Janvier 2027",
            [
                ["CONSULAT GÉNÉRAL DU MEXIQUE"],
                ["Calendrier des ateliers, janvier 2027"],
                [],
                ["Jour", "Heure", "Atelier", "Endroit", "Places"],
                ["samedi 16", "10 h à 12 h", "Connaissez vos droits", LIBRARY, 30],
                ["mardi 19", "18 h à 20 h", "Citoyenneté", PARISH, 20],
                ["Total", None, None, None, 50],
            ],
        ),
        merge=["A1:E1", "A2:E2"],
    )


def _english_office() -> bytes:
    return xlsx(
        (
            "Jan",
            [
                ["Community Outreach Calendar - January 2027"],
                ["Date", "Time", "Topic", "Location", "Seats", "Facilitator", "Notes"],
                ["Sat 1/16", "10am - 1pm", "DACA renewals", LIBRARY, "30 max", "Ana Ruiz", ""],
                ["Tue 1/19", "6-8pm", "Know your rights", "St. Pius Parish", 40, "", "flyer!"],
                ["Thu 1/21", "noon - 1:30pm", "Citizenship", "Zoom", 100, "Eva Soto", ""],
                ["* subject to change"],
            ],
        )
    )


def _open_document() -> bytes:
    def day(text: str) -> str:
        return (
            f'<table:table-cell office:value-type="date" office:date-value="{text}">'
            f"<text:p>{text}</text:p></table:table-cell>"
        )

    def fraction(value: float) -> str:
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}">'
            f"<text:p>{value}</text:p></table:table-cell>"
        )

    return ods(
        ["Talleres del trimestre", "", "", ""],
        ["Fecha", "Hora", "Fin", "Tipo de taller", "Lugar", "Cupo"],
        [day("2027-01-16"), fraction(0.75), fraction(0.8333333), "DACA", LIBRARY, "30"],
        [day("2027-01-18"), fraction(0.4166667), fraction(0.5), "Plan familiar", "Pendiente", "20"],
        ["Total", "", "", "", "", "50"],
    )


def _tabs() -> bytes:
    return lines(
        "Fecha\tDe\tA\tPlática\tSede\tPersonas\tEdo.",
        "16-ene-27\t10:00\t12:00\tDACA\tBiblioteca de Pilsen\t30\tlisto",
        "18-ene-27\t17:00\t18:30\tFraudes migratorios\tParroquia San Pío\t25\tpendiente",
    )


def _own_words() -> bytes:
    return lines(
        "Fecha,Hora,Actividad,Lugar",
        "2027-01-16,10:00,VDS: presión arterial y glucosa,Biblioteca de Pilsen",
        "2027-01-18,18:00,Orientación jurídica,Biblioteca de Pilsen",
        "2027-01-19,18:00,Robo de salario,Biblioteca de Pilsen",
        "2027-01-20,18:00,Presupuesto familiar y crédito,Biblioteca de Pilsen",
        "2027-01-21,18:00,FAFSA y becas,Biblioteca de Pilsen",
        "2027-01-22,18:00,Ansiedad y duelo,Biblioteca de Pilsen",
        "2027-01-25,18:00,Cuidado con las estafas,Biblioteca de Pilsen",
        "2027-01-26,18:00,Examen N-400,Biblioteca de Pilsen",
    )


def _notes_and_persons() -> bytes:
    return xlsx(
        (
            "Control",
            [
                ["CONTROL DE TALLERES 2027", "", "", "", "", "", ""],
                [
                    "No.",
                    "Nombre",
                    "Tel.",
                    "Nombre del taller",
                    "Fecha y hora",
                    "Sede",
                    "Observaciones",
                ],
                [
                    1,
                    "Ana Ruiz",
                    "312 555 0101",
                    "DACA",
                    datetime(2027, 1, 16, 10),
                    LIBRARY,
                    "llamar",
                ],
                [2, "Eva Soto", "312 555 0102", "Salud", datetime(2027, 1, 18, 9, 30), PARISH, ""],
                ["", "", "", "", "", "", ""],
                ["Elaboró: Luz Díaz"],
            ],
        ),
        merge=["A1:G1"],
    )


def _asked_once() -> bytes:
    return lines(
        "Fecha,Hora,Tipo,Sede",
        "5/1/2027,6:00,Registro de mascotas,Biblioteca de Pilsen",
        "6/1/2027,6:00,Registro de mascotas,Biblioteca de Pilsen",
        "7/1/2027,6:00,Registro de mascotas,Biblioteca de Pilsen",
    )


def _points() -> bytes:
    return lines(
        "Fecha del evento|Horario|Nombre de la actividad|Sede|Aforo",
        "15.01.2027|16:00 – 18:00 hrs.|Charla: ahorro y presupuesto|Bibl. de Pilsen|35 pers.",
        "22.01.2027|10.30 hrs|DACA por primera vez|Consulado (sala B)|20",
    )


def _lines_in_cells() -> bytes:
    return lines(
        "Fecha,Hora,Taller,Lugar,Contacto",
        '16/01/2027,10:00 a. m.,DACA,"Biblioteca de Pilsen\n1805 S. Ejemplo St.",312 555 0101',
        "13/02/2027,3:00 p. m.,Ciudadanía,Sala por definir,ana@example.org",
    )


def _months_in_a_column() -> bytes:
    return lines(
        "Mes;Día;Hora;Tema;Sede",
        "Enero;16;10:00;DACA;Biblioteca de Pilsen",
        "Enero;18 y 20;17:00;Becas;Parroquia San Pío",
        "Febrero;6;10:00;Salud;Biblioteca de Pilsen",
    )


def _what_and_where() -> bytes:
    return lines(
        "When\tWhat\tWhere",
        "1/16/27 10-12\tDACA renewals\tBiblioteca de Pilsen",
        "1/23/27 5:30-7pm\tMental health\tSt. Mary Church",
    )


def _french_zones() -> bytes:
    return lines(
        "Date,Heure,Atelier,Lieu,Fuseau horaire",
        "2027-01-16,10h00,DACA,Biblioteca de Pilsen,Heure du Centre",
        "2027-01-17,19h00,Santé,En ligne,Heure de l'Est",
    )


def _zones_of_the_map() -> bytes:
    return lines(
        "Zona,Fecha,Hora,Taller,Sede",
        "Norte,2027-01-16,10:00,DACA,Biblioteca de Pilsen",
        "Centro,2027-01-18,10:00,DACA,Parroquia San Pío",
        "Sur,2027-01-19,10:00,DACA,Parroquia San Pío",
    )


_D: Final = {"Fecha": "day", "Hora": "starts"}
_MONTH: Final = {
    "Día": "day",
    "Hora": "starts",
    "Taller": "kind",
    "Lugar": "venue",
    "Cupo": "capacity",
}
OFFICES: Final = (
    MessyFile("months as sheets", _months_as_sheets, _MONTH, (
        new(3, "2027-01-16", "10:00-13:00", "daca", LIBRARY, capacity=30),
        new(4, "2027-01-18", "18:00-19:30", "finanzas", PARISH, capacity=25),
        new(2, "2027-02-06", "10:00-12:00", "derechos", LIBRARY, capacity=40),
        new(3, "2027-02-12", "09:00-11:00", "ciudadania", ROOM, capacity=20),
        new(3, "2027-02-13", "09:00-11:00", "ciudadania", ROOM, capacity=20),
    )),
    MessyFile("numbers of days", _numbers_of_days, {"Día": "day", "Hora": "starts", "Actividad": "kind"}, (
        new(3, "2027-03-06", "10:00-11:30", "salud_mental", LIBRARY),
        new(4, "2027-03-13", "17:30-20:30", "daca", PARISH),
        new(5, "2027-03-20", "11:00-12:30", "educacion", LIBRARY),
    )),
    MessyFile("the sheet's month tells the order", _figures_in_named_sheet, {**_D, "Tipo": "kind"}, (
        new(2, "2027-01-04", "18:00-21:00", "daca", LIBRARY),
        new(3, "2027-01-11", "18:00-19:30", "ciudadania", LIBRARY),
        new(4, "2027-01-08", "18:00-19:30", "educacion", PARISH),
    )),
    MessyFile("two rows of headings", _two_heading_rows, {"Nombre del lugar": "venue", "Dirección": "address"}, (
        new(4, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        new(5, "2027-01-18", "18:00-19:30", "educacion", f"+{CENTER}"),
    )),
    MessyFile("places", _places, {**_D, "Taller": "kind", "Lugar": "venue", "Estatus": "status"}, (
        new(2, "2027-01-16", "10:00-13:00", "daca", f"+{CENTER}"),
        new(3, "2027-01-17", "10:00-13:00", "daca", f"+{CENTER}"),
        *(new(line, f"2027-01-{line + 14}", "10:00-13:00", "daca", None) for line in range(4, 9)),
        new(9, "2027-01-23", "10:00-13:00", "daca", LIBRARY),
        new(10, "2027-01-25", "10:00-13:00", "daca", LIBRARY),
    )),
    MessyFile("several days in a cell", _several_days, {"Fecha": "day", "Horario": "starts"}, (
        new(2, "2026-12-05", "10:00-12:00", "daca", LIBRARY, capacity=30),
        new(2, "2026-12-12", "10:00-12:00", "daca", LIBRARY, capacity=30),
        new(3, "2027-01-22", "09:00-10:30", "ciudadania", PARISH, capacity=25),
        new(3, "2027-01-23", "09:00-10:30", "ciudadania", PARISH, capacity=25),
        new(4, "2027-02-06", "11:00-12:30", "educacion", LIBRARY, capacity=20),
        new(4, "2027-02-13", "11:00-12:30", "educacion", LIBRARY, capacity=20),
        new(4, "2027-02-20", "11:00-12:30", "educacion", LIBRARY, capacity=20),
        left(5, day=None),
    )),
    MessyFile("consultations", _slots, {"Inicio": "starts", "Fin": "ends", "Tipo": "kind"}, (
        # Nine slots of 20 minutes with three places each: what is loaded is shown.
        new(2, "2027-01-16", "10:00-13:00", "diagnostico", LIBRARY, capacity=27),
        new(3, "2027-01-18", "10:00-12:00", "asesoria_legal", ROOM, capacity=12),
        new(4, "2027-01-20", "10:00-12:00", "daca", LIBRARY, capacity=30),
    )),
    MessyFile("French, semicolons", _french, {"Date": "day", "Début": "starts", "Fin": "ends", "Titre": "title", "Lieu": "venue", "Responsable": None}, (
        new(2, "2027-01-16", "10:00-12:00", "derechos", LIBRARY, capacity=30),
        new(3, "2027-01-18", "17:30-19:00", "salud_mental", None, capacity=25),
        new(4, "2027-01-23", "13:00-15:00", "finanzas", PARISH, capacity=20),
    )),
    MessyFile("French workbook", _french_workbook, {"Jour": "day", "Heure": "starts", "Places": "capacity"}, (
        new(5, "2027-01-16", "10:00-12:00", "derechos", LIBRARY, capacity=30),
        new(6, "2027-01-19", "18:00-20:00", "ciudadania", PARISH, capacity=20),
    )),
    MessyFile("English office", _english_office, {"Date": "day", "Time": "starts", "Topic": "kind", "Facilitator": None, "Notes": None}, (
        new(3, "2027-01-16", "10:00-13:00", "daca", LIBRARY, capacity=30),
        new(4, "2027-01-19", "18:00-20:00", "derechos", "+St. Pius Parish", capacity=40),
        new(5, "2027-01-21", "12:00-13:30", "ciudadania", None, capacity=100),
    )),
    MessyFile("OpenDocument with fractions", _open_document, {**_D, "Tipo de taller": "kind"}, (
        new(3, "2027-01-16", "18:00-20:00", "daca", LIBRARY, capacity=30),
        new(4, "2027-01-18", "10:00-12:00", "plan_familiar", None, capacity=20),
    )),
    MessyFile("tabs", _tabs, {"Fecha": "day", "De": "starts", "A": "ends", "Plática": "kind", "Personas": "capacity"}, (
        new(2, "2027-01-16", "10:00-12:00", "daca", LIBRARY, capacity=30),
        new(3, "2027-01-18", "17:00-18:30", "anti_fraude", PARISH, capacity=25),
    )),
    MessyFile("other words for kinds", _own_words, {**_D, "Actividad": "title"}, (
        new(2, "2027-01-16", "10:00-14:00", "salud", LIBRARY),
        new(3, "2027-01-18", "18:00-21:00", "asesoria_legal", LIBRARY),
        new(4, "2027-01-19", "18:00-19:30", "laboral", LIBRARY),
        new(5, "2027-01-20", "18:00-19:30", "finanzas", LIBRARY),
        new(6, "2027-01-21", "18:00-19:30", "educacion", LIBRARY),
        new(7, "2027-01-22", "18:00-19:30", "salud_mental", LIBRARY),
        new(8, "2027-01-25", "18:00-19:30", "anti_fraude", LIBRARY),
        new(9, "2027-01-26", "18:00-19:30", "ciudadania", LIBRARY),
    )),
    MessyFile("persons and notes", _notes_and_persons, {"Nombre": None, "Tel.": None, "Nombre del taller": "title", "Fecha y hora": "day", "Observaciones": None}, (
        new(3, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        new(4, "2027-01-18", "09:30-13:30", "salud", PARISH),
    )),
    MessyFile("old workbook, months as sheets", (FILES / "agenda.xls").read_bytes, {"DIA": "day", "HORARIO": "starts", "ACTIVIDAD": "kind", "LUGAR": "venue", "RESPONSABLE": None}, (
        new(5, "2027-01-16", "10:00-13:00", "daca", LIBRARY, capacity=30),
        new(6, "2027-01-18", "17:30-19:00", "finanzas", PARISH, capacity=25),
        new(7, "2027-01-22", "09:00-11:00", "ciudadania", ROOM, capacity=20),
        new(7, "2027-01-23", "09:00-11:00", "ciudadania", ROOM, capacity=20),
        new(2, "2027-02-06", "10:00-12:00", "derechos", LIBRARY, capacity=40),
    )),
    MessyFile("points and bars", _points, {"Fecha del evento": "day", "Nombre de la actividad": "title", "Aforo": "capacity"}, (
        new(2, "2027-01-15", "16:00-18:00", "finanzas", LIBRARY, capacity=35),
        new(3, "2027-01-22", "10:30-13:30", "daca", ROOM, capacity=20),
    )),
    MessyFile("two lines in a cell", _lines_in_cells, {"Lugar": "venue", "Contacto": None}, (
        new(2, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        new(4, "2027-02-13", "15:00-16:30", "ciudadania", None),
    )),
    MessyFile("months in a column", _months_in_a_column, {"Mes": "month", "Día": "day", "Tema": "kind"}, (
        new(2, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        new(3, "2027-01-18", "17:00-18:30", "educacion", PARISH),
        new(3, "2027-01-20", "17:00-18:30", "educacion", PARISH),
        new(4, "2027-02-06", "10:00-14:00", "salud", LIBRARY),
    )),
    MessyFile("when, what, where", _what_and_where, {"When": "day", "What": "title", "Where": "venue"}, (
        new(2, "2027-01-16", "10:00-12:00", "daca", LIBRARY),
        new(3, "2027-01-23", "17:30-19:00", "salud_mental", "+St. Mary Church"),
    )),
    MessyFile("French zones", _french_zones, {"Date": "day", "Heure": "starts", "Fuseau horaire": "zone"}, (
        new(2, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        new(3, "2027-01-17", "18:00-22:00", "salud", None),
    )),
    MessyFile("zones of the map", _zones_of_the_map, {"Zona": None, "Fecha": "day"}, (
        new(2, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        new(3, "2027-01-18", "10:00-13:00", "daca", PARISH),
        new(4, "2027-01-19", "10:00-13:00", "daca", PARISH),
    )),
    MessyFile("asked once for all rows", _asked_once, {**_D, "Tipo": "kind"}, (
        left(2), left(3), left(4),
    )),
)  # fmt: skip
