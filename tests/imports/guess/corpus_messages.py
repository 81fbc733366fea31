"""Texts pasted from a messenger, and what must come out of each."""

from typing import Final

from tests.imports.guess.builders import lines
from tests.imports.guess.corpus import LIBRARY, PARISH, ROOM, MessyFile, left, new


def _one_line() -> bytes:
    return lines("sáb 16 ene DACA 10am biblioteca Pilsen")


def _lines() -> bytes:
    return lines(
        "Hola a todos! 👋 les paso los talleres de enero",
        "",
        "sáb 16 ene DACA 10am biblioteca Pilsen",
        "dom 17 ene Conoce tus derechos 🗽 12:30 pm Parroquia San Pío",
        "viernes 22 y sábado 23 9am ciudadanía en el consulado, sala B",
        "mié 27 ene 6-8 pm Finanzas personales por Zoom",
        "",
        "Gracias! nos vemos 🙏",
    )


def _paragraphs() -> bytes:
    return lines(
        "Buenas tardes, van los de la próxima semana:",
        "",
        "*DACA: renovaciones*",
        "📅 Sábado 16 de enero",
        "⏰ 10 am - 12 pm",
        "📍 Biblioteca de Pilsen, 1805 S. Ejemplo St.",
        "👥 30 lugares",
        "Informes con Luz Díaz al 312 555 0101",
        "",
        "*Manejo del estrés* 🧠",
        "📅 Martes 19 de enero",
        "⏰ 6:00 p.m.",
        "📍 Parroquia San Pío",
        "",
        "Saludos!",
    )


def _chat() -> bytes:
    return lines(
        "[16/11/26, 9:41:03] Ana Ruiz: Buenos días",
        "[16/11/26, 9:42:11] Ana Ruiz: sábado 5/12 a las 10 am DACA en la biblioteca de Pilsen, "
        "cupo 25",
        "[17/11/26, 8:00:00] Eva Soto: gracias!!",
        "[17/11/26, 8:10:00] Eva Soto: 6/12 VACUNAS de 9 a 1 parroquia san pio",
    )


def _android_chat() -> bytes:
    return lines(
        "20/11/26, 9:41 a. m. - Los mensajes y las llamadas están cifrados de extremo a extremo.",
        "20/11/26, 9:42 a. m. - Ana Ruiz: Les comparto:",
        "🔹 Jueves 7 de enero, 17:30 hrs, Derechos laborales, Parroquia San Pío (cupo 40)",
        "🔹 Viernes 8 de enero, 10:00 hrs, Ventanilla de salud, Biblioteca de Pilsen",
        "20/11/26, 9:50 a. m. - Luz Díaz: 👍",
    )


def _day_above() -> bytes:
    return lines(
        "TALLERES ENERO 2027",
        "SÁBADO 16",
        "10 am DACA, biblioteca Pilsen",
        "12 pm Vacunas, parroquia San Pío",
        "DOMINGO 17",
        "9:00 am Ciudadanía, consulado sala B",
    )


def _english() -> bytes:
    return lines(
        "Hi all, January events:",
        "- Sat Jan 16, 10am-12pm: DACA renewal @ Biblioteca de Pilsen",
        "- Sun Jan 17, 1pm: Know Your Rights at Pilsen Library (1805 S. Ejemplo St., Chicago)",
        "- Wed Jan 20, 6:30pm: Citizenship class on Zoom, 50 seats",
        "Thanks!",
    )


def _french() -> bytes:
    return lines(
        "Bonjour, voici les ateliers :",
        "samedi 16 janvier 10 h Droits des personnes migrantes à la Biblioteca de Pilsen",
        "jeudi 21 janvier de 18 h à 20 h Santé mentale, Parroquia San Pío",
        "Merci !",
    )


def _labels() -> bytes:
    return lines(
        "Taller: DACA",
        "Fecha: sábado 16 de enero",
        "Hora: 10 am",
        "Lugar: Biblioteca de Pilsen",
        "Cupo: 30",
        "",
        "Taller: Educación financiera",
        "Fecha: lunes 18 de enero",
        "Hora: 18:00 a 19:30",
        "Lugar: por definir",
    )


def _without_day() -> bytes:
    return lines(
        "sáb 16 ene DACA 10am biblioteca Pilsen",
        "sábado 10am Vacunas biblioteca Pilsen",
        "5/1 DACA 10am biblioteca Pilsen",
    )


