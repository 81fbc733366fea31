"""Staff register somebody: one way in, with the words of each page where it is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach.domain.registrations import RegistrationData
from outreach.domain.workshops import Workshop
from outreach.errors import Conflict, FormUsed, Full, RegistrationClosed
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.error_messages import PageRefused
from outreach.web.forms import availability, registration_channels, registration_service


@dataclass(frozen=True, kw_only=True)
class StaffChannel:
    """What staff read where a registration is refused."""

    form_used: str
    closed: str
    full: str
    slot_taken: str


BY_HAND: Final = StaffChannel(
    form_used=lazy("Con esta página ya se apartó un lugar. Ábrela otra vez."),
    closed=lazy("Este taller ya no aparta lugares."),
    full=lazy("No quedan tantos lugares, y aquí no hay lista de espera."),
    slot_taken=lazy("Esa hora se acaba de ocupar. Elige otra."),
)
CALL_CENTRE: Final = StaffChannel(
    form_used=lazy("Desde esta página ya se apartó ese lugar. Busca otra vez."),
    closed=lazy("Ese taller ya no aparta lugares."),
    full=lazy("Se acaba de llenar, y no tiene lista de espera."),
    slot_taken=lazy("Esa hora se acaba de ocupar. Ofrece la que sigue."),
)


def save(
    channel: StaffChannel,
    workshop: Workshop,
    data: RegistrationData,
    form_id: str,
    *,
    record: Callable[[Session], None],
    now: datetime,
) -> None:
    """Registers the party; `record` runs in the same transaction. Raises PageRefused with a message
    for staff."""
    source = registration_channels.from_staff(record)
    try:
        registration_service.save([workshop], data, form_id, source, now=now)
    except FormUsed:
        raise PageRefused(str(channel.form_used)) from None
    except RegistrationClosed:
        raise PageRefused(str(channel.closed)) from None
    except Full:
        raise PageRefused(str(channel.full)) from None
    except Conflict as error:
        if not str(error):
            raise PageRefused(str(channel.slot_taken)) from None
        raise PageRefused(
            _("%(gone)s. Aparta sin eso.", gone=availability.used_up_words(str(error)))
        ) from None
