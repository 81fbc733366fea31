"""The forms that create and change a registration, with their validation.

A field reads text; `registration_data()` turns all of them into one value, so that no other module
reads the form. Every fault is a sentence that says what to do.
"""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final

from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectMultipleField, StringField, ValidationError

from outreach import reader_zone
from outreach.db.types import Codes
from outreach.domain.registrations import (
    INTERPRETER,
    ContactMethod,
    RegistrationData,
    accommodations,
)
from outreach.domain.text import clean, looks_like_an_address, looks_like_an_id
from outreach.domain.workshops import Workshop, time_slots
from outreach.i18n import current, list_languages
from outreach.i18n import gettext as _
from outreach.web.context import config
from outreach.web.forms import form_token
from outreach.web.forms.availability import Availability
from outreach.web.forms.contact_fields import OnceField, read_email, read_phone, suggest_email
from outreach.web.forms.form_token import FormToken
from outreach.web.presentation import reminder_words

MAX_NAME_LENGTH: Final = 60
MAX_INTERPRETERS: Final = 3
ANY_INTERPRETER: Final = INTERPRETER.rstrip("-")  # without a language: the only one offered
BY_TEXT: Final = "text"
BY_CALL: Final = "call"
TRAP: Final = "website"  # hidden from people; programs fill it (S26)


