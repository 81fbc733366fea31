"""Changing a registration: people, name, contact, needs and slot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import TooManyRequests

from outreach import clock
from outreach.domain import registrations
from outreach.domain.registrations import (
    ContactMethod,
    PersonalData,
    Registration,
    RegistrationChange,
    RegistrationStatus,
    contact_details,
    notifications,
    review,
)
from outreach.domain.text import clean
from outreach.errors import Conflict, Full, RegistrationClosed
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.web.context import config, key_store, seat_shares, store
from outreach.web.forms import availability, language_switch
from outreach.web.forms.registration_form import BY_CALL, BY_TEXT, PersonForm
from outreach.web.middleware import client_address, rate_limits
from outreach.web.presentation.workshop_cards import FEW_DISCREET
from outreach.web.public.my_registration import registration_page
from outreach.web.public.my_registration.registration_page import RegistrationView, pages

SAME: Final = "same"


@dataclass(frozen=True, repr=False)
class ChangedAnswers:
    """The validated changes."""

    change: RegistrationChange
    person: PersonalData
    contact: ContactMethod
    may_leave_message: bool
    takes_calls: bool


class ChangeForm(PersonForm):
    """The form with current answers. A post without a name changes only the number of people."""

    contacts: ClassVar[Sequence[str]] = (SAME, *ContactMethod)

    def __init__(self, view: RegistrationView, typed: MultiDict[str, str] | None = None) -> None:
        self.view = view
        current = view.registration
        super().__init__(
            view.workshop,
            typed,
            name=view.person.name,
            contact=ContactMethod.NONE.value if current.contact is ContactMethod.NONE else SAME,
            by=_used_by(current),
            message_ok="yes" if current.may_leave_message else "no",
            only_me="yes" if current.details.is_only_reader else "",
            channel=current.channel.value,
            people=str(current.people),
            needs=list(current.needs),
            slot=f"{current.starts:%H:%M}" if current.slot is not None else "",
        )
        if typed is not None and not self.is_sent("people"):
            self.people.data = ""
        if typed is not None and not self.is_sent("channel"):
            self.channel.data = current.channel.value
        if typed is not None and not self.is_sent("only_me"):
            self.only_me.data = ""
        if typed is not None and not self.is_sent("name"):
            self.needs.data = list(current.needs)

    @property
    def most_people(self) -> int:
        """The size to which the party may grow. At a workshop of high sensitivity it may not grow:
        more people would count in the share of the network (S29), and a refusal would tell that
        others registered from it."""
        if self.workshop.is_sensitive:
            return self.view.registration.people
        return max(self.workshop.party_limit, self.view.registration.people)

    @property
    def needs_offered(self) -> list[str]:
        """The needs of the workshop, and those already granted to this registration."""
        granted = self.view.registration.needs
        return list(dict.fromkeys([*super().needs_offered, *granted]))

    @property
    def first_contact(self) -> str:
        if self.must_leave_phone:
            return "contact-phone"
        has_contact = self.view.registration.contact is not ContactMethod.NONE
        return f"contact-{SAME if has_contact else ContactMethod.NONE.value}"

    def answers(self) -> ChangedAnswers:
        """Returns the changes. Call it only after `validate()`."""
        current, contact = self.view.registration, self._contact()
        is_same = contact is current.contact and not self.address
        may_leave_message = contact is ContactMethod.PHONE and self._may_leave_message
        is_asked_again = self.is_sent("by") or not may_leave_message
        return ChangedAnswers(
            change=RegistrationChange(
                people=int(self.people.data or 1),
                needs=self.chosen_needs,
                slot=self.slot.data or "" if self.view.has_seat else "",
                channel=self.chosen_channel,
                is_only_reader=may_leave_message and self.only_me.data == "yes"
                if is_asked_again
                else None,
            ),
            person=PersonalData(
                name=clean(self.name.data or ""),
                address=self.view.person.address if is_same else self.address,
            ),
            contact=contact,
            may_leave_message=may_leave_message,
            takes_calls=contact is ContactMethod.PHONE and self._takes_calls(is_same=is_same),
        )

    def _takes_calls(self, *, is_same: bool) -> bool:
        """Whether calls are taken; as before, where the form did not ask again."""
        if is_same and not self.is_sent("by") and not self.is_sent("message_ok"):
            return self.view.registration.takes_calls
        return self.by.data != BY_TEXT or self.must_leave_phone

    @property
    def _leaves_phone(self) -> bool:
        return self._contact() is ContactMethod.PHONE

    @property
    def _may_leave_message(self) -> bool:
        return self.by.data == BY_TEXT if self.by.data else self.message_ok.data == "yes"

    def _contact(self) -> ContactMethod:
        current = self.view.registration.contact
        return current if self.contact.data == SAME else ContactMethod(self.contact.data or current)


def _used_by(registration: Registration) -> str:
    """Returns how the stored phone is used; empty where no text can be sent or there is no
    phone."""
    if not config().texts.url or registration.contact is not ContactMethod.PHONE:
        return ""
    return BY_TEXT if registration.may_leave_message else BY_CALL


@pages.get("/r/<token>/cambiar")
def ask_changes(token: str) -> ResponseReturnValue:
    view = _load(token)
    if view.status in {
        RegistrationStatus.OFFERED,
        RegistrationStatus.EXPIRED,
    }:  # the offer must be answered first
        return redirect(view.path, 303)
    return _page(ChangeForm(view), "", 200)


@pages.post("/r/<token>/cambiar")
def change(token: str) -> ResponseReturnValue:
    view = _load(token)
    filled = ChangeForm(view, request.form)
    if language_switch.is_pressed():
        return _page(filled, "", 200)
    if not filled.validate():
        return _page(filled, "", 422)
    answers = filled.answers()
    has_new_contact = answers.person.address != view.person.address
    more_people = answers.change.people - view.registration.people
    if has_new_contact and answers.person.address and not _may_change_contact(view):
        notice = _("Hoy ya cambiaste tu contacto dos veces. Cámbialo mañana o llámanos.")
        return _page(filled, notice, 429)
    if more_people > 0 and not _is_within_share(view, more_people):
        notice = _("Tu lugar sigue igual. Para más personas, aparten otro lugar o llámanos.")
        return _page(filled, notice, 409)
    try:
        if has_new_contact:
            _set_contact(view, answers.person.address)
        _store_changes(token, view, answers)
    except (Full, Conflict, RegistrationClosed) as error:
        if has_new_contact:
            _set_contact(view, view.person.address)
        if more_people > 0:
            networks = client_address.list_networks()
            subject = review.name_subject(view.workshop)
            seat_shares().give_back(subject, networks, more_people)
        return _page(filled, _refusal(error), 409)
    return redirect(view.path, 303)


def _may_change_contact(view: RegistrationView) -> bool:
    """Counts a change of contact in the limit of the registration (S30), which a new link does not
    reset. Returns whether it is within the limit."""
    try:
        rate_limits.count_contact_change(view.registration.id)
    except TooManyRequests:
        return False
    return True


def _is_within_share(view: RegistrationView, more_people: int) -> bool:
    """Counts more people of a party in the share of the client's networks (S29). Returns whether
    there was room for them."""
    return seat_shares().take(
        review.name_subject(view.workshop),
        client_address.list_networks(),
        more_people,
        review.compute_share(view.workshop),
        now=clock.now(),
    )


def _set_contact(view: RegistrationView, address: str) -> None:
    """Sets the contact by which the key store finds the registration; empty for none."""
    if view.registration.key_id is not None:
        key_store().set_contact(view.registration.key_id, address or None)


def _store_changes(token: str, view: RegistrationView, answers: ChangedAnswers) -> None:
    """Stores all changes in one transaction. Raises RegistrationClosed, Full, Conflict."""
    now = clock.now()
    with store().change() as session:
        registration = registrations.find(session, key_store(), token)
        before = registration.slot_id
        registrations.change(session, registration, answers.change, now=now)
        is_new_address = answers.person.address != view.person.address
        has_moved = is_new_address or registration.slot_id != before
        contact_details.change_person(
            session,
            registration,
            view.key,
            answers.person,
            answers.contact,
            may_leave_message=answers.may_leave_message,
            takes_calls=answers.takes_calls,
            has_moved=has_moved,
            now=now,
        )
        is_text = has_moved and registration.gets_texts and bool(config().texts.url)
        if is_text and not rate_limits.count_text():
            notifications.withhold(session, registration.id)


def _refusal(error: Exception) -> str:
    """Returns the message of a refused change."""
    if isinstance(error, Full):
        return _("No caben tantas personas. Tus lugares siguen apartados.")
    if isinstance(error, RegistrationClosed):
        return _("Ya no se puede cambiar.")
    if need := str(error):
        gone = availability.used_up_words(need)
        return _("%(gone)s. Tu lugar sigue apartado como estaba.", gone=gone)
    return _("Esa hora ya está ocupada. Tu hora sigue apartada.")


def _page(filled: ChangeForm, notice: str, status: int) -> ResponseReturnValue:
    """Returns the page with the form, its choices read again."""
    with store().read() as session:
        view = registration_page.find(session, filled.view.token)
        filled.view, filled.workshop = view, view.workshop
        filled.choices = availability.of_registration(session, view.registration)
    page = registration_page.show(
        "change",
        view,
        clock.now(),
        form=filled,
        notice=notice,
        faults=filled.faults if status == 422 else [],
        left=_seats_left_words(view),
    )
    return make_response(page, status)


def _seats_left_words(view: RegistrationView) -> str:
    """Returns how many more people fit; inexact where it hides its seats (S28)."""
    left, words = view.workshop.public_seats_left, ""
    if not view.has_seat or view.workshop.has_slots:
        return words
    if view.workshop.hides_seats:
        words = _("Quedan pocos lugares.") if left <= FEW_DISCREET else ""
    elif left == 0:
        words = _("No quedan más.")
    else:
        words = ngettext("Queda %(num)d más.", "Quedan %(num)d más.", left)
    return words


def _load(token: str) -> RegistrationView:
    with store().read() as session:
        return registration_page.find(session, token)
