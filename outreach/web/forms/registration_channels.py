"""The channels through which registrations come in, and what differs between them.

All of them register by `registration_service.save`. Answers to texts and WhatsApp confirm or cancel
what is there (`outreach/answers`): they register nobody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from outreach.keystore.seat_shares import ClientNetwork
from outreach.web.forms import form_token
from outreach.web.middleware import client_address


@dataclass(frozen=True, kw_only=True)
class RegistrationSource:
    """Where one registration comes from."""

    networks: Sequence[ClientNetwork] = ()
    """The networks of the client: a party beyond their share of the seats is saved for review
    (S29), and a text is counted for the first of them (S31). Empty: neither is counted."""
    assisted_code: str = ""
    """The code in the link of an assisted registration, which the share does not count."""
    shared_by: str = ""
    """The ticket that registers another person beside the share of the connection."""
    also: Callable[[Session], None] = lambda session: None
    """Is called in the transaction of the registration, after it."""


def from_form(*, assisted_code: str, ticket: str) -> RegistrationSource:
    """Returns the source of a registration by the public form, also where somebody helps
    (`assisted_code`) or registers another person (`ticket`). Needs a request."""
    return RegistrationSource(
        networks=client_address.list_networks(),
        assisted_code=assisted_code,
        shared_by=form_token.read_pass(ticket),
    )


def from_phone_line(networks: Sequence[ClientNetwork]) -> RegistrationSource:
    """The keys of a telephone; the phone line names the network of a call."""
    return RegistrationSource(networks=networks)


def from_staff(also: Callable[[Session], None]) -> RegistrationSource:
    """Returns the source of a registration that staff make, by hand or in the call centre. It is
    their own act (S29), which `also` records."""
    return RegistrationSource(also=also)
