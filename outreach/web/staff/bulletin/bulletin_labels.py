"""The bulletin editor in words: names of the texts, issues, status of a month."""

from dataclasses import dataclass

from outreach import clock
from outreach.clock import Month
from outreach.domain.newsletter.bulletins import BulletinLine, EditionMail
from outreach.i18n import NAMES, current, list_languages, translator
from outreach.i18n import gettext as _
from outreach.reports import bulletin_text
from outreach.reports.bulletin_checks import BulletinIssue, BulletinIssueType
from outreach.web.presentation import formatting
from outreach.web.presentation.workshop_cards import CardTag


@dataclass(frozen=True)
class BulletinIssueText:
    """An issue in words, with advice and a link to the field."""

    what: str
    advice: str
    address: str
    button: str
    is_grave: bool


@dataclass(frozen=True)
class EditorRow:
    """A month in the list of bulletins."""

    month: Month
    tag: CardTag
    words: str  # number and date of the edition
    address: str
    button: str


def labels() -> dict[str, dict[str, str]]:
    """The name of each text of an edition, by language, in that language."""
    return {
        lang: {
            "title": _.pgettext(*bulletin_text.EDITOR_TITLE),
            "happened": _.gettext(bulletin_text.HAPPENED),
            "ahead": _.gettext(bulletin_text.AHEAD),
            "correction": _.pgettext(*bulletin_text.EDITOR_CORRECTION),
        }
        for lang, _ in ((lang, translator(lang)) for lang in list_languages())
    }


def issue_text(issue: BulletinIssue, month: Month) -> BulletinIssueText:
    what, advice, button = _issue_words(issue, month)
    address = f"#{issue.part}-{issue.lang}" if issue.part else "#guardar"
    if issue.type is BulletinIssueType.OPEN:
        address = f"/org/mes/{month}/cierre"
    elif issue.type is BulletinIssueType.CALENDAR:
        address = f"/org/talleres?mes={month.following}"
    return BulletinIssueText(what, advice, address, button, issue.is_grave)


def _issue_words(issue: BulletinIssue, month: Month) -> tuple[str, str, str]:
    where = f"{NAMES[issue.lang]}, «{labels()[issue.lang][issue.part]}»." if issue.part else ""
    language = language_name(issue.lang)
    if issue.type is BulletinIssueType.OPEN:
        return (
            _("El mes está abierto otra vez"),
            _("Ciérralo para poder publicar."),
            _("Ver el cierre"),
        )
    if issue.type is BulletinIssueType.REVISION:
        return (
            _("Las cifras cambiaron: ya hay revisión %(number)s", number=issue.detail),
            _("Guarda para traer las nuevas. Luego lee otra vez tus textos."),
            _("Ir a guardar"),
        )
    if issue.type is BulletinIssueType.MISSING:
        part = labels()[current()][issue.part]
        return (
            _("Falta el %(language)s: «%(part)s»", language=language, part=part),
            _("Sin este texto no se puede publicar."),
            _("Escribir"),
        )
    if issue.type is BulletinIssueType.NOTE:
        return (
            _("Falta decir qué se corrige: %(language)s", language=language),
            _("Sin este texto no se puede publicar.")
            if issue.is_grave
            else _("Sin él, se lee la nota en español."),
            _("Escribir"),
        )
    if issue.type is BulletinIssueType.HARD:
        return (
            _("El español se lee difícil: %(score)d de 100", score=issue.score),
            _("Meta: 65 o más. Corta esta oración: «%(sentence)s»", sentence=issue.detail)
            if issue.detail
            else _("Meta: 65 o más. Usa palabras más cortas."),
            _("Ver"),
        )
    if issue.type is BulletinIssueType.NUMBER:
        return _("«%(number)s» no es una cifra del cierre", number=issue.detail), where, _("Ver")
    if issue.type is BulletinIssueType.LINK:
        advice = _("Usa una página de este sitio o una dirección que empiece con https://")
        return (
            _("Un enlace no abre: %(link)s", link=issue.detail or "[ ]( )"),
            f"{where} {advice}",
            _("Ver"),
        )
    return (
        _("No hay talleres anunciados en %(month)s", month=_month_name(month.following)),
        _("El boletín saldrá sin calendario."),
        _("Ver talleres"),
    )


def row(month: Month, lines: list[BulletinLine], revision: int) -> EditorRow:
    """The row of a month. `revision` is the number of its latest one, 0 while it is open."""
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
        words = _("Cerrado, revisión %(number)d. Nadie lo ha empezado.", number=revision)
        return CardTag(_("Por escribir"), "tag-warn"), words, _("Empezar")
    if last.published_at is None:
        words = _("Número %(number)d, sin publicar.", number=last.number)
        return CardTag(_("Borrador"), "tag-warn"), words, _("Seguir")
    day = formatting.long_day(clock.network_day(last.published_at))
    words = _("Número %(number)d, del %(day)s.", number=last.number, day=day)
    if not revision:
        return CardTag(_("Mes abierto otra vez"), "tag-warn"), words, _("Ver")
    if revision != last.revision:
        return CardTag(_("Sus cifras cambiaron"), "tag-warn"), words, _("Corregir")
    if last.mail is EditionMail.UNDECIDED:
        return CardTag(_("Por avisar"), "tag-warn"), words, _("Decidir")
    return CardTag(_("Publicado"), "tag-good"), words, _("Ver")


def language_name(lang: str) -> str:
    """Returns the name of a language, as «español» for `es`; empty for none."""
    words: dict[str, str] = {"es": _("español"), "en": _("inglés"), "fr": _("francés"), "": ""}
    return words[lang]


def _month_name(month: Month) -> str:
    return formatting.month_and_year(month.first)
