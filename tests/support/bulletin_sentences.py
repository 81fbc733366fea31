"""Every sentence of the bulletin for none, one, two and a million of each figure.

`python -m tests.support.bulletin_sentences` prints them in all languages, for proofreading."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import click

from outreach.i18n import LANGUAGES
from outreach.reports import bulletin_sentences
from outreach.reports.bulletin_sentences import CASES, BulletinSentence
from outreach.reports.month_report import ReportedFigure

NUMBERS: Final = (None, 0, 1, 2, 1_000_000)
NAMES: Final = {
    "derechos": {"es": "Derechos"},
    "laboral": {"es": "Derechos laborales", "en": "Labor rights", "fr": "Droits du travail"},
    "iglesia": {"es": "Iglesias", "en": "Churches", "fr": "Églises"},
    "retorno": {"es": "Regreso a México", "en": "Returning to Mexico", "fr": "Retour au Mexique"},
}


def _matters(number: int | None) -> list[BulletinSentence]:
    codes = ("migratoria", "penal", "laboral", "civil", "administrativa")
    figures = [] if number is None else [_figure(f"{CASES}.{each}", number) for each in codes]
    return bulletin_sentences.protection(None, figures)


def _figure(series: str, number: int) -> ReportedFigure:
    return ReportedFigure(
        series=series, label={"es": "Otra"}, unit="casos", value=number, source="", part_of=CASES
    )


def _kinds(*codes: str) -> Callable[[int | None], list[BulletinSentence]]:
    return lambda n: [] if n is None else bulletin_sentences.kinds(dict.fromkeys(codes, n), NAMES)


def _others(*codes: str) -> Callable[[int | None], list[BulletinSentence]]:
    return lambda n: (
        [] if n is None else bulletin_sentences.other_kinds(dict.fromkeys(codes, n), NAMES)
    )


# The sentences for a value of each figure; None: the figure is missing.
CASES_OF: Final[dict[str, Callable[[int | None], list[BulletinSentence]]]] = {
    "passports and cards": lambda n: bulletin_sentences.documents(n, n),
    "passports alone": lambda n: bulletin_sentences.documents(n, None),
    "cards alone": lambda n: bulletin_sentences.documents(None, n),
    "passports, and 7 cards": lambda n: bulletin_sentences.documents(n, 7),
    "protection": bulletin_sentences.protection,
    "protection by matter": _matters,
    "orientation, after the cases": bulletin_sentences.orientation,
    "orientation, without them": lambda n: bulletin_sentences.orientation(n, follows=False),
    "MCLAP": bulletin_sentences.mclap,
    "CIAM": bulletin_sentences.ciam,
    "workshops": lambda n: [] if n is None else bulletin_sentences.workshops(n, min(n, 56)),
    "the four kinds": _kinds("derechos", "diagnostico", "daca", "mujeres"),
    "the four, two without any": lambda n: (
        []
        if n is None
        else bulletin_sentences.kinds({"derechos": 3, "diagnostico": n, "mujeres": n}, NAMES)
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