def _cancelled() -> bytes:
    return lines(
        "16 de enero, 10:00, DACA, Biblioteca de Pilsen",
        "CANCELADO 23 de enero, 10:00, DACA, Biblioteca de Pilsen",
        "30 de enero, 10:00, Becas, Biblioteca de Pilsen, gratis",
    )


def _loose() -> bytes:
    return lines(
        "vier 15 ene 5:30pm plática de finanzas en parroquia san pio 📍 cupo 20",
        "sáb 16 ene DACA 10am - 1pm Biblioteca de Pilsen cupo: 30 personas, llevar acta y 2 fotos",
        "5 al 7 de febrero 10am salud biblioteca de Pilsen",
        "jueves 21 de enero, Zoom, 7pm EST, derechos laborales (en español)",
        "🚨 se cancela: sab 23 ene 10am DACA biblioteca de pilsen",
    )


_H: Final = {"Fecha": "day", "Hora": "starts", "Lugar": "venue"}
MESSAGES: Final = (
    MessyFile("one line", _one_line, _H, (
        new(1, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
    )),
    MessyFile("a line a workshop, greetings", _lines, _H, (
        new(3, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        new(4, "2027-01-17", "12:30-14:00", "derechos", PARISH),
        new(5, "2027-01-22", "09:00-10:30", "ciudadania", ROOM),
        new(5, "2027-01-23", "09:00-10:30", "ciudadania", ROOM),
        new(6, "2027-01-27", "18:00-20:00", "finanzas", None),
    )),
    MessyFile("a paragraph a workshop", _paragraphs, _H, (
        new(3, "2027-01-16", "10:00-12:00", "daca", LIBRARY, capacity=30, title="DACA: renovaciones"),
        new(10, "2027-01-19", "18:00-19:30", "salud_mental", PARISH),
    )),
    MessyFile("an exported chat", _chat, _H, (
        new(2, "2026-12-05", "10:00-13:00", "daca", LIBRARY, capacity=25),
        new(4, "2026-12-06", "09:00-13:00", "salud", PARISH),
    )),
    MessyFile("an exported chat of Android", _android_chat, _H, (
        new(3, "2027-01-07", "17:30-19:00", "laboral", PARISH, capacity=40),
        new(4, "2027-01-08", "10:00-14:00", "salud", LIBRARY),
    )),
    MessyFile("a day above its lines", _day_above, _H, (
        new(3, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        new(4, "2027-01-16", "12:00-16:00", "salud", PARISH),
        new(6, "2027-01-17", "09:00-10:30", "ciudadania", ROOM),
    )),
    MessyFile("English lines", _english, _H, (
        new(2, "2027-01-16", "10:00-12:00", "daca", LIBRARY),
        new(3, "2027-01-17", "13:00-14:30", "derechos", LIBRARY),
        new(4, "2027-01-20", "18:30-20:00", "ciudadania", None, capacity=50),
    )),
    MessyFile("French lines", _french, _H, (
        new(2, "2027-01-16", "10:00-11:30", "derechos", LIBRARY),
        new(3, "2027-01-21", "18:00-20:00", "salud_mental", PARISH),
    )),
    MessyFile("labels", _labels, _H, (
        new(1, "2027-01-16", "10:00-13:00", "daca", LIBRARY, capacity=30),
        new(7, "2027-01-18", "18:00-19:30", "finanzas", None),
    )),
    MessyFile("lines that have to be asked", _without_day, _H, (
        new(1, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        left(2, day=None),
        left(3, day=None),
    )),
    MessyFile("loose lines", _loose, _H, (
        new(1, "2027-01-15", "17:30-19:00", "finanzas", PARISH, capacity=20),
        new(2, "2027-01-16", "10:00-13:00", "daca", LIBRARY, capacity=30),
        left(3, day=None),
        new(4, "2027-01-21", "18:00-19:30", "laboral", None),
        new(5, "2027-01-23", "10:00-13:00", "daca", LIBRARY),
    )),
    MessyFile("commas, cancelled", _cancelled, _H, (
        new(1, "2027-01-16", "10:00-13:00", "daca", LIBRARY),
        new(2, "2027-01-23", "10:00-13:00", "daca", LIBRARY),
        new(3, "2027-01-30", "10:00-11:30", "educacion", LIBRARY),
    )),
)  # fmt: skip
