"""Test data for the form of a workshop: venues, partners, an incomplete draft, an unsaved form, and
a text of its office for messages."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.locations import holidays
from outreach.domain.network import kinds, offices, staff
from outreach.domain.outbox import message_texts
from outreach.domain.scheduling import form_drafts, workshop_data, workshop_service
from outreach.domain.workshops import WorkshopStatus, partners
from outreach.domain.workshops.partners import ChosenPartners, Partner, PartnerKind, Speaker
from tests.conftest import a_saturday, make_workshop, venue


def free_day() -> date:
    """A day without publish warnings: far enough ahead, and no holiday."""
    day = a_saturday() + timedelta(days=9)
    while holidays.list_holidays(day, "US", "IL"):
        day += timedelta(days=1)
    return day


def make(store: Store, organizer: str, *, now: datetime) -> dict[str, str]:
    """Returns ids by the names that tests use."""
    with store.change() as session:
        chicago, rights = offices.find(session, "chicago"), kinds.find(session, "derechos")
        for each in offices.list_offices(session):
            each.phone = each.phone or "312 555 0142"  # the packaged file has no phones
        session.flush()
        library = venue(
            session,
            chicago,
            "Biblioteca de la Villita",
            capacity=40,
            is_step_free=True,
            latitude=41.8442,
            longitude=-87.7021,
            access={"es": "Entra por la calle 26. Hay elevador.", "en": "Enter on 26th Street."},
        )
        retired_venue = venue(session, chicago, "Salón parroquial", retired_at=now, area="")
        partner = Partner(
            office_id=chicago.id,
            name="Casa Comunitaria del Sur",
            kind=PartnerKind.CIVIL_SOCIETY,
            is_shown=True,
        )
        shelter = Partner(
            office_id=chicago.id, name="Refugio Luna", kind=PartnerKind.SHELTER, is_shown=False
        )
        speaker = Speaker(
            office_id=chicago.id, name="Lic. Carmen Mora", partner=partner, is_shown=True
        )
        session.add_all([partner, shelter, speaker])
        session.flush()
        with_partners = make_workshop(
            session, chicago, rights, day=a_saturday(), starts=time(9), ends=time(11)
        )
        partners.set_chosen(
            session, with_partners, ChosenPartners((partner.id, shelter.id), (speaker.id,))
        )
        incomplete_id = _create_incomplete_draft(session, now)
        parking = {"es": "Hay dónde estacionarse atrás.", "en": "There is parking behind."}
        message_texts.save(session, chicago, "Estacionamiento", parking, now=now)
        form_draft = form_drafts.save(
            session,
            staff.get_by_email(session, organizer).id,
            form_drafts.new_form_key("b" * 22),
            [("kind", "derechos"), ("title_es", "Un taller a medias"), ("mode", "presencial")],
            office="chicago",
            now=now.astimezone(ZoneInfo("UTC")),
        )
        return {
            "a venue": str(library.id),
            "a retired venue": str(retired_venue.id),
            "a partner": str(partner.id),
            "a speaker": str(speaker.id),
            "with partners": with_partners.public_id,
            "incomplete": incomplete_id,
            "unsaved": str(form_draft.id),
        }


def _create_incomplete_draft(session: Session, now: datetime) -> str:
    """Creates a draft for today, in Spanish only and without a venue."""
    chicago, rights = offices.find(session, "chicago"), kinds.find(session, "derechos")
    draft = workshop_service.create(
        session,
        workshop_data.from_kind(rights, chicago, now.date(), time(23, 59)),
        now=now,
        status=WorkshopStatus.DRAFT,
    )
    draft.title = {"es": "Tus derechos en la calle"}
    return draft.public_id
