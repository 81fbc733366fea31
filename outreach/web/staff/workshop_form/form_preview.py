"""What people would see of the workshop of a form, beside the form and while it is typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, i18n
from outreach.domain.network import offices
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.network.staff import Permission
from outreach.domain.roster import assignments
from outreach.domain.search import search
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.feeds import vevent
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.presentation import formatting, reader_hours, workshop_cards
from outreach.web.presentation.workshop_cards import CardTag, WorkshopCard
from outreach.web.staff.common import team_names
from outreach.web.staff.common.guards import find_workshop, require_permission
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshop_form import blueprint, fold_summaries, form_remarks, typed_workshop
from outreach.web.staff.workshop_form.form_factory import form_of
from outreach.web.staff.workshop_form.form_remarks import FormRemark
from outreach.web.staff.workshop_form.typed_workshop import TypedWorkshop
from outreach.web.staff.workshop_form.workshop_form import WorkshopForm

LANGUAGE_FIELD: Final = "preview_language"  # a choice of how to look, which is stored nowhere


@dataclass(frozen=True, kw_only=True)
class PublicPreview:
    """The card of the list, the head of the page, and the entry of calendars, as a reader of one
    language sees them."""

    workshop: Workshop
    card: WorkshopCard
    place_note: str  # under the place at the head of the page
    calendar_title: str
    calendar_place: str
    is_listed: bool
    has_time: bool

    @property
    def seats(self) -> CardTag:
        return self.card.tags[0]


@dataclass(frozen=True, kw_only=True)
class FormPreview:
    """What the page says about a form as it stands."""

    when: str  # «Sábado 5 de diciembre de 2026, 10:00 a. m. a 12:00 p. m.», or empty
    remarks: Sequence[FormRemark]
    language: str  # the language in which `public` is written
    public: PublicPreview | None  # None where the form describes no possible workshop
    summaries: Mapping[str, str]  # what each fold of the form holds, by its id
    team: Sequence[str]  # names of the team's speakers, who need not be typed

    @property
    def html_language(self) -> str:
        return i18n.html_lang(self.language)


@blueprint.post("/talleres/vista-previa")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def show_preview() -> ResponseReturnValue:
    """Answers with the parts of the form's page that follow what is typed, as HTML. Stores
    nothing."""
    with store().read() as session:
        workshop = None
        if public_id := clean(request.form.get("workshop", "")):
            workshop = find_workshop(session, public_id)
            office = workshop.office
        else:
            slug = clean(request.form.get("office", ""))
            require_permission(Permission.EDIT, slug)
            office = offices.find(session, slug)
        form = form_of(session, office, request.form, workshop=workshop)
        return render_template(
            "staff/workshops/form_fragment.html",
            form=form,
            preview=preview(session, form, workshop),
        )


def preview(session: Session, form: WorkshopForm, saved: Workshop | None) -> FormPreview:
    """Returns what the page says about the form, valid or not. `saved` is the workshop that it
    changes."""
    now = clock.now()
    typed = typed_workshop.build(session, form, saved, now=now)
    assigned = assignments.list_active(session, saved) if saved is not None else []
    team = team_names.name_speakers(assigned)
    language = _chosen_language()
    with i18n.use_language(language):
        public = None if typed.workshop is None else _look(typed, typed.workshop, now)
    return FormPreview(
        when=_when(form, typed),
        remarks=form_remarks.list_remarks(session, form, typed, assigned, now=now),
        language=language,
        public=public,
        summaries=fold_summaries.summarize(form, team),
        team=team,
    )


def _chosen_language() -> str:
    """Returns the language in which people would read; until one is chosen, that of the page."""
    chosen = request.form.get(LANGUAGE_FIELD, "")
    return chosen if chosen in i18n.list_languages() else i18n.current()


def _when(form: WorkshopForm, typed: TypedWorkshop) -> str:
    if not typed.has_day or form.day.data is None:
        return ""
    words = formatting.first_capital(formatting.long_day(form.day.data))
    if typed.workshop is not None and typed.has_start:
        workshop = typed.workshop
        words += f", {reader_hours.hours_in_zone(workshop.starts, workshop.ends, workshop)}"
    return words


def _look(typed: TypedWorkshop, workshop: Workshop, now: datetime) -> PublicPreview:
    card = workshop_cards.card(search.preview_result(workshop), now=now)
    if not typed.has_day:
        card = replace(card, day_words=_("Falta el día"))
    if not typed.has_start:
        card = replace(card, hour_words=_("falta la hora"))
    return PublicPreview(
        workshop=workshop,
        card=replace(card, address=""),
        place_note=_place_note(workshop),
        calendar_title=vevent.title(workshop, i18n.current()),
        calendar_place=vevent.place(workshop, i18n.current()),
        is_listed=workshop.way is not Way.UNLISTED,
        has_time=typed.has_time,
    )


def _place_note(workshop: Workshop) -> str:
    """Returns what the page of the workshop says under the place."""
    venue = workshop.venue
    if not workshop.mode.has_venue or venue is None:
        return ""
    if not workshop.has_secret_address:
        return ", ".join(filter(None, (venue.address, formatting.city_region(venue))))
    if workshop.visibility in {Visibility.PHONE_ONLY, Visibility.APPROVED}:
        return _("Te damos la dirección por teléfono")
    return _("Te damos la dirección cuando apartes tu lugar")
