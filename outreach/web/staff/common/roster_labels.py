"""Labels of the roster: roles, states of an assignment, clashes."""

from datetime import time

from outreach.domain.roster.member_clashes import ClashType, MemberClash
from outreach.domain.roster.models import (
    AssignmentState,
    RosterAssignment,
    RosterMember,
    RosterRole,
)
from outreach.formats import language_name, within_sentence
from outreach.i18n import current, pgettext
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting
from outreach.web.presentation.workshop_cards import CardTag
from outreach.web.staff.common import workshop_labels


def role_words(role: RosterRole) -> str:
    words: dict[RosterRole, str] = {
        RosterRole.SPEAKER: _("Ponente"),
        RosterRole.INTERPRETER: _("Intérprete"),
        RosterRole.VOLUNTEER: pgettext("role", "Apoyo"),
        RosterRole.MOBILE_UNIT: _("Unidad móvil"),
    }
    return words[role]


def what_words(member: RosterMember) -> str:
    """Returns what a member does, and for an interpreter the languages: «Intérprete de náhuatl, por
    teléfono»."""
    parts = [role_words(member.role)]
    if member.role is RosterRole.INTERPRETER and member.languages:
        names = [language_name(code, current()) for code in member.languages]
        spoken = ", ".join(within_sentence(name, current()) for name in names)
        parts = [_("Intérprete de %(language)s", language=spoken)]
    if member.is_by_phone:
        parts.append(_("por teléfono a otras regiones"))
    return ", ".join(parts)


def place_words(member: RosterMember) -> str:
    return member.office.city if member.office is not None else _("Toda la red")


def state_tag(assignment: RosterAssignment) -> CardTag:
    tags = {
        AssignmentState.ASKED: CardTag(_("Por contestar"), "tag-line"),
        AssignmentState.CONFIRMED: CardTag(_("Confirmó"), "tag-good"),
        AssignmentState.DECLINED: CardTag(_("No puede"), "tag-bad"),
        AssignmentState.ASK_AGAIN: CardTag(_("Preguntar otra vez"), "tag-warn"),
        AssignmentState.RELEASED: CardTag(_("Ya no hace falta")),
    }
    return tags[assignment.state]


def clash_words(clash: MemberClash, *, has_place: bool = True) -> str:
    """Returns what keeps a member from a workshop. Without `has_place` it does not say where they
    are: the other workshop may be a discreet one of another office."""
    if clash.clash_type is ClashType.AWAY:
        return _("Está fuera ese día")
    if clash.clash_type is ClashType.OUTSIDE_HOURS:
        return _("No es su horario")
    if clash.workshop is None or not has_place:
        return _("A esa hora está en otro taller")
    return _(
        "A esa hora está en otro taller: %(when)s, %(place)s",
        when=workshop_labels.when(clash.workshop),
        place=clash.workshop.office.city,
    )


def availability_words(member: RosterMember) -> list[str]:
    """Returns the hours of each day in a line, as «Lun 9:00 a. m. a 1:00 p. m.»; one line says that
    any hour will do."""
    if not member.hours:
        return [_("A cualquier hora")]
    return [
        f"{workshop_labels.short_weekday(each.weekday).capitalize()} "
        f"{formatting.hours(each.starts, each.ends)}"
        for each in member.hours
    ]


def weekday_name(number: int) -> str:
    return workshop_labels.short_weekday(number).capitalize()


def clock_value(hour: time) -> str:
    return f"{hour:%H:%M}"
