"""Builds the objects of the open-data API from domain objects."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import quote, urlencode

from outreach import clock, i18n, network_profile
from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain.locations import regions
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.search import search
from outreach.domain.search.public_listing import ListedWorkshop
from outreach.domain.workshops import fields
from outreach.memory_cache import remember
from outreach.reports.month_report import MonthReport, ReportedFigure
from outreach.web.api import schemas
from outreach.web.api.schemas import Pages, Text

ROOT = "/api/v1"
FEW = search.MAX_SEATS_SHOWN - 1  # numbers of places up to this one are exact


@dataclass(frozen=True)
class Serializer:
    """Builds the objects of one site; `phone` is for offices without their own."""

    public_url: str
    phone: str

    def office(self, office: Office) -> schemas.Office:
        return schemas.Office(
            slug=office.slug,
            name=text(office.name),
            rank=office.rank,
            city=office.city,
            region=office.region,
            region_name=text(
                regions.find_names(office.region) or dict.fromkeys(i18n.LANGUAGES, office.region)
            ),
            country=office.country,
            zone=office.zone.key,
            extra_zones=list(office.extra_zones),
            latitude=office.latitude,
            longitude=office.longitude,
            address=office.address or None,
            phone=office.phone or self.phone or None,
            website=office.website or None,
            district=office.district or None,
            opened_on=office.opened_on,
            closed_on=office.closed_on,
            changed_at=instant(office.changed_at),
            links=schemas.OfficeLinks(
                self=self.api("offices", office.slug),
                workshops=self.api("workshops", query=[("oficina", office.slug)]),
                page=self.pages(f"o/{office.slug}"),
                calendar=self.pages(f"cal/{office.slug}.ics"),
            ),
        )

    def kind(self, kind: Kind) -> schemas.Kind:
        listed = None if kind.is_discreet else self.api("workshops", query=[("tipo", kind.code)])
        return schemas.Kind(
            code=kind.code,
            name=text(kind.name),
            short_name=text(kind.short_name),
            description=text(kind.description),
            is_core=kind.is_core,
            is_discreet=kind.is_discreet,
            countries=list(kind.countries or network_profile.current().countries),
            minutes=kind.minutes,
            changed_at=instant(kind.changed_at),
            links=schemas.KindLinks(self=self.api("kinds", kind.code), workshops=listed),
        )

    def workshop(self, workshop: ListedWorkshop, *, now: datetime) -> schemas.Workshop:
        page = self.pages(f"t/{workshop.public_id}")
        return schemas.Workshop(
            id=workshop.public_id,
            office=workshop.office_slug,
            kind=workshop.kind_code,
            status=cast(schemas.Status, workshop.status.value),
            when=_when(workshop),
            mode=workshop.mode.value,
            place=_place(workshop),
            way=cast(schemas.Way, workshop.way.value),
            opens_at=None if workshop.opens_at is None else instant(workshop.opens_at),
            seats=_seats(workshop) if workshop.tells_seats(now) else None,
            is_reconstruction=workshop.is_synthetic,
            changed_at=instant(workshop.changed_at),
            links=schemas.WorkshopLinks(
                self=self.api("workshops", workshop.public_id),
                office=self.api("offices", workshop.office_slug),
                kind=self.api("kinds", workshop.kind_code),
                page=page,
                calendar=self.pages(f"t/{workshop.public_id}.ics"),
            ),
            **_own_data(workshop),
        )

    def bulletin(self, report: MonthReport, edition: int | None) -> schemas.Bulletin:
        """Returns the bulletin of a month; `edition` is the last published one."""
        count, month = report.count, str(report.month)
        # A closed month has a bulletin page only after its publication.
        has_page = edition is not None or not report.is_closed
        return schemas.Bulletin(
            month=month,
            state=cast(schemas.State, count.state),
            revision=count.revision,
            is_provisional=not report.is_closed,
            edition=edition,
            is_reconstruction=count.is_synthetic,
            total=count.total,
            by_kind=[
                schemas.KindTotal(kind=code, name=text(count.kinds[code].name), total=total)
                for code, total in count.by_kind.items()
            ],
            figures=[figure(each) for each in report.figures],
            links=schemas.BulletinLinks(
                self=self.api("bulletins", month),
                counts=self.api("counts", month),
                figures=self.api("figures", month) if report.figures else None,
                page=self.pages(f"cifras/{month}"),
                bulletin=self.pages(f"boletin/{month}") if has_page else None,
            ),
        )

    def month_links(self, what: str, month: clock.Month) -> schemas.MonthLinks:
        return schemas.MonthLinks(
            self=self.api(what, str(month)), page=self.pages(f"cifras/{month}")
        )

    def api(self, *parts: str, query: Sequence[tuple[str, str]] = ()) -> str:
        """Returns the address of a resource of the API."""
        path = "/".join((self.public_url + ROOT, *map(quote, parts)))
        return f"{path}?{urlencode(query)}" if query else path

    def pages(self, rest: str) -> Pages:
        """Returns the address of a page in each language."""
        offered = i18n.list_languages()
        spoken = {lang: lang if lang in offered else offered[0] for lang in i18n.LANGUAGES}
        return Pages(**{lang: f"{self.public_url}/{own}/{rest}" for lang, own in spoken.items()})


def text(words: Words) -> Text:
    return Text(**{lang: i18n.say(words, lang) for lang in i18n.LANGUAGES})


def instant(moment: datetime) -> str:
    """Writes a moment in UTC, as 2026-11-28T16:00:00Z."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def figure(reported: ReportedFigure) -> schemas.Figure:
    return schemas.Figure(
        series=reported.series,
        label=text(reported.label),
        unit=reported.unit,
        value=reported.value,
        source=reported.source,
        part_of=reported.part_of,
    )


