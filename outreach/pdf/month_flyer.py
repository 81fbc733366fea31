"""The flyer of a month: the public workshops of one office, on a sheet to print."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from outreach import formats, qr_codes
from outreach.clock import Month
from outreach.domain.network.offices import Office
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import get_locale, say, translator
from outreach.pdf import flyer_text, typesetting

PAPERS: Final = {"carta": "us-letter", "a4": "a4"}
MAX_ROWS: Final = 120  # an office has at most 60 workshops a month


@dataclass(frozen=True)
class FlyerRow:
    """One workshop, in the language of the flyer."""

    weekday: str
    day: str
    hours: str
    title: str
    place: str
    address: str
    note: str  # how the address is given, and the languages


@dataclass(frozen=True)
class MonthFlyer:
    """The content of the flyer of a month in one language."""

    lang: str
    title: str
    host: str
    rows: Sequence[FlyerRow]
    link: str  # to the office's page
    phone: str
    brand: str
    made_at: datetime


def select_workshops(workshops: Iterable[Workshop], *, now: datetime) -> list[Workshop]:
    """Returns the workshops that anybody may come to: published, to come, and in a public list."""
    return [
        each
        for each in workshops
        if each.status is WorkshopStatus.PUBLISHED and not each.is_hidden and each.starts_at > now
    ]


def prepare(
    office: Office,
    month: Month,
    workshops: Sequence[Workshop],
    lang: str,
    *,
    public_url: str,
    phone: str,
    brand: str,
    now: datetime,
) -> MonthFlyer:
    """Returns the flyer of these workshops in `lang`. `phone` is the number of the network, used if
    the office has none. Workshops that are not in a public list must not be among them."""
    _ = translator(lang)
    when = formats.dated(month.first, formats.MONTH_AND_YEAR, lang)
    changed = max((each.changed_at for each in workshops), default=now)
    return MonthFlyer(
        lang=lang,
        title=_.gettext("Talleres gratis: %(month)s", month=when),
        host=clean(say(office.name, lang)),
        rows=[_row(each, lang) for each in workshops],
        link=f"{public_url}/{lang}/o/{office.slug}",
        phone=clean(office.phone or phone),
        brand=brand,
        made_at=changed.replace(microsecond=0),
    )


def _row(workshop: Workshop, lang: str) -> FlyerRow:
    place, address, later = flyer_text.get_place(workshop, lang)
    languages = flyer_text.language_names(workshop.languages, lang)
    spoken = translator(lang).gettext("En %(languages)s", languages=languages) if languages else ""
    return FlyerRow(
        weekday=formats.date_name(workshop.day, "EEEE", lang),
        day=str(workshop.day.day),
        hours=flyer_text.hours(workshop, lang),
        title=flyer_text.add_soft_hyphens(clean(say(workshop.title, lang))),
        place=flyer_text.add_soft_hyphens(place),
        address=flyer_text.add_soft_hyphens(address),
        note=" · ".join(text for text in (later, spoken) if text),
    )


def pdf(flyer: MonthFlyer, paper: str) -> bytes:
    """Returns a PDF/UA; `paper` is a key of `PAPERS`. The same workshops give the same bytes."""
    return typesetting.pdf("month_flyer", _data(flyer, paper), made_at=flyer.made_at)


def picture(flyer: MonthFlyer, *, ppi: float) -> bytes:
    """Returns the first page as PNG."""
    return typesetting.picture("month_flyer", _data(flyer, "carta"), made_at=flyer.made_at, ppi=ppi)


def _data(flyer: MonthFlyer, paper: str) -> dict[str, Any]:
    _ = translator(flyer.lang)
    return {
        "lang": flyer.lang,
        "region": get_locale(flyer.lang).territory,
        "paper": PAPERS[paper],
        "brand": flyer.brand,
        "title": flyer.title,
        "host": flyer.host,
        "rows": [asdict(row) for row in flyer.rows],
        "promises": " · ".join(
            (
                _.gettext("Es gratis"),
                _.gettext("No necesitas identificación"),
                _.gettext("Con tu apodo basta"),
            )
        ),
        "do": _.pgettext("flyer", "Aparta tu lugar"),
        "point": _.gettext("Apunta con la cámara o entra a"),
        "link": flyer.link.partition("://")[2],
        "call": _.gettext("O llama al"),
        "phone": flyer.phone,
        "square": qr_codes.svg(flyer.link, border=4),
        "qr_words": _.gettext("Código QR de la página de la oficina"),
    }
