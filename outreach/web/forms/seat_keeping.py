"""Seats kept for proven contacts, as the registration form needs them (S29)."""

from datetime import datetime

from outreach.domain.registrations import ContactMethod, kept_seats
from outreach.domain.registrations.kept_seats import Keeping
from outreach.domain.workshops import Workshop
from outreach.mail import delivery
from outreach.web.context import config, save_rates, store


def get_keeping(now: datetime) -> Keeping | None:
    """What a party that registers by itself leaves to proven contacts. None where no seats are
    kept anywhere: the brake has not been on for a day, or the installation can send neither letters
    nor texts, so that nobody could prove a contact."""
    brake_ends_at = save_rates().last_end(now)
    if brake_ends_at is None or now >= brake_ends_at + kept_seats.PROVE_WITHIN:
        return None
    can_send = {
        ContactMethod.EMAIL: delivery.letter_transport(config()) is not None,
        ContactMethod.PHONE: delivery.text_transport(config()) is not None,
    }
    provable = frozenset(method for method, is_possible in can_send.items() if is_possible)
    if not provable:
        return None
    return Keeping(provable, brake_ends_at if now < brake_ends_at else None)


def count_open(workshop: Workshop, now: datetime) -> int:
    """How many of the seats left are open to a party whose contact is not proven."""
    if not kept_seats.is_kept(workshop, now):
        return workshop.seats_left
    with store().read() as session:
        kept = kept_seats.count(session, workshop.id, now=now)
    return max(0, workshop.seats_left - kept)