@remember(4096)
def _text(words_json: str, usual: str) -> Text:
    """Returns a text from its JSON; cached, since many workshops share their texts. `usual` is the
    default language of the network, which it falls back to."""
    return text(json.loads(words_json))


# Name, whether it is part of the address, and type of what is written as it is stored.
_OWN: Final = tuple(
    (each.name, each.spec.is_part_of_address, each.kind) for each in fields.OPEN_DATA
)


def _own_data(workshop: ListedWorkshop) -> dict[str, Any]:
    """Returns the fields of a workshop that are written as they are stored, by name. What is part
    of a hidden address is None."""
    usual, is_open = i18n.get_default_language(), workshop.has_open_address
    return {
        name: _written(workshop.open_data[name], kind, usual) if is_open or not is_hidden else None
        for name, is_hidden, kind in _OWN
    }


def _written(value: Any, kind: type, usual: str) -> Any:
    """Returns a stored value as it is written; None for an empty text."""
    if kind is Words:
        return _text(value, usual)
    if kind is Codes:
        return list(value)
    return None if value == "" else value


def _when(workshop: ListedWorkshop) -> schemas.When:
    return schemas.When(
        day=workshop.day,
        starts=f"{workshop.starts:%H:%M}",
        last_day=workshop.last_day,
        ends=f"{workshop.ends:%H:%M}",
        zone=workshop.zone.key,
        starts_at=instant(workshop.starts_at),
        ends_at=instant(workshop.ends_at),
    )


def _place(workshop: ListedWorkshop) -> schemas.Place | None:
    if not workshop.mode.has_venue:
        return None
    is_open = workshop.has_open_address
    return schemas.Place(
        is_address_public=is_open,
        city=workshop.venue_city or workshop.office_city,
        region=workshop.venue_region or workshop.office_region,
        **{
            name: value if is_open and value != "" else None
            for name, value in workshop.venue_open_data.items()
        },
    )


def _seats(workshop: ListedWorkshop) -> schemas.Seats:
    left = workshop.seats_left
    return schemas.Seats(
        left="none" if left == 0 else "few" if left <= FEW else "many",
        number=left if left <= FEW and not workshop.hides_seats else None,
        has_waiting_list=workshop.has_waiting_list,
    )
