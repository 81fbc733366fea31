"""«Buscar»: workshops, venues, partners, offices, pages and settings by words and days.

The answer has only what the staff member may open. `parte=1` gives the list alone, for the dialog
that `search.js` opens; both are the same search. People are never found by their name.

The forms send a POST: people type names and phones into any field of a search, and an address stays
in the history of the browser and in the log of a proxy. The page that follows has the text
encrypted in its address, so that the browser can go back to it. A GET with `q` is for links.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.domain.registrations.code_lookup import CODE_LENGTH
from outreach.domain.search import staff_search
from outreach.domain.search.staff_search import FoundWorkshops, StaffQuery
from outreach.domain.text import clean
from outreach.errors import DataErased
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.staff.common import disclosure, kept_forms, workshop_labels
from outreach.web.staff.common.guards import (
    current_staff,
    has_permission,
    has_permission_anywhere,
    offices_with,
    page,
    reader_zone,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.dashboard.menu import MenuEntry
from outreach.web.staff.search import blueprint, page_index, search_text

MAX_ON_PAGE: Final = 20  # workshops
MAX_IN_DIALOG: Final = 6
MAX_OTHERS: Final = 6  # for each other kind of thing


@dataclass(frozen=True)
class FoundGroup:
    """What was found of one kind of thing; `key` is the id of its heading."""

    key: str
    name: str
    entries: Sequence[MenuEntry]


@dataclass(frozen=True)
class FoundEverything:
    workshops: FoundWorkshops
    groups: Sequence[FoundGroup]

    @property
    def is_empty(self) -> bool:
        return not self.workshops.workshops and not self.groups


@blueprint.get("/buscar")
@requires(Scope.SIGNED_IN)
def search() -> ResponseReturnValue:
    sealed = request.args.get("texto")
    typed = request.args.get("q", "") if sealed is None else _unseal(sealed)
    return _answer(typed, is_part=bool(request.args.get("parte")))


@blueprint.post("/buscar")
@requires(Scope.SIGNED_IN)
def search_posted() -> ResponseReturnValue:
    typed = request.form.get("q", "")
    if request.form.get("parte"):
        return _answer(typed, is_part=True)
    return redirect(f"/org/buscar?texto={_seal(_shorten(typed))}", 303)


def _seal(typed: str) -> str:
    sealed = kept_forms.server_key().seal(typed, _about())
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def _unseal(sealed: str) -> str:
    """Returns the text that the address of the page holds encrypted; empty where another account
    encrypted it."""
    try:
        padded = sealed + "=" * (-len(sealed) % 4)
        return kept_forms.server_key().unseal(urlsafe_b64decode(padded), _about())
    except (ValueError, DataErased):
        return ""


def _about() -> str:
    return f"search of {current_staff().organizer_id}"


def _shorten(typed: str) -> str:
    return clean(typed)[: search_text.MAX_LENGTH]


def _answer(typed: str, *, is_part: bool) -> ResponseReturnValue:
    typed = _shorten(typed)
    now, person_code = clock.now(), ""
    if has_permission_anywhere(Permission.PEOPLE):
        person_code = search_text.read_person_code(typed, length=CODE_LENGTH)
    with store().read() as session:
        own = offices_with(session, Permission.SEE)
        zone = reader_zone(current_staff().grants, (office.zone for office in own))
        today = now.astimezone(zone or clock.headquarters_zone()).date()
        query = search_text.read_query(typed, today=today)
        most = MAX_IN_DIALOG if is_part else MAX_ON_PAGE
        found = _find(session, own, query, today=today, most=most)
    values: dict[str, Any] = {
        # The dialog may lie over the page: an id is there only once.
        "prefix": "dialogo-" if is_part else "",
        "typed": typed,
        "found": found,
        "person_code": person_code,
        "form_token": current_staff().form_token,
        "may_find_contacts": has_permission_anywhere(Permission.CONTACTS),
        "is_contact": search_text.is_like_a_contact(typed),
        "zone": zone,
        "has_several_offices": len(own) > 1,
        "now": now,
        "words": workshop_labels,
    }
    if is_part:
        return make_response(render_template("staff/search/results.html", **values))
    return page("search/search", **values)


def _find(
    session: Session, own: Sequence[Office], query: StaffQuery, *, today: date, most: int
) -> FoundEverything:
    found = staff_search.find_workshops(
        session,
        own,
        query,
        addresses=disclosure.list_offices_with_addresses(),
        today=today,
        limit=most,
    )
    editable = [each for each in own if has_permission(Permission.EDIT, each.slug)]
    groups = [
        FoundGroup("sedes", _("Sedes"), _find_venues(session, editable, query.words)),
        FoundGroup("aliados", _("Con quién"), _find_partners(session, editable, query.words)),
        FoundGroup("oficinas", _("Oficinas"), _find_offices(own, query.words)),
        FoundGroup("acciones", _("Hacer"), _find_new_workshops(session, editable, query.words)),
        FoundGroup("paginas", _("Páginas y ajustes"), page_index.find_pages(query.words)),
    ]
    return FoundEverything(found, [each for each in groups if each.entries])


def _find_venues(
    session: Session, editable: Sequence[Office], words: tuple[str, ...]
) -> list[MenuEntry]:
    return [
        MenuEntry(
            f"/org/sedes/{each.office.slug}/{each.id}",
            "place",
            each.name,
            ", ".join(part for part in (each.address, each.city) if part),
        )
        for each in staff_search.find_venues(session, editable, words, limit=MAX_OTHERS)
    ]


def _find_partners(
    session: Session, editable: Sequence[Office], words: tuple[str, ...]
) -> list[MenuEntry]:
    by_id = {each.id: each for each in editable}
    return [
        MenuEntry(
            f"/org/aliados/{by_id[each.office_id].slug}/organizacion/{each.id}",
            "people",
            each.name,
            by_id[each.office_id].city,
        )
        for each in staff_search.find_partners(session, editable, words, limit=MAX_OTHERS)
    ]


def _find_offices(own: Sequence[Office], words: tuple[str, ...]) -> list[MenuEntry]:
    """Returns the own offices with these words. Each entry leads to the office's workshops; for who
    administers the network, to its data."""
    is_network = has_permission(Permission.NETWORK, ALL_OFFICES)
    found = [
        each
        for each in own
        if words and staff_search.has_words(staff_search.office_words(each), words)
    ]
    return [
        MenuEntry(
            f"/org/red/{each.slug}" if is_network else f"/org/talleres?oficina={each.slug}",
            "flag",
            each.city,
            _("Los datos de la oficina") if is_network else _("Sus talleres"),
        )
        for each in found[:MAX_OTHERS]
    ]


def _find_new_workshops(
    session: Session, editable: Sequence[Office], words: tuple[str, ...]
) -> list[MenuEntry]:
    if not words or not editable:
        return []
    return [
        MenuEntry(
            f"/org/talleres/nuevo?tipo={each.public_code}",
            "plus",
            _("Nuevo taller: %(kind)s", kind=say(each.name, current())),
            "",
        )
        for each in staff_search.find_kinds(session, words)[:2]
    ]
