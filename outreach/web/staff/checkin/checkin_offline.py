"""The door on a phone that may lose its network (decision 0028).

Somebody who may stand at a door takes its sealed list along. From then on the phone needs no
session: its page answers anybody and knows nobody, and its pass can add to the marks of that one
workshop, and do nothing else.
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
from outreach.domain.registrations import SEAT_HOLDING_STATUSES, Registration
from outreach.domain.workshops import Workshop, time_slots
from outreach.errors import NotFound
from outreach.web.context import key_store, store
from outreach.web.middleware import rate_limits, response_headers, static_files
from outreach.web.presentation.formatting import day as day_words
from outreach.web.presentation.formatting import hour as hour_words
from outreach.web.presentation.formatting import said as said_words
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
# All that the page on the phone is made of, and nothing else, stays on the phone.
PARTS: Final = (
    "app.css",
    "staff.css",
    "app.js",
    "checkin_store.js",
    "checkin_phone.js",
    "figtree.woff2",
    "i.svg",
)
AT_ONCE: Final = 200  # marks told in one post
MOST_PEOPLE: Final = 99  # of one party
_ID: Final = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/puerta/")
@requires(Scope.SIGNED_IN)
def offline_form() -> ResponseReturnValue:
    now = clock.now()
    since, until = now.date() - checkin_tokens.EVE * 3, now.date() + checkin_tokens.EVE * 3
    with store().read() as session:
        found = agenda.list_workshops(
            session, get_office_slugs(current_staff().grants), since, until, limit=1000
        )
    near = [
        each
        for each in found
        if checkin_tokens.is_near_day(each, now=now)
        and has_permission(Permission.DOOR, each.office.slug)
    ]
    return page("checkin/download", near=near, words=workshop_labels, now=now)


@blueprint.get("/puerta/telefono")
@requires(Scope.PUBLIC)
def phone_page() -> ResponseReturnValue:
    """The same for everybody, with nothing on it: it fills itself from what the phone keeps."""
    response_headers.let_watch()
    return _phone()


@blueprint.get("/puerta/sw.js")
@requires(Scope.PUBLIC)
def service_worker() -> ResponseReturnValue:
    """What answers on a phone without a network; another one when the page or a part of it is."""
    static = current_app.jinja_env.globals["static"]
    assert callable(static)
    files = [PHONE, *(static(name) for name in PARTS)]
    mark = hashlib.sha256((_phone() + "".join(files)).encode()).hexdigest()[:16]
    constants = f"const CACHE = {json.dumps('puerta-' + mark)}, FILES = {json.dumps(files)};\n"
    body = static_files.minified("checkin_worker.js")
    return Response(constants + body, mimetype="text/javascript")


@blueprint.post("/puerta/<public_id>/paquete.json")
@requires(Scope.WORKSHOP, Permission.DOOR)
def manifest(public_id: str) -> ResponseReturnValue:
    """The sealed list, and a pass: a post, since it makes one."""
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        checkin_tokens.require_near_day(workshop, now=now)
        everyone = registrations.list_active(session, workshop)
    parties = [each for each in everyone if each.status in SEAT_HOLDING_STATUSES]
    lines = _lines(workshop, parties)
    bundle = offline_manifest.build_manifest(lines.values(), is_discreet=workshop.is_discreet)
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        called = {offline_manifest.hash_token(line.token): mine for mine, line in lines.items()}
        token = checkin_tokens.issue(
            session, workshop, current_staff().organizer_id, called, now=now
        )
        log_workshop_action(session, workshop, "door taken along", f"{len(lines)} parties")
        counts = _counts(session, workshop)
    ends_at = checkin_events.checkin_ends_at(workshop)
    return jsonify(
        id=workshop.public_id,
        title=_title(workshop),
        when=workshop_labels.when(workshop),
        place="" if workshop.is_discreet else workshop_labels.place(workshop),
        is_discreet=workshop.is_discreet,
        until=int(ends_at.timestamp() * 1000),
        last_day=day_words((ends_at.astimezone(workshop.zone) - checkin_tokens.EVE).date()),
        salt=bundle.salt,
        rows=bundle.rows,
        door_pass=token,
        counts=counts,
    )


@blueprint.post("/puerta/<public_id>/llegadas")
@requires(Scope.PUBLIC)
def upload_events(public_id: str) -> ResponseReturnValue:
    """What a phone has marked, again or for the first time. Its pass is the permission."""
    now = clock.now()
    with store().read() as session:
        try:
            door_pass = checkin_tokens.find(session, _bearer(), public_id, now=now)
        except NotFound:
            rate_limits.count_look_up()
            raise
        parties = checkin_tokens.get_registration_ids(session, door_pass)
    rate_limits.count_door(door_pass.digest)
    told = _told(_body(), parties)
    if told is None:
        abort(400)
    with store().change() as session:
        workshop = session.get_one(Workshop, door_pass.workshop_id)
        checkin.require_checkin_open(workshop)
        counted = checkin_events.merge_offline_events(session, workshop, told)
        checkin_tokens.count_marks(session, door_pass, counted.new)
        counts = _counts(session, workshop) | {"strangers": counted.strangers}
    return jsonify(counts)


def _phone() -> str:
    return render_template("staff/checkin/phone.html", who=None, frame={})


def _title(workshop: Workshop) -> str:
    """As a phone may show it that somebody else finds."""
    return said_words(workshop.kind.neutral_title if workshop.is_discreet else workshop.title)


def _lines(workshop: Workshop, parties: list[Registration]) -> dict[str, ManifestEntry]:
    """What is told at the door of each party that can still be read, by its registration."""
    keys = key_store().get_all(each.key_id for each in parties if each.key_id)
    return {
        each.id: ManifestEntry(
            token=registrations.derive_calendar_token(keys[each.key_id]),
            code=each.door_code or "",
            people=each.people,
            name=registrations.decrypt_person(each, keys[each.key_id]).name,
            needs=[
                *(
                    [hour_words(time_slots.get_start(workshop, each.slot.minute))]
                    if each.slot
                    else []
                ),
                *map(workshop_labels.need_words, each.needs),
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
    """The JSON that was sent; None for what is none."""
    try:
        return request.get_json(silent=True)
    except RecursionError:  # lists within lists without end
        return None


def _told(body: object, parties: dict[bytes, str]) -> list[Arrival | UndoneArrival] | None:
    """The marks in what a phone sent; None when it is not what our page sends."""
    marked = body.get("marks") if isinstance(body, dict) else None
    if not isinstance(marked, list) or len(marked) > AT_ONCE:
        return None
    told = [_mark(each, parties) for each in marked]
    found = [each for each in told if each is not None]
    return found if len(found) == len(told) else None


def _mark(said: object, parties: dict[bytes, str]) -> Arrival | UndoneArrival | None:
    if not isinstance(said, dict):
        return None
    mark_id, what, people = _id(said.get("id")), said.get("do"), said.get("people")
    if mark_id is None:
        return None
    if what == "undo":
        return UndoneArrival(mark_id)
    if what == "walk_in":
        return Arrival(mark_id, 1)
    ref = _id(said.get("t"))
    if what != "came" or ref is None or not isinstance(people, int) or isinstance(people, bool):
        return None
    # A party we know nothing of came all the same.
    return Arrival(mark_id, people, parties.get(ref)) if 0 < people <= MOST_PEOPLE else None


def _id(said: object) -> bytes | None:
    is_one = isinstance(said, str) and _ID.fullmatch(said)
    return bytes.fromhex(str(said)) if is_one else None
