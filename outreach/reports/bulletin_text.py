"""A bulletin in one language: the words of every format, so that page, PDF, file and message say
the same."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from typing import Final

from babel.dates import format_date

from outreach import clock
from outreach.clock import Month
from outreach.db.base import Words
from outreach.i18n import LOCALES, in_each, say
from outreach.reports import bulletin_data, bulletin_markdown, bulletin_sentences
from outreach.reports.bulletin_data import BulletinDocument, UpcomingWorkshop
from outreach.reports.plural_numbers import WORKSHOPS, counted, grouped
from outreach.reports.workshop_counts import RULES

LONGEST_TEXT: Final = 2_000  # letters of a chat message
_SPACE: Final = "\u00a0"

KICKER: Final[Words] = {
    "es": "Boletín mensual de talleres",
    "en": "Monthly workshop bulletin",
    "fr": "Bulletin mensuel des ateliers",
}
_TITLE: Final[Words] = {
    "es": "{month}: {n} para cuidar tus derechos",
    "en": "{month}: {n} to protect your rights",
    "fr": "{month}\u00a0: {n} pour protéger vos droits",
}
_TITLE_OF_NONE: Final[Words] = {
    "es": "{month}: lo que hizo la red",
    "en": "{month}: what the network did",
    "fr": "{month}\u00a0: ce que le réseau a fait",
}
_LEAD: Final[Words] = {
    "es": "Lo que la red de oficinas en Estados Unidos y Canadá hizo por la comunidad en {month}.",
    "en": "What the network of offices in the United States and Canada did for the community in "
    "{month}.",
    "fr": "Ce que le réseau de bureaux aux États-Unis et au Canada a fait pour la communauté en "
    "{month}.",
}
_EDITION: Final[Words] = {
    "es": "Edición {n}, corregida",
    "en": "Edition {n}, corrected",
    "fr": "Édition {n}, corrigée",
}
_CUT: Final[Words] = {
    "es": "Datos al {day}",
    "en": "Data as of {day}",
    "fr": "Données du {day}",
}
PROVISIONAL: Final[Words] = {
    "es": "Provisional: este mes no se ha cerrado. Los números pueden cambiar.",
    "en": "Provisional: this month has not been closed. The numbers may change.",
    "fr": "Provisoire\u00a0: ce mois n’est pas clos. Les chiffres peuvent changer.",
}
RECONSTRUCTION: Final[Words] = {
    "es": "Reconstrucción sintética; solo los totales por tipo son reales.",
    "en": "Synthetic reconstruction; only the totals by kind are real.",
    "fr": "Reconstitution synthétique; seuls les totaux par type sont réels.",
}
CORRECTION: Final[Words] = {"es": "Corrección", "en": "Correction", "fr": "Correction"}
_DOCUMENTS: Final[Words] = {
    "es": "Documentos y protección",
    "en": "Documents and protection",
    "fr": "Documents et protection",
}
_HELD: Final[Words] = {"es": "Talleres", "en": "Workshops", "fr": "Ateliers"}
HAPPENED: Final[Words] = {"es": "Lo que pasó", "en": "What happened", "fr": "Ce qui s’est passé"}
AHEAD: Final[Words] = {"es": "Lo que viene", "en": "What comes next", "fr": "À venir"}
BY_OFFICE: Final[Words] = {
    "es": "Talleres por oficina",
    "en": "Workshops by office",
    "fr": "Ateliers par bureau",
}
_OFFICE: Final[Words] = {"es": "Oficina", "en": "Office", "fr": "Bureau"}
_SHORT: Final[dict[str, Words]] = {
    "derechos": {"es": "Derechos", "en": "Rights", "fr": "Droits"},
    "diagnostico": {"es": "Diagnóstico", "en": "Screening", "fr": "Évaluation"},
    "daca": {"es": "DACA", "en": "DACA", "fr": "DACA"},
    "mujeres": {"es": "Mujeres", "en": "Women", "fr": "Femmes"},
}
_OTHERS: Final[Words] = {"es": "Otros", "en": "Others", "fr": "Autres"}
_TOTAL: Final[Words] = {"es": "Total", "en": "Total", "fr": "Total"}
_NETWORK: Final[Words] = {
    "es": "Toda la red",
    "en": "Whole network",
    "fr": "Tout le réseau",
}
CALENDAR: Final[Words] = {
    "es": "Pon todos los talleres en tu calendario",
    "en": "Put all workshops in your calendar",
    "fr": "Mettez tous les ateliers dans votre calendrier",
}
RULES_ARE: Final[Words] = {
    "es": "Cómo contamos",
    "en": "How we count",
    "fr": "Notre façon de compter",
}
_MORE: Final[Words] = {
    "es": "El boletín completo",
    "en": "The whole bulletin",
    "fr": "Le bulletin complet",
}
_COLOPHON: Final[Words] = {
    "es": "Revisión {n} · datos al {day} · huella {digest}",
    "en": "Revision {n} · data as of {day} · fingerprint {digest}",
    "fr": "Révision {n} · données du {day} · empreinte {digest}",
}
_DAY: Final[Words] = {"es": "d 'de' MMMM 'de' y", "en": "MMMM d, y", "fr": "d MMMM y"}
_SHORT_DAY: Final[Words] = {"es": "d 'de' MMMM", "en": "MMMM d", "fr": "d MMMM"}
_MONTH: Final[Words] = {"es": "MMMM 'de' y", "en": "MMMM y", "fr": "MMMM y"}


@dataclass(frozen=True, kw_only=True)
class BulletinNumber:
    """One of the big ones: 57, sobre los derechos de las personas migrantes."""

    code: str
    number: str
    about: str


@dataclass(frozen=True, kw_only=True)
class BulletinTextLine:
    """A workshop that comes next: «15 de febrero, Chicago. Conoce tus derechos, 10:00 a. m.»"""

    when: str  # and where
    what: str
    address: str


@dataclass(frozen=True, kw_only=True)
class LocalizedBulletin:
    lang: str
    title: str
    kicker: str
    dated: str
    lead: str
    notes: list[str]  # what has to be said of the numbers before them
    correction: str  # Markdown, as are the next two
    happened: str
    ahead: str
    numbers: list[BulletinNumber]
    sections: list[tuple[str, list[str]]]  # heading, sentences
    coming: list[BulletinTextLine]
    heads: list[str]  # of the table of offices
    rows: list[list[str]]
    totals: list[str]
    rules: list[str]
    colophon: str
    site: str  # what a path of ours follows
    address: str  # of its page
    calendar: str  # the address


def localized(document: BulletinDocument, lang: str, public_url: str) -> LocalizedBulletin:
    """`public_url`: where the site is, for the links."""
    month = month_and_year(document.month, lang)
    home = f"{public_url}/{lang}"
    heads, rows, totals = _offices(document, lang)
    protection = document.of_topic("documents") + document.of_topic("protection")
    sections = [
        (_DOCUMENTS[lang], [each.words[lang] for each in protection]),
        (_HELD[lang], [each.words[lang] for each in document.of_topic("workshops")]),
    ]
    return LocalizedBulletin(
        lang=lang,
        title=say(document.title, lang) or _default_title(document, lang),
        kicker=KICKER[lang],
        dated=_dated(document, lang),
        lead=_LEAD[lang].format(month=month),
        notes=_notes(document, lang),
        correction=say(document.correction, lang),
        happened=say(document.happened, lang),
        ahead=say(document.ahead, lang),
        numbers=[
            BulletinNumber(
                code=code,
                number=grouped(document.by_kind[code], lang),
                about=bulletin_sentences.about(code, document.kind_names, lang),
            )
            for code in document.core
        ],
        sections=[(heading, said) for heading, said in sections if said],
        coming=[_line(each, lang, home) for each in document.coming],
        heads=heads,
        rows=rows,
        totals=totals,
        rules=[in_each(rule)[lang] for rule in RULES],
        colophon=_COLOPHON[lang].format(
            n=document.revision,
            day=day(clock.network_day(document.cut), lang),
            digest=document.digest[:16],
        )
        if document.is_closed
        else "",
        site=public_url,
        address=f"{home}/boletin/{document.month}",
        calendar=f"{home}/calendario",
    )


def as_text(
    document: BulletinDocument, lang: str, public_url: str, longest: int | None = LONGEST_TEXT
) -> str:
    """For a message: short lines, no markup, at most so many letters if it can be. What people
    wrote is left to the page where it would not fit; None: all of it fits."""
    found = localized(document, lang, public_url)
    free = partial(_free, found)
    whole = _message(found, free)
    if longest is None or len(whole) <= longest:
        return whole
    return _message(found, lambda markdown, heading: [])


def month_and_year(month: Month, lang: str) -> str:
    """enero de 2020 · January 2020 · janvier 2020"""
    return format_date(month.first, _MONTH[lang], LOCALES[lang])


def day(value: date, lang: str) -> str:
    """12 de febrero de 2020 · February 12, 2020 · 12 février 2020"""
    return _ordinal(format_date(value, _DAY[lang], LOCALES[lang]), lang)


def first_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _message(found: LocalizedBulletin, free: Callable[[str, str], list[str]]) -> str:
    lines = [found.kicker, found.title, found.dated, *found.notes]
    if found.correction:
        colon = f"{_SPACE}:" if found.lang == "fr" else ":"
        correction = bulletin_markdown.as_text(found.correction, found.site)
        lines += ["", f"{CORRECTION[found.lang]}{colon} {correction}"]
    for heading, said in found.sections:
        lines += ["", heading, *said]
    lines += free(found.happened, HAPPENED[found.lang])
    coming = [f"{each.when} {each.what}" for each in found.coming]
    after = free(found.ahead, "")
    if coming or after:
        lines += ["", AHEAD[found.lang], *after, *coming]
    lines += ["", CALENDAR[found.lang], found.calendar, _MORE[found.lang], found.address]
    return "\n".join(lines) + "\n"


def _free(found: LocalizedBulletin, markdown: str, heading: str) -> list[str]:
    if not markdown:
        return []
    return [
        *(["", heading] if heading else []),
        *bulletin_markdown.as_text(markdown, found.site).splitlines(),
    ]


def _default_title(document: BulletinDocument, lang: str) -> str:
    month = first_capital(month_and_year(document.month, lang))
    if not document.total:
        return _TITLE_OF_NONE[lang].format(month=month)
    return _TITLE[lang].format(month=month, n=counted(document.total, WORKSHOPS, lang))


def _dated(document: BulletinDocument, lang: str) -> str:
    if document.published_at is None:
        return _CUT[lang].format(day=day(clock.network_day(document.cut), lang))
    published = day(clock.network_day(document.published_at), lang)
    if document.edition and document.edition > 1:
        return f"{_EDITION[lang].format(n=document.edition)} · {published}"
    return published


def _notes(document: BulletinDocument, lang: str) -> list[str]:
    said = [] if document.is_closed else [PROVISIONAL[lang]]
    return [*said, RECONSTRUCTION[lang]] if document.is_reconstruction else said


def _offices(document: BulletinDocument, lang: str) -> tuple[list[str], list[list[str]], list[str]]:
    """The heads of the table, its rows, and the last one."""
    found = bulletin_data.office_rows(document)
    has_others = any(others for _slug, _core, others, _total in found)
    core = [say(_SHORT.get(code) or document.kind_names[code], lang) for code in document.core]
    heads = [_OFFICE[lang], *core, *([_OTHERS[lang]] if has_others else []), _TOTAL[lang]]

    def cells(name: str, numbers: list[int], others: int, total: int) -> list[str]:
        shown = [*numbers, *([others] if has_others else []), total]
        return [name, *(grouped(each, lang) for each in shown)]

    rows = [
        cells(document.cities[slug], numbers, others, total)
        for slug, numbers, others, total in found
    ]
    sums = [document.by_kind[code] for code in document.core]
    return heads, rows, cells(_NETWORK[lang], sums, document.total - sum(sums), document.total)


def _line(coming: UpcomingWorkshop, lang: str, home: str) -> BulletinTextLine:
    when = _ordinal(format_date(coming.day, _SHORT_DAY[lang], LOCALES[lang]), lang)
    return BulletinTextLine(
        when=f"{when}, {coming.city}.",
        what=f"{say(coming.title, lang)}, {hour(coming.starts, lang)}",
        address=f"{home}/t/{coming.id}",
    )


def _ordinal(day: str, lang: str) -> str:
    return f"1er{day[1:]}" if lang == "fr" and day.startswith("1 ") else day


def hour(value: time, lang: str) -> str:
    """10:00 a. m. · 10:00 a.m. · 10 h 30, with spaces that do not break"""
    if lang == "fr":
        minutes = f"{_SPACE}{value.minute:02d}" if value.minute else ""
        return f"{value.hour}{_SPACE}h{minutes}"
    half = "p" if value.hour >= 12 else "a"
    said = f"{value.hour % 12 or 12}:{value.minute:02d}{_SPACE}{half}."
    return said + ("m." if lang == "en" else f"{_SPACE}m.")
