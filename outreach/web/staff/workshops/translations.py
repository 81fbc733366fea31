"""The texts of a workshop side by side in all languages.

The page marks missing and hard texts, shows where they differ from those of the kind, and previews
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.db.base import Words
from outreach.domain.audit.audit_log import Details
from outreach.domain.fields import read_declaration
from outreach.domain.network.kinds import Kind
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import clean, clean_lines
from outreach.domain.workshops import Workshop, fields
from outreach.domain.workshops.fields import WorkshopData
from outreach.errors import Refusal
from outreach.i18n import NAMES, SOURCE, get_default_language, in_each, list_languages
from outreach.i18n import gettext as _
from outreach.reports import readability
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.presentation import workshop_cards
from outreach.web.presentation.formatting import first_capital
from outreach.web.staff.common.field_labels import field_words
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import blueprint

_DECLARED: Final = read_declaration(WorkshopData)
MAX_LENGTHS: Final[Mapping[str, int]] = {
    name: _DECLARED[name].spec.most or 0 for name in fields.TEXTS
}
_MIN_MEASURED_WORDS: Final = 8  # readability of fewer words means nothing

Texts = dict[str, Words]  # by part, by language


@dataclass(frozen=True)
class TranslationCell:
    """One text in one language, with its error and advice."""

    name: str  # the form field's
    text: str
    fault: str = ""
    advice: str = ""  # missing, or hard to read
    default: str | None = None  # the text of the kind, if it differs


@blueprint.get("/talleres/<public_id>/textos")
@requires(Scope.WORKSHOP, Permission.EDIT)
def edit_texts(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    return _page(workshop, _texts_of(workshop))


@blueprint.post("/talleres/<public_id>/textos")
@requires(Scope.WORKSHOP, Permission.EDIT)
def update_texts(public_id: str) -> ResponseReturnValue:
    """Saves the texts. If the field `do` is `preview` or `fill`, it shows them, or fills gaps from
    the kind, and saves nothing."""
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
            current = find_workshop(session, public_id)
            texts = _without_empty(typed)
            data = replace(workshop_service.get_data(current), **dict[str, Any](texts))
            changed = workshop_service.change(session, current, data, now=clock.now())
            if changed:
                details: Details = {"fields": sorted(changed)}
                log_workshop_action(session, current, "workshop changed", details)
    except Refusal as refusal:
        faults = {f"title_{get_default_language()}": error_messages.say(refusal)}
        return _page(workshop, typed, 422, faults=faults, is_unsaved=True)
    return redirect(f"/org/talleres/{public_id}?hecho={'textos' if changed else 'igual'}", 303)


@restores(update_texts)
def restore(form: MultiDict[str, str], public_id: str) -> Response:
    """Shows the form with what was typed before the session ended."""
    with store().read() as session:
        workshop = find_workshop(session, public_id, Permission.EDIT)
    return _page(workshop, _typed(form), is_unsaved=True)


def _label(part: str) -> str:
    return _("De qué trata") if part == "summary" else first_capital(field_words(part))


def _texts_of(workshop: Workshop) -> Texts:
    return {part: dict(getattr(workshop, part)) for part in MAX_LENGTHS}


def _typed(form: MultiDict[str, str]) -> Texts:
    return {
        part: {
            lang: (clean if part == "title" else clean_lines)(form.get(f"{part}_{lang}", ""))
            for lang in list_languages()
        }
        for part in MAX_LENGTHS
    }


def _without_empty(typed: Texts) -> Texts:
    return {
        part: {lang: text for lang, text in texts.items() if text} for part, texts in typed.items()
    }


def _filled(typed: Texts, kind: Kind) -> Texts:
    """The texts, with those of the kind where there are none."""
    defaults = _defaults(kind)
    return {
        part: {lang: texts[lang] or defaults[part].get(lang, "") for lang in list_languages()}
        for part, texts in typed.items()
    }


def _defaults(kind: Kind) -> Texts:
    title = kind.name if kind.is_discreet else kind.short_name
    own = {"title": title, "summary": kind.description, "bring": kind.bring}
    return {part: own.get(part, {}) for part in MAX_LENGTHS}


def _faults(typed: Texts) -> dict[str, str]:
    faults: dict[str, str] = {}
    main = get_default_language()
    if not typed["title"][main]:
        faults[f"title_{main}"] = _("Escribe el título.")
    for part, most in MAX_LENGTHS.items():
        for lang in list_languages():
            if len(typed[part][lang]) > most:
                faults[f"{part}_{lang}"] = _("Es demasiado largo. Escribe menos.")
    return faults


def _cells(texts: Texts, kind: Kind, faults: Mapping[str, str]) -> dict[str, list[TranslationCell]]:
    """The cells by language, in the order of the page."""
    defaults = _defaults(kind)
    cells: dict[str, list[TranslationCell]] = {}
    for lang in list_languages():
        cells[lang] = []
        for part in MAX_LENGTHS:
            text, default = texts[part].get(lang, ""), defaults[part].get(lang, "")
            name = f"{part}_{lang}"
            is_other = bool(default) and text != default
            cells[lang].append(
                TranslationCell(
                    name,
                    text,
                    faults.get(name, ""),
                    _advice(texts[part], lang),
                    default if is_other else None,
                )
            )
    return cells


def _advice(texts: Words, lang: str) -> str:
    """Returns advice about a missing translation, or about a main text in Spanish that is hard to
    read; may be empty."""
    text = texts.get(lang, "")
    main = get_default_language()
    if lang != main:
        if text or not texts.get(main):
            return ""
        if main == SOURCE:
            return _("Falta. Quien lee esta lengua verá el español.")
        return _("Falta. Quien lee esta lengua verá el texto principal.")
    if lang != SOURCE:
        return ""  # readability is measured in Spanish
    measured = readability.readability(text)
    if measured.words < _MIN_MEASURED_WORDS or measured.score >= readability.EASY:
        return ""
    hard: str = _(
        "Cuesta leerlo: %(score)d de %(easy)d. Usa frases cortas y palabras de todos los días.",
        score=round(measured.score),
        easy=readability.EASY,
    )
    return hard


def _page(
    workshop: Workshop,
    texts: Texts,
    status: int = 200,
    *,
    faults: Mapping[str, str] | None = None,
    is_seen: bool = False,
    is_unsaved: bool = False,
) -> Response:
    cells = _cells(texts, workshop.kind, faults or {})
    values: dict[str, Any] = {
        "workshop": workshop,
        "cells": cells,
        "texts": texts,
        "faults": list((faults or {}).items()),
        "to_see": {lang: sum(bool(each.advice) for each in row) for lang, row in cells.items()},
        "can_fill": any(not each.text and each.default for row in cells.values() for each in row),
        "names": NAMES,
        "labels": {part: _label(part) for part in MAX_LENGTHS},
        "bring_heading": in_each(workshop_cards.BRING_HEADING),
        "is_seen": is_seen,
        "is_unsaved": is_unsaved,
    }
    return page("workshops/translations", status, **values)
