"""What is odd about a workshop while its form is typed, with buttons that fill the form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach.domain.dashboard import clashes
from outreach.domain.network.kinds import Way
from outreach.domain.roster import member_clashes, members
from outreach.domain.roster.models import RosterAssignment
from outreach.domain.workshops import Workshop, free_times, partners, publish_checks
from outreach.domain.workshops.free_times import FreeTime
from outreach.domain.workshops.publish_checks import PublishWarning, UnconfirmedWarnings
from outreach.i18n import get_default_language
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import key_store
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.staff.common import roster_labels, workshop_labels
from outreach.web.staff.common.publish_warnings import warning_words
from outreach.web.staff.workshop_form.typed_workshop import TypedWorkshop
from outreach.web.staff.workshop_form.workshop_form import WorkshopForm

FILL_PREFIX: Final = "fill "  # starts a value of `action`; fields and values follow as in a query
_FILLED_FIELDS: Final = frozenset({"day", "starts", "ends", "venue", "capacity"})
_OF_DAY: Final = frozenset({PublishWarning.HOLIDAY})
_OF_TIME: Final = frozenset({PublishWarning.TAKEN, PublishWarning.PAST, PublishWarning.SOON})
_OF_NOW: Final = frozenset({PublishWarning.PAST, PublishWarning.SOON})
# The form asks which of two equal hours is meant; a title is translated when it is finished.
_ASKED_ELSEWHERE: Final = frozenset({PublishWarning.DOUBLED, PublishWarning.ONE_LANGUAGE})


@dataclass(frozen=True)
class FillButton:
    """A button that fills fields of the form, and saves nothing."""

    words: str
    action: str  # see FILL_PREFIX


@dataclass(frozen=True)
class FormRemark:
    """One thing that is odd, what to do about it, and buttons that do it."""

    what: str
    advice: str = ""
    buttons: Sequence[FillButton] = ()


def list_remarks(
    session: Session,
    form: WorkshopForm,
    typed: TypedWorkshop,
    assigned: Sequence[RosterAssignment],
    *,
    now: datetime,
) -> list[FormRemark]:
    """The remarks about what is typed, the most serious first; none about what is still empty.
    `assigned` is the team of the workshop that is changed."""
    if typed.refusal is not None:
        return [FormRemark(error_messages.say(typed.refusal))]
    workshop = typed.workshop
    if workshop is None:
        return []
    left_out = set(_ASKED_ELSEWHERE)
    left_out |= set() if typed.has_day else _OF_DAY
    left_out |= set() if typed.has_time else _OF_TIME
    left_out |= set() if typed.is_moved else _OF_NOW
    warnings = publish_checks.find_warnings(session, workshop, now=now)
    found = [
        _remark(session, form, workshop, each, now)
        for each in warnings
        if each.what not in left_out
    ]
    if workshop.way is Way.UNLISTED and workshop.was_pushed:
        found.insert(0, FormRemark(*workshop_labels.pushed_words()))
    if typed.has_time:
        found += _list_speaker_remarks(session, form, workshop)
        found += _list_team_remarks(session, workshop, assigned, now)
    return found


def fill(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    """The fields as a FillButton changes them. What its value does not name stays as it is."""
    filled = MultiDict(typed)
    wanted = typed.get("action", "").removeprefix(FILL_PREFIX)
    for name, value in parse_qsl(wanted, max_num_fields=len(_FILLED_FIELDS)):
        if name in _FILLED_FIELDS:
            filled[name] = value
    return filled


def _remark(
    session: Session,
    form: WorkshopForm,
    workshop: Workshop,
    warning: UnconfirmedWarnings,
    now: datetime,
) -> FormRemark:
    what, advice = warning_words(warning)
    buttons: list[FillButton] = []
    if warning.what is PublishWarning.TAKEN:
        times = free_times.list_free_times(session, workshop, now=now)
        buttons = [*map(_time_button, times), *_venue_buttons(session, form, workshop)]
        if form.is_unpublished:
            advice += " " + _("O guárdalo así, como borrador.")
    elif warning.what is PublishWarning.CROWDED and workshop.venue is not None:
        seats = (workshop.venue.capacity or 0) - workshop.overbooked
        if seats > 0:
            words = _("Poner %(num)d lugares", num=seats)
            buttons = [FillButton(words, _action(capacity=seats))]
    return FormRemark(what, advice, buttons)


def _time_button(free: FreeTime) -> FillButton:
    words = f"{workshop_labels.short_day(free.day)}, {hour_words(free.starts)}"
    hours = {"starts": f"{free.starts:%H:%M}", "ends": f"{free.ends:%H:%M}"}
    return FillButton(words, _action(day=free.day, **hours))


def _venue_buttons(
    session: Session, form: WorkshopForm, workshop: Workshop
) -> Iterator[FillButton]:
    for venue in free_times.list_free_venues(session, workshop, form.venues)[:1]:
        yield FillButton(_("%(venue)s, misma hora", venue=venue.name), _action(venue=venue.id))


def _list_speaker_remarks(
    session: Session, form: WorkshopForm, workshop: Workshop
) -> Iterator[FormRemark]:
    speaker_ids = partners.parse_ids(form.speakers.data or ())
    if not speaker_ids:
        return
    for clash in clashes.find_speaker_clashes(session, workshop, speaker_ids):
        other = clash.first
        yield FormRemark(
            _("%(name)s ya tiene otro taller a esa hora", name=clash.speaker),
            _(
                "%(hour)s, %(title)s. Cambia la hora o quién habla.",
                title=other.title.get(get_default_language(), ""),
                hour=hour_words(other.starts),
            ),
        )


def _list_team_remarks(
    session: Session, workshop: Workshop, assigned: Sequence[RosterAssignment], now: datetime
) -> Iterator[FormRemark]:
    """Returns what keeps members of the team from the workshop as it is typed."""
    if not assigned or workshop.ends_at <= now:
        return
    found = member_clashes.find_in_team(session, workshop, assigned)
    details = members.open_details(key_store(), [each.member for each in found])
    for each in found:
        opened = details.get(each.member.id)
        name = opened.name if opened is not None else roster_labels.role_words(each.member.role)
        yield FormRemark(
            f"{name}: {roster_labels.clash_words(each.clash)}",
            _("Cambia la hora, o pregunta a alguien más en «Equipo»."),
        )


def _action(**fields: object) -> str:
    return FILL_PREFIX + urlencode({name: str(value) for name, value in fields.items()})
