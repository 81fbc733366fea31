"""Before a workshop is published: what is missing, and what is asked once, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import request
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus, publish_checks
from outreach.domain.workshops.publish_checks import (
    PublishWarning,
    RequiredField,
    UnconfirmedWarnings,
)
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import config
from outreach.web.staff.common.guards import log_workshop_action

SURE: Final = "sure"  # the field that says which doubts the page has shown


class NeedsConfirmation(Exception):
    """What to ask before it is published. Nothing of the transaction is to be kept."""

    def __init__(self, doubts: Sequence[UnconfirmedWarnings]) -> None:
        super().__init__()
        self.doubts = doubts


@dataclass(frozen=True)
class CheckedWorkshop:
    """What the page says above the button."""

    missing: str = ""  # «sede, teléfono»
    doubts: Sequence[tuple[str, str]] = ()  # what, and what to do about it
    sure: str = ""  # the codes of the doubts, for whoever publishes all the same


def of(session: Session, workshop: Workshop) -> CheckedWorkshop:
    """Of a draft, as it is saved."""
    if workshop.status is not WorkshopStatus.DRAFT:
        return CheckedWorkshop()
    missing = publish_checks.find_missing_fields(workshop, phone=config().phone)
    doubts = publish_checks.find_warnings(session, workshop, now=clock.now())
    return told(doubts, missing=missing)


def told(
    doubts: Sequence[UnconfirmedWarnings], *, missing: Sequence[RequiredField] = ()
) -> CheckedWorkshop:
    return CheckedWorkshop(
        error_messages.say_fields(missing),
        [_words(each) for each in doubts],
        " ".join(each.what for each in doubts),
    )


def publish(session: Session, workshop: Workshop) -> None:
    """Publishes a draft, in the name of who asks. Raises Refused with what is missing, and Unsure
    with what the page has not asked yet."""
    if workshop.status is not WorkshopStatus.DRAFT:
        return
    now = clock.now()
    doubts = publish_checks.find_warnings(session, workshop, now=now)
    workshop_service.publish(session, workshop, now=now, phone=config().phone)
    if not {str(each.what) for each in doubts} <= set(request.form.get(SURE, "").split()):
        raise NeedsConfirmation(doubts)
    log_workshop_action(session, workshop, "workshop published")


def _words(doubted: UnconfirmedWarnings) -> tuple[str, str]:
    detail = doubted.detail
    words: dict[PublishWarning, tuple[str, str]] = {
        PublishWarning.OPEN_ADDRESS: (
            _("Todas las personas van a ver la dirección"),
            _("Es un taller discreto. Elige «Solo quien apartó lugar»."),
        ),
        PublishWarning.TAKEN: (
            _("La sede ya está ocupada a esa hora"),
            _("Ahí está: %(other)s. Cambia la hora o la sede.", other=detail),
        ),
        PublishWarning.CROWDED: (
            _("No caben tantas personas"),
            _("En la sede caben %(num)s. Pon menos lugares.", num=detail),
        ),
        PublishWarning.RETIRED: (
            _("La sede ya no se usa"),
            _("%(venue)s está retirada. Elige otra.", venue=detail),
        ),
        PublishWarning.UNSEEN_LINK: (
            _("Nadie va a ver el enlace"),
            _("El enlace es de quien aparta lugar. Elige «Se aparta lugar en el sitio»."),
        ),
        PublishWarning.ONE_LANGUAGE: (
            _("El título está solo en español"),
            _("Escríbelo también en inglés y en francés."),
        ),
        PublishWarning.PAST: (_("Ese día y esa hora ya pasaron"), _("Revisa la fecha.")),
        PublishWarning.SOON: (
            _("Faltan menos de %(num)s días", num=detail),
            _("Poca gente se va a enterar a tiempo. Avisa también por otro lado."),
        ),
        PublishWarning.HOLIDAY: (
            _("Ese día es feriado"),
            _("Es %(name)s. Revisa que la sede abra.", name=detail),
        ),
        PublishWarning.DOUBLED: (
            _("Esa hora pasa dos veces ese día"),
            _("El reloj se atrasa. El taller empieza la primera vez."),
        ),
    }
    return words[doubted.what]
