"""The sentences of a bulletin about its numbers: typed figures in the order of their series, then
workshops.

A sentence is left out if its figure is missing. Each is written in all languages of the site,
because a published bulletin keeps its text.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from outreach.db.base import Words
from outreach.formats import group_digits, join_words
from outreach.i18n import list_languages, say, translator
from outreach.reports import plural_numbers
from outreach.reports.count_columns import ColumnCounts
from outreach.reports.month_report import MonthReport, ReportedFigure
from outreach.reports.plural_numbers import say_count
from outreach.reports.series_wording import PARTS, THINGS, SeriesWording

FIGURES: Final = "figures"
WORKSHOPS: Final = "workshops"


@dataclass(frozen=True, kw_only=True)
class BulletinSentence:
    """A sentence in all languages. `values` are its numbers; `topic` is FIGURES or WORKSHOPS."""

    code: str
    topic: str
    values: tuple[int, ...]
    words: Words


def write_sentences(
    report: MonthReport,
    core: Sequence[str],
    *,
    wordings: Mapping[str, SeriesWording],
    topics: Mapping[str, Words],
) -> tuple[BulletinSentence, ...]:
    """Returns all sentences of a month in order. `core` has the codes of the kinds that are listed
    one by one; the others are summed. `wordings` are by code of the series, `topics` by code of the
    kind."""
    count = report.count
    core_counts = {code: count.by_kind.get(code, 0) for code in core}
    others = {code: n for code, n in count.by_kind.items() if code not in core_counts}
    names = {code: each.name for code, each in count.kinds.items()}
    return (
        *figures(report.figures, wordings),
        *workshops(count.total, len(count.by_office)),
        *(kinds(core_counts, names, topics) if count.total else ()),
        *other_kinds(others, names),
        *columns(count.columns),
        *people(report.people.total if report.people else None),
    )


def figures(
    reported: Sequence[ReportedFigure], wordings: Mapping[str, SeriesWording]
) -> list[BulletinSentence]:
    """The sentences of typed figures, in the order of their series; parts follow their whole."""
    whole = [each for each in reported if each.part_of is None]
    codes = {each.series for each in whole}
    found: list[BulletinSentence] = []
    for words, group in groupby(whole, lambda each: _get(wordings, each.series).sentence):
        figures_of_sentence = list(group)
        found += _say_together(words, figures_of_sentence, wordings)
        for each in figures_of_sentence:
            parts = [part for part in reported if part.part_of == each.series]
            found += _say_parts(each, parts, wordings)
    lost = [each for each in reported if each.part_of is not None and each.part_of not in codes]
    for code in dict.fromkeys(each.part_of or "" for each in lost):  # the whole was not typed
        parts = [each for each in lost if each.part_of == code]
        found += _say_parts(replace(parts[0], series=code), parts, wordings)
    return found


def _get(wordings: Mapping[str, SeriesWording], series: str) -> SeriesWording:
    return wordings.get(series) or SeriesWording()


def _say_together(
    words: Words, reported: Sequence[ReportedFigure], wordings: Mapping[str, SeriesWording]
) -> list[BulletinSentence]:
    """Returns one sentence (`words`) for all figures above 0, and one for each figure that is 0.
    Without `words` each figure gets a sentence of its own."""
    if not words:
        return [_say_plainly(each) for each in reported]
    some = [each for each in reported if each.value]
    found = []
    if some:

        def some_words(lang: str) -> str:
            things = [_get(wordings, each.series).say_things(each.value, lang) for each in some]
            return say(words, lang).replace(THINGS, join_words(things, lang))

        values = [each.value for each in some]
        found.append(_sentence(some[0].series, FIGURES, values, some_words))
    for each in reported:
        none = _get(wordings, each.series).none
        if not each.value:
            found.append(_say_none(each, none) if none else _say_plainly(each))
    return found


def _say_none(figure: ReportedFigure, none: Words) -> BulletinSentence:
    return _sentence(f"{figure.series}.none", FIGURES, [0], lambda lang: say(none, lang))


def _say_plainly(figure: ReportedFigure) -> BulletinSentence:
    """A sentence of a series without words of its own: its label and its number."""

    def words(lang: str) -> str:
        return translator(lang).gettext(
            "%(label)s: %(number)s.",
            label=say(figure.label, lang),
            number=group_digits(figure.value, lang),
        )

    return _sentence(figure.series, FIGURES, [figure.value], words)


def _say_parts(
    whole: ReportedFigure,
    parts: Sequence[ReportedFigure],
    wordings: Mapping[str, SeriesWording],
) -> list[BulletinSentence]:
    """Returns the sentence that lists the parts of a series: «Por materia: migratoria, 120; penal,
    7.»"""
    words_of_whole = _get(wordings, whole.series).parts
    if not words_of_whole:
        return [_say_plainly(each) for each in parts]
    if not parts:
        return []

    def words(lang: str) -> str:
        listed = (
            f"{say(_get(wordings, each.series).name or each.label, lang)}, "
            f"{group_digits(each.value, lang)}"
            for each in parts
        )
        return say(words_of_whole, lang).replace(PARTS, "; ".join(listed))

    return [_sentence(f"{whole.series}.parts", FIGURES, [each.value for each in parts], words)]


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

    return [_sentence("workshops", WORKSHOPS, [total, offices] if total else [0], words)]


def kinds(
    counts: Mapping[str, int], names: Mapping[str, Words], topics: Mapping[str, Words]
) -> list[BulletinSentence]:
    """Returns a sentence with the number of workshops of each core kind, and another that names the
    kinds without any."""
    some = {code: number for code, number in counts.items() if number}
    missing = [code for code in counts if code not in some]

    def some_words(lang: str) -> str:
        (first_code, first), *rest = some.items()
        parts = [
            f"{say_count(first, plural_numbers.WORKSHOPS, lang)} "
            f"{say_topic(first_code, names, topics, lang)}"
        ]
        parts += [
            f"{group_digits(number, lang)} {say_topic(code, names, topics, lang)}"
            for code, number in rest
        ]
        return translator(lang).ngettext(
            "Hubo %(workshops)s.", "Hubo %(workshops)s.", first, workshops=join_words(parts, lang)
        )

    def none_words(lang: str) -> str:
        parts = [say_topic(code, names, topics, lang) for code in missing]
        return translator(lang).gettext(
            "No hubo talleres %(kinds)s.", kinds=join_words(parts, lang, is_negative=True)
        )

    sentences = [_sentence("kinds", WORKSHOPS, some.values(), some_words)] if some else []
    if missing:
        sentences.append(_sentence("kinds.none", WORKSHOPS, [0] * len(missing), none_words))
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

    return [_sentence("kinds.other", WORKSHOPS, [total, *some.values()], words)]


def columns(counts: Mapping[str, ColumnCounts]) -> list[BulletinSentence]:
    """A sentence for each column of the counts: «En línea: 12.»"""

    def write(name: str, column: ColumnCounts) -> BulletinSentence:
        def words(lang: str) -> str:
            _ = translator(lang)
            return _.gettext(
                "%(label)s: %(number)s.",
                label=_.gettext(column.heading),
                number=group_digits(column.total, lang),
            )

        return _sentence(f"columns.{name}", WORKSHOPS, [column.total], words)

    return [write(name, column) for name, column in counts.items()]


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

    return [_sentence("people", WORKSHOPS, [attendance], words)]


def say_topic(code: str, names: Mapping[str, Words], topics: Mapping[str, Words], lang: str) -> str:
    """Returns the topic that follows «57 talleres»: «sobre los derechos de las personas
    migrantes»."""
    if topics.get(code):
        return say(topics[code], lang)
    return translator(lang).gettext("sobre «%(name)s»", name=say(names.get(code), lang) or code)


def _sentence(
    code: str, topic: str, values: Iterable[int], words: Callable[[str], str]
) -> BulletinSentence:
    return BulletinSentence(
        code=code,
        topic=topic,
        values=tuple(values),
        words={lang: words(lang) for lang in list_languages()},
    )
