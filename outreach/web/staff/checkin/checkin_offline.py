"""Check-in on a phone without a network (decision 0028).

A staff member downloads the encrypted manifest of a workshop. From then on the phone needs no
session: its page is public and empty, and its check-in token can only add events to that workshop.
"""

import hashlib
import json
import re
from typing import Final

from flask import Response, abort, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import registrations
from outreach.domain.checkin import checkin, checkin_events, checkin_tokens, offline_manifest
from outreach.domain.checkin.checkin_events import Arrival, UndoneArrival
from outreach.domain.checkin.offline_manifest import ManifestEntry
from outreach.domain.dashboard import agenda
from outreach.domain.network.staff import Permission, get_office_slugs
from outreach.domain.registrations import STATUSES_WITH_SEATS, Registration, RegistrationStatus
from outreach.domain.workshops import Workshop, time_slots
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import key_store, store
from outreach.web.middleware import rate_limits, static_files
from outreach.web.middleware.response_headers import PagePolicy, allow
from outreach.web.presentation.formatting import day as day_words
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.presentation.formatting import localize
from outreach.web.staff.checkin import blueprint
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import (
    current_staff,
    find_workshop,
    has_permission,
    log_workshop_action,
    page,
)
from outreach.web.staff.common.permissions import Scope, requires

PHONE: Final = "/org/puerta/telefono"
# The files that the service worker caches: those of the page, and nothing else.
PARTS: Final = (
    "app.css",
    "staff.css",
    "app.js",
    "checkin_store.js",
    "checkin_phone.js",
    "qr_camera.js",
    "qr_reader.js",
    "figtree.woff2",
    "i.svg",
)
MAX_EVENTS: Final = 200  # in one request
MAX_PEOPLE: Final = 99  # in one registration
CLOSED_STATUS: Final = 423  # `CLOSED_STATUS` of checkin_store.js
_ID: Final = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/puerta/")
@requires(Scope.SIGNED_IN)
def offline_form() -> ResponseReturnValue:
    now = clock.now()
    since, until = now.date() - checkin.EVE * 3, now.date() + checkin.EVE * 3
    with store().read() as session:
        candidates = agenda.list_workshops(
            session, get_office_slugs(current_staff().grants), since, until, limit=1000
        )
    near = [
        each
        for each in candidates
        if checkin_tokens.is_near_day(each, now=now)
        and has_permission(Permission.DOOR, each.office.slug)
    ]
    return page("checkin/download", near=near, words=workshop_labels, now=now)


@blueprint.get("/puerta/telefono")
@requires(Scope.PUBLIC)
def phone_page() -> ResponseReturnValue:
    """Answers with the check-in page of a phone, without any data: its script reads what the phone
    stores."""
    allow(PagePolicy.OFFLINE_CHECKIN)
    return _render_phone_page()


@blueprint.get("/puerta/sw.js")
@requires(Scope.PUBLIC)
def service_worker() -> ResponseReturnValue:
    """Answers with the service worker, whose cache name changes with the page and its files."""
    static = current_app.jinja_env.globals["static"]
    assert callable(static)
    parts = (*PARTS, *current_app.extensions["outreach_brand"])
    files = [PHONE, *(static(name) for name in parts)]
    mark = hashlib.sha256((_render_phone_page() + "".join(files)).encode()).hexdigest()[:16]
    constants = f"const CACHE = {json.dumps('puerta-' + mark)}, FILES = {json.dumps(files)};\n"
    body = static_files.minified("checkin_worker.js")
    return Response(constants + body, mimetype="text/javascript")


@blueprint.post("/puerta/<public_id>/paquete.json")
@requires(Scope.WORKSHOP, Permission.DOOR)
def manifest(public_id: str) -> ResponseReturnValue:
    """Answers with the encrypted manifest and a new check-in token, as JSON. It is a POST, since it
    creates the token."""
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        checkin_tokens.require_near_day(workshop, now=now)
        everyone = registrations.list_active(session, workshop)
    # Those beyond their share are found too, and enter like walk-ins.
    parties = [
        each for each in everyone if each.status in STATUSES_WITH_SEATS or each.is_beyond_share
    ]
    lines = _lines(workshop, parties)
    encrypted = offline_manifest.build_manifest(lines.values(), is_discreet=workshop.is_discreet)
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        registration_ids = {
            offline_manifest.hash_token(line.token): registration_id
            for registration_id, line in lines.items()
        }
        token = checkin_tokens.issue(
            session, workshop, current_staff().organizer_id, registration_ids, now=now
        )
        log_workshop_action(session, workshop, "door taken along", {"parties": len(lines)})
        counts = _counts(session, workshop)
    ends_at = checkin_events.checkin_ends_at(workshop)
    return jsonify(
        id=workshop.public_id,
        title=_title(workshop),
        when=workshop_labels.when(workshop),
        place="" if workshop.is_discreet else workshop_labels.place(workshop),
        is_discreet=workshop.is_discreet,
        until=int(ends_at.timestamp() * 1000),
        last_day=day_words((ends_at.astimezone(workshop.zone) - checkin.EVE).date()),
        salt=encrypted.salt,
        rows=encrypted.rows,
        door_pass=token,
        counts=counts,
    )


