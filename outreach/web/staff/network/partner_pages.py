"""The partners of an office: organizations, and speakers."""

import re
from typing import Any, Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, Form, SelectField, ValidationError

from outreach import clock
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.workshops import partners
from outreach.domain.workshops.partners import Partner, PartnerKind, Speaker
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.i18n import lazy, pgettext
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.staff.common.form_fields import Choice, line, required
from outreach.web.staff.common.guards import log_office_action, offices_with, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint

_LINK: Final = re.compile(r"https?://[^\s/]+(/\S*)?")


class PartnerForm(Form):
    name = line(120, required(lazy("Escribe el nombre de la organización.")))
    kind = Choice()
    link = line(200)
    phone = line(40)
    is_shown = BooleanField()

    def __init__(self, typed: MultiDict[str, str] | None, **values: Any) -> None:
        super().__init__(typed, data=values)
        assert isinstance(self.kind, SelectField)
        self.kind.choices = [(each.value, kind_words(each)) for each in PartnerKind]

    def validate_link(self, field: Field) -> None:
        if field.data and not _LINK.fullmatch(field.data):
            raise ValidationError(_("Copia el enlace completo, con https://"))


class SpeakerForm(Form):
    name = line(120, required(lazy("Escribe el nombre de la persona.")))
    partner = Choice()
    is_shown = BooleanField()

    def __init__(
        self, typed: MultiDict[str, str] | None, offered: list[Partner], **values: Any
    ) -> None:
        super().__init__(typed, data=values)
        assert isinstance(self.partner, SelectField)
        self.partner.choices = [
            ("", pgettext("organization", "Ninguna")),
            *((str(each.id), each.name) for each in offered),
        ]


@blueprint.get("/aliados")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def list_partners() -> ResponseReturnValue:
    with store().read() as session:
        own_offices = offices_with(session, Permission.EDIT)
        organizations, people = partners.list_by_office(
            session, [office.id for office in own_offices]
        )
    rows = [(office, organizations[office.id], people[office.id]) for office in own_offices]
    done = _done_message(request.args.get("hecho", ""))
    return page("network/partners", rows=rows, done=done, kind_words=kind_words)


@blueprint.get("/aliados/<slug>/organizacion")
@requires(Scope.OFFICE, Permission.EDIT)
def new_partner(slug: str) -> ResponseReturnValue:
    return _page(_office(slug), PartnerForm(None, kind=PartnerKind.CIVIL_SOCIETY, is_shown=True))


@blueprint.post("/aliados/<slug>/organizacion")
@requires(Scope.OFFICE, Permission.EDIT)
def create_partner(slug: str) -> ResponseReturnValue:
    return _save_partner(slug, None)


@blueprint.get("/aliados/<slug>/organizacion/<int(max=2147483647):partner>")
@requires(Scope.OFFICE, Permission.EDIT)
def edit_partner(slug: str, partner: int) -> ResponseReturnValue:
    office = _office(slug)
    with store().read() as session:
        current = partners.find(session, office, partner)
    names = ("name", "kind", "link", "phone", "is_shown")
    values = {name: getattr(current, name) for name in names}
    return _page(office, PartnerForm(None, **values), current)


@blueprint.post("/aliados/<slug>/organizacion/<int(max=2147483647):partner>")
@requires(Scope.OFFICE, Permission.EDIT)
def update_partner(slug: str, partner: int) -> ResponseReturnValue:
    """The field `do` retires or offers again; without it the form is saved."""
    return _set_retired(slug, partner=partner) or _save_partner(slug, partner)


@blueprint.get("/aliados/<slug>/persona")
@requires(Scope.OFFICE, Permission.EDIT)
def new_speaker(slug: str) -> ResponseReturnValue:
    office = _office(slug)
    return _page(office, SpeakerForm(None, _offered(office)))


@blueprint.post("/aliados/<slug>/persona")
@requires(Scope.OFFICE, Permission.EDIT)
def create_speaker(slug: str) -> ResponseReturnValue:
    return _save_speaker(slug, None)


@blueprint.get("/aliados/<slug>/persona/<int(max=2147483647):speaker>")
@requires(Scope.OFFICE, Permission.EDIT)
def edit_speaker(slug: str, speaker: int) -> ResponseReturnValue:
    office = _office(slug)
    with store().read() as session:
        current = partners.find_speaker(session, office, speaker)
    form = SpeakerForm(
        None,
        _offered(office, current),
        name=current.name,
        partner=str(current.partner.id) if current.partner else "",
        is_shown=current.is_shown,
    )
    return _page(office, form, current)


@blueprint.post("/aliados/<slug>/persona/<int(max=2147483647):speaker>")
@requires(Scope.OFFICE, Permission.EDIT)
def update_speaker(slug: str, speaker: int) -> ResponseReturnValue:
    """As `update_partner`."""
    return _set_retired(slug, speaker=speaker) or _save_speaker(slug, speaker)


