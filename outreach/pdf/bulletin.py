"""The bulletin on paper, and as one file that needs no other: for mail programs and web pages."""

import io
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

import rcssmin
import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from outreach import i18n
from outreach.pdf import typesetting
from outreach.reports import bulletin_markdown
from outreach.reports import bulletin_text as words
from outreach.reports.bulletin_data import BulletinDocument


def pdf(document: BulletinDocument, lang: str, *, public_url: str, brand: str) -> bytes:
    """PDF/UA; the same document gives the same bytes."""
    return typesetting.pdf(
        "bulletin", _data(document, lang, public_url, brand), made_at=document.cut
    )


def picture(document: BulletinDocument, lang: str, *, public_url: str, brand: str) -> bytes:
    """The first page of the PDF, as PNG."""
    data = _data(document, lang, public_url, brand)
    return typesetting.picture("bulletin", data, made_at=document.cut)


def html(document: BulletinDocument, lang: str, *, public_url: str, brand: str) -> str:
    """One file, with its style inside and nothing to fetch."""
    bulletin = words.localized(document, lang, public_url)
    css = rcssmin.cssmin((typesetting.folder() / "bulletin.css").read_text())
    page = (
        _pages()
        .get_template("bulletin.html")
        .render(
            bulletin=bulletin,
            brand=brand,
            html_lang=i18n.HTML_LANG[lang],
            style=Markup(f"<style>\n{css}</style>"),  # noqa: S704 - ours; a page of the site has none
            **labels(lang),
        )
    )
    return f"{page}\n"


def labels(lang: str) -> dict[str, str]:
    """The headings that every bulletin has, by the names its templates call them."""
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


def square(address: str) -> str:
    """An address as a picture, for a phone's camera: SVG."""
    code = segno.make(address, micro=False, error="m")
    return code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)


def _data(document: BulletinDocument, lang: str, public_url: str, brand: str) -> Mapping[str, Any]:
    bulletin = words.localized(document, lang, public_url)
    square = io.BytesIO()
    segno.make(bulletin.calendar, micro=False, error="m").save(square, kind="svg", border=2)
    return asdict(bulletin) | {
        "brand": brand,
        "region": i18n.LOCALES[lang].territory,
        "labels": labels(lang),
        "square": square.getvalue().decode(),
        **{
            name: _set(getattr(bulletin, name), public_url)
            for name in ("correction", "happened", "ahead")
        },
    }


def _set(markdown: str, site: str) -> list[dict[str, Any]]:
    return [asdict(each) for each in bulletin_markdown.paragraphs(markdown, site)]


def _markup(text: str, site: str) -> Markup:
    return Markup(bulletin_markdown.as_html(text, site))  # noqa: S704 - cleaned


@cache
def _pages() -> Environment:
    made = Environment(
        loader=FileSystemLoader(typesetting.folder()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["markdown"] = _markup
    made.filters["square"] = lambda address: Markup(square(address))  # noqa: S704 - squares only
    return made
