"""The bulletin's editor: the months and how each stands; writing, previewing, publishing, and
correcting what was published. For those who answer for the whole network."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response, abort, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import clock, i18n
from outreach.clock import Month
from outreach.domain.network.kinds import Kind
from outreach.domain.network.kinds import list_kinds as all_kinds
from outreach.domain.network.staff import Permission, StaffMember
from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import PARTS, BulletinEdition, BulletinLine, BulletinPart
from outreach.domain.reporting import months
from outreach.domain.text import clean, clean_lines
from outreach.errors import Refused, Taken
from outreach.i18n import gettext as _
from outreach.pdf import bulletin as paper
from outreach.reports import bulletin_checks, month_report, workshop_counts
from outreach.reports import bulletin_data as reports
from outreach.reports import bulletin_text as telling
from outreach.reports.bulletin_checks import BulletinIssue
from outreach.reports.month_report import MonthReport
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.middleware import error_pages
from outreach.web.middleware.reference_cache import reference
from outreach.web.presentation.icons import qr
from outreach.web.staff.bulletin import blueprint, link_check
from outreach.web.staff.bulletin import bulletin_labels as words
from outreach.web.staff.common.guards import current_staff, page
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.common.workshop_labels import short_day
from outreach.web.staff.months import month_access

UNBROKEN: Final = "\u00a0\u202f"
_SPACES: Final = re.compile(f"([{UNBROKEN}])")
LONGEST: Final = {"title": 150, "happened": 6_000, "ahead": 6_000, "correction": 600}


@dataclass(frozen=True, kw_only=True)
class BulletinInput:
    """What somebody sent: the text, and which draft it was written on."""

    text: BulletinPart
    number: int
    version: int
    faults: list[tuple[str, str]] = field(default_factory=list)


@blueprint.get("/boletin")
@requires(Scope.NETWORK, Permission.NETWORK)
def list_bulletins() -> ResponseReturnValue:
    this = Month.of(clock.now().date())
    with store().read() as session:
        by_month: dict[Month, list[BulletinLine]] = {
            month: [] for month in workshop_counts.months(session) if month < this
        }
        for line in bulletins.lines(session):
            by_month.setdefault(line.month, []).append(line)
        shown = sorted(by_month, reverse=True)
        closed = months.list_closed_months(session, shown[-1], shown[0]) if shown else {}
    rows = [
        words.row(month, by_month[month], closed[month].number if month in closed else 0)
        for month in shown
    ]
    return page("bulletin/list", rows=rows)


@blueprint.get("/boletin/<month>")
@requires(Scope.NETWORK, Permission.NETWORK)
def edit(month: str) -> ResponseReturnValue:
    return _page(month_access.month_of(month))


@blueprint.post("/boletin/<month>")
@requires(Scope.NETWORK, Permission.NETWORK)
def update(month: str) -> ResponseReturnValue:
    """`do` says what: begin, correct; save, preview or publish what was written."""
    wanted, what = month_access.month_of(month), request.form.get("do", "")
    error_pages.keep_form()
    if what in {"begin", "correct"}:
        return _begin(wanted, clean_lines(request.form.get("note", "")))
    typed = _typed(request.form)
    if what not in {"save", "preview", "publish"}:
        return _page(wanted, 422, typed=typed, fault=_("Elige qué hacer con los botones."))
    if typed.faults:
        return _page(wanted, 422, typed=typed)
    try:
        found, is_new = _keep(wanted, typed, is_to_publish=what == "publish")
    except Taken:
        return _page(wanted, 409, typed=typed, is_lost=True)
    except Refused as refusal:
        return _page(wanted, 422, typed=typed, fault=error_messages.say(refusal))
    if any(each.is_grave for each in found):
        fault = _("No se publicó. Guardamos tu texto. Mira lo que falta.")
        return _page(wanted, 422, fault=fault)
    if what == "preview":
        return redirect(f"/org/boletin/{wanted}/vista", 303)
    done = "publicado" if what == "publish" else "cifras" if is_new else "guardado"
    return redirect(f"/org/boletin/{wanted}?hecho={done}", 303)


@blueprint.get("/boletin/<month>/vista")
@requires(Scope.NETWORK, Permission.NETWORK)
def preview(month: str) -> ResponseReturnValue:
    """The newest edition on the page where it will be read, from what is saved of it; before
    there is one, what the numbers alone make."""
    wanted, lang = month_access.month_of(month), request.args.get("idioma", "es")
    if lang not in i18n.LANGUAGES:
        abort(404)
    with store().read() as session:
        edition = bulletins.newest(session, wanted)
        document = reports.document(session, wanted, now=clock.now(), edition=edition)
    g.lang = lang
    return page(
        "bulletin/preview",
        200,
        edition=edition,
        document=document,
        told=telling.localized(document, lang, config().public_url),
        kinds={kind.code: kind for kind in reference().kinds},
        square=qr(f"{config().public_url}/{lang}/calendario"),
        names=i18n.NAMES,
        replaced_by=None,
        query=f"?edicion={edition.number}" if edition else "",
        **paper.labels(lang),
    )


@restores(update)
def restore(typed: MultiDict[str, str], month: str) -> Response:
    """The editor with what was typed before the session ended. Nothing of it is saved yet."""
    return _page(month_access.month_of(month), typed=_typed(typed))


def _begin(month: Month, note: str) -> ResponseReturnValue:
    seen = request.form.get("seen", "")
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 6 else 0
    if len(note) > LONGEST["correction"]:
        return _page(month, 422, fault=_too_long("correction"), note=note)
    try:
        with store().change() as session:
            bulletins.begin(
                session,
                month,
                title=_titles(session, month),
                correction=note,
                seen=number,
                organizer_id=current_staff().organizer_id,
                now=clock.now(),
            )
    except Taken:
        fault = _("Alguien más acaba de empezarlo. Esto es lo que hay.")
        return _page(month, 409, fault=fault, note=note)
    except Refused as refusal:
        return _page(month, 422, fault=error_messages.say(refusal), note=note)
    return redirect(f"/org/boletin/{month}?hecho=empezado", 303)


def _keep(
    month: Month, typed: BulletinInput, *, is_to_publish: bool
) -> tuple[list[BulletinIssue], bool]:
    """Saves what was written, and publishes it if that is asked for and nothing is in the way:
    all of it, or nothing. What is in the way; whether the draft has new numbers now."""
    now, who = clock.now(), current_staff().organizer_id
    with store().change() as session:
        if is_to_publish:
            months.lock(session, month)
        edition = bulletins.find(session, month, typed.number)
        bulletins.edit(
            session, edition, typed.text, version=typed.version, organizer_id=who, now=now
        )
        if not is_to_publish:
            return [], bulletins.take_numbers(session, edition)
        found = [each for each in _warnings(session, month, edition) if each.is_grave]
        if not found:
            bulletins.publish(
                session,
                edition,
                lambda made: _frozen(session, month, made),
                version=edition.version,
                organizer_id=who,
                now=now,
            )
        return found, False


def _frozen(session: Session, month: Month, edition: BulletinEdition) -> str:
    document = reports.document(session, month, now=clock.now(), edition=edition)
    return json.dumps(reports.as_json(document), ensure_ascii=False, separators=(",", ":"))


def _warnings(session: Session, month: Month, edition: BulletinEdition) -> list[BulletinIssue]:
    now = clock.now()
    return bulletin_checks.of(
        edition,
        month_report.report(session, month, now=now, number=edition.revision),
        last_revision=bulletins.closed_as(session, month),
        is_calendar_empty=not reports.document(session, month, now=now, edition=edition).coming,
        is_there=link_check.checker(session),
        home=config().public_url,
    )


def _titles(session: Session, month: Month) -> dict[str, str]:
    """What the first edition is called until somebody writes something better."""
    if bulletins.newest(session, month) is not None:
        return {}
    document = reports.document(session, month, now=clock.now())
    told = {lang: telling.localized(document, lang, "") for lang in i18n.LANGUAGES}
    return {lang: each.title for lang, each in told.items()}


def _typed(form: MultiDict[str, str]) -> BulletinInput:
    faults: list[tuple[str, str]] = []
    written: dict[str, dict[str, str]] = {part: {} for part in LONGEST}
    for part, most in LONGEST.items():
        for lang in i18n.LANGUAGES:
            name = f"{part}-{lang}"
            lines = [_tidy(line) for line in form.get(name, "").splitlines()]
            written[part][lang] = (" " if part == "title" else "\n").join(lines).strip()
            if len(written[part][lang]) > most:
                faults.append((name, _too_long(part)))
    numbers = [form.get(name, "") for name in ("number", "version")]
    number, version = (
        int(each) if each.isascii() and each.isdigit() and len(each) < 8 else 0 for each in numbers
    )
    return BulletinInput(
        text=BulletinPart(**written), number=number, version=version, faults=faults
    )


def _tidy(line: str) -> str:
    """`clean`, but for the spaces that do not break a line: French stands on them."""
    return "".join(each if each in UNBROKEN else clean(each) for each in _SPACES.split(line))


def _too_long(part: str) -> str:
    said: str = _("Es muy largo. Usa menos de %(num)d letras.", num=LONGEST[part])
    return said


def _page(
    month: Month,
    status: int = 200,
    *,
    typed: BulletinInput | None = None,
    is_lost: bool = False,
    fault: str = "",
    note: str = "",
) -> Response:
    """The editor of a draft; of what is published, or nobody has begun, what can be done next.
    `typed` is shown in place of what is saved; `is_lost`: somebody else has saved since."""
    with store().read() as session:
        edition = bulletins.newest(session, month)
        last = bulletins.closed_as(session, month)
        number = edition.revision if edition else last or None
        told = month_report.report(session, month, now=clock.now(), number=number)
        found = _warnings(session, month, edition) if edition and edition.is_draft else []
        values = {
            "edition": edition,
            "who_edited": _name(session, edition),
            "published": bulletins.published(session, month),
            "core": _core(session, told),
        }
    return page(
        "bulletin/edit",
        status,
        month=month,
        last_revision=last,
        told=told,
        fields=_fields(edition, typed) if edition else {},
        typed=typed,
        version=_version(edition, typed, is_lost=is_lost),
        tags=_tags(found),
        warned=[words.said(each, month) for each in found],
        names=i18n.NAMES,
        labels=words.LABELS,
        short_day=short_day,
        now=clock.now(),
        fault=fault,
        is_lost=is_lost,
        note=note,
        **values,
    )


def _version(edition: BulletinEdition | None, typed: BulletinInput | None, *, is_lost: bool) -> int:
    """On what the next save builds: after somebody else's, which is shown, on theirs."""
    if typed is not None and not is_lost and edition is not None and typed.number == edition.number:
        return typed.version
    return edition.version if edition else 0


