"""Cards of the workshops of partner networks, which lead to the pages of their hosts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from flask import get_template_attribute
from markupsafe import Markup

from outreach import formats, i18n
from outreach.domain.joint.joint_listing import JointResult, ListedJoint
from outreach.domain.joint.partner_networks import JointState
from outreach.domain.locations import city_names
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting, reader_hours, workshop_cards
from outreach.web.presentation.icons import sign, sign_class
from outreach.web.presentation.workshop_cards import CardOptions, CardTag, WorkshopCard
from outreach.whole_lists import make_each

_NO_SIGN: Final = "other"  # for a kind that we do not have
_NO_PICTOGRAM: Final = "calendar"


def render(listed: ListedJoint, options: CardOptions, *, with_day: bool) -> Markup:
    made = _make_card(listed, options)
    text: Markup = get_template_attribute("macros.html", "card")(made, with_day=with_day)
    return text


def render_all(found: Sequence[ListedJoint], options: CardOptions) -> Markup:
    cards = make_each(
        found, lambda each: render(each, options, with_day=True), what="partners' workshops"
    )
    return Markup().join(cards)


def _make_card(listed: ListedJoint, options: CardOptions) -> WorkshopCard:
    found, lang = listed.workshop, i18n.current()
    near_words = workshop_cards.today_or_tomorrow(found.day, options.today)
    miles, starts_at = listed.miles, found.starts_at.astimezone(found.zone)
    own = reader_hours.write_own(starts_at, found.mode)
    return WorkshopCard(
        address=i18n.say(found.urls, lang),
        title=i18n.say(found.title, lang),
        title_mark=formatting.lang_mark(found.title),
        kind=i18n.say(found.kind_name, lang),
        sign=sign(found.sign or _NO_SIGN, found.pictogram or _NO_PICTOGRAM),
        sign_class=sign_class(found.sign or _NO_SIGN),
        day=found.day,
        day_words=formatting.first_capital(near_words or formatting.slim_day(found.day)),
        hour_words=formatting.hours(found.starts, found.ends),
        zone=formats.zone_name(found.zone, found.day, lang),
        own_hour=reader_hours.name_own(own) if own else "",
        own_clock=reader_hours.write_attributes(starts_at, found.mode),
        place=_get_place(found, lang),
        place_icon=workshop_cards.place_icon(found.mode),
        host=_("Con %(network)s", network=found.network_name),
        languages=workshop_cards.spoken(each for each in found.languages if each in i18n.SPOKEN),
        tags=[_get_tag(found, options.now)],
        distance=""
        if miles is None
        else workshop_cards.distance(miles, is_metric=options.is_metric),
        miles="" if miles is None else f"{miles:.1f}",
        leads_to=found.network_host,
    )


def _get_place(found: JointResult, lang: str) -> str:
    if not found.attendance.has_place:
        return workshop_cards.mode_words(found.mode)
    city = city_names.localize(found.city, found.region, lang)
    return f"{found.place}, {city}" if found.place else city


def _get_tag(found: JointResult, now: datetime) -> CardTag:
    if found.state is JointState.CANCELLED:
        return CardTag(_("Cancelado"), "tag-bad")
    if found.starts_at <= now:
        return CardTag(_("Ya empezó"))
    tags = {
        JointState.SOON: CardTag(_("Todavía no se puede apartar")),
        JointState.OPEN: CardTag(_("Hay lugares"), "tag-good"),
        JointState.WAITLIST: CardTag(_("Lleno · hay lista de espera"), "tag-bad"),
        JointState.CLOSED: CardTag(_("Lleno"), "tag-bad"),
    }
    return tags[found.state]
