"""What the closed parts of the workshop form hold, each in a few words."""

from collections.abc import Iterable
from typing import Final

from wtforms import SelectField

from outreach.domain.network.kinds import Way
from outreach.formats import language_name
from outreach.i18n import current, ngettext, pgettext
from outreach.i18n import gettext as _
from outreach.web.staff.workshop_form.form_options import NEW
from outreach.web.staff.workshop_form.workshop_form import WorkshopForm

MAX_LENGTH: Final = 60
_WITH_PLACES: Final = frozenset({Way.PLACE, Way.SLOTS, Way.UNLISTED})


def summarize(form: WorkshopForm, team: Iterable[str] = ()) -> dict[str, str]:
    """The words by the id of the part. `team` are names of the team's speakers."""
    found = {
        "textos": form.bring_es.data or form.summary_es.data or _("Nada escrito"),
        "traducciones": _translations(form),
        "direccion": _label(form.visibility),
        "entrada": _entry(form),
        "interpretes": _accommodations(form),
        "sillas": _reconfirmation(form),
        "aliados": _names(form, team),
        "serie": (form.series.data == NEW and form.series_name.data) or _label(form.series),
    }
    return {part: _shorten(words) for part, words in found.items()}


def _shorten(words: str) -> str:
    line = words.strip().split("\n")[0]
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 1].rstrip() + "…"


def _label(field: SelectField, value: str | None = None) -> str:
    wanted = field.data if value is None else value
    choices = ((choice[0], choice[1]) for choice in field.iter_choices())
    return next((str(words) for each, words in choices if each == wanted), "")


def _labels(field: SelectField, values: Iterable[str]) -> list[str]:
    return [words for words in (_label(field, value) for value in values) if words]


def _translations(form: WorkshopForm) -> str:
    if all(form[f"title_{lang}"].data for lang in form.translated_titles):
        return pgettext("translations", "Listo")
    if form.title_en.data or form.translated_titles == ["fr"]:
        return _("Falta el francés")
    if form.translated_titles == ["en"]:
        return _("Falta el inglés")
    return _("Falta el inglés") if form.title_fr.data else _("Faltan los dos")


def _entry(form: WorkshopForm) -> str:
    words, limit = _label(form.way), form.party_limit.data
    if form.way.data not in _WITH_PLACES or not limit or limit < 1:
        return words
    return words + ngettext(", hasta %(num)d persona", ", hasta %(num)d personas", limit)


def _accommodations(form: WorkshopForm) -> str:
    names = [language_name(each, current()) for each in form.interpretation.data or ()]
    if form.has_childcare.data:
        names.append(_("cuidado de niños"))
    return ", ".join(names) or _("Ninguno")


def _reconfirmation(form: WorkshopForm) -> str:
    days = form.confirm_days.data
    if not days:
        return _("Sin preguntar quién viene")
    return ngettext("Preguntamos %(num)d día antes", "Preguntamos %(num)d días antes", days)


def _names(form: WorkshopForm, team: Iterable[str]) -> str:
    names = [form.facilitator.data or "", *team]
    names += _labels(form.speakers, form.speakers.data or ())
    names += _labels(form.partners, form.partners.data or ())
    names += [_("también en otras redes")] if form.is_shared.data else []
    return ", ".join(name for name in names if name) or _("Nadie anotado")
