"""A bulletin in one language: the texts that its page, PDF, file and message share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from outreach import clock, formats
from outreach.formats import group_digits, network_countries
from outreach.i18n import N_, NP_, say, translate, translator
from outreach.reports import bulletin_data, bulletin_markdown, bulletin_sentences
from outreach.reports.bulletin_data import BulletinDocument, UpcomingWorkshop
from outreach.reports.plural_numbers import WORKSHOPS, say_count
from outreach.reports.workshop_counts import RULES

MAX_MESSAGE_LENGTH: Final = 2_000  # characters of a chat message

KICKER: Final = N_("Boletín mensual de talleres")
PROVISIONAL: Final = N_("Provisional: este mes no se ha cerrado. Los números pueden cambiar.")
RECONSTRUCTION: Final = N_("Reconstrucción sintética; solo los totales por tipo son reales.")
CORRECTION: Final = N_("Corrección")
HAPPENED: Final = N_("Lo que pasó")
# Labels of the other texts of an edition, in the editor.
EDITOR_TITLE: Final = NP_("bulletin", "Título")
EDITOR_CORRECTION: Final = NP_("bulletin", "Qué se corrige")
AHEAD: Final = N_("Lo que viene")
BY_OFFICE: Final = N_("Talleres por oficina")
CALENDAR: Final = N_("Pon todos los talleres en tu calendario")
# The sections of sentences by their topic.
_SECTIONS: Final = {
    bulletin_sentences.FIGURES: NP_("bulletin", "Otras cifras"),
    bulletin_sentences.WORKSHOPS: NP_("bulletin", "Talleres"),
}


@dataclass(frozen=True, kw_only=True)
class BulletinNumber:
    """A headline number with its topic: 57, «sobre los derechos de las personas migrantes»."""

    code: str
    number: str
    about: str


@dataclass(frozen=True, kw_only=True)
class BulletinTextLine:
    """An upcoming workshop: «15 de febrero, Chicago. Conoce tus derechos, 10:00 a. m.»"""

    when: str  # the day and the city
    what: str
    address: str


@dataclass(frozen=True, kw_only=True)
class LocalizedBulletin:
    lang: str
    title: str
    kicker: str
    dated: str
    lead: str
    notes: list[str]  # reservations about the numbers: provisional, reconstruction
    correction: str  # Markdown, as are the next two
    happened: str
    ahead: str
    numbers: list[BulletinNumber]
    sections: list[tuple[str, list[str]]]  # heading, sentences
    coming: list[BulletinTextLine]
    heads: list[str]  # headings of the table of offices
    rows: list[list[str]]
    totals: list[str]
    rules: list[str]
    colophon: str
    site: str  # URL of the site, without a trailing slash
    address: str  # URL of the page of the bulletin
    calendar: str  # URL of the calendar page


def localize_bulletin(document: BulletinDocument, lang: str, public_url: str) -> LocalizedBulletin:
    """Returns the texts of a bulletin in one language. `public_url` is the URL of the site, for
    links."""
    _ = translator(lang)
    month = formats.month_and_year(document.month.first, lang)
    home = f"{public_url}/{lang}"
    heads, rows, totals = _offices(document, lang)
    sections = [
        (_.pgettext(*heading), [say(each.words, lang) for each in document.of_topic(topic)])
        for topic, heading in _SECTIONS.items()
    ]
    return LocalizedBulletin(
        lang=lang,
        title=say(document.title, lang) or _default_title(document, lang),
        kicker=translate(KICKER, lang),
        dated=_dated(document, lang),
        lead=_.gettext(
            "Lo que la red de oficinas en %(countries)s hizo por la comunidad en %(month)s.",
            countries=network_countries(lang),
            month=month,
        ),
        notes=_notes(document, lang),
        correction=say(document.correction, lang),
        happened=say(document.happened, lang),
        ahead=say(document.ahead, lang),
        numbers=[
            BulletinNumber(
                code=code,
                number=group_digits(document.by_kind[code], lang),
                about=bulletin_sentences.say_topic(
                    code, document.kind_names, document.kind_topics, lang
                ),
            )
            for code in document.core
        ],
        sections=[(heading, sentences) for heading, sentences in sections if sentences],
        coming=[_line(each, lang, home) for each in document.coming],
        heads=heads,
        rows=rows,
        totals=totals,
        rules=[translate(rule, lang) for rule in RULES],
        colophon=_.gettext(
            "Revisión %(number)d · datos al %(day)s · huella %(digest)s",
            number=document.revision,
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
    document: BulletinDocument,
    lang: str,
    public_url: str,
    max_length: int | None = MAX_MESSAGE_LENGTH,
) -> str:
    """Returns the bulletin as plain text for a message.

    If it is longer than `max_length` characters, the texts of the editors are left out. None: no
    limit.
    """
    bulletin = localize_bulletin(document, lang, public_url)
    text = _message(bulletin, partial(_editor_text, bulletin))
    if max_length is None or len(text) <= max_length:
        return text
    return _message(bulletin, lambda markdown, heading: [])


def day(value: date, lang: str) -> str:
    """Returns «12 de febrero de 2020», «February 12, 2020», «12 février 2020»."""
    return formats.dated(value, formats.DAY_WITH_YEAR, lang)


def first_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _message(bulletin: LocalizedBulletin, editor_text: Callable[[str, str], list[str]]) -> str:
    _ = translator(bulletin.lang)
    lines = [bulletin.kicker, bulletin.title, bulletin.dated, *bulletin.notes]
    if bulletin.correction:
        correction = bulletin_markdown.as_text(bulletin.correction, bulletin.site)
        lines += ["", _.gettext("Corrección: %(correction)s", correction=correction)]
    for heading, sentences in bulletin.sections:
        lines += ["", heading, *sentences]
    lines += editor_text(bulletin.happened, _.gettext(HAPPENED))
    coming = [f"{each.when} {each.what}" for each in bulletin.coming]
    ahead = editor_text(bulletin.ahead, "")
    if coming or ahead:
        lines += ["", _.gettext(AHEAD), *ahead, *coming]
    lines += ["", _.gettext(CALENDAR), bulletin.calendar]
    lines += [_.gettext("El boletín completo"), bulletin.address]
    return "\n".join(lines) + "\n"


def _editor_text(bulletin: LocalizedBulletin, markdown: str, heading: str) -> list[str]:
    if not markdown:
        return []
    return [
        *(["", heading] if heading else []),
        *bulletin_markdown.as_text(markdown, bulletin.site).splitlines(),
    ]


def _default_title(document: BulletinDocument, lang: str) -> str:
    _ = translator(lang)
    month = first_capital(formats.month_and_year(document.month.first, lang))
    if not document.total:
        return _.gettext("%(month)s: lo que hizo la red", month=month)
    workshops = say_count(document.total, WORKSHOPS, lang)
    return _.gettext("%(month)s: %(workshops)s", month=month, workshops=workshops)


def _dated(document: BulletinDocument, lang: str) -> str:
    _ = translator(lang)
    if document.published_at is None:
        return _.gettext("Datos al %(day)s", day=day(clock.network_day(document.cut), lang))
    published = day(clock.network_day(document.published_at), lang)
    if document.edition and document.edition > 1:
        edition = _.gettext("Edición %(number)d, corregida", number=document.edition)
        return f"{edition} · {published}"
    return published


def _notes(document: BulletinDocument, lang: str) -> list[str]:
    _ = translator(lang)
    notes = []
    if not document.is_closed:
        notes.append(_.gettext(PROVISIONAL))
    if document.is_reconstruction:
        notes.append(_.gettext(RECONSTRUCTION))
    return notes


def _offices(document: BulletinDocument, lang: str) -> tuple[list[str], list[list[str]], list[str]]:
    """Returns the headings, the rows and the row of totals of the table of offices."""
    office_rows = bulletin_data.office_rows(document)
    has_others = any(others for _slug, _core, others, _total in office_rows)
    _ = translator(lang)
    core = [
        say(document.kind_short_names.get(code) or document.kind_names[code], lang)
        for code in document.core
    ]
    others_heads = [_.gettext("Otros")] if has_others else []
    heads = [_.gettext("Oficina"), *core, *others_heads, _.gettext("Total")]

    def cells(name: str, numbers: list[int], others: int, total: int) -> list[str]:
        shown = [*numbers, *([others] if has_others else []), total]
        return [name, *(group_digits(each, lang) for each in shown)]

    rows = [
        cells(document.cities[slug], numbers, others, total)
        for slug, numbers, others, total in office_rows
    ]
    sums = [document.by_kind[code] for code in document.core]
    return (
        heads,
        rows,
        cells(_.gettext("Toda la red"), sums, document.total - sum(sums), document.total),
    )


def _line(coming: UpcomingWorkshop, lang: str, home: str) -> BulletinTextLine:
    when = formats.dated(coming.day, formats.DAY, lang)
    what = f"{say(coming.title, lang)}, {formats.hour(coming.starts, lang)}"
    if coming.heard_in:
        languages = formats.language_names(coming.heard_in, lang)
        what = translator(lang).gettext(
            "%(workshop)s (se oye en: %(languages)s)", workshop=what, languages=languages
        )
    return BulletinTextLine(
        when=f"{when}, {coming.city}.",
        what=what,
        address=f"{home}/t/{coming.id}",
    )
