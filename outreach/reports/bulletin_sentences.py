"""What a bulletin says of its numbers, in three languages, in the order of the ministry's note.

A sentence is left out when its figure is missing. Written without a page, so without its catalogue.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from outreach.db.base import Words
from outreach.i18n import LANGUAGES, say
from outreach.reports import plural_numbers
from outreach.reports.month_report import MonthReport, ReportedFigure
from outreach.reports.plural_numbers import Nouns, counted, grouped, is_one, joined

PASSPORTS: Final = "documentacion.pasaportes"
CARDS: Final = "documentacion.matriculas"
CASES: Final = "proteccion.casos"
ORIENTED: Final = "proteccion.orientacion_representacion"
MCLAP: Final = "mclap.penas_evitadas"
CIAM: Final = "ciam.personas"

# After the number of workshops of a kind; another kind is called by its name.
_KINDS: Final[dict[str, Words]] = {
    "derechos": {
        "es": "sobre los derechos de las personas migrantes",
        "en": "on migrants’ rights",
        "fr": "sur les droits des personnes migrantes",
    },
    "diagnostico": {
        "es": "de diagnóstico migratorio",
        "en": "for immigration screening",
        "fr": "d’évaluation de la situation migratoire",
    },
    "daca": {
        "es": "para jóvenes con DACA",
        "en": "for DACA youth",
        "fr": "pour les jeunes du programme DACA",
    },
    "mujeres": {"es": "para mujeres", "en": "for women", "fr": "pour les femmes"},
}
_ANOTHER_KIND: Final[Words] = {
    "es": "sobre «{name}»",
    "en": "on “{name}”",
    "fr": "sur «\u00a0{name}\u00a0»",
}
# By the last part of the code of a series that is part of the protection cases.
_MATTERS: Final[dict[str, Words]] = {
    "migratoria": {"es": "migratoria", "en": "immigration", "fr": "migratoire"},
    "penal": {"es": "penal", "en": "criminal", "fr": "pénale"},
    "laboral": {"es": "laboral", "en": "labor", "fr": "droit du travail"},
    "civil": {"es": "civil", "en": "civil", "fr": "civile"},
    "administrativa": {"es": "administrativa", "en": "administrative", "fr": "administrative"},
}


@dataclass(frozen=True, kw_only=True)
class BulletinSentence:
    """What is said of some numbers. `topic` is `documents`, `protection` or `workshops`."""

    code: str
    topic: str
    values: tuple[int, ...]
    words: Words


def of(report: MonthReport, core: Sequence[str]) -> tuple[BulletinSentence, ...]:
    """All sentences of a month, in their order. `core`: the kinds that are told one by one."""
    count = report.count
    figure = report.figure
    matters = [each for each in report.figures if each.part_of == CASES]
    known = {PASSPORTS, CARDS, CASES, ORIENTED, MCLAP, CIAM, *(each.series for each in matters)}
    ours = {code: count.by_kind.get(code, 0) for code in core}
    others = {code: n for code, n in count.by_kind.items() if code not in ours}
    names = {code: each.name for code, each in count.kinds.items()}
    told = [
        *documents(figure(PASSPORTS), figure(CARDS)),
        *protection(figure(CASES), matters),
        *orientation(figure(ORIENTED), follows=figure(CASES) is not None),
        *mclap(figure(MCLAP)),
        *ciam(figure(CIAM)),
        *(_typed(each) for each in report.figures if each.series not in known),
        *workshops(count.total, len(count.by_office)),
        *(kinds(ours, names) if count.total else ()),
        *other_kinds(others, names),
        *people(report.people.total if report.people else None),
    ]
    return tuple(told)


def documents(passports: int | None, cards: int | None) -> list[BulletinSentence]:
    both = [
        (n, noun)
        for n, noun in ((passports, plural_numbers.PASSPORTS), (cards, plural_numbers.CARDS))
        if n is not None
    ]
    issued = [each for each in both if each[0]]
    said = []
    if issued:

        def words(lang: str) -> str:
            verb = {"es": "La red expidió", "en": "The network issued", "fr": "Le réseau a délivré"}
            things = joined([counted(n, noun, lang) for n, noun in issued], lang)
            return f"{verb[lang]} {things}."

        said.append(_sentence("documents", "documents", [n for n, _ in issued], words))
    for n, noun in both:
        if not n:
            said.append(_sentence("documents.none", "documents", [0], _none_issued(noun)))
    return said


def protection(cases: int | None, matters: Sequence[ReportedFigure] = ()) -> list[BulletinSentence]:
    said = []
    if cases is not None:
        said.append(
            _said(
                "protection", "protection", cases, plural_numbers.CASES,
                {
                    "es": ("La red atendió {n}.", "La red no atendió casos de protección."),
                    "en": (
                        "The network handled {n}.",
                        "The network handled no protection cases.",
                    ),
                    "fr": (
                        "Le réseau a traité {n}.",
                        "Le réseau n’a traité aucun cas de protection.",
                    ),
                },
            )
        )  # fmt: skip
    if matters:

        def words(lang: str) -> str:
            begin = {"es": "Por materia: ", "en": "By matter: ", "fr": "Par matière\u00a0: "}
            each = (f"{_matter(one, lang)}, {grouped(one.value, lang)}" for one in matters)
            return f"{begin[lang]}{'; '.join(each)}."

        values = [each.value for each in matters]
        said.append(_sentence("protection.matters", "protection", values, words))
    return said


def orientation(people: int | None, *, follows: bool = True) -> list[BulletinSentence]:
    """`follows`: after the sentence of the cases."""
    if people is None:
        return []
    likewise: dict[str, tuple[str, str]] = {  # one, many
        "es": (
            "Igualmente, {n} recibió orientación o representación legal.",
            "Igualmente, {n} recibieron orientación o representación legal.",
        ),
        "en": (
            "Likewise, {n} received legal orientation or representation.",
            "Likewise, {n} received legal orientation or representation.",
        ),
        "fr": (
            "De même, {n} a reçu une orientation ou une représentation juridique.",
            "De même, {n} ont reçu une orientation ou une représentation juridique.",
        ),
    }
    alone = {
        "es": "La red dio orientación o representación legal a {n}.",
        "en": "The network gave legal orientation or representation to {n}.",
        "fr": "Le réseau a offert une orientation ou une représentation juridique à {n}.",
    }
    none = {
        "es": "Nadie recibió orientación ni representación legal.",
        "en": "No one received legal orientation or representation.",
        "fr": "Personne n’a reçu d’orientation ni de représentation juridique.",
    }

    def words(lang: str) -> str:
        if not people:
            return none[lang]
        form = likewise[lang][not is_one(people, lang)] if follows else alone[lang]
        return form.format(n=counted(people, plural_numbers.PEOPLE, lang))

    return [_sentence("orientation", "protection", [people], words)]


def mclap(cases: int | None) -> list[BulletinSentence]:
    if cases is None:
        return []
    forms = {
        "es": (
            "El programa de defensa MCLAP evitó la pena de muerte en {n}.",
            "El programa de defensa MCLAP no informó de casos en que se evitara la pena de muerte.",
        ),
        "en": (
            "The MCLAP legal defense program avoided the death penalty in {n}.",
            "The MCLAP legal defense program reported no cases in which the death penalty "
            "was avoided.",
        ),
        "fr": (
            "Le programme de défense MCLAP a évité la peine de mort dans {n}.",
            "Le programme de défense MCLAP n’a signalé aucun cas où la peine de mort "
            "ait été évitée.",
        ),
    }
    return [_said("mclap", "protection", cases, plural_numbers.PLAIN_CASES, forms)]


def ciam(people: int | None) -> list[BulletinSentence]:
    if people is None:
        return []
    forms = {
        "es": (
            "El centro de llamadas CIAM atendió a {n}.",
            "El centro de llamadas CIAM no atendió a nadie.",
        ),
        "en": ("The CIAM call center helped {n}.", "The CIAM call center helped no one."),
        "fr": (
            "Le centre d’appels CIAM a répondu à {n}.",
            "Le centre d’appels CIAM n’a répondu à personne.",
        ),
    }
    return [_said("ciam", "protection", people, plural_numbers.PEOPLE, forms)]


def workshops(total: int, offices: int) -> list[BulletinSentence]:
    def words(lang: str) -> str:
        if not total:
            return {
                "es": "Este mes la red no dio talleres.",
                "en": "The network held no workshops this month.",
                "fr": "Ce mois-ci, le réseau n’a tenu aucun atelier.",
            }[lang]
        form = {
            "es": "La red dio {n} por medio de {where}.",
            "en": "The network held {n} through {where}.",
            "fr": "Le réseau a tenu {n} par l’entremise de {where}.",
        }[lang]
        where = counted(offices, plural_numbers.OFFICES, lang)
        return form.format(n=counted(total, plural_numbers.WORKSHOPS, lang), where=where)

    return [_sentence("workshops", "workshops", [total, offices] if total else [0], words)]


def kinds(held: Mapping[str, int], names: Mapping[str, Words]) -> list[BulletinSentence]:
    """How many of each of the core kinds; those that had none in a sentence of their own."""
    some = {code: n for code, n in held.items() if n}
    missing = [code for code in held if code not in some]

    def some_words(lang: str) -> str:
        first, *rest = some.items()
        there = {"es": "Hubo", "en": _there(first[1]), "fr": "Il y a eu"}[lang]
        parts = [
            f"{counted(first[1], plural_numbers.WORKSHOPS, lang)} {about(first[0], names, lang)}"
        ]
        parts += [f"{grouped(n, lang)} {about(code, names, lang)}" for code, n in rest]
        return f"{there} {joined(parts, lang)}."

    def none_words(lang: str) -> str:
        there = {
            "es": "No hubo talleres",
            "en": "There were no workshops",
            "fr": "Il n’y a eu aucun atelier",
        }[lang]
        parts = [about(code, names, lang) for code in missing]
        return f"{there} {joined(parts, lang, last=plural_numbers.NOR)}."

    said = [_sentence("kinds", "workshops", some.values(), some_words)] if some else []
    if missing:
        said.append(_sentence("kinds.none", "workshops", [0] * len(missing), none_words))
    return said


def other_kinds(held: Mapping[str, int], names: Mapping[str, Words]) -> list[BulletinSentence]:
    some = {code: n for code, n in held.items() if n}
    total = sum(some.values())
    if not some:
        return []

    def words(lang: str) -> str:
        is_alone = len(some) == 1
        form = {
            "es": "También hubo {n} sobre " + ("otro tema" if is_alone else "otros temas") + ": ",
            "en": f"{_there(total)} also {{n}} on {'another topic' if is_alone else 'other topics'}"
            ": ",
            "fr": "Il y a eu aussi {n} sur "
            + ("un autre sujet" if is_alone else "d’autres sujets")
            + "\u00a0: ",
        }[lang]
        each = [
            say(names[code], lang) + ("" if is_alone else f" ({grouped(n, lang)})")
            for code, n in some.items()
        ]
        return (
            form.format(n=counted(total, plural_numbers.WORKSHOPS, lang)) + joined(each, lang) + "."
        )

    return [_sentence("kinds.other", "workshops", [total, *some.values()], words)]


def people(came: int | None) -> list[BulletinSentence]:
    """How many came, if it may be told; nothing either where nobody has noted any."""
    if not came:
        return []

    def words(lang: str) -> str:
        one = is_one(came, lang)
        form = {
            "es": "A los talleres {verb} {n}.",
            "en": "{n} came to the workshops.",
            "fr": "{n} {verb} aux ateliers.",
        }[lang]
        verb = {
            "es": "vino" if one else "vinieron",
            "en": "",
            "fr": "est venue" if one else "sont venues",
        }[lang]
        return form.format(n=counted(came, plural_numbers.PEOPLE, lang), verb=verb)

    return [_sentence("people", "workshops", [came], words)]


def about(code: str, names: Mapping[str, Words], lang: str) -> str:
    """What follows «57 talleres»: sobre los derechos de las personas migrantes."""
    if code in _KINDS:
        return _KINDS[code][lang]
    return _ANOTHER_KIND[lang].format(name=say(names.get(code), lang) or code)


def _sentence(
    code: str, topic: str, values: Iterable[int], words: Callable[[str], str]
) -> BulletinSentence:
    return BulletinSentence(
        code=code,
        topic=topic,
        values=tuple(values),
        words={lang: words(lang) for lang in LANGUAGES},
    )


def _said(
    code: str, topic: str, number: int, noun: Nouns, forms: Mapping[str, tuple[str, str]]
) -> BulletinSentence:
    """`forms`: by language, what is said of some, and of none."""

    def words(lang: str) -> str:
        some, none = forms[lang]
        return some.format(n=counted(number, noun, lang)) if number else none

    return _sentence(code, topic, [number], words)


def _none_issued(noun: Nouns) -> Callable[[str], str]:
    def words(lang: str) -> str:
        one, many = noun[lang]
        if lang == "fr":
            return (
                f"Le réseau n’a délivré {'aucune' if one.startswith('carte') else 'aucun'} {one}."
            )
        begin = {"es": "La red no expidió", "en": "The network issued no"}[lang]
        return f"{begin} {many}."

    return words


def _typed(figure: ReportedFigure) -> BulletinSentence:
    """Of a series that was added as data: its own label says what it counts."""

    def words(lang: str) -> str:
        colon = "\u00a0:" if lang == "fr" else ":"
        return f"{say(figure.label, lang)}{colon} {grouped(figure.value, lang)}."

    return _sentence(figure.series, "protection", [figure.value], words)


def _matter(figure: ReportedFigure, lang: str) -> str:
    known = _MATTERS.get(figure.series.rpartition(".")[2])
    return known[lang] if known else say(figure.label, lang)


def _there(number: int) -> str:
    return "There was" if number == 1 else "There were"
