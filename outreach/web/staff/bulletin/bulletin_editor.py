"""The bulletin editor: list of months, editing, preview, publishing and corrections."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
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
from outreach.domain.newsletter import bulletins, mailings, subscribers
from outreach.domain.newsletter.bulletins import PARTS, BulletinEdition, BulletinLine, BulletinPart
from outreach.domain.registrations.change_notifications import LATER, NotifyDecision, NotifyMode
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.reporting import months
from outreach.domain.text import clean, clean_lines
from outreach.errors import Conflict, Refusal
from outreach.i18n import get_default_language
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
from outreach.web.presentation import bulletin_pictures
from outreach.web.presentation.icons import qr
from outreach.web.staff.bulletin import blueprint, bulletin_sheet, link_check
from outreach.web.staff.bulletin import bulletin_labels as words
from outreach.web.staff.common import early_access, mailing_sheet
from outreach.web.staff.common.guards import (
    current_staff,
    page,
    require_fresh_factor,
)
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.common.workshop_labels import headquarters_moment
from outreach.web.staff.months import month_access

_HELD: Final = NotifyDecision(undo_window=UNDO_WINDOW)
_NO_BREAK_SPACES: Final = "\u00a0\u202f"
_SPACES: Final = re.compile(f"([{_NO_BREAK_SPACES}])")
MAX_LENGTHS: Final = {"title": 150, "happened": 6_000, "ahead": 6_000, "correction": 600}


@dataclass(frozen=True, kw_only=True)
class BulletinInput:
    """The sent texts, with the number and version of the draft that they were written on."""

    text: BulletinPart
    number: int
    version: int
    faults: list[tuple[str, str]] = field(default_factory=list)


@blueprint.get("/boletin")
@requires(Scope.NETWORK, Permission.NETWORK)
def list_bulletins() -> ResponseReturnValue:
    current = Month.from_day(clock.network_day(clock.now()))
    with store().read() as session:
        by_month: dict[Month, list[BulletinLine]] = {
            month: [] for month in workshop_counts.months(session) if month < current
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
    """Begins or corrects an edition, or saves, previews or publishes what was typed, as the field
    `do` says (begin, correct, save, preview, publish)."""
    wanted, what = month_access.month_of(month), request.form.get("do", "")
    error_pages.keep_form()
    if what in {"begin", "correct"}:
        return _begin(wanted, clean_lines(request.form.get("note", "")))
    typed = _typed(request.form)
    if what == "publish" and not current_staff().is_fresh(clock.now()):
        return require_fresh_factor()
    if what not in {"save", "preview", "publish"}:
        return _page(wanted, 422, typed=typed, fault=_("Elige qué hacer con los botones."))
    if typed.faults:
        return _page(wanted, 422, typed=typed)
    try:
        if what == "publish":
            return _publish(wanted, typed, mailing_sheet.read_decision())
        is_new = _save(wanted, typed)
    except Conflict:
        return _page(wanted, 409, typed=typed, is_lost=True)
    except Refusal as refusal:
        return _page(wanted, 422, typed=typed, fault=error_messages.say(refusal))
    if what == "preview":
        return redirect(f"/org/boletin/{wanted}/vista", 303)
    done = "cifras" if is_new else "guardado"
    return redirect(f"/org/boletin/{wanted}?hecho={done}", 303)


@blueprint.get("/boletin/<month>/vista")
@requires(Scope.NETWORK, Permission.NETWORK)
def preview(month: str) -> ResponseReturnValue:
    """Shows the newest edition as its public page, from what is saved; without an edition, only the
    numbers."""
    wanted, lang = month_access.month_of(month), request.args.get("idioma", get_default_language())
    if lang not in i18n.list_languages():
        abort(404)
    early_access.record([wanted])
    with store().read() as session:
        edition = bulletins.newest(session, wanted)
        document = reports.document(
            session, wanted, now=clock.now(), edition=edition, is_before_release=True
        )
    g.lang = lang
    return page(
        "bulletin/preview",
        200,
        edition=edition,
        document=document,
        bulletin=telling.localize_bulletin(document, lang, config().public_url),
        pictures=bulletin_pictures.draw(document),
        kinds={kind.code: kind for kind in reference().kinds},
        square=qr(f"{config().public_url}/{lang}/calendario"),
        names=i18n.NAMES,
        replaced_by=None,
        query=f"?edicion={edition.number}" if edition else "",
        share=None,
        **paper.labels(lang),
    )


@restores(update)
def restore(typed: MultiDict[str, str], month: str) -> Response:
    """Shows the editor with what was typed before the session ended. Nothing of it is saved yet."""
    return _page(month_access.month_of(month), typed=_typed(typed))


def _begin(month: Month, note: str) -> ResponseReturnValue:
    seen = request.form.get("seen", "")
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 6 else 0
    if len(note) > MAX_LENGTHS["correction"]:
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
    except Conflict:
        fault = _("Alguien más acaba de empezarlo. Esto es lo que hay.")
        return _page(month, 409, fault=fault, note=note)
    except Refusal as refusal:
        return _page(month, 422, fault=error_messages.say(refusal), note=note)
    return redirect(f"/org/boletin/{month}?hecho=empezado", 303)


def _save(month: Month, typed: BulletinInput) -> bool:
    """Saves the draft. Returns whether it has taken new numbers."""
    with store().change() as session:
        return bulletins.take_numbers(session, _edit(session, month, typed))


def _edit(session: Session, month: Month, typed: BulletinInput) -> BulletinEdition:
    edition = bulletins.find(session, month, typed.number)
    bulletins.edit(
        session,
        edition,
        typed.text,
        version=typed.version,
        organizer_id=current_staff().organizer_id,
        now=clock.now(),
    )
    return edition


def _publish(
    month: Month, typed: BulletinInput, decision: NotifyDecision | None
) -> ResponseReturnValue:
    """Saves the draft, and publishes it unless there are grave issues. Without a decision about its
    letters it is published only to show the sheet, where somebody gets one."""
    sheet = None
    with store().change() as session:
        months.lock(session, month)
        edition = _edit(session, month, typed)
        issues = [each for each in _issues(session, month, edition) if each.is_grave]
        if not issues and decision is None and subscribers.count_confirmed(session):
            attempt = session.begin_nested()
            _publish_edition(session, month, edition, LATER)
            sheet = bulletin_sheet.describe(session, edition, is_published=False)
            attempt.rollback()
        elif not issues:
            _publish_edition(session, month, edition, decision or _HELD)
        version = edition.version
    if issues:
        fault = _("No se publicó. Guardamos tu texto. Mira lo que falta.")
        return _page(month, 422, fault=fault)
    back = f"/org/boletin/{month}"
    if sheet is not None:
        return mailing_sheet.show(sheet, back=back, replaced={"version": version})
    return redirect(f"{back}?hecho=publicado", 303)


def _publish_edition(
    session: Session, month: Month, edition: BulletinEdition, decision: NotifyDecision
) -> None:
    now, who = clock.now(), current_staff().organizer_id
    bulletins.publish(
        session,
        edition,
        lambda made: _frozen(session, month, made),
        version=edition.version,
        decision=decision,
        organizer_id=who,
        now=now,
    )
    if decision.mode is NotifyMode.NOBODY:
        mailing_sheet.log_decision(session, month, edition.number, decision)


def _frozen(session: Session, month: Month, edition: BulletinEdition) -> str:
    document = reports.document(
        session, month, now=clock.now(), edition=edition, is_before_release=True
    )
    return json.dumps(reports.as_json(document), ensure_ascii=False, separators=(",", ":"))


def _issues(session: Session, month: Month, edition: BulletinEdition) -> list[BulletinIssue]:
    now = clock.now()
    return bulletin_checks.find_issues(
        edition,
        month_report.report(
            session, month, now=now, number=edition.revision, is_before_release=True
        ),
        last_revision=bulletins.closed_as(session, month),
        is_calendar_empty=not reports.document(
            session, month, now=now, edition=edition, is_before_release=True
        ).coming,
        is_there=link_check.checker(session),
        home=config().public_url,
    )


def _titles(session: Session, month: Month) -> dict[str, str]:
    """The default title of the first edition in each language; empty for a later one."""
    if bulletins.newest(session, month) is not None:
        return {}
    document = reports.document(session, month, now=clock.now(), is_before_release=True)
    bulletins_by_lang = {
        lang: telling.localize_bulletin(document, lang, "") for lang in i18n.list_languages()
    }
    return {lang: each.title for lang, each in bulletins_by_lang.items()}


def _typed(form: MultiDict[str, str]) -> BulletinInput:
    faults: list[tuple[str, str]] = []
    written: dict[str, dict[str, str]] = {part: {} for part in MAX_LENGTHS}
    for part, most in MAX_LENGTHS.items():
        for lang in i18n.list_languages():
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
    """Cleans a line as `clean` does, but keeps no-break spaces: French punctuation needs them."""
    return "".join(
        each if each in _NO_BREAK_SPACES else clean(each) for each in _SPACES.split(line)
    )


def _too_long(part: str) -> str:
    message: str = _("Es muy largo. Usa menos de %(num)d letras.", num=MAX_LENGTHS[part])
    return message


def _page(
    month: Month,
    status: int = 200,
    *,
    typed: BulletinInput | None = None,
    is_lost: bool = False,
    fault: str = "",
    note: str = "",
) -> Response:
    """Shows the editor of a draft; without a draft, the next step. `typed` replaces what is saved;
    `is_lost` says that somebody else has saved since."""
    early_access.record([month])
    with store().read() as session:
        edition = bulletins.newest(session, month)
        last = bulletins.closed_as(session, month)
        number = edition.revision if edition else last or None
        report = month_report.report(
            session, month, now=clock.now(), number=number, is_before_release=True
        )
        issues = _issues(session, month, edition) if edition and edition.is_draft else []
        values = {
            "edition": edition,
            "who_edited": _name(session, edition),
            "published": bulletins.list_published(session, month),
            "core": _core_kinds(session, report),
            "mailed": bulletins.latest(session, month),
            "undo": _find_undoable(session, month, edition),
        }
    return page(
        "bulletin/edit",
        status,
        month=month,
        last_revision=last,
        report=report,
        fields=_fields(edition, typed) if edition else {},
        typed=typed,
        version=_version(edition, typed, is_lost=is_lost),
        tags=_tags(issues),
        warned=[words.issue_text(each, month) for each in issues],
        names=i18n.NAMES,
        labels=words.labels(),
        moment_words=headquarters_moment,
        now=clock.now(),
        fault=fault,
        is_lost=is_lost,
        note=note,
        **values,
    )


def show_editor(month: Month, status: int, *, fault: str) -> Response:
    """Shows the editor with a fault, for the other forms of its page."""
    return _page(month, status, fault=fault)


def _find_undoable(
    session: Session, month: Month, newest: BulletinEdition | None
) -> dict[str, int] | None:
    """Returns the minutes that are left to undo the last decision about the letters of the last
    published edition, and how many letters wait. None without a decision to undo."""
    mailed = bulletins.latest(session, month)
    if mailed is None or mailed.undo_until is None:
        return None
    left = (mailed.undo_until - clock.now()).total_seconds()
    if left <= 0 or (mailed.is_decided_by_publication and mailed is not newest):
        return None
    letters = mailings.count_waiting(session, month, mailed.number)
    return {"minutes": ceil(left / 60), "letters": letters}


def _version(edition: BulletinEdition | None, typed: BulletinInput | None, *, is_lost: bool) -> int:
    """The version that the next save replaces: the saved one after a conflict, which is shown."""
    if typed is not None and not is_lost and edition is not None and typed.number == edition.number:
        return typed.version
    return edition.version if edition else 0


def _fields(
    edition: BulletinEdition, typed: BulletinInput | None
) -> dict[str, list[dict[str, Any]]]:
    """The rows of the form by language: the text to show, and the saved one if it differs."""
    faults = dict(typed.faults) if typed else {}
    parts = [*(["correction"] if edition.is_correction else []), *PARTS]
    shown: dict[str, list[dict[str, Any]]] = {}
    for lang in i18n.list_languages():
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


def _tags(issues: Sequence[BulletinIssue]) -> dict[str, tuple[int, int]]:
    """The number of grave and of other issues by language."""
    tags = {}
    for lang in i18n.list_languages():
        of_lang = [each for each in issues if each.lang == lang]
        grave = sum(each.is_grave for each in of_lang)
        tags[lang] = (grave, len(of_lang) - grave)
    return tags


def _core_kinds(session: Session, report: MonthReport) -> list[tuple[Kind, int]]:
    """The core kinds with their numbers."""
    return [
        (kind, report.count.by_kind[kind.code])
        for kind in all_kinds(session)
        if kind.is_core and kind.code in report.count.by_kind
    ]


def _name(session: Session, edition: BulletinEdition | None) -> str:
    """Returns the name of who published or last edited an edition; empty when unknown."""
    organizer_id = edition and (edition.published_by_id or edition.edited_by_id)
    member = session.get(StaffMember, organizer_id) if organizer_id else None
    return member.label if member else ""