@blueprint.post("/puerta/<public_id>/llegadas")
@requires(Scope.PUBLIC)
def upload_events(public_id: str) -> ResponseReturnValue:
    """Merges the events of a phone, which may be sent again. The check-in token is the permission.

    423 where the workshop is closed for danger: the phone says at once that nobody enters, and
    keeps its events until it is open again. They have no time, so those of before the closing
    cannot be told from later ones."""
    now = clock.now()
    with store().read() as session:
        try:
            door_pass = checkin_tokens.find(session, _bearer(), public_id, now=now)
        except NotFound:
            rate_limits.count_look_up()
            raise
        parties = checkin_tokens.get_registration_ids(session, door_pass)
    rate_limits.count_door(door_pass.digest)
    events = _read_events(_body(), parties)
    if events is None:
        abort(400)
    with store().change() as session:
        workshop = session.get_one(Workshop, door_pass.workshop_id)
        if workshop.is_closed_for_danger:
            return Response(status=CLOSED_STATUS)
        checkin.require_checkin_open(workshop)
        counted = checkin_events.merge_offline_events(session, workshop, events)
        checkin_tokens.count_marks(session, door_pass, counted.new)
        counts = _counts(session, workshop) | {"strangers": counted.strangers}
    return jsonify(counts)


def _render_phone_page() -> str:
    return render_template("staff/checkin/phone.html", who=None, frame={})


def _title(workshop: Workshop) -> str:
    """The title for a phone, which somebody else may find: neutral for a discreet workshop."""
    return localize(workshop.kind.neutral_title if workshop.is_discreet else workshop.title)


def _lines(workshop: Workshop, parties: list[Registration]) -> dict[str, ManifestEntry]:
    """The manifest entries by registration id, without registrations whose key is destroyed."""
    keys = registrations.open_details(key_store(), parties)
    return {
        each.id: ManifestEntry(
            token=registrations.derive_entry_token(keys[each.key_id]),
            code=each.door_code,
            people=each.people,
            name=registrations.decrypt_person(each, keys[each.key_id]).name,
            needs=[
                *([_("Entra como visita")] if each.status is RegistrationStatus.WAITLISTED else []),
                *(
                    [hour_words(time_slots.get_start(workshop, each.slot.minute))]
                    if each.slot
                    else []
                ),
                *workshop_labels.list_needs(workshop, each),
            ],
        )
        for each in parties
        if each.key_id in keys
    }


def _counts(session: Session, workshop: Workshop) -> dict[str, int]:
    return {
        "arrived": checkin.count_arrived(session, workshop),
        "expected": checkin.count_expected(session, workshop),
        "walk_ins": workshop.walk_ins,
        "strangers": 0,
    }


def _bearer() -> str:
    how, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token if how == "Bearer" else ""


def _body() -> object:
    """The JSON of the request; None when it is invalid."""
    try:
        return request.get_json(silent=True)
    except RecursionError:  # lists nested too deep
        return None


def _read_events(body: object, parties: dict[bytes, str]) -> list[Arrival | UndoneArrival] | None:
    """The events that a phone sent; None when they are malformed."""
    marks = body.get("marks") if isinstance(body, dict) else None
    if not isinstance(marks, list) or len(marks) > MAX_EVENTS:
        return None
    events = [_read_event(each, parties) for each in marks]
    valid = [each for each in events if each is not None]
    return valid if len(valid) == len(events) else None


def _read_event(data: object, parties: dict[bytes, str]) -> Arrival | UndoneArrival | None:
    if not isinstance(data, dict):
        return None
    mark_id, what, people = _id(data.get("id")), data.get("do"), data.get("people")
    if mark_id is None:
        return None
    if what == "undo":
        return UndoneArrival(mark_id)
    if what == "walk_in":
        return Arrival(mark_id, 1)
    ref = _id(data.get("t"))
    if what != "came" or ref is None or not isinstance(people, int) or isinstance(people, bool):
        return None
    # An unknown registration counts as an arrival too.
    party = parties.get(checkin_tokens.digest_reference(key_store(), ref))
    return Arrival(mark_id, people, party) if 0 < people <= MAX_PEOPLE else None


def _id(value: object) -> bytes | None:
    is_valid = isinstance(value, str) and _ID.fullmatch(value)
    return bytes.fromhex(str(value)) if is_valid else None
