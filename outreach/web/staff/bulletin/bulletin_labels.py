"""What the bulletin's editor says: what each text is called, what is wrong with one, how a month
stands."""

from dataclasses import dataclass
from typing import Final

from outreach import clock
from outreach.clock import Month
from outreach.domain.newsletter.bulletins import BulletinLine
from outreach.i18n import NAMES
from outreach.i18n import gettext as _
from outreach.reports.bulletin_checks import BulletinIssue, BulletinIssueType
from outreach.web.presentation import formatting
from outreach.web.presentation.workshop_cards import CardTag

# Each language by its own name, and its texts as they are called in it.
LABELS: Final = {
    "es": {
        "title": "Título",
        "happened": "Lo que pasó",
        "ahead": "Lo que viene",
        "correction": "Qué se corrige",
    },
    "en": {
        "title": "Title",
        "happened": "What happened",
        "ahead": "What is next",
        "correction": "What is corrected",
    },
    "fr": {
        "title": "Titre",
        "happened": "Ce qui s’est passé",
        "ahead": "À venir",
        "correction": "Ce qui est corrigé",
    },
}


@dataclass(frozen=True)
class BulletinIssueText:
    """A warning, as it is read: what, what to do, and where."""

    what: str
    advice: str
    address: str
    button: str
    is_grave: bool


@dataclass(frozen=True)
class EditorRow:
    """A month in the list."""

    month: Month
    tag: CardTag
    said: str  # which edition, of which revision, since when
    address: str
    button: str


def said(warned: BulletinIssue, month: Month) -> BulletinIssueText:
    what, advice, button = _words(warned, month)
    address = f"#{warned.part}-{warned.lang}" if warned.part else "#guardar"
    if warned.concern is BulletinIssueType.OPEN:
        address = f"/org/mes/{month}/cierre"
    elif warned.concern is BulletinIssueType.CALENDAR:
        address = f"/org/talleres?mes={month.following}"
    return BulletinIssueText(what, advice, address, button, warned.is_grave)


def _words(warned: BulletinIssue, month: Month) -> tuple[str, str, str]:
    where = f"{NAMES[warned.lang]}, «{LABELS[warned.lang][warned.part]}»." if warned.part else ""
    language = _language(warned.lang)
    if warned.concern is BulletinIssueType.OPEN:
        return (
            _("El mes está abierto otra vez"),
            _("Ciérralo para poder publicar."),
            _("Ver el cierre"),
        )
    if warned.concern is BulletinIssueType.REVISION:
        return (
            _("Las cifras cambiaron: ya hay revisión %(number)s", number=warned.detail),
            _("Guarda para traer las nuevas. Luego lee otra vez tus textos."),
            _("Ir a guardar"),
        )
    if warned.concern is BulletinIssueType.MISSING:
        part = LABELS["es"][warned.part]
        return (
            _("Falta el %(language)s: «%(part)s»", language=language, part=part),
            _("Sin este texto no se puede publicar."),
            _("Escribir"),
        )
    if warned.concern is BulletinIssueType.NOTE:
        return (
            _("Falta decir qué se corrige: %(language)s", language=language),
            _("Sin este texto no se puede publicar.")
            if warned.is_grave
            else _("Sin él, se lee la nota en español."),
            _("Escribir"),
        )
    if warned.concern is BulletinIssueType.HARD:
        return (
            _("El español se lee difícil: %(score)d de 100", score=warned.score),
            f"{_('Meta: 65 o más. Corta esta oración:')} «{warned.detail}»"
            if warned.detail
            else _("Meta: 65 o más. Usa palabras más cortas."),
            _("Ver"),
        )
    if warned.concern is BulletinIssueType.NUMBER:
        return _("«%(number)s» no es una cifra del cierre", number=warned.detail), where, _("Ver")
    if warned.concern is BulletinIssueType.LINK:
        return (
            _("Un enlace no abre: %(link)s", link=warned.detail or "[ ]( )"),
            f"{where} {_('Usa una página de este sitio o una dirección que empiece con https://')}",
            _("Ver"),
        )
    return (
        _("No hay talleres anunciados en %(month)s", month=_named(month.following)),
        _("El boletín saldrá sin calendario."),
        _("Ver talleres"),
    )


def row(month: Month, lines: list[BulletinLine], revision: int) -> EditorRow:
    """How a month stands. `revision` is its last one, 0 while it is open."""
    tag, words, button = _status(lines, revision)
    address = f"/org/boletin/{month}" if lines or revision else f"/org/mes/{month}/cierre"
    return EditorRow(month, tag, words, address, button)


def _status(lines: list[BulletinLine], revision: int) -> tuple[CardTag, str, str]:
    last = lines[-1] if lines else None
    if last is None and not revision:
        return (
            CardTag(_("Sin cerrar"), "tag-line"),
            _("Primero se cierra el mes."),
            _("Ver el cierre"),
        )
    if last is None:
        said = _("Cerrado, revisión %(number)d. Nadie lo ha empezado.", number=revision)
        return CardTag(_("Por escribir"), "tag-warn"), said, _("Empezar")
    if last.published_at is None:
        said = _("Número %(number)d, sin publicar.", number=last.number)
        return CardTag(_("Borrador"), "tag-warn"), said, _("Seguir")
    day = formatting.long_day(clock.network_day(last.published_at))
    said = _("Número %(number)d, del %(day)s.", number=last.number, day=day)
    if not revision:
        return CardTag(_("Mes abierto otra vez"), "tag-warn"), said, _("Ver")
    if revision != last.revision:
        return CardTag(_("Sus cifras cambiaron"), "tag-warn"), said, _("Corregir")
    return CardTag(_("Publicado"), "tag-good"), said, _("Ver")


def _language(lang: str) -> str:
    words: dict[str, str] = {"es": _("español"), "en": _("inglés"), "fr": _("francés"), "": ""}
    return words[lang]


def _named(month: Month) -> str:
    return formatting.month_and_year(month.first)
