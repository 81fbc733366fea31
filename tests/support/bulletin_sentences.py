"""Every sentence of the bulletin for none, one, two and a million of each figure.

`python -m tests.support.bulletin_sentences` prints them in all languages, for proofreading."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import click

from outreach.i18n import LANGUAGES
from outreach.imports import packaged
from outreach.reports import bulletin_sentences, series_wording
from outreach.reports.bulletin_sentences import BulletinSentence
from outreach.reports.month_report import ReportedFigure

NUMBERS: Final = (None, 0, 1, 2, 1_000_000)
NAMES: Final = {
    "derechos": {"es": "Derechos"},
    "laboral": {"es": "Derechos laborales", "en": "Labor rights", "fr": "Droits du travail"},
    "iglesia": {"es": "Iglesias", "en": "Churches", "fr": "Églises"},
    "retorno": {"es": "Regreso a México", "en": "Returning to Mexico", "fr": "Retour au Mexique"},
}


TAXONOMY: Final = packaged.read_kinds()
WORDINGS: Final = {each.code: series_wording.from_json(each.wording) for each in TAXONOMY.series}
TOPICS: Final = {each.code: each.topic for each in TAXONOMY.kinds}
PASSPORTS, CARDS, CASES = "documentacion.pasaportes", "documentacion.matriculas", "proteccion.casos"
MATTERS: Final = ("migratoria", "penal", "laboral", "civil", "administrativa")


def say_figures(numbers: Mapping[str, int | None]) -> list[BulletinSentence]:
    """The sentences of figures by series; None: the figure is missing."""
    labels = {each.code: each for each in TAXONOMY.series}
    reported = [
        ReportedFigure(
            series=code,
            label=labels[code].label if code in labels else {"es": "Otra", "fr": "Autre"},
            unit="casos",
            value=number,
            source="",
            part_of=labels[code].part_of if code in labels else None,
        )
        for code, number in numbers.items()
        if number is not None
    ]
    return bulletin_sentences.figures(reported, WORDINGS)


def _figure(*codes: str) -> Callable[[int | None], list[BulletinSentence]]:
    return lambda n: say_figures(dict.fromkeys(codes, n))


def say_kinds(counts: Mapping[str, int]) -> list[BulletinSentence]:
    return bulletin_sentences.kinds(counts, NAMES, TOPICS)


def _kinds(*codes: str) -> Callable[[int | None], list[BulletinSentence]]:
    return lambda n: [] if n is None else say_kinds(dict.fromkeys(codes, n))


def _others(*codes: str) -> Callable[[int | None], list[BulletinSentence]]:
    return lambda n: (
        [] if n is None else bulletin_sentences.other_kinds(dict.fromkeys(codes, n), NAMES)
    )


# The sentences for a value of each figure; None: the figure is missing.
CASES_OF: Final[dict[str, Callable[[int | None], list[BulletinSentence]]]] = {
    "passports and cards": _figure(PASSPORTS, CARDS),
    "passports alone": _figure(PASSPORTS),
    "cards alone": _figure(CARDS),
    "passports, and 7 cards": lambda n: say_figures({PASSPORTS: n, CARDS: 7}),
    "protection": _figure(CASES),
    "protection by matter": _figure(*(f"{CASES}.{each}" for each in MATTERS)),
    "orientation": _figure("proteccion.orientacion_representacion"),
    "MCLAP": _figure("mclap.penas_evitadas"),
    "CIAM": _figure("ciam.personas"),
    "a series without words of its own": _figure("otra.cifra"),
    "workshops": lambda n: [] if n is None else bulletin_sentences.workshops(n, min(n, 56)),
    "the four kinds": _kinds("derechos", "diagnostico", "daca", "mujeres"),
    "the four, two without any": lambda n: (
        [] if n is None else say_kinds({"derechos": 3, "diagnostico": n, "mujeres": n})
    ),
    "another core kind": _kinds("laboral"),
    "another kind": _others("laboral"),
    "three other kinds": _others("laboral", "retorno", "iglesia"),
    "people": bulletin_sentences.people,
}


class SentenceCase(NamedTuple):
    case: str
    number: int | None
    sentences: list[BulletinSentence]


def sentence_cases() -> Iterator[SentenceCase]:
    for case, say in CASES_OF.items():
        for number in NUMBERS:
            yield SentenceCase(case, number, say(number))


@click.command()
def show() -> None:
    """Print every sentence."""
    for case, number, sentences in sentence_cases():
        click.echo(f"=== {case} · {'missing' if number is None else f'{number:,}'}")
        for lang in LANGUAGES:
            click.echo(f"  {lang}  {' '.join(each.words[lang] for each in sentences) or '–'}")


if __name__ == "__main__":
    show()
