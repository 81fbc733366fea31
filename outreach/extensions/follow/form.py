"""Reads the form with which people ask to be notified of workshops.

A place is turned into its county before anything is stored, and what was typed is not kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import current_app, request
from wtforms import ValidationError

from outreach import network_profile
from outreach.domain.locations import geocoding
from outreach.domain.locations.gazetteer import GazetteerPlace
from outreach.domain.locations.geocoding import LocationScale
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import Workshop
from outreach.extensions.follow import choices, push_subscriptions
from outreach.extensions.follow.choices import FollowChoice
from outreach.extensions.follow.tables import FollowChannel
from outreach.formats import join_words
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.forms import contact_fields, email_form
from outreach.web.middleware.reference_cache import reference

CHANNELS: Final = {
    "text": FollowChannel.TEXT,
    "email": FollowChannel.LETTER,
    "push": FollowChannel.PUSH,
}
MAX_TYPED: Final = 60


@dataclass
class FollowForm:
    """The form as it was opened or posted. After `check`, `faults` has a sentence by field, and
    without any `choice`, `channel` and `recipient` are what to store."""

    workshop: Workshop | None = None
    where: str = ""
    kinds: list[Kind] = field(default_factory=list)
    miles: int = choices.USUAL_DISTANCE
    has_online: bool = True
    contact: str = ""
    email: str = ""
    phone: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    choice: FollowChoice = field(default_factory=FollowChoice)
    channel: FollowChannel = FollowChannel.LETTER
    recipient: str = ""

    @property
    def has_texts(self) -> bool:
        return bool(config().texts.url)

    @property
    def takes_contacts(self) -> bool:
        """Whether an e-mail or a phone may be left: not about one workshop of a sensitive kind."""
        return self.workshop is None or choices.may_be_followed(
            self.workshop.kind, FollowChannel.LETTER
        )

    def is_ticked(self, kind: Kind) -> bool:
        return any(each.id == kind.id for each in self.kinds)

    def check(self) -> None:
        area = self._check_area() if self.workshop is None else None
        self._check_contact(network_profile.country_of(area.region if area else ""))
        if self.workshop is None:
            self._check_kinds()
            self.choice = FollowChoice(
                area, self.miles, self.has_online, choices.sort_codes(self.kinds)
            )
        elif not choices.may_be_followed(self.workshop.kind, self.channel):
            self.faults["contact"] = _("De este tema solo avisamos en el teléfono, sin tus datos.")

    def _check_area(self) -> GazetteerPlace | None:
        if not self.where:
            self.faults["donde"] = _("Escribe tu código postal o tu ciudad.")
            return None
        with store().read() as session:
            found = geocoding.resolve(session, self.where, offices=reference().known_offices)
        area = choices.coarsen(found)
        if found.country:
            self.faults["donde"] = _("Escribe tu código postal o tu ciudad.")
        elif found.scale is LocationScale.CHOICE:
            self.faults["donde"] = _(
                "Hay varios lugares con ese nombre. Escribe también el estado o tu código postal."
            )
        elif area is None:
            self.faults["donde"] = _(
                "No conocemos ese lugar. Escribe tu código postal o tu ciudad."
            )
        return area

    def _check_contact(self, country: str) -> None:
        channel = CHANNELS.get(self.contact)
        if channel is None or (channel is FollowChannel.TEXT and not self.has_texts):
            self.faults["contact"] = _("Elige cómo te avisamos.")
            return
        self.channel = channel
        try:
            if channel is FollowChannel.LETTER:
                self.recipient = email_form.read_address()
            elif channel is FollowChannel.TEXT:
                self.recipient = contact_fields.read_phone(self.phone, country)
            else:
                self.recipient = self._read_push()
        except ValidationError as fault:
            self.faults[self.contact if self.contact != "push" else "contact"] = str(fault)

    def _read_push(self) -> str:
        found = push_subscriptions.read(
            request.form, current_app.extensions[push_subscriptions.RULE]
        )
        if found is None:
            raise ValidationError(
                _("Tu teléfono no nos dejó avisarte. Intenta otra vez o elige otra forma.")
            )
        return found.pack()

    def _check_kinds(self) -> None:
        refused = choices.list_refused(self.kinds, self.channel)
        if refused and "contact" not in self.faults:
            names = join_words([say(each.short_name, current()) for each in refused], current())
            self.faults["kinds"] = _(
                "Con tu correo o tu teléfono no guardamos estos temas: %(names)s. Quítalos para "
                "recibir todos los talleres, o elige «Aviso en este teléfono».",
                names=names,
            )


def read_query(workshop: Workshop | None) -> FollowForm:
    """The form as a link opens it: with the place and the kinds of a search."""
    asked = request.args
    return FollowForm(
        workshop=workshop,
        where=asked.get("donde", "").strip()[:MAX_TYPED],
        kinds=_find_kinds(asked.getlist("tipo")),
    )


def read_post(workshop: Workshop | None) -> FollowForm:
    posted = request.form
    miles = posted.get("miles", "")
    known = {str(each): each for each in choices.DISTANCES}
    return FollowForm(
        workshop=workshop,
        where=posted.get("donde", "").strip()[:MAX_TYPED],
        kinds=_find_kinds(posted.getlist("kinds")),
        miles=known.get(miles, choices.USUAL_DISTANCE),
        has_online=posted.get("online") == "yes",
        contact=posted.get("contact", ""),
        email=posted.get("email", "")[: contact_fields.MAX_LENGTH],
        phone=posted.get("text", "")[: contact_fields.MAX_LENGTH],
    )


def list_offered() -> Sequence[Kind]:
    """Returns the kinds to choose from; discreet ones are not among them."""
    return [each for each in reference().kinds if not each.is_discreet]


def _find_kinds(codes: Sequence[str]) -> list[Kind]:
    wanted = set(codes)
    return [each for each in list_offered() if wanted & each.codes]
