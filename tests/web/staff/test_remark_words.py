"""Remarks on the rows of a sheet write hours and days as the other staff pages do."""

from datetime import date

import pytest

from outreach.i18n import use_language
from outreach.imports.guess.headings import Field
from outreach.imports.guess.remarks import RemarkCode, remark
from outreach.imports.guess.row_review import RowFix
from outreach.web.staff.imports import remark_words

pytestmark = pytest.mark.any_database("writes text")

EVENING = {"starts": "18:00", "ends": "06:30"}
WORDS = {
    "es": (
        "Ya pasó (sáb 7 nov 2026, 6:00 p. m.).",
        "De 6:00 p. m. a 6:30 a. m.: ¿termina el día siguiente?",
        "¿Qué hora es, 6:00 p. m. o 7:30 p. m.? El renglón dice las dos.",
        "De 6:00 p. m. a dom 8 nov 2026, 8:00 a. m. es muy largo. Revisa las horas.",
    ),
    "en": (
        "It is over (Sat, Nov 7 2026, 6:00 p.m.).",
        "From 6:00 p.m. to 6:30 a.m.: does it end the next day?",
        "Is the time 6:00 p.m. or 7:30 p.m.? The row says both.",
        "From 6:00 p.m. to Sun, Nov 8 2026, 8:00 a.m. is very long. Check the times.",
    ),
    "fr": (
        "C’est déjà passé (sam. 7 nov. 2026, 18 h).",
        "De 18 h à 6 h 30 : finit-il le lendemain?",
        "Est-ce 18 h ou 19 h 30? La ligne dit les deux.",
        "De 18 h à dim. 8 nov. 2026, 8 h, c’est très long. Vérifiez les heures.",
    ),
}


def plain(text: str) -> str:
    """The text with ordinary spaces."""
    return " ".join(text.split())


@pytest.mark.parametrize("language", WORDS)
def test_remarks_write_hours_in_the_language_of_the_page(language: str) -> None:
    day = date(2026, 11, 7)
    remarks = (
        remark(Field.DAY, RemarkCode.DAY_PAST, day=day, starts="18:00"),
        remark(Field.ENDS, RemarkCode.ENDS_NEXT_DAY, **EVENING),
        remark(Field.STARTS, RemarkCode.HOURS_DIFFER, one="18:00", other="19:30"),
        remark(Field.ENDS, RemarkCode.LASTS_LONG, starts="18:00", ends="2026-11-08 08:00"),
    )
    with use_language(language):
        assert tuple(plain(remark_words.remark_words(each)) for each in remarks) == WORDS[language]


def test_what_the_sheet_says_stays_as_it_is() -> None:
    several = remark(Field.STARTS, RemarkCode.HOUR_SEVERAL, value="18:00")
    assert "«18:00»" in remark_words.remark_words(several)


@pytest.mark.parametrize(
    ("typed", "language", "button"),
    [
        ("19:30", "es", "Usar 7:30 p. m."),
        ("6 pm", "es", "Usar 6:00 p. m."),
        ("6 pm", "fr", "Utiliser 18 h"),
        ("10:00-11:30 am", "en", "Use 10:00 a.m. to 11:30 a.m."),
        ("por la tarde", "es", "Usar por la tarde"),
    ],
)
def test_button_of_a_way_out_writes_its_hour(typed: str, language: str, button: str) -> None:
    fix = RowFix("fix", RemarkCode.HOURS_DIFFER, {Field.STARTS: typed})
    with use_language(language):
        assert plain(remark_words.fix_words(fix)) == button
