"""What the pages of a registration share: its view data, lookup by token and rendering."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from outreach import i18n
from outreach.domain import registrations
from outreach.domain.registrations import PersonalData, Registration, RegistrationStatus
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased, NotFound
from outreach.i18n import gettext as _
from outreach.web.context import config, key_store
from outreach.web.middleware import error_pages, rate_limits, reader_place
from outreach.web.middleware.response_headers import keep_private
from outreach.web.presentation import alternatives
from outreach.web.presentation.icons import qr

pages = Blueprint("my_registration", __name__, url_prefix="/<lang:lang>")


@dataclass(frozen=True, repr=False)
class RegistrationView:
    """A registration with its decrypted personal data, found by its manage token."""

    token: str
    registration: Registration
    person: PersonalData
    key: bytes
    joint: Sequence[Registration]  # all dates of the group, including this one

    @property
    def workshop(self) -> Workshop:
        return self.registration.workshop

    @property
    def status(self) -> RegistrationStatus:
        return self.registration.apparent_status

    @property
    def has_seat(self) -> bool:
        return self.status is RegistrationStatus.CONFIRMED

    @property
    def link(self) -> str:
        return f"{config().public_url}/{i18n.current()}/r/{self.token}"

    @property
    def path(self) -> str:
        return f"/{i18n.current()}/r/{self.token}"

    @property
    def address_hint(self) -> str:
        """The e-mail or phone, masked: r•••@ejemplo.com, •••• 0142."""
        name, at, host = self.person.address.partition("@")
        return f"{name[:1]}•••@{host}" if at else f"•••• {self.person.address[-4:]}"

    @property
    def square(self) -> Markup:
        """The QR code for check-in."""
        return qr(self.entry_link)

    @property
    def entry_link(self) -> str:
        return f"{config().public_url}/q/{registrations.derive_entry_token(self.key)}"


@pages.before_request
def _protect_pages() -> None:
    keep_private()
    if request.method == "POST":
        error_pages.keep_form()


@pages.errorhandler(NotFound)
@pages.errorhandler(DataErased)
def _dead_link(_error: Exception) -> ResponseReturnValue:
    return error_pages.page(404, is_link=True)


def find(session: Session, token: str) -> RegistrationView:
    """Returns the registration of a token. Raises NotFound or DataErased, and TooManyRequests for
    too many POSTs of one link; cancelling and erasing are never refused."""
    try:
        registration = registrations.find(session, key_store(), token)
    except NotFound:
        if request.method == "POST":
            rate_limits.count_post(is_well_formed=False)
        raise
    if request.method == "POST" and not request.path.endswith(("/cancelar", "/borrar")):
        rate_limits.count_link_post(token)
    key = registrations.get_key(key_store(), registration)
    registration.open_with(key)  # or the details would ask the key store once more
    reader_place.use_zone(registration.zone)
    person = registrations.decrypt_person(registration, key)
    return RegistrationView(
        token, registration, person, key, registrations.list_group(session, registration)
    )


def show(name: str, view: RegistrationView, now: datetime, **context: object) -> str:
    """Renders a page of the registration; every page shows its workshop and date."""
    values = {"notice": "", "look_again": "", "dates": len(view.joint)} | context
    return render_template(
        f"my_registration/{name}.html",
        view=view,
        registration=view.registration,
        workshop=view.workshop,
        is_quiet=view.workshop.is_discreet,
        is_audible=not (view.workshop.is_discreet or view.workshop.kind.is_discreet),
        is_over=view.workshop.has_ended(now),
        has_begun=view.workshop.starts_at <= now,
        can_change=view.workshop.is_open(now) and view.status in _CHANGEABLE,
        own_title=own_title(view),
        phone=alternatives.phone_of(view.workshop),
        **values,
    )


# An offer must be answered before any change.
_CHANGEABLE = frozenset({RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED})


def own_title(view: RegistrationView) -> str:
    """Returns the default title of the calendar event; neutral for a discreet kind and for one of
    high sensitivity, where the person may write another one."""
    neutral: str = _("Cita")
    title = i18n.say(view.workshop.title, i18n.current())
    return neutral if view.workshop.is_sensitive else title