def _fields(
    edition: BulletinEdition, typed: BulletinInput | None
) -> dict[str, list[dict[str, Any]]]:
    """The texts of each language: what is to be shown in each, and what else is saved there."""
    faults = dict(typed.faults) if typed else {}
    parts = [*(["correction"] if edition.is_correction else []), *PARTS]
    shown: dict[str, list[dict[str, Any]]] = {}
    for lang in i18n.LANGUAGES:
        shown[lang] = []
        for part in parts:
            saved = getattr(edition, part).get(lang, "")
            text = saved
            if typed and (part != "correction" or typed.number == edition.number):
                text = getattr(typed.text, part).get(lang, "")
            name = f"{part}-{lang}"
            row = {"name": name, "part": part, "text": text, "fault": faults.get(name, "")}
            shown[lang].append(row | {"saved": saved if saved != text else ""})
    return shown


def _tags(found: Sequence[BulletinIssue]) -> dict[str, tuple[int, int]]:
    """How many texts are missing in each language, and how many are to be looked at."""
    tags = {}
    for lang in i18n.LANGUAGES:
        mine = [each for each in found if each.lang == lang]
        grave = sum(each.is_grave for each in mine)
        tags[lang] = (grave, len(mine) - grave)
    return tags


def _core(session: Session, told: MonthReport) -> list[tuple[Kind, int]]:
    """The kinds that are told one by one, with their numbers."""
    return [
        (kind, told.count.by_kind[kind.code])
        for kind in all_kinds(session)
        if kind.is_core and kind.code in told.count.by_kind
    ]


def _name(session: Session, edition: BulletinEdition | None) -> str:
    """Who changed it last, by their e-mail."""
    wrote = edition and (edition.published_by_id or edition.edited_by_id)
    found = session.get(StaffMember, wrote) if wrote else None
    return found.email if found else ""
