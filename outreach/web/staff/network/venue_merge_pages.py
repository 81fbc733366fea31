"""Two venues that are one place: what stays, row by row, and undoing it for a day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.audit.audit_log import Details
from outreach.domain.locations import venue_fields, venue_matching, venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.registrations.change_notifications import NotifyDecision
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.scheduling import venue_merge
from outreach.domain.scheduling.venue_merge import MergeEffect
from outreach.errors import Conflict, NotFound, Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.middleware import request_retry
from outreach.web.presentation import place_words
from outreach.web.presentation.formatting import first_capital
from outreach.web.staff.common.field_labels import field_words
from outreach.web.staff.common.guards import log_office_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint
from outreach.web.staff.network.form_reading import conflict_message
from outreach.web.staff.network.venue_pages import entrance_words

# Rows of several fields, which stay together.
_TOGETHER: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("address", "city", "region"),
    "position": ("latitude", "longitude"),
}
# With the zone nothing stays: it is that of the venue that stays.
_WITHOUT_ROW: Final = frozenset({"zone"}.union(*_TOGETHER.values()))
# The first rows of the page, in their order; those of other fields follow.
_FIRST_ROWS: Final = (
    "name", "address", "area", "capacity", "step_free", "position", "own_room", "entrance",
    "access", "landmark", "transit", "checkpoint", "meeting_point",
)  # fmt: skip
_OWN_ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    name.removeprefix("is_"): (name,) for name in venue_fields.NAMES if name not in _WITHOUT_ROW
}
# The rows of the page, each with its fields.
_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    key: _TOGETHER.get(key) or _OWN_ROWS[key] for key in dict.fromkeys((*_FIRST_ROWS, *_OWN_ROWS))
}
_ALWAYS: Final = frozenset({"name", "address"})  # shown where they are alike, too
_OTHER: Final = "other"


@dataclass(frozen=True)
class MergeRow:
    """A row of the page: what each venue says, and of which it stays."""

    key: str
    label: str
    own: str
    other: str
    is_other: bool

    @property
    def stays(self) -> str:
        return self.other if self.is_other else self.own


@blueprint.get("/sedes/<slug>/<int(max=2147483647):venue>/unir")
@requires(Scope.OFFICE, Permission.EDIT)
def merge_form(slug: str, venue: int) -> ResponseReturnValue:
    """Asks for the other venue; then shows the two."""
    other = request.args.get("con", type=int)
    with store().read() as session:
        office = offices.find(session, slug)
        kept = venues.find(session, office, venue)
        if other is None:
            return _choice_page(session, office, kept)
        return _page(session, kept, _find_other(session, office, kept, other))


@blueprint.post("/sedes/<slug>/<int(max=2147483647):venue>/unir")
@requires(Scope.OFFICE, Permission.EDIT)
@request_retry.harmless
def merge_venues(slug: str, venue: int) -> ResponseReturnValue:
    """Merges two venues, unless more people would be told than the page has said."""
    other, now = request.form.get("con", type=int) or 0, clock.now()
    with store().read() as session:
        office = offices.find(session, slug)
        kept = venues.find(session, office, venue)
        if not other:  # no other venue is chosen yet
            return redirect(f"/org/sedes/{slug}/{kept.id}/unir", 303)
        if other != kept.id and venues.find(session, office, other).id == kept.id:
            return redirect(f"/org/sedes/{slug}/{kept.id}?hecho=unida", 303)  # sent again
    chosen = {key for key in _GROUPS if request.form.get(key) == _OTHER}
    try:
        with store().change() as session:
            office = offices.find(session, slug)
            kept = venues.find(session, office, venue)
            merged = _find_other(session, office, kept, other)
            venue_merge.lock(session, kept, merged)
            if request.form.get("seen") != _fingerprint(kept, merged):
                raise Conflict("venue merge")
            data = venue_merge.choose(kept, merged, [f for key in chosen for f in _GROUPS[key]])
            effect = venue_merge.merge(
                session,
                kept,
                merged,
                data,
                now=now,
                decision=NotifyDecision(undo_window=UNDO_WINDOW),
            )
            _require_announced(effect)
            details: Details = {
                "venue": kept.id,
                "merged": merged.id,
                "workshops": effect.workshops,
                "notified": effect.notified,
            }
            log_office_action(session, slug, "venues merged", details)
    except (Conflict, Refusal) as why:
        is_conflict = isinstance(why, Conflict)
        fault = conflict_message() if isinstance(why, Conflict) else error_messages.say(why)
        with store().read() as session:
            office = offices.find(session, slug)
            kept = venues.find(session, office, venue)
            if venues.find(session, office, other).id == kept.id:
                return redirect(f"/org/sedes/{slug}/{kept.id}", 303)  # somebody has done it
            merged = _find_other(session, office, kept, other)
            return _page(session, kept, merged, 409 if is_conflict else 422, chosen, fault)
    return redirect(f"/org/sedes/{slug}/{kept.id}?hecho=unida", 303)


@blueprint.post("/sedes/<slug>/<int(max=2147483647):venue>/separar")
@requires(Scope.OFFICE, Permission.EDIT)
@request_retry.harmless
def undo_merge(slug: str, venue: int) -> ResponseReturnValue:
    merge_id = request.form.get("merge", type=int)
    if merge_id is None:
        return redirect(f"/org/sedes/{slug}/{venue}", 303)
    try:
        with store().change() as session:
            office = offices.find(session, slug)
            done = venue_merge.find(session, office, merge_id)
            effect = venue_merge.undo(
                session, done, now=clock.now(), decision=NotifyDecision(undo_window=UNDO_WINDOW)
            )
            details: Details = {
                "venue": done.kept_id,
                "merged": done.merged_id,
                "workshops": effect.workshops,
                "notified": effect.notified,
            }
            log_office_action(session, slug, "venue merge undone", details)
    except Conflict:
        pass  # it is undone already
    except Refusal as refusal:
        with store().read() as session:
            kept = venues.find(session, offices.find(session, slug), venue)
            return page(
                "network/venue_merge_kept",
                422,
                venue=kept,
                office=kept.office,
                faults=[("formulario", error_messages.say(refusal))],
            )
    return redirect("/org/sedes?hecho=separada", 303)


def _find_other(session: Session, office: Office, kept: Venue, other: int) -> Venue:
    found = venues.find(session, office, other)
    if found.id == kept.id:
        raise NotFound("other venue")
    return found


def _require_announced(effect: MergeEffect) -> None:
    """Raises PageRefused, which undoes the merge, where the page has said that fewer people would
    be told: another row was chosen, or somebody has registered."""
    if effect.notified > (request.form.get("told", type=int) or 0):
        raise PageRefused(
            _("Con lo que elegiste, se avisa a más gente. Mira abajo a cuánta, y une otra vez.")
        )


def _choice_page(session: Session, office: Office, kept: Venue) -> ResponseReturnValue:
    """Shows the other venues of the office, first those that are like it."""
    others = [each for each in venues.list_venues(session, office) if each.id != kept.id]
    index = venue_matching.VenueIndex[Venue]()
    for each in others:
        index.add(each, each.name, address=each.address, city=each.city)
    found = index.match(kept.name, address=kept.address, city=kept.city)
    like = [each.id for each in found.candidates]
    others.sort(key=lambda each: like.index(each.id) if each.id in like else len(like))
    return page(
        "network/venue_merge_choice",
        venue=kept,
        office=office,
        others=others,
        like=like,
        names=venues.get_distinct_names(others, home=office.city),
    )


def _page(
    session: Session,
    kept: Venue,
    merged: Venue,
    status: int = 200,
    chosen: Collection[str] | None = None,
    fault: str = "",
) -> ResponseReturnValue:
    rows = _rows(kept, merged, chosen)
    fields = [field for row in rows if row.is_other for field in _GROUPS[row.key]]
    data = venue_merge.choose(kept, merged, fields)
    faults = [("formulario", fault)] if fault else []
    effect = None
    try:
        effect = venue_merge.foresee(session, kept, merged, data, now=clock.now())
    except Refusal as refusal:
        faults = faults or [("formulario", error_messages.say(refusal))]
    return page(
        "network/venue_merge",
        status,
        venue=kept,
        other=merged,
        office=kept.office,
        rows=rows,
        stays={row.key: row.stays for row in rows},
        counts=venue_merge.count_workshops(session, (kept, merged)),
        effect=effect,
        seen=_fingerprint(kept, merged),
        faults=faults,
    )


def _rows(kept: Venue, merged: Venue, chosen: Collection[str] | None) -> Sequence[MergeRow]:
    """Returns the rows in which the two venues differ. Without a choice (None), a value of the
    merged venue is chosen only where the one that is kept has none."""
    labels = _labels()
    rows = []
    for key, fields in _GROUPS.items():
        own, other = ([getattr(each, field) for field in fields] for each in (kept, merged))
        if own == other and key not in _ALWAYS:
            continue
        is_other = not _says(own) and _says(other) if chosen is None else key in chosen
        rows.append(
            MergeRow(
                key,
                labels.get(key) or first_capital(field_words(_GROUPS[key][0])),
                _words(key, kept),
                _words(key, merged),
                bool(is_other),
            )
        )
    return rows


def _says(values: Sequence[object]) -> bool:
    return values[0] is not None and bool(values[0])


def _labels() -> Mapping[str, str]:
    return {
        "name": _("Nombre"),
        "address": _("Dirección"),
        "area": _("Zona"),
        "capacity": _("Caben"),
        "step_free": _("Sin escalones"),
        "position": _("Punto en el mapa"),
        "own_room": _("Sala de la oficina"),
        "entrance": _("En la entrada"),
        "access": _("Para entrar"),
        "landmark": _("Qué se ve desde la calle"),
        "transit": _("Camión, tren y estacionamiento"),
        "checkpoint": _("Si el camino pasa por un retén"),
        "meeting_point": _("Punto de encuentro"),
    }


def _words(key: str, venue: Venue) -> str:
    """Returns the words for a venue's value in a row."""
    if key == "address":
        return ", ".join(each for each in (venue.address, place_words.city_name(venue)) if each)
    if key == "position":
        if venue.latitude is None or venue.longitude is None:
            return str(_("Sin punto"))
        return f"{venue.latitude:.4f}, {venue.longitude:.4f}"
    if key == "entrance":
        return entrance_words(venue.entrance)
    value = getattr(venue, _GROUPS[key][0])
    if isinstance(value, bool):
        return str(_("Sí") if value else _("No se sabe") if key == "step_free" else _("No"))
    if isinstance(value, dict):
        return " · ".join(value.values()) or str(_("Nada"))
    return str(_("Nada") if value in {None, ""} else value)


def _fingerprint(kept: Venue, merged: Venue) -> str:
    """A hash of what the page shows of both, which detects a change by somebody else."""
    shown = [(each.id, venue_merge.get_data(each)) for each in (kept, merged)]
    return sha256(repr(shown).encode()).hexdigest()[:16]
