"""The sheet before the letters of a bulletin: how many subscribers in each language, and what they
read."""

from sqlalchemy.orm import Session

from outreach import clock, i18n
from outreach.clock import Month
from outreach.domain.newsletter import subscribers
from outreach.domain.newsletter.bulletins import BulletinEdition
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.mail import preview
from outreach.mail.preview import MessagePreview
from outreach.reports import bulletin_data, bulletin_text
from outreach.web.context import config
from outreach.web.presentation import formatting
from outreach.web.staff.bulletin.bulletin_labels import language_name
from outreach.web.staff.common.mailing_sheet import MailingSheet


def describe(session: Session, edition: BulletinEdition, *, is_published: bool) -> MailingSheet:
    """Returns the sheet of an edition. With `is_published` the edition was published before, and
    only its letters are decided on; without it, the sheet's form publishes the edition. It is the
    published edition either way: a caller that asks first publishes it in a part of the transaction
    that it rolls back."""
    month = Month.from_number(edition.month)
    counts = subscribers.count_confirmed(session)
    name = formatting.month_and_year(month.first)
    total = sum(counts.values())
    return MailingSheet(
        title=_("¿Mandamos el boletín por correo?") if is_published else _("Publicar el boletín"),
        lead=_("Boletín de %(month)s, número %(number)d", month=name, number=edition.number),
        recipients=ngettext(
            "Le llega a %(num)d persona que lo pidió",
            "Les llega a %(num)d personas que lo pidieron",
            total,
        )
        if total
        else _("Nadie recibe aviso."),
        languages=[
            _("%(count)d en %(language)s", count=counts[lang], language=language_name(lang))
            for lang in i18n.NAMES
            if counts.get(lang)
        ],
        letters=[
            (lang, name, _write_letter(session, edition, lang))
            for lang, name in i18n.NAMES.items()
            if counts.get(lang)
        ],
        note=""
        if is_published
        else _("Guardamos tu texto. Todavía no se publica ni se manda nada."),
        button=_("Guardar") if is_published else _("Publicar"),
        telling=_tell(total, is_published=is_published) if total else "",
        no_button=_("Volver") if is_published else _("No publicar"),
    )


def _tell(total: int, *, is_published: bool) -> str:
    if is_published:
        return ngettext("Enviar a %(num)d persona", "Enviar a %(num)d personas", total)
    return ngettext(
        "Publicar y enviar a %(num)d persona", "Publicar y enviar a %(num)d personas", total
    )


def _write_letter(session: Session, edition: BulletinEdition, lang: str) -> MessagePreview:
    now, month = clock.now(), Month.from_number(edition.month)
    document = bulletin_data.document(
        session, month, now=now, edition=edition, is_before_release=True
    )
    text = bulletin_text.as_text(document, lang, config().public_url, max_length=None)
    return preview.of_bulletin(
        month, edition.number, text, lang, config(), now=now, link=_("(su enlace)")
    )
