"""What an answer says, in three languages and as people write."""

import pytest

from outreach.answers import commands
from outreach.answers.commands import TextCommand
from tests.support.fixed_clock import fixed_clock

pytestmark = [fixed_clock, pytest.mark.core]


@pytest.mark.parametrize(
    ("words", "command", "language"),
    [
        ("SÍ", TextCommand.YES, "es"),
        (" si. ", TextCommand.YES, "es"),
        ("Sí, gracias", TextCommand.YES, "es"),
        ("Yes", TextCommand.YES, "en"),
        ("OUI!", TextCommand.YES, "fr"),
        ("ok", TextCommand.YES, ""),
        ("👍🏽", TextCommand.YES, ""),
        ("NO", TextCommand.NO, ""),
        ("no puedo ir", TextCommand.NO, ""),
        ("non merci", TextCommand.NO, "fr"),
        ("👎", TextCommand.NO, ""),
        ("Cancelar", TextCommand.CANCEL, "es"),
        ("annuler", TextCommand.CANCEL, "fr"),
        ("¿Dónde?", TextCommand.WHERE, "es"),
        ("where", TextCommand.WHERE, "en"),
        ("où ?", TextCommand.WHERE, "fr"),
        ("ayuda", TextCommand.HELP, "es"),
        ("AIDE", TextCommand.HELP, "fr"),
        ("STOP", TextCommand.STOP, ""),
        ("please stop", TextCommand.STOP, ""),
        ("Alto", TextCommand.STOP, "es"),
        ("baja por favor", TextCommand.STOP, "es"),
        ("arrêt", TextCommand.STOP, "fr"),
        ("alta", TextCommand.START, "es"),
        ("START", TextCommand.START, ""),
        ("no voy", TextCommand.NO, ""),
        ("Ya no voy.", TextCommand.NO, ""),
        ("can't come", TextCommand.NO, "en"),
        ("cancelar mi lugar", TextCommand.CANCEL, "es"),
        ("confirmo mi lugar", TextCommand.YES, "es"),
        ("S.T.O.P.", TextCommand.STOP, ""),
        ("opt-out", TextCommand.STOP, "en"),
        ("arrête", TextCommand.STOP, "fr"),
    ],
)
def test_words_of_three_languages_are_read(words: str, command: TextCommand, language: str) -> None:
    found = commands.read(words)
    assert (found.command, found.language) == (command, language)


@pytest.mark.parametrize(
    "words",
    [
        "", " ", "no, sí voy", "si no puedo", "quizás", "¿qué es esto?", "👍👎", "12345", "1234567",
        "sí pero llego más tarde porque trabajo", "\ud800", "\0", "x" * 5000, "48 21 9",
    ],
)  # fmt: skip
def test_what_is_not_clear_is_no_command(words: str) -> None:
    assert commands.read(words).command is TextCommand.UNKNOWN


@pytest.mark.parametrize("words", ["482193", " 482 193 ", "482-193.", "٤٨٢١٩٣", "４８２１９３"])
def test_digits_are_read_however_they_are_written(words: str) -> None:
    found = commands.read(words)
    assert (found.command, found.digits) == (TextCommand.DIGITS, "482193")