class PersonForm(Form):
    """The fields that a new registration and a later change share."""

    slot = OnceField()
    name = OnceField()
    contact = OnceField()
    email = OnceField()
    phone = OnceField()
    by = OnceField()  # how a phone is used, where texts can be sent: text or call
    message_ok = OnceField(default="no")
    only_me = OnceField()  # nobody else reads the texts of a phone; asked for discreet kinds
    channel = OnceField()  # where the workshop has several
    people = OnceField(default="1")
    needs = SelectMultipleField(validate_choice=False)
    email_asked = OnceField()  # the address already questioned, to question it only once

    contacts: ClassVar[Sequence[str]] = tuple(ContactMethod)

    def __init__(self, workshop: Workshop, typed: MultiDict[str, str] | None, **data: Any) -> None:
        super().__init__(typed, data=data)
        self.workshop = workshop
        self.choices = Availability()
        self.address = ""  # normalized e-mail or phone; set by `validate()`
        interpreters = [need for need in self.needs_offered if need.startswith(INTERPRETER)]
        if self.needs.data and len(interpreters) == 1:
            self.needs.data = [
                interpreters[0] if need == ANY_INTERPRETER else need for need in self.needs.data
            ]

    @property
    def must_leave_phone(self) -> bool:
        """Whether a phone has to be left, since staff call each party."""
        return self.workshop.calls_people

    @property
    def may_leave_message(self) -> bool:
        """Whether a text or a message may be left on the phone. Who chooses a text allows it."""
        if ContactMethod(self.contact.data or "none") is not ContactMethod.PHONE:
            return False
        return self.by.data == BY_TEXT if self.by.data else self.message_ok.data == "yes"

    @property
    def takes_calls(self) -> bool:
        """Whether the phone may be called too: unless «by text» was chosen instead of calls."""
        is_phone = ContactMethod(self.contact.data or "none") is ContactMethod.PHONE
        return is_phone and (self.by.data != BY_TEXT or self.must_leave_phone)

    @property
    def is_only_reader(self) -> bool:
        """Whether the person says that nobody else reads the texts of their phone."""
        return self.may_leave_message and self.only_me.data == "yes"

    def is_sent(self, name: str) -> bool:
        """Whether the post contains this field."""
        return bool(self[name].raw_data)

    @property
    def needs_offered(self) -> list[str]:
        return accommodations.list_offered(self.workshop)

    @property
    def most_people(self) -> int:
        return self.workshop.party_limit

    @property
    def slot_id(self) -> str:
        """The HTML id of the first free slot, or of the submit button if none is free."""
        free = next((hour.value for hour in self.choices.hours if hour.has_room), "")
        return f"slot-{free.replace(':', '')}" if free else "enviar"

    @property
    def first_contact(self) -> str:
        if self.must_leave_phone:
            return "phone"
        return f"contact-{'none' if self.workshop.is_discreet else 'email'}"

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Validation errors: the HTML id of each field, and its message."""
        field_ids = {
            "contact": self.first_contact,
            "people": "people-1",
            "needs": f"need-{self.needs_offered[0]}",
            "message_ok": "message-no",
            "by": "by-text",
            "channel": "channel-venue",
            "slot": self.slot_id,
        }
        hidden_fields = {
            "language",
            "nonce",
            "stamp",
            "email_asked",
            "series",
            "calendar",
            "assisted",
            "ticket",
            TRAP,
        }
        return [
            (
                field_ids.get(field.name, "enviar" if field.name in hidden_fields else field.name),
                str(fault),
            )
            for field in self
            for fault in field.errors[:1]
        ]

    def validate_name(self, field: StringField) -> None:
        name = clean(field.data or "")
        if not any(unicodedata.category(c)[0] in "LNPS" for c in name):
            raise ValidationError(_("Escribe tu nombre o apodo"))
        if len(name) > MAX_NAME_LENGTH:
            raise ValidationError(_("Escribe un nombre más corto, de 60 letras o menos."))
        if looks_like_an_id(unicodedata.normalize("NFKC", name)):
            raise ValidationError(_("Escribe solo tu nombre. No pongas números de documentos."))
        if looks_like_an_address(name):
            raise ValidationError(_("Escribe solo tu nombre o apodo, sin páginas ni correos."))

    def validate_contact(self, field: StringField) -> None:
        if field.data not in self.contacts:
            raise ValidationError(_("Elige cómo te avisamos"))
        if self.must_leave_phone and not self._leaves_phone:
            raise ValidationError(_("Escribe tu teléfono: te llamamos a esa hora."))

    @property
    def _leaves_phone(self) -> bool:
        return self.contact.data == ContactMethod.PHONE

    def validate_email(self, field: StringField) -> None:
        if self.contact.data != ContactMethod.EMAIL:
            return
        typed = (field.data or "").strip()
        email_address = read_email(typed)
        suggestion = suggest_email(email_address)
        if suggestion and typed != (self.email_asked.data or ""):
            self.email_asked.data = typed
            raise ValidationError(_("¿Quisiste decir %(suggestion)s?", suggestion=suggestion))
        self.address = email_address

    def validate_phone(self, field: StringField) -> None:
        if self.contact.data == ContactMethod.PHONE:
            self.address = read_phone(field.data or "", self.workshop.office.country)

    def validate_people(self, field: StringField) -> None:
        max_people = self.most_people
        if field.data not in {str(number) for number in range(1, max_people + 1)}:
            raise ValidationError(
                _("Elige cuántas personas vienen, de 1 a %(most)d.", most=max_people)
            )

    def validate_needs(self, field: SelectMultipleField) -> None:
        chosen = field.data or []
        if len(chosen) != len(set(chosen)) or not set(chosen) <= set(self.needs_offered):
            raise ValidationError(_("Elige solo de lo que hay en este taller."))
        if sum(need.startswith(INTERPRETER) for need in chosen) > MAX_INTERPRETERS:
            raise ValidationError(_("Elige intérprete de 3 lenguas o menos."))

    def validate_message_ok(self, field: StringField) -> None:
        if field.data not in {"no", "yes"}:
            raise ValidationError(_("Elige si podemos dejar mensaje."))

    def validate_by(self, field: StringField) -> None:
        if field.data not in {None, "", BY_TEXT, BY_CALL}:
            raise ValidationError(_("Elige mensaje de texto o llamada."))

    def validate_only_me(self, field: StringField) -> None:
        if not _is_tick(field):
            raise ValidationError(_("Marca o deja sin marcar si solo tú lees los mensajes."))

    def validate_channel(self, field: StringField) -> None:
        channels = self.workshop.mode.channels
        if len(channels) > 1 and self.is_sent("channel") and field.data not in channels:
            raise ValidationError(_("Elige si vienes o entras en línea."))

    @property
    def chosen_channel(self) -> str:
        """The channel that was chosen; empty where the workshop has only one."""
        return self.channel.data or "" if len(self.workshop.mode.channels) > 1 else ""

    def validate_slot(self, field: StringField) -> None:
        hours = list_hours(self.workshop)
        if field.data and not hours:
            raise ValidationError(_("Este taller no tiene horas para elegir. Vuelve a enviar."))
        if field.data and field.data not in hours:
            raise ValidationError(_("Elige una de las horas libres."))

    @property
    def chosen_needs(self) -> Codes:
        return Codes(self.needs.data or [])


class RegistrationForm(PersonForm):
    """The form of a new registration."""

    remind = OnceField()
    calendar = OnceField()
    series = OnceField()
    consent = OnceField()
    language = OnceField()
    zone = OnceField()  # the person's time zone, where the search or the browser told it
    nonce = OnceField()
    stamp = OnceField()
    assisted = OnceField()  # the code of an assisted registration
    ticket = OnceField()  # the pass of a ticket that registers another person (`form_token`)
    website = OnceField()

    def __init__(self, workshop: Workshop, typed: MultiDict[str, str] | None = None) -> None:
        super().__init__(workshop, typed)
        self.is_assisted = False  # its link is open
        if typed is None:
            self.renew()
            self.language.data = current()
            zone = reader_zone.current()
            self.zone.data = "" if zone is None else zone.key
            self.channel.data = workshop.mode.channels[0].value
            if config().texts.url:
                self.by.data = BY_CALL if workshop.is_discreet else BY_TEXT
            if self.must_leave_phone:
                self.contact.data = ContactMethod.PHONE.value
            elif workshop.is_discreet:
                self.contact.data = ContactMethod.NONE.value
            if reminder_words.is_default(workshop):
                self.remind.data = "yes"
        elif not self.is_sent("people"):
            self.people.data = ""

    @property
    def is_trapped(self) -> bool:
        return bool(self[TRAP].data)

    def read_token(self, *, now: datetime) -> FormToken:
        """Returns the form token; without its nonce where the field `nonce` has another value."""
        token = form_token.read(self.stamp.data or "", self.workshop.public_id, now=now)
        return token if token.nonce == self.nonce.data else FormToken(token.age)

    def renew(self, nonce: str = "") -> None:
        """Sets a new form token, with the nonce of the old one or with a new nonce."""
        self.nonce.data = nonce or form_token.nonce()
        self.stamp.data = form_token.make(self.workshop.public_id, nonce=self.nonce.data)

    @property
    def kept_until(self) -> date:
        """The latest day on which data of any of the dates is erased."""
        return max(each.forget_on for each in (self.workshop, *self.choices.dates))

    @property
    def must_leave_phone(self) -> bool:
        return any(each.calls_people for each in self.workshops)

    @property
    def workshops(self) -> list[Workshop]:
        """The workshops to register for: this one, and the other dates of its series if chosen."""
        is_group = self.series.data == "yes" and not self.ticket.data
        others = self.choices.dates if is_group else ()
        return [self.workshop, *others]

    @property
    def most_people(self) -> int:
        return min(each.party_limit for each in self.workshops)

    def validate_slot(self, field: StringField) -> None:
        super().validate_slot(field)
        if self.workshop.has_slots and not field.data and not self._is_for_any_hour:
            raise ValidationError(_("Elige una hora"))

    @property
    def _is_for_any_hour(self) -> bool:
        """Whether no hour needs to be chosen, since the waitlist is for any. Where seats are
        hidden, a form that has no hour to show sends an empty field; meanwhile an hour may have
        become free (S28)."""
        return self.appears_full or (self.workshop.hides_seats and self.is_sent("slot"))

    @property
    def appears_full(self) -> bool:
        return self.workshop.appears_full

    def keep_what_fits(self) -> None:
        """Prepares an answer typed in the form of another workshop for this one: what it does not
        offer is left out, and the token is a new one."""
        self.renew()
        free = {hour.value for hour in self.choices.hours if hour.has_room}
        self.slot.data = self.slot.data if self.slot.data in free else ""
        self.needs.data = [each for each in self.needs.data or () if each in self.needs_offered]
        self.series.data = self.assisted.data = self.ticket.data = ""
        if self.channel.data not in self.workshop.mode.channels:
            self.channel.data = self.workshop.mode.channels[0].value
        if self.must_leave_phone:
            self.contact.data = ContactMethod.PHONE.value

    def validate_remind(self, field: StringField) -> None:
        if not _is_tick(field):
            raise ValidationError(_("Marca o deja sin marcar el recordatorio."))

    def validate_calendar(self, field: StringField) -> None:
        if not _is_tick(field):
            raise ValidationError(_("Marca o deja sin marcar el calendario."))

    def validate_series(self, field: StringField) -> None:
        if not _is_tick(field):
            raise ValidationError(_("Marca o deja sin marcar las otras fechas."))

    def validate_consent(self, field: StringField) -> None:
        if field.data != "yes" and (self.workshop.is_discreet or field.data):
            raise ValidationError(
                _("Marca que aceptas que guardemos tu lugar. Sin eso no podemos apartarlo.")
            )

    def validate_language(self, field: StringField) -> None:
        if field.data and field.data not in list_languages():
            raise ValidationError(_("Elige un idioma de la lista."))

    def registration_data(self) -> RegistrationData:
        """The registration that the form describes. Only after `validate()`."""
        contact = ContactMethod(self.contact.data or "none")
        has_entry = contact is ContactMethod.EMAIL and not self.workshop.is_discreet
        return RegistrationData(
            name=clean(self.name.data or ""),
            people=int(self.people.data or 1),
            contact=contact,
            address=self.address,
            may_leave_message=self.may_leave_message,
            takes_calls=self.takes_calls,
            is_only_reader=self.is_only_reader,
            wants_reminder=contact is not ContactMethod.NONE and self.remind.data == "yes",
            wants_entry=has_entry and self.calendar.data == "yes",
            language=self.language.data or current(),
            zone=(self.zone.data or "") if reader_zone.parse(self.zone.data) else "",
            needs=self.chosen_needs,
            slot=self.slot.data or "",
            channel=self.chosen_channel,
        )


def list_hours(workshop: Workshop) -> set[str]:
    """Returns all slots of a workshop, free or not, as `10:20`."""
    if not workshop.has_slots or not workshop.slot_minutes:
        return set()
    minutes = time_slots.list_offsets(workshop.starts, workshop.ends, workshop.slot_minutes)
    return {f"{time_slots.get_start(workshop, minute):%H:%M}" for minute in minutes}


def _is_tick(field: StringField) -> bool:
    return field.data in {None, "", "yes"}
