"""The forms that save and change a place: what may be answered, and what each answer means.

A field reads text; `registration_data()` turns all of them into one value, so that no other module
reads the form. Every fault is a sentence that says what to do.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Final

from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectMultipleField, StringField, ValidationError

from outreach.db.types import Codes
from outreach.domain.registrations import INTERPRETER, AccessNeed, ContactMethod, RegistrationData
from outreach.domain.text import clean, looks_like_an_id
from outreach.domain.workshops import Workshop, time_slots
from outreach.i18n import LANGUAGES, current
from outreach.i18n import gettext as _
from outreach.web.forms import form_token
from outreach.web.forms.availability import Availability
from outreach.web.forms.contact_fields import OnceField, meant_by, read_email, read_phone

LONGEST_NAME: Final = 60
MOST_INTERPRETERS: Final = 3
BARE: Final = INTERPRETER.rstrip("-")  # no language said: the only one there is
TRAP: Final = "website"  # people do not see it; programs fill it
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22,64}")


class PersonForm(Form):
    """What is asked of whoever comes, at first and whenever they change it."""

    slot = OnceField()
    name = OnceField()
    contact = OnceField()
    email = OnceField()
    phone = OnceField()
    message_ok = OnceField(default="no")
    people = OnceField(default="1")
    needs = SelectMultipleField(validate_choice=False)
    email_asked = OnceField()  # the address we asked about, so as to ask only once

    contacts: ClassVar[Sequence[str]] = tuple(ContactMethod)

    def __init__(self, workshop: Workshop, typed: MultiDict[str, str] | None, **data: Any) -> None:
        super().__init__(typed, data=data)
        self.workshop = workshop
        self.choices = Availability()
        self.address = ""  # what was typed, as it is kept; after `validate()`
        spoken = [need for need in self.needs_offered if need.startswith(INTERPRETER)]
        if self.needs.data and len(spoken) == 1:
            self.needs.data = [spoken[0] if need == BARE else need for need in self.needs.data]

    def is_sent(self, name: str) -> bool:
        """Whether the post held this field at all."""
        return bool(self[name].raw_data)

    @property
    def needs_offered(self) -> list[str]:
        workshop = self.workshop
        offered = {
            AccessNeed.STEP_FREE.value: workshop.mode.has_venue,
            AccessNeed.CHILDCARE.value: workshop.has_childcare,
            **{f"{INTERPRETER}{lang}": True for lang in workshop.interpretation},
            AccessNeed.SIGN_LANGUAGE.value: True,
        }
        return [need for need, is_offered in offered.items() if is_offered]

    @property
    def most_people(self) -> int:
        return self.workshop.party_limit

    @property
    def slot_id(self) -> str:
        """Where the hours begin on the page: the first that can be chosen."""
        free = next((hour.value for hour in self.choices.hours if hour.has_room), "")
        return f"slot-{free.replace(':', '')}" if free else "enviar"

    @property
    def first_contact(self) -> str:
        return f"contact-{'none' if self.workshop.is_discreet else 'email'}"

    @property
    def faults(self) -> list[tuple[str, str]]:
        """What has to be mended: the id of the field on the page, and the sentence."""
        first = {
            "contact": self.first_contact,
            "people": "people-1",
            "needs": f"need-{self.needs_offered[0]}",
            "message_ok": "message-no",
            "slot": self.slot_id,
        }
        unseen = {"language", "nonce", "stamp", "email_asked", "series", "calendar", TRAP}
        return [
            (first.get(field.name, "enviar" if field.name in unseen else field.name), str(fault))
            for field in self
            for fault in field.errors[:1]
        ]

    def validate_name(self, field: StringField) -> None:
        name = clean(field.data or "")
        if not any(unicodedata.category(c)[0] in "LNPS" for c in name):
            raise ValidationError(_("Escribe tu nombre o apodo"))
        if len(name) > LONGEST_NAME:
            raise ValidationError(_("Escribe un nombre más corto, de 60 letras o menos."))
        if looks_like_an_id(unicodedata.normalize("NFKC", name)):
            raise ValidationError(_("Escribe solo tu nombre. No pongas números de documentos."))

    def validate_contact(self, field: StringField) -> None:
        if field.data not in self.contacts:
            raise ValidationError(_("Elige cómo te avisamos"))

    def validate_email(self, field: StringField) -> None:
        if self.contact.data != ContactMethod.EMAIL:
            return
        typed = (field.data or "").strip()
        read = read_email(typed)
        suggestion = meant_by(read)
        if suggestion and typed != (self.email_asked.data or ""):
            self.email_asked.data = typed
            raise ValidationError(_("¿Quisiste decir %(suggestion)s?", suggestion=suggestion))
        self.address = read

    def validate_phone(self, field: StringField) -> None:
        if self.contact.data == ContactMethod.PHONE:
            self.address = read_phone(field.data or "", self.workshop.office.country)

    def validate_people(self, field: StringField) -> None:
        most = self.most_people
        if field.data not in {str(number) for number in range(1, most + 1)}:
            raise ValidationError(_("Elige cuántas personas vienen, de 1 a %(most)d.", most=most))

    def validate_needs(self, field: SelectMultipleField) -> None:
        chosen = field.data or []
        if len(chosen) != len(set(chosen)) or not set(chosen) <= set(self.needs_offered):
            raise ValidationError(_("Elige solo de lo que hay en este taller."))
        if sum(need.startswith(INTERPRETER) for need in chosen) > MOST_INTERPRETERS:
            raise ValidationError(_("Elige intérprete de 3 lenguas o menos."))

    def validate_message_ok(self, field: StringField) -> None:
        if field.data not in {"no", "yes"}:
            raise ValidationError(_("Elige si podemos dejar mensaje."))

    def validate_slot(self, field: StringField) -> None:
        hours = hours_of(self.workshop)
        if field.data and not hours:
            raise ValidationError(_("Este taller no tiene horas para elegir. Vuelve a enviar."))
        if field.data and field.data not in hours:
            raise ValidationError(_("Elige una de las horas libres."))

    @property
    def chosen_needs(self) -> Codes:
        return Codes(self.needs.data or [])


class RegistrationForm(PersonForm):
    """The first time."""

    remind = OnceField()
    calendar = OnceField()
    series = OnceField()
    consent = OnceField()
    language = OnceField()
    nonce = OnceField()
    stamp = OnceField()
    website = OnceField()

    def __init__(self, workshop: Workshop, typed: MultiDict[str, str] | None = None) -> None:
        super().__init__(workshop, typed)
        if typed is None:
            self.nonce.data, self.stamp.data = (
                form_token.nonce(),
                form_token.make(workshop.public_id),
            )
            self.language.data = current()
            if workshop.is_discreet:
                self.contact.data = ContactMethod.NONE.value
        elif not self.is_sent("people"):
            self.people.data = ""

    @property
    def has_nonce(self) -> bool:
        return bool(_NONCE.fullmatch(self.nonce.data or ""))

    @property
    def is_trapped(self) -> bool:
        return bool(self[TRAP].data)

    def renew_form_token(self) -> None:
        """Sets a new form token. Keeps the nonce, if there is a valid one."""
        self.stamp.data = form_token.make(self.workshop.public_id)
        if not self.has_nonce:
            self.nonce.data = form_token.nonce()

    @property
    def kept_until(self) -> date:
        """Until when something of it is kept, whichever of the dates they choose."""
        return max(each.forget_on for each in (self.workshop, *self.choices.dates))

    @property
    def wanted(self) -> list[Workshop]:
        """The dates to save a place in: this one, and the others of its series if they say so."""
        others = self.choices.dates if self.series.data == "yes" else ()
        return [self.workshop, *others]

    @property
    def most_people(self) -> int:
        return min(each.party_limit for each in self.wanted)

    def validate_slot(self, field: StringField) -> None:
        super().validate_slot(field)
        # Who waits, waits for any hour.
        if self.workshop.has_slots and not field.data and not self.workshop.is_full:
            raise ValidationError(_("Elige una hora"))

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
        if field.data and field.data not in LANGUAGES:
            raise ValidationError(_("Elige español, inglés o francés arriba de la página."))

    def registration_data(self) -> RegistrationData:
        """The registration that the form describes. Only after `validate()`."""
        contact = ContactMethod(self.contact.data or "none")
        has_entry = contact is ContactMethod.EMAIL and not self.workshop.is_discreet
        return RegistrationData(
            name=clean(self.name.data or ""),
            people=int(self.people.data or 1),
            contact=contact,
            address=self.address,
            may_leave_message=contact is ContactMethod.PHONE and self.message_ok.data == "yes",
            wants_reminder=contact is not ContactMethod.NONE and self.remind.data == "yes",
            wants_entry=has_entry and self.calendar.data == "yes",
            language=self.language.data or current(),
            needs=self.chosen_needs,
            slot=self.slot.data or "",
        )


def hours_of(workshop: Workshop) -> set[str]:
    """The hours there are, free or not, as `10:20`."""
    if not workshop.has_slots or not workshop.slot_minutes:
        return set()
    minutes = time_slots.list_offsets(workshop.starts, workshop.ends, workshop.slot_minutes)
    return {f"{time_slots.get_start(workshop, minute):%H:%M}" for minute in minutes}


def _is_tick(field: StringField) -> bool:
    return field.data in {None, "", "yes"}
