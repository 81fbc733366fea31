"""The monthly bulletin: its page, PDF and text, the list of months, and the Atom feed.

Pages show published editions. A past month that is not closed shows its numbers alone, marked as
provisional, from the fourth of the next month on; a closed month has no page until its bulletin is
published. Before that the page is 404 and says when it comes.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NoReturn

from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from outreach import clock, formats, i18n
from outreach.clock import Month
from outreach.domain.network import installation_settings
from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import BulletinEdition
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.reporting import figures, releases
from outreach.domain.text import clean
from outreach.memory_cache import MemoryCache
from outreach.pdf import bulletin as bulletin_pdf
from outreach.pdf import bulletin_card
from outreach.reports import bulletin_data, bulletin_markdown, workshop_counts
from outreach.reports import bulletin_text as words
from outreach.reports.bulletin_data import BulletinDocument
from outreach.web.context import config, store
from outreach.web.middleware import rate_limits
from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import keep_for
from outreach.web.presentation import bulletin_pictures
from outreach.web.presentation.icons import qr

pages = Blueprint("bulletin", __name__, url_prefix="/<lang:lang>/boletin")

ATOM: Final = "application/atom+xml; charset=utf-8"
TAG_YEAR: Final = 2026  # stands in the tag URIs (RFC 4151); must never change
_EPOCH: Final = datetime(TAG_YEAR, 1, 1, tzinfo=UTC)  # when an empty feed was changed
MONTH_RANGE: Final = Month(1900, 1), Month(2199, 12)
MAX_ENTRIES: Final = 24
MAX_PDFS: Final = 200
MAX_PICTURES: Final = 50
YEAR_SECONDS: Final = 365 * 24 * 3600
PUBLISHED_SECONDS, PROVISIONAL_SECONDS = 3600, 60


@dataclass(frozen=True)
class BulletinRow:
    """A month in the list."""

    month: Month
    name: str
    published_at: datetime | None  # None: provisional


@dataclass(frozen=True)
class BulletinEntry:
    """An edition in the feed."""

    tag: str
    title: str
    address: str
    published_at: datetime
    text: str


def init_app(app: Flask) -> None:
    app.extensions["outreach_bulletin_pdfs"] = MemoryCache[bytes](MAX_PDFS)
    app.extensions["outreach_bulletin_pictures"] = MemoryCache[bytes](MAX_PICTURES)
    app.add_template_filter(_markdown, "markdown")
    app.register_blueprint(pages)


@pages.get("/")
def index() -> ResponseReturnValue:
    now = _current_minute()
    with store().read() as session:
        found = _months(session, now)
        last = Month.from_day(now.date()).plus(-1)
        is_coming = last not in found and _has_numbers(session, last)
    rows = [
        BulletinRow(each, words.first_capital(_month_name(each)), published_at)
        for each, published_at in sorted(found.items(), reverse=True)
    ]
    page = render_template(
        "bulletin/index.html",
        rows=rows,
        coming_month=_month_name(last) if is_coming else "",
        coming_day=None
        if workshop_counts.is_over(last, now)
        else workshop_counts.get_end_day(last),
    )
    return _make_cacheable(Response(page), PROVISIONAL_SECONDS)


@pages.get("/atom.xml")
def atom() -> ResponseReturnValue:
    lang = i18n.current()
    with store().read() as session:
        host = installation_settings.get_calendar_host(session)
        published = [line for line in bulletins.lines(session) if line.published_at]
        published.sort(key=lambda line: (line.published_at or _EPOCH, line.number), reverse=True)
        entries = [
            _entry(bulletins.find(session, line.month, line.number), lang, host)
            for line in published[:MAX_ENTRIES]
        ]
    body = render_template(
        "bulletin/atom.xml",
        entries=entries,
        host=host,
        tagged=TAG_YEAR,
        title=i18n.translate(words.KICKER, lang),
        changed_at=max((each.published_at for each in entries), default=_EPOCH),
    )
    seconds = _get_max_age(entries[0].published_at) if entries else PUBLISHED_SECONDS
    return _make_cacheable(Response(body, content_type=ATOM), seconds)


@pages.get("/<text>")
def month(text: str) -> ResponseReturnValue:
    found, replaced_by = _load(text)
    lang = i18n.current()
    page = render_template(
        "bulletin/month.html",
        document=found,
        bulletin=words.localize_bulletin(found, lang, config().public_url),
        pictures=bulletin_pictures.draw(found),
        replaced_by=replaced_by,
        query=f"?edicion={found.edition}" if replaced_by else "",
        share=None if replaced_by else _get_picture_address(found, lang),
        kinds={kind.code: kind for kind in reference().kinds},
        square=qr(f"{config().public_url}/{lang}/calendario"),
        **bulletin_pdf.labels(lang),
    )
    return _make_cacheable(Response(page), _seconds(found))


@pages.get("/<text>.pdf")
def as_pdf(text: str) -> ResponseReturnValue:
    found, _replaced_by = _load(text)
    body = _pdf(found, i18n.current())
    answer = Response(body, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="boletin-{found.month}.pdf"'
    return _make_cacheable(answer, _seconds(found))


@pages.get("/<text>.txt")
def as_text(text: str) -> ResponseReturnValue:
    found, _replaced_by = _load(text)
    body = words.as_text(found, i18n.current(), config().public_url)
    return _make_cacheable(Response(body, mimetype="text/plain"), _seconds(found))


@pages.get("/<text>/imagen-<version>.png")
def picture(text: str, version: str) -> ResponseReturnValue:
    """Answers with the picture of the last edition for messengers."""
    found, _replaced_by = _load(text)
    lang = i18n.current()
    current = bulletin_card.get_version(found, lang)
    if version != current:
        keep_for(PROVISIONAL_SECONDS)
        return redirect(f"/{lang}/boletin/{found.month}/imagen-{current}.png")
    cache: MemoryCache[bytes] = current_app.extensions["outreach_bulletin_pictures"]
    body = cache.get(current)
    if body is None:
        rate_limits.count_picture()
        body = bulletin_card.picture(found, lang)
        cache.put(current, body)
    answer = Response(body, mimetype="image/png")
    # Messengers fetch it from their own servers, and show it on their own pages.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return _make_cacheable(answer, YEAR_SECONDS)


def _load(text: str) -> tuple[BulletinDocument, int | None]:
    """Returns the requested bulletin, and the number of the edition that replaces it, if any."""
    requested_month, now = _month(text), _current_minute()
    with store().read() as session:
        last = bulletins.latest(session, requested_month)
        if last is None and not _is_provisional(session, requested_month, now):
            _answer_not_yet(session, requested_month, now)
        edition = _edition(session, requested_month, last)
        found = bulletin_data.document(session, requested_month, now=now, edition=edition)
    if last is None and not found.total and not found.figures:
        abort(404)
    is_replaced = last is not None and edition is not None and edition.number < last.number
    return found, last.number if last is not None and is_replaced else None


def _answer_not_yet(session: Session, requested_month: Month, now: datetime) -> NoReturn:
    """Answers 404 with the page that says when the bulletin of a month that has begun comes."""
    is_over = workshop_counts.is_over(requested_month, now)
    if requested_month.first > now.date() or not _has_numbers(session, requested_month):
        abort(404)
    page = render_template(
        "bulletin/not_yet.html",
        month=_month_name(requested_month),
        day=None if is_over else workshop_counts.get_end_day(requested_month),
    )
    abort(Response(page, 404))


def _has_numbers(session: Session, month: Month) -> bool:
    return month in workshop_counts.months(session) or month in figures.list_months(session)


def _month_name(month: Month) -> str:
    return formats.month_and_year(month.first, i18n.current())


def _edition(
    session: Session, requested_month: Month, last: BulletinEdition | None
) -> BulletinEdition | None:
    """Returns the published edition that `?edicion=` names; the last one without it."""
    number = request.args.get("edicion", "")
    if not number:
        return last
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        abort(404)
    found = bulletins.find(session, requested_month, int(number))
    if found.is_draft:
        abort(404)
    return found


def _is_provisional(session: Session, requested_month: Month, now: datetime) -> bool:
    embargo = releases.load_embargo(session, now)
    return (
        workshop_counts.is_over(requested_month, now)
        and not embargo.hides(requested_month)
        and requested_month
        not in releases.list_published(session, requested_month, requested_month, embargo=embargo)
    )


def _months(session: Session, now: datetime) -> dict[Month, datetime | None]:
    """Returns the months with a bulletin, with the time of publication; None: provisional."""
    published = {
        line.month: line.published_at for line in bulletins.lines(session) if line.published_at
    }
    embargo = releases.load_embargo(session, now)
    closed = releases.list_published(session, *MONTH_RANGE, embargo=embargo)
    counted = {*workshop_counts.months(session), *figures.list_months(session)}
    provisional = {
        each: None
        for each in counted
        if MONTH_RANGE[0] <= each <= MONTH_RANGE[1]
        and each not in closed
        and not embargo.hides(each)
        and workshop_counts.is_over(each, now)
    }
    return {**provisional, **published}


def _entry(edition: BulletinEdition, lang: str, host: str) -> BulletinEntry:
    requested_month = Month.from_number(edition.month)
    found = bulletin_data.from_json(json.loads(edition.frozen))
    bulletin = words.localize_bulletin(found, lang, config().public_url)
    sentences = [sentence for _heading, sentences in bulletin.sections for sentence in sentences]
    correction = [
        clean(line)
        for line in bulletin_markdown.as_text(bulletin.correction, bulletin.site).splitlines()
    ]
    assert edition.published_at is not None
    return BulletinEntry(
        tag=f"tag:{host},{TAG_YEAR}:boletin/{requested_month}/{edition.number}",
        title=clean(bulletin.title),
        address=f"{bulletin.address}?edicion={edition.number}",
        published_at=edition.published_at,
        text="\n".join([bulletin.dated, *correction, bulletin.lead, *bulletin.notes, *sentences]),
    )


def _get_picture_address(found: BulletinDocument, lang: str) -> str:
    version = bulletin_card.get_version(found, lang)
    return f"{config().public_url}/{lang}/boletin/{found.month}/imagen-{version}.png"


def _pdf(found: BulletinDocument, lang: str) -> bytes:
    """Returns the PDF of a document; cached, since typesetting takes 0.1 s of CPU time."""
    cache: MemoryCache[bytes] = current_app.extensions["outreach_bulletin_pdfs"]
    document_json = json.dumps(bulletin_data.as_json(found), sort_keys=True)
    key = lang, hashlib.sha256(document_json.encode()).hexdigest()
    pdf_bytes = cache.get(key)
    if pdf_bytes is None:
        pdf_bytes = bulletin_pdf.pdf(
            found, lang, public_url=config().public_url, brand=config().brand
        )
        cache.put(key, pdf_bytes)
    return pdf_bytes


def _make_cacheable(answer: Response, seconds: int) -> Response:
    """Makes a response cacheable for everybody."""
    keep_for(seconds)
    return answer


def _seconds(found: BulletinDocument) -> int:
    return _get_max_age(found.published_at)


def _get_max_age(published_at: datetime | None) -> int:
    """Returns how many seconds caches may keep what was published then: fewer while the publication
    can be undone."""
    is_final = published_at is not None and clock.now() - published_at > UNDO_WINDOW
    return PUBLISHED_SECONDS if is_final else PROVISIONAL_SECONDS


def _current_minute() -> datetime:
    """Returns the current minute, so that answers within it are identical."""
    return clock.now().replace(second=0, microsecond=0)


def _month(text: str) -> Month:
    try:
        found = Month.parse(text)
    except ValueError:
        abort(404)
    if not MONTH_RANGE[0] <= found <= MONTH_RANGE[1]:
        abort(404)
    return found


def _markdown(text: str) -> Markup:
    return Markup(bulletin_markdown.as_html(text))  # noqa: S704 - cleaned
