"""The bulletin as PDF, PNG, and one self-contained HTML file."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

import rcssmin
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from outreach import i18n, network_profile, qr_codes
from outreach.pdf import typesetting
from outreach.pdf.color_contrast import INDIGO
from outreach.reports import bulletin_markdown
from outreach.reports import bulletin_text as words
from outreach.reports.bulletin_data import BulletinDocument


def pdf(document: BulletinDocument, lang: str, *, public_url: str, brand: str) -> bytes:
    """Returns a PDF/UA. The same document gives the same bytes."""
    return typesetting.pdf(
        "bulletin", _data(document, lang, public_url, brand), made_at=document.cut
    )


def picture(document: BulletinDocument, lang: str, *, public_url: str, brand: str) -> bytes:
    """Returns the first page of the PDF as PNG."""
    data = _data(document, lang, public_url, brand)
    return typesetting.picture("bulletin", data, made_at=document.cut)


def html(document: BulletinDocument, lang: str, *, public_url: str, brand: str) -> str:
    """Returns one HTML file with inline style that loads nothing."""
    bulletin = words.localize_bulletin(document, lang, public_url)
    css = rcssmin.cssmin((typesetting.folder() / "bulletin.css").read_text())
    css = css.replace(INDIGO, network_profile.current().brand.light.main)
    page = (
        _pages()
        .get_template("bulletin.html")
        .render(
            bulletin=bulletin,
            brand=brand,
            html_lang=i18n.html_lang(lang),
            style=Markup(f"<style>\n{css}</style>"),  # noqa: S704 - the CSS of the package
            **labels(lang),
        )
    )
    return f"{page}\n"


def labels(lang: str) -> dict[str, str]:
    """Returns the headings of a bulletin, by their names in the templates."""
    _ = i18n.translator(lang)
    return {
        "happened_words": _.gettext(words.HAPPENED),
        "ahead_words": _.gettext(words.AHEAD),
        "by_office_words": _.gettext(words.BY_OFFICE),
        "correction_words": _.gettext(words.CORRECTION),
        "calendar_words": _.gettext(words.CALENDAR),
        "rules_are_words": _.pgettext("bulletin", "Cómo contamos"),
        "qr_words": _.gettext("Código QR del calendario"),
    }


def qr_svg(address: str) -> str:
    """Returns the QR code of a URL as SVG."""
    return qr_codes.svg(address, border=2)


def _data(document: BulletinDocument, lang: str, public_url: str, brand: str) -> Mapping[str, Any]:
    bulletin = words.localize_bulletin(document, lang, public_url)
    return asdict(bulletin) | {
        "brand": brand,
        "region": i18n.get_locale(lang).territory,
        "labels": labels(lang),
        "square": qr_svg(bulletin.calendar),
        **{
            name: _paragraphs(getattr(bulletin, name), public_url)
            for name in ("correction", "happened", "ahead")
        },
    }


def _paragraphs(markdown: str, site: str) -> list[dict[str, Any]]:
    return [asdict(each) for each in bulletin_markdown.paragraphs(markdown, site)]


def _markup(text: str, site: str) -> Markup:
    return Markup(bulletin_markdown.as_html(text, site))  # noqa: S704 - sanitized by nh3


@cache
def _pages() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(typesetting.folder()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = _markup
    environment.filters["qr_svg"] = lambda address: Markup(qr_svg(address))  # noqa: S704 - squares only
    return environment
