"""A workshop's texts side by side in three languages: what is missing, what is hard to read, how
they differ from its kind's, and how they will look."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.db.base import Words
from outreach.domain.network.kinds import Kind
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import clean, clean_lines
from outreach.domain.workshops import Workshop
from outreach.errors import Refused
from outreach.i18n import LANGUAGES, NAMES
from outreach.i18n import gettext as _
from outreach.reports import readability
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import blueprint

LONGEST: Final[Mapping[str, int]] = {"title": 120, "summary": 1000, "bring": 600}
_FEWEST_WORDS: Final = 8  # of fewer, a measure says nothing

Texts = dict[str, Words]  # by part, by language


@dataclass(frozen=True)
class TranslationCell:
    """One text: how it is, and what is to be said of it."""

    name: str  # of its field
    text: str
    fault: str = ""
    advice: str = ""  # what to look at
    default: str | None = None  # what the kind says, where that is something else


@blueprint.get("/talleres/<public_id>/textos")
@requires(Scope.WORKSHOP, Permission.EDIT)
def edit_texts(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    return _page(workshop, _of(workshop))


@blueprint.post("/talleres/<public_id>/textos")
@requires(Scope.WORKSHOP, Permission.EDIT)
def update_texts(public_id: str) -> ResponseReturnValue:
    """`do` says what: preview and fill save nothing; anything else saves."""
    what, typed = request.form.get("do", ""), _typed(request.form)
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    if what == "fill":
        return _page(workshop, _filled(typed, workshop.kind), is_unsaved=True)
    faults = _faults(typed)
    if faults or what == "preview":
        is_seen = what == "preview" and not faults
        status = 422 if faults else 200
        return _page(workshop, typed, status, faults=faults, is_seen=is_seen, is_unsaved=True)
    try:
        with store().change() as session:
            there = find_workshop(session, public_id)
            said = _kept(typed)
            plan = replace(
                workshop_service.get_data(there),
                title=said["title"],
                summary=said["summary"],
                bring=said["bring"],
            )
            new = workshop_service.change(session, there, plan, now=clock.now())
            if new:
                log_workshop_action(session, there, "workshop changed", ", ".join(sorted(new)))
    except Refused as refusal:
        faults = {"title_es": error_messages.say(refusal)}
        return _page(workshop, typed, 422, faults=faults, is_unsaved=True)
    return redirect(f"/org/talleres/{public_id}?hecho={'textos' if new else 'igual'}", 303)


@restores(update_texts)
def restore(form: MultiDict[str, str], public_id: str) -> Response:
    """The form with what was typed before the session ended."""
    with store().read() as session:
        workshop = find_workshop(session, public_id, Permission.EDIT)
    return _page(workshop, _typed(form), is_unsaved=True)


def _of(workshop: Workshop) -> Texts:
    return {part: dict(getattr(workshop, part)) for part in LONGEST}


def _typed(form: MultiDict[str, str]) -> Texts:
    return {
        part: {
            lang: (clean if part == "title" else clean_lines)(form.get(f"{part}_{lang}", ""))
            for lang in LANGUAGES
        }
        for part in LONGEST
    }


def _kept(typed: Texts) -> Texts:
    return {
        part: {lang: said for lang, said in told.items() if said} for part, told in typed.items()
    }


def _filled(typed: Texts, kind: Kind) -> Texts:
    """With the kind's own words where there are none."""
    defaults = _defaults(kind)
    return {
        part: {lang: told[lang] or defaults[part].get(lang, "") for lang in LANGUAGES}
        for part, told in typed.items()
    }


def _defaults(kind: Kind) -> Texts:
    title = kind.name if kind.is_discreet else kind.short_name
    return {"title": title, "summary": kind.description, "bring": kind.bring}


def _faults(typed: Texts) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not typed["title"]["es"]:
        faults["title_es"] = _("Escribe el título.")
    for part, most in LONGEST.items():
        for lang in LANGUAGES:
            if len(typed[part][lang]) > most:
                faults[f"{part}_{lang}"] = _("Es demasiado largo. Escribe menos.")
    return faults


def _cells(told: Texts, kind: Kind, faults: Mapping[str, str]) -> dict[str, list[TranslationCell]]:
    """By language, in the order of the page."""
    defaults = _defaults(kind)
    cells: dict[str, list[TranslationCell]] = {}
    for lang in LANGUAGES:
        cells[lang] = []
        for part in LONGEST:
            said, default = told[part].get(lang, ""), defaults[part].get(lang, "")
            name = f"{part}_{lang}"
            is_other = bool(default) and said != default
            cells[lang].append(
                TranslationCell(
                    name,
                    said,
                    faults.get(name, ""),
                    _advice(told[part], lang),
                    default if is_other else None,
                )
            )
    return cells


def _advice(told: Words, lang: str) -> str:
    """Missing where the Spanish is there, or hard to read in Spanish."""
    said = told.get(lang, "")
    if lang != "es":
        return (
            _("Falta. Quien lee esta lengua verá el español.")
            if told.get("es") and not said
            else ""
        )
    measured = readability.readability(said)
    if measured.words < _FEWEST_WORDS or measured.score >= readability.EASY:
        return ""
    hard: str = _(
        "Cuesta leerlo: %(score)d de %(easy)d. Usa frases cortas y palabras de todos los días.",
        score=round(measured.score),
        easy=readability.EASY,
    )
    return hard


def _page(
    workshop: Workshop,
    told: Texts,
    status: int = 200,
    *,
    faults: Mapping[str, str] | None = None,
    is_seen: bool = False,
    is_unsaved: bool = False,
) -> Response:
    cells = _cells(told, workshop.kind, faults or {})
    values: dict[str, Any] = {
        "workshop": workshop,
        "cells": cells,
        "told": told,
        "faults": list((faults or {}).items()),
        "to_see": {lang: sum(bool(each.advice) for each in row) for lang, row in cells.items()},
        "can_fill": any(not each.text and each.default for row in cells.values() for each in row),
        "names": NAMES,
        "is_seen": is_seen,
        "is_unsaved": is_unsaved,
    }
    return page("workshops/translations", status, **values)
