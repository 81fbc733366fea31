"""The partners of an office: organizations, and speakers."""

import re
from collections.abc import Sequence
from typing import Any, Final

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, Form, SelectField, ValidationError

from outreach.domain.audit.audit_log import Details
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.workshops import partners
from outreach.domain.workshops.partners import Partner, PartnerKind, Speaker
from outreach.i18n import gettext as _
from outreach.i18n import lazy, pgettext
from outreach.web.context import store
from outreach.web.staff.common import acts, resources
from outreach.web.staff.common.form_fields import Choice, line, required
from outreach.web.staff.common.guards import log_office_action, offices_with, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.common.resources import OfficeResource, RecordAct
from outreach.web.staff.network import blueprint

_LINK: Final = re.compile(r"https?://[^\s/]+(/\S*)?")
_DONE: Final = {
    "guardado": lazy("Guardado. Ya se puede elegir en un taller."),
    "retirado": lazy("Retirado. Ya no sale al hacer un taller; lo pasado se queda."),
    "otra-vez": lazy("Otra vez se puede elegir."),
}


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
        self, typed: MultiDict[str, str] | None, offered: Sequence[Partner], **values: Any
    ) -> None:
        super().__init__(typed, data=values)
        assert isinstance(self.partner, SelectField)
        self.partner.choices = [
            ("", pgettext("organization", "Ninguna")),
            *((str(each.id), each.name) for each in offered),
        ]


def _read_partner(partner: Partner | None) -> dict[str, Any]:
    if partner is None:
        return {"kind": PartnerKind.CIVIL_SOCIETY, "is_shown": True}
    names = ("name", "kind", "link", "phone", "is_shown")
    return {name: getattr(partner, name) for name in names}


def _write_partner(
    session: Session, office: Office, form: PartnerForm, partner: Partner | None
) -> Partner:
    values = {name: form[name].data for name in ("name", "link", "phone", "is_shown")}
    values["kind"] = PartnerKind(form.kind.data)
    if partner is None:
        partner = Partner(office_id=office.id, **values)
    for name, value in values.items():
        setattr(partner, name, value)
    partners.save(session, partner)
    return partner


def _read_speaker(speaker: Speaker | None) -> dict[str, Any]:
    if speaker is None:
        return {}
    partner = "" if speaker.partner is None else str(speaker.partner.id)
    return {"name": speaker.name, "partner": partner, "is_shown": speaker.is_shown}


def _list_offered(session: Session, office: Office, speaker: Speaker | None) -> list[Partner]:
    """The organizations that a speaker can belong to: those in use, and the current one."""
    own = speaker.partner.id if speaker is not None and speaker.partner is not None else None
    found = partners.list_partners(session, office)
    return [each for each in found if each.retired_at is None or each.id == own]


def _write_speaker(
    session: Session, office: Office, form: SpeakerForm, speaker: Speaker | None
) -> Speaker:
    chosen = form.partner.data
    partner = partners.find(session, office, int(chosen)) if chosen else None
    name, is_shown = form.name.data or "", form.is_shown.data
    if speaker is None:
        speaker = Speaker(office_id=office.id, name=name, partner=partner, is_shown=is_shown)
    speaker.name, speaker.partner, speaker.is_shown = name, partner, is_shown
    partners.save(session, speaker)
    return speaker


def _log_partner(session: Session, slug: str, what: RecordAct, partner_id: int) -> None:
    details: Details = {"partner": partner_id}
    match what:
        case RecordAct.CREATED:
            log_office_action(session, slug, "partner created", details)
        case RecordAct.CHANGED:
            log_office_action(session, slug, "partner changed", details)
        case RecordAct.RETIRED:
            log_office_action(session, slug, "partner retired", details)
        case RecordAct.OFFERED:
            log_office_action(session, slug, "partner offered", details)


def _log_speaker(session: Session, slug: str, what: RecordAct, speaker_id: int) -> None:
    details: Details = {"speaker": speaker_id}
    match what:
        case RecordAct.CREATED:
            log_office_action(session, slug, "speaker created", details)
        case RecordAct.CHANGED:
            log_office_action(session, slug, "speaker changed", details)
        case RecordAct.RETIRED:
            log_office_action(session, slug, "speaker retired", details)
        case RecordAct.OFFERED:
            log_office_action(session, slug, "speaker offered", details)


PARTNERS: Final = OfficeResource[Partner, PartnerForm](
    log=_log_partner,
    template="network/partner",
    list_address="/org/aliados",
    find=partners.find,
    read_values=_read_partner,
    make_form=lambda _session, _office, _partner, typed, values: PartnerForm(typed, **values),
    write=_write_partner,
)
SPEAKERS: Final = OfficeResource[Speaker, SpeakerForm](
    log=_log_speaker,
    template="network/speaker",
    list_address="/org/aliados",
    find=partners.find_speaker,
    read_values=_read_speaker,
    make_form=lambda session, office, speaker, typed, values: SpeakerForm(
        typed, _list_offered(session, office, speaker), **values
    ),
    write=_write_speaker,
)


@blueprint.get("/aliados")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def list_partners() -> ResponseReturnValue:
    with store().read() as session:
        own_offices = offices_with(session, Permission.EDIT)
        organizations, people = partners.list_by_office(
            session, [office.id for office in own_offices]
        )
    rows = [(office, organizations[office.id], people[office.id]) for office in own_offices]
    return page("network/partners", rows=rows, done=acts.done_words(_DONE), kind_words=kind_words)


@blueprint.get("/aliados/<slug>/organizacion")
@requires(Scope.OFFICE, Permission.EDIT)
def new_partner(slug: str) -> ResponseReturnValue:
    return resources.show_form(PARTNERS, slug)


@blueprint.post("/aliados/<slug>/organizacion")
@requires(Scope.OFFICE, Permission.EDIT)
def create_partner(slug: str) -> ResponseReturnValue:
    return resources.save_form(PARTNERS, slug)


@blueprint.get("/aliados/<slug>/organizacion/<int(max=2147483647):partner>")
@requires(Scope.OFFICE, Permission.EDIT)
def edit_partner(slug: str, partner: int) -> ResponseReturnValue:
    return resources.show_form(PARTNERS, slug, partner)


@blueprint.post("/aliados/<slug>/organizacion/<int(max=2147483647):partner>")
@requires(Scope.OFFICE, Permission.EDIT)
def update_partner(slug: str, partner: int) -> ResponseReturnValue:
    return resources.save_form(PARTNERS, slug, partner)


@blueprint.get("/aliados/<slug>/persona")
@requires(Scope.OFFICE, Permission.EDIT)
def new_speaker(slug: str) -> ResponseReturnValue:
    return resources.show_form(SPEAKERS, slug)


@blueprint.post("/aliados/<slug>/persona")
@requires(Scope.OFFICE, Permission.EDIT)
def create_speaker(slug: str) -> ResponseReturnValue:
    return resources.save_form(SPEAKERS, slug)


@blueprint.get("/aliados/<slug>/persona/<int(max=2147483647):speaker>")
@requires(Scope.OFFICE, Permission.EDIT)
def edit_speaker(slug: str, speaker: int) -> ResponseReturnValue:
    return resources.show_form(SPEAKERS, slug, speaker)


@blueprint.post("/aliados/<slug>/persona/<int(max=2147483647):speaker>")
@requires(Scope.OFFICE, Permission.EDIT)
def update_speaker(slug: str, speaker: int) -> ResponseReturnValue:
    return resources.save_form(SPEAKERS, slug, speaker)


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