def kind_words(kind: PartnerKind) -> str:
    words: dict[PartnerKind, str] = {
        PartnerKind.LAW_FIRM: _("Despacho de abogados (PALE)"),
        PartnerKind.LAW_CLINIC: _("Clínica jurídica de universidad"),
        PartnerKind.CIVIL_SOCIETY: _("Organización de la sociedad civil"),
        PartnerKind.LABOR_AGENCY: _("Agencia laboral (OSHA, WHD, EEOC, NLRB o estatal)"),
        PartnerKind.UNION: _("Sindicato"),
        PartnerKind.HEALTH: _("Hospital, clínica o agencia de salud (VDS)"),
        PartnerKind.SCHOOL: _("Escuela o biblioteca"),
        PartnerKind.CHURCH: _("Iglesia"),
        PartnerKind.SHELTER: _("Refugio o línea de violencia doméstica"),
        PartnerKind.BANK: _("Institución financiera (VAF)"),
        PartnerKind.CONSULATE: _("Otra red de oficinas"),
        PartnerKind.AUTHORITY: _("Autoridad local"),
    }
    return words[kind]


def _save_partner(slug: str, number: int | None) -> ResponseReturnValue:
    office = _office(slug)
    with store().read() as session:
        current = None if number is None else partners.find(session, office, number)
    form = PartnerForm(request.form)
    if not form.validate():
        return _page(office, form, current, 422)
    values = {name: form[name].data for name in ("name", "link", "phone", "is_shown")}
    values["kind"] = PartnerKind(form.kind.data)
    try:
        with store().change() as session:
            if number is None:
                partner = Partner(office_id=office.id, **values)
            else:
                partner = partners.find(session, office, number)
                for name, value in values.items():
                    setattr(partner, name, value)
            partners.save(session, partner)
            what = "partner created" if number is None else "partner changed"
            log_office_action(session, slug, what, {"partner": partner.id})
    except Refusal as refusal:
        return _page(office, form, current, 422, fault=error_messages.say(refusal))
    return redirect("/org/aliados?hecho=guardado", 303)


def _save_speaker(slug: str, number: int | None) -> ResponseReturnValue:
    office = _office(slug)
    with store().read() as session:
        current = None if number is None else partners.find_speaker(session, office, number)
    form = SpeakerForm(request.form, _offered(office, current))
    if not form.validate():
        return _page(office, form, current, 422)
    try:
        with store().change() as session:
            chosen = form.partner.data
            partner = partners.find(session, office, int(chosen)) if chosen else None
            name, is_shown = form.name.data or "", form.is_shown.data
            if number is None:
                speaker = Speaker(
                    office_id=office.id, name=name, partner=partner, is_shown=is_shown
                )
            else:
                speaker = partners.find_speaker(session, office, number)
                speaker.name, speaker.partner, speaker.is_shown = name, partner, is_shown
            partners.save(session, speaker)
            what = "speaker created" if number is None else "speaker changed"
            log_office_action(session, slug, what, {"speaker": speaker.id})
    except Refusal as refusal:
        return _page(office, form, current, 422, fault=error_messages.say(refusal))
    return redirect("/org/aliados?hecho=guardado", 303)


def _set_retired(
    slug: str, *, partner: int | None = None, speaker: int | None = None
) -> ResponseReturnValue | None:
    """Retires a partner or speaker, or offers it again, if the form says so; else None."""
    what = request.form.get("do", "")
    if what not in {"retire", "offer"}:
        return None
    office = _office(slug)
    with store().change() as session:
        subject: Partner | Speaker = (
            partners.find(session, office, partner)
            if partner is not None
            else partners.find_speaker(session, office, speaker or 0)
        )
        subject.retired_at = clock.now() if what == "retire" else None
        if what == "retire":
            action = "partner retired" if partner is not None else "speaker retired"
        else:
            action = "partner offered" if partner is not None else "speaker offered"
        log_office_action(session, slug, action, {action.partition(" ")[0]: subject.id})
    return redirect(f"/org/aliados?hecho={'retirado' if what == 'retire' else 'otra-vez'}", 303)


def _office(slug: str) -> Office:
    with store().read() as session:
        return offices.find(session, slug)


def _offered(office: Office, speaker: Speaker | None = None) -> list[Partner]:
    """The organizations that a speaker can belong to: those in use, and the current one."""
    own = speaker.partner.id if speaker is not None and speaker.partner is not None else None
    with store().read() as session:
        all_partners = partners.list_partners(session, office)
    return [each for each in all_partners if each.retired_at is None or each.id == own]


def _page(
    office: Office,
    form: PartnerForm | SpeakerForm,
    subject: Partner | Speaker | None = None,
    status: int = 200,
    *,
    fault: str = "",
) -> ResponseReturnValue:
    faults = [(field.name, str(each)) for field in form for each in field.errors[:1]]
    return page(
        "network/partner" if isinstance(form, PartnerForm) else "network/speaker",
        status,
        office=office,
        form=form,
        partner=subject,
        faults=[*([("formulario", fault)] if fault else []), *faults],
    )


def _done_message(what: str) -> str:
    messages: dict[str, str] = {
        "guardado": _("Guardado. Ya se puede elegir en un taller."),
        "retirado": _("Retirado. Ya no sale al hacer un taller; lo pasado se queda."),
        "otra-vez": _("Otra vez se puede elegir."),
    }
    return messages.get(what, "")
