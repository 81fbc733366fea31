"""The sentences of a bulletin about its numbers, in the order of the ministry's press note.

A sentence is left out if its figure is missing. Each is written in all languages of the site,
because a published bulletin keeps its text.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from outreach.db.base import Words
from outreach.formats import group_digits, join_words
from outreach.i18n import LANGUAGES, N_, say, translate, translator
from outreach.reports import plural_numbers
from outreach.reports.month_report import MonthReport, ReportedFigure
from outreach.reports.plural_numbers import CountedNoun, say_count

PASSPORTS: Final = "documentacion.pasaportes"
CARDS: Final = "documentacion.matriculas"
CASES: Final = "proteccion.casos"
ORIENTED: Final = "proteccion.orientacion_representacion"
MCLAP: Final = "mclap.penas_evitadas"
CIAM: Final = "ciam.personas"

# Topics, after the number of workshops of a kind. Other kinds are called by their name.
_TOPICS: Final = {
    "derechos": N_("sobre los derechos de las personas migrantes"),
    "diagnostico": N_("de diagnóstico migratorio"),
    "daca": N_("para jóvenes con DACA"),
    "mujeres": N_("para mujeres"),
}
# Legal areas of the protection cases, by the last part of the code of their series.
_LEGAL_AREAS: Final = {
    "migratoria": N_("migratoria"),
    "penal": N_("penal"),
    "laboral": N_("laboral"),
    "civil": N_("civil"),
    "administrativa": N_("administrativa"),
}


@dataclass(frozen=True, kw_only=True)
class BulletinSentence:
    """A sentence in all languages. `values` are its numbers; `topic` is `documents`, `protection`
    or `workshops`."""

    code: str
    topic: str
    values: tuple[int, ...]
    words: Words


def write_sentences(report: MonthReport, core: Sequence[str]) -> tuple[BulletinSentence, ...]:
    """Return all sentences of a month in order. `core`: codes of the kinds that are listed one by
    one; the others are summed."""
    count = report.count
    figure = report.figure
    areas = [each for each in report.figures if each.part_of == CASES]
    known = {PASSPORTS, CARDS, CASES, ORIENTED, MCLAP, CIAM, *(each.series for each in areas)}
    core_counts = {code: count.by_kind.get(code, 0) for code in core}
    others = {code: n for code, n in count.by_kind.items() if code not in core_counts}
    names = {code: each.name for code, each in count.kinds.items()}
    return (
        *documents(figure(PASSPORTS), figure(CARDS)),
        *protection(figure(CASES), areas),
        *orientation(figure(ORIENTED), follows=figure(CASES) is not None),
        *mclap(figure(MCLAP)),
        *ciam(figure(CIAM)),
        *(_other_series(each) for each in report.figures if each.series not in known),
        *workshops(count.total, len(count.by_office)),
        *(kinds(core_counts, names) if count.total else ()),
        *other_kinds(others, names),
        *people(report.people.total if report.people else None),
    )


def documents(passports: int | None, cards: int | None) -> list[BulletinSentence]:
    numbers = [
        (number, noun, none_issued)
        for number, noun, none_issued in (
            (passports, plural_numbers.PASSPORTS, N_("La red no expidió pasaportes.")),
            (cards, plural_numbers.CARDS, N_("La red no expidió matrículas consulares.")),
        )
        if number is not None
    ]
    issued = [(number, noun) for number, noun, _none_issued in numbers if number]
    sentences = []
    if issued:

        def words(lang: str) -> str:
            documents = join_words([say_count(number, noun, lang) for number, noun in issued], lang)
            return translator(lang).gettext("La red expidió %(documents)s.", documents=documents)

        sentences.append(
            _sentence("documents", "documents", [number for number, _noun in issued], words)
        )
    return sentences + [
        _sentence("documents.none", "documents", [0], _message(none_issued))
        for number, _noun, none_issued in numbers
        if not number
    ]


def protection(cases: int | None, areas: Sequence[ReportedFigure] = ()) -> list[BulletinSentence]:
    sentences = []
    if cases is not None:
        sentences.append(
            _some_or_none(
                "protection", cases, plural_numbers.PROTECTION_CASES,
                N_("La red atendió %(number)s."),
                N_("La red no atendió casos de protección."),
            )
        )  # fmt: skip
    if areas:

        def words(lang: str) -> str:
            parts = (
                f"{_legal_area(area, lang)}, {group_digits(area.value, lang)}" for area in areas
            )
            return translator(lang).gettext("Por materia: %(matters)s.", matters="; ".join(parts))

        values = [area.value for area in areas]
        sentences.append(_sentence("protection.matters", "protection", values, words))
    return sentences


def orientation(people: int | None, *, follows: bool = True) -> list[BulletinSentence]:
    """`follows`: the sentence comes after the one about protection cases."""
    if people is None:
        return []

    def words(lang: str) -> str:
        _ = translator(lang)
        if not people:
            return _.gettext("Nadie recibió orientación ni representación legal.")
        some = say_count(people, plural_numbers.PEOPLE, lang)
        if follows:
            return _.ngettext(
                "Igualmente, %(people)s recibió orientación o representación legal.",
                "Igualmente, %(people)s recibieron orientación o representación legal.",
                people,
                people=some,
            )
        return _.gettext("La red dio orientación o representación legal a %(people)s.", people=some)

    return [_sentence("orientation", "protection", [people], words)]


def mclap(cases: int | None) -> list[BulletinSentence]:
    if cases is None:
        return []
    return [
        _some_or_none(
            "mclap", cases, plural_numbers.CASES,
            N_("El programa de defensa MCLAP evitó la pena de muerte en %(number)s."),
            N_(
                "El programa de defensa MCLAP no informó de casos en que se evitara la pena de "
                "muerte."
            ),
        )
    ]  # fmt: skip


def ciam(people: int | None) -> list[BulletinSentence]:
    if people is None:
        return []
    return [
        _some_or_none(
            "ciam", people, plural_numbers.PEOPLE,
            N_("El centro de llamadas CIAM atendió a %(number)s."),
            N_("El centro de llamadas CIAM no atendió a nadie."),
        )
    ]  # fmt: skip


def workshops(total: int, offices: int) -> list[BulletinSentence]:
    def words(lang: str) -> str:
        _ = translator(lang)
        if not total:
            return _.gettext("Este mes la red no dio talleres.")
        return _.gettext(
            "La red dio %(workshops)s por medio de %(offices)s.",
            workshops=say_count(total, plural_numbers.WORKSHOPS, lang),
            offices=say_count(offices, plural_numbers.OFFICES, lang),
        )

    return [_sentence("workshops", "workshops", [total, offices] if total else [0], words)]


def kinds(counts: Mapping[str, int], names: Mapping[str, Words]) -> list[BulletinSentence]:
    """How many workshops of each core kind; kinds without any are in a second sentence."""
    some = {code: number for code, number in counts.items() if number}
    missing = [code for code in counts if code not in some]

    def some_words(lang: str) -> str:
        (first_code, first), *rest = some.items()
        parts = [
            f"{say_count(first, plural_numbers.WORKSHOPS, lang)} "
            f"{say_topic(first_code, names, lang)}"
        ]
        parts += [
            f"{group_digits(number, lang)} {say_topic(code, names, lang)}" for code, number in rest
        ]
        return translator(lang).ngettext(
            "Hubo %(workshops)s.", "Hubo %(workshops)s.", first, workshops=join_words(parts, lang)
        )

    def none_words(lang: str) -> str:
        parts = [say_topic(code, names, lang) for code in missing]
        return translator(lang).gettext(
            "No hubo talleres %(kinds)s.", kinds=join_words(parts, lang, is_negative=True)
        )

    sentences = [_sentence("kinds", "workshops", some.values(), some_words)] if some else []
    if missing:
        sentences.append(_sentence("kinds.none", "workshops", [0] * len(missing), none_words))
    return sentences


def other_kinds(counts: Mapping[str, int], names: Mapping[str, Words]) -> list[BulletinSentence]:
    some = {code: number for code, number in counts.items() if number}
    total = sum(some.values())
    if not some:
        return []

    def words(lang: str) -> str:
        _ = translator(lang)
        number = say_count(total, plural_numbers.WORKSHOPS, lang)
        if len(some) == 1:
            return _.ngettext(
                "También hubo %(workshops)s sobre otro tema: %(kinds)s.",
                "También hubo %(workshops)s sobre otro tema: %(kinds)s.",
                total,
                workshops=number,
                kinds=say(names[next(iter(some))], lang),
            )
        each = [f"{say(names[code], lang)} ({group_digits(n, lang)})" for code, n in some.items()]
        return _.ngettext(
            "También hubo %(workshops)s sobre otros temas: %(kinds)s.",
            "También hubo %(workshops)s sobre otros temas: %(kinds)s.",
            total,
            workshops=number,
            kinds=join_words(each, lang),
        )

    return [_sentence("kinds.other", "workshops", [total, *some.values()], words)]


def people(attendance: int | None) -> list[BulletinSentence]:
    """The attendance; no sentence if it is 0 or must not be published (None)."""
    if not attendance:
        return []

    def words(lang: str) -> str:
        return translator(lang).ngettext(
            "A los talleres vino %(people)s.",
            "A los talleres vinieron %(people)s.",
            attendance,
            people=say_count(attendance, plural_numbers.PEOPLE, lang),
        )

    return [_sentence("people", "workshops", [attendance], words)]


def say_topic(code: str, names: Mapping[str, Words], lang: str) -> str:
    """Return the topic that follows «57 talleres»: «sobre los derechos de las personas
    migrantes»."""
    if code in _TOPICS:
        return translate(_TOPICS[code], lang)
    return translator(lang).gettext("sobre «%(name)s»", name=say(names.get(code), lang) or code)


def _sentence(
    code: str, topic: str, values: Iterable[int], words: Callable[[str], str]
) -> BulletinSentence:
    return BulletinSentence(
        code=code,
        topic=topic,
        values=tuple(values),
        words={lang: words(lang) for lang in LANGUAGES},
    )


def _message(message: str) -> Callable[[str], str]:
    return lambda lang: translate(message, lang)


def _some_or_none(
    code: str, number: int, noun: CountedNoun, some: str, none: str
) -> BulletinSentence:
    """A sentence of the topic `protection`: `some` with number and noun, or `none` for 0."""

    def words(lang: str) -> str:
        if not number:
            return translate(none, lang)
        return translate(some, lang, number=say_count(number, noun, lang))

    return _sentence(code, "protection", [number], words)


def _other_series(figure: ReportedFigure) -> BulletinSentence:
    """A sentence of a series without a text of its own: its label and its number."""

    def words(lang: str) -> str:
        return translator(lang).gettext(
            "%(label)s: %(number)s.",
            label=say(figure.label, lang),
            number=group_digits(figure.value, lang),
        )

    return _sentence(figure.series, "protection", [figure.value], words)


def _legal_area(figure: ReportedFigure, lang: str) -> str:
    area = _LEGAL_AREAS.get(figure.series.rpartition(".")[2])
    return translate(area, lang) if area else say(figure.label, lang)
