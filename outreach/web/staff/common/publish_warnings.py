"""Publishing a draft: missing fields and warnings in words, and the confirmation of warnings.

One workshop, the drafts of a bulk action, and dates that are made and published in one act are
treated alike: what the page has not shown yet is asked about first.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from flask import request
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.locations import holidays
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus, publish_checks
from outreach.domain.workshops.publish_checks import (
    PublishWarning,
    RequiredField,
    UnconfirmedWarnings,
    VenueOccupant,
)
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import config
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import log_workshop_action

CONFIRMED_FIELD: Final = "sure"  # holds the codes of the warnings that the page has shown


class NeedsConfirmation(Exception):
    """Warnings of one workshop that the page has not shown yet. The transaction must be rolled
    back."""

    def __init__(self, warnings: Sequence[UnconfirmedWarnings]) -> None:
        super().__init__()
        self.warnings = warnings


@dataclass(frozen=True)
class CheckedWorkshop:
    """What the page shows above the button that publishes."""

    missing: str = ""  # «sede, teléfono»
    warnings: Sequence[tuple[str, str]] = ()  # what, and what to do about it
    sure: str = ""  # the codes of the warnings, which publishing all the same confirms


@dataclass(frozen=True)
class AskedWarning:
    """One warning of several workshops, in words."""

    what: str
    advice: str
    workshops: Sequence[str]  # «sáb 5 dic, 10:00 a. m., Conoce tus derechos»


@dataclass(frozen=True)
class AskedWorkshops:
    """What the page asks before several are published; empty where nothing is asked."""

    warnings: Sequence[AskedWarning] = ()
    sure: str = ""  # what publishing all the same confirms


NOTHING_ASKED: Final = AskedWorkshops()


class NeedsConfirmations(Exception):
    """Several workshops have warnings that the page has not shown yet. The transaction must be
    rolled back. The words were made while the workshops were there."""

    def __init__(self, asked: AskedWorkshops) -> None:
        super().__init__()
        self.asked = asked


def require_confirmed(
    session: Session, workshops: Sequence[Workshop], *, known: Set[PublishWarning] = frozenset()
) -> None:
    """Raises NeedsConfirmations where one of several workshops, which are published now, has a
    warning that the form does not confirm. `known` were asked about in another way."""
    marks: list[str] = []
    found: dict[tuple[str, str], list[str]] = {}  # the workshops of each warning
    for workshop in workshops:
        for each in publish_checks.find_warnings(session, workshop, now=clock.now()):
            if each.what not in known:
                marks.append(_mark(workshop, each.what))
                found.setdefault(warning_words(each), []).append(_name(workshop))
    if not set(marks) <= set(request.form.get(CONFIRMED_FIELD, "").split()):
        asked = [AskedWarning(*words, names) for words, names in found.items()]
        raise NeedsConfirmations(AskedWorkshops(asked, " ".join(marks)))


def confirming(session: Session, drafts: Sequence[Workshop]) -> str:
    """The value of CONFIRMED_FIELD on a page that shows the warnings of these drafts."""
    return " ".join(
        _mark(workshop, each.what)
        for workshop in drafts
        if workshop.status is WorkshopStatus.DRAFT
        for each in publish_checks.find_warnings(session, workshop, now=clock.now())
    )


def _mark(workshop: Workshop, what: PublishWarning) -> str:
    """Returns a warning as one word. It names day, hour and venue, not the id: dates that are made
    and rolled back have another id the next time."""
    return f"{workshop.day:%y%m%d}-{workshop.starts:%H%M}-{workshop.venue_id or 0}-{what}"


def _name(workshop: Workshop) -> str:
    when = f"{workshop_labels.short_day(workshop.day)}, {hour_words(workshop.starts)}"
    return f"{when}, {say(workshop.title, current())}"


def check(session: Session, workshop: Workshop) -> CheckedWorkshop:
    """Returns what the page shows above the button that publishes a saved draft; nothing for other
    workshops."""
    if workshop.status is not WorkshopStatus.DRAFT:
        return CheckedWorkshop()
    missing = publish_checks.find_missing_fields(workshop, phone=config().phone)
    warnings = publish_checks.find_warnings(session, workshop, now=clock.now())
    return in_words(warnings, missing=missing)


def in_words(
    warnings: Sequence[UnconfirmedWarnings], *, missing: Sequence[RequiredField] = ()
) -> CheckedWorkshop:
    """Returns warnings and missing fields as the page shows them."""
    return CheckedWorkshop(
        error_messages.say_fields(missing),
        [warning_words(each) for each in warnings],
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


def _holiday(spanish: str) -> str:
    return say(holidays.find_names(spanish), current())


def _occupant(other: VenueOccupant | None) -> str:
    """Returns what else is at the venue, as «9:00 a. m., Conoce tus derechos»: the hour is first,
    since it ends in a full stop."""
    return f"{hour_words(other.starts)}, {say(other.title, current())}" if other else ""


def warning_words(warning: UnconfirmedWarnings) -> tuple[str, str]:
    """Returns what is odd about the workshop, and what to do about it."""
    detail = warning.detail
    words: dict[PublishWarning, tuple[str, str]] = {
        PublishWarning.OPEN_ADDRESS: (
            _("Todas las personas van a ver la dirección"),
            _("Es un taller discreto. Elige «Solo quien apartó lugar»."),
        ),
        PublishWarning.TAKEN: (
            _("La sede ya está ocupada a esa hora"),
            _("Ahí está: %(other)s. Cambia la hora o la sede.", other=_occupant(warning.occupant)),
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
            _("Es %(name)s. Revisa que la sede abra.", name=_holiday(detail)),
        ),
        PublishWarning.DOUBLED: (
            _("Esa hora pasa dos veces ese día"),
            _("El reloj se atrasa. Es la segunda vez que da esa hora.")
            if detail == "2"
            else _("El reloj se atrasa. Es la primera vez que da esa hora."),
        ),
    }
    return words[warning.what]
