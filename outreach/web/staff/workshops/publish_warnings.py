"""Publishing a draft: missing fields and warnings in words, and the confirmation of warnings."""

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

CONFIRMED_FIELD: Final = "sure"  # holds the codes of the warnings that the page has shown


class NeedsConfirmation(Exception):
    """Warnings that the page has not shown yet. The transaction must be rolled back."""

    def __init__(self, warnings: Sequence[UnconfirmedWarnings]) -> None:
        super().__init__()
        self.warnings = warnings


@dataclass(frozen=True)
class CheckedWorkshop:
    """What the page shows above the button that publishes."""

    missing: str = ""  # «sede, teléfono»
    warnings: Sequence[tuple[str, str]] = ()  # what, and what to do about it
    sure: str = ""  # the codes of the warnings, which publishing all the same confirms


def check(session: Session, workshop: Workshop) -> CheckedWorkshop:
    """Checks a saved draft; empty for other workshops."""
    if workshop.status is not WorkshopStatus.DRAFT:
        return CheckedWorkshop()
    missing = publish_checks.find_missing_fields(workshop, phone=config().phone)
    warnings = publish_checks.find_warnings(session, workshop, now=clock.now())
    return in_words(warnings, missing=missing)


def in_words(
    warnings: Sequence[UnconfirmedWarnings], *, missing: Sequence[RequiredField] = ()
) -> CheckedWorkshop:
    """Warnings and missing fields as the page shows them."""
    return CheckedWorkshop(
        error_messages.say_fields(missing),
        [_warning_words(each) for each in warnings],
        " ".join(each.what for each in warnings),
    )


def publish(session: Session, workshop: Workshop) -> None:
    """Publishes a draft, and logs it. Raises Refusal for missing fields, and NeedsConfirmation for
    warnings that the page has not shown yet."""
    if workshop.status is not WorkshopStatus.DRAFT:
        return
    now = clock.now()
    warnings = publish_checks.find_warnings(session, workshop, now=now)
    workshop_service.publish(session, workshop, now=now, phone=config().phone)
    if not {str(each.what) for each in warnings} <= set(
        request.form.get(CONFIRMED_FIELD, "").split()
    ):
        raise NeedsConfirmation(warnings)
    log_workshop_action(session, workshop, "workshop published")


def _warning_words(warning: UnconfirmedWarnings) -> tuple[str, str]:
    detail = warning.detail
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
            _("El reloj se atrasa. Es la segunda vez que da esa hora.")
            if detail == "2"
            else _("El reloj se atrasa. Es la primera vez que da esa hora."),
        ),
    }
    return words[warning.what]
