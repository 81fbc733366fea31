"""What servers of the fediverse ask this site: who offices are, and what they push (S42).

ActivityPub (W3C, 2018), WebFinger (RFC 7033), NodeInfo 2.1; and the inbox of who follows.

Refusals are plain English sentences, for who writes such a server.
"""

from typing import Final

from flask import Blueprint, Response, abort, current_app, redirect, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests

from outreach import clock
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.errors import NotFound
from outreach.extensions.activitypub import (
    event_objects,
    followers,
    publisher,
    pushed_events,
    signing_keys,
)
from outreach.extensions.activitypub.deliveries import FediverseActivity
from outreach.extensions.activitypub.event_objects import (
    CONTEXT,
    MIMETYPE,
    PUBLIC,
    FediverseAddresses,
    JsonObject,
)
from outreach.extensions.activitypub.followers import TooManyFollowers
from outreach.extensions.activitypub.http_signatures import BadSignature
from outreach.extensions.activitypub.inbox import BadActivity, Inbox, InboxBusy, InboxRequest
from outreach.extensions.activitypub.remote_actors import ActorUnusable, RemoteActors
from outreach.extensions.activitypub.signing_keys import SigningKeys
from outreach.feeds import server
from outreach.i18n import get_default_language
from outreach.memory_cache import MemoryCache
from outreach.outbound import guarded_client
from outreach.pdf import share_card
from outreach.web.context import config, store
from outreach.web.middleware import rate_limits
from outreach.web.middleware.response_headers import keep_for, keep_private
from outreach.web.presentation import icons

pages = Blueprint("activitypub", __name__)

PAGE_SIZE: Final = 20  # events on a page of an outbox
MAX_PAGES: Final = 10_000
MAX_REQUESTS: Final = 120  # in ten minutes by one address
MAX_OF_DOMAIN: Final = 60  # from actors of one registered domain, which is asked for each
HOUR_SECONDS: Final = 3600
YEAR_SECONDS: Final = 365 * 24 * HOUR_SECONDS
BUSY_SECONDS: Final = 60  # after which a request is to be sent again
MAX_PICTURE_BYTES: Final = 2 * 1024 * 1024  # for all pictures that a process keeps
NODEINFO: Final = "http://nodeinfo.diaspora.software/ns/schema/2.1"
# In `app.extensions`.
_INBOX: Final = "outreach_fediverse_inbox"
_PICTURES: Final = "outreach_fediverse_pictures"


@pages.record
def _set_up(state: BlueprintSetupState) -> None:
    app = state.app
    settings = app.extensions["outreach_config"]
    app.extensions[publisher.RULE] = guarded_client.of_config(settings)
    database = app.extensions["outreach_store"]
    app.extensions[_INBOX] = Inbox(
        database,
        SigningKeys(database, app.extensions["outreach_key_store"]),
        RemoteActors(lambda: app.extensions[publisher.RULE], settings.host),
        FediverseAddresses(settings.public_url),
    )
    app.extensions[_PICTURES] = MemoryCache[bytes](MAX_PICTURE_BYTES)


@pages.get("/.well-known/webfinger")
def webfinger() -> ResponseReturnValue:
    resource = request.args.get("resource", "")
    if not resource:
        return _plain("resource is missing, as acct:office@host.", 400)
    to = FediverseAddresses(config().public_url)
    name, _at, host = resource.removeprefix("acct:").rpartition("@")
    slug = name.lower() if host.lower() == config().host else to.get_slug(resource)
    with store().read() as session:
        office, _key = _find(session, slug)
    actor = to.actor(office)
    keep_for(HOUR_SECONDS)
    return _json(
        {
            "subject": f"acct:{office.slug}@{config().host}",
            "aliases": [actor],
            "links": [
                {"rel": "self", "type": MIMETYPE, "href": actor},
                {
                    "rel": "http://webfinger.net/rel/profile-page",
                    "type": "text/html",
                    "href": f"{to.public_url}/{get_default_language()}/o/{office.slug}",
                },
            ],
        },
        "application/jrd+json",
    )


@pages.get("/.well-known/nodeinfo")
def nodeinfo_links() -> Response:
    keep_for(HOUR_SECONDS)
    href = f"{config().public_url}/ap/nodeinfo/2.1"
    return _json({"links": [{"rel": NODEINFO, "href": href}]}, "application/json")


@pages.get("/ap/nodeinfo/2.1")
def nodeinfo() -> Response:
    keep_for(HOUR_SECONDS)
    return _json(
        {
            "version": "2.1",
            # Which version it is would help attackers only.
            "software": {"name": "outreach", "version": "0"},
            "protocols": ["activitypub"],
            "services": {"inbound": [], "outbound": []},
            "openRegistrations": False,
            "usage": {"users": {}},
            "metadata": {"nodeName": config().brand},
        },
        f'application/json; profile="{NODEINFO}#"',
    )


@pages.get("/ap/o/<slug>")
def actor(slug: str) -> Response:
    with store().read() as session:
        office, public_key = _find(session, slug)
        site = server.get_site(config(), session)
    keep_for(BUSY_SECONDS)
    return _json(event_objects.write_actor(office, public_key, site))


@pages.get("/ap/o/<slug>/followers")
def count_followers(slug: str) -> Response:
    """Returns how many followers there are; nobody learns who they are."""
    with store().read() as session:
        office, _key = _find(session, slug)
        total = followers.count(session, office)
    keep_for(BUSY_SECONDS)
    return _json(_collection(FediverseAddresses(config().public_url).followers(office), total))


@pages.get("/ap/o/<slug>/outbox")
def outbox(slug: str) -> Response:
    """Answers with what was pushed and may still be shown, the latest first."""
    number = request.args.get("page", 0, int)
    if not 0 <= number <= MAX_PAGES:
        abort(404)
    public_url = config().public_url
    with store().read() as session:
        office, _key = _find(session, slug)
        total = pushed_events.count_shown(session, office)
        address = FediverseAddresses(public_url).outbox(office)
        whole = _collection(address, total)
        keep_for(BUSY_SECONDS)
        if not number:
            return _json(whole | {"first": f"{address}?page=1"})
        site = server.get_site(config(), session)
        found = pushed_events.list_shown(session, office, page=number, size=PAGE_SIZE)
        known = pushed_events.find_all(session, [each.uid for each in found])
        items = [
            event_objects.write_activity(
                FediverseActivity.CREATE,
                known[each.uid],
                event_objects.write_event(each, known[each.uid], site),
                office,
                public_url,
            )
            for each in found
        ]
    page = whole | {
        "id": f"{address}?page={number}",
        "type": "OrderedCollectionPage",
        "partOf": address,
        "orderedItems": items,
    }
    if number * PAGE_SIZE < total:
        page["next"] = f"{address}?page={number + 1}"
    return _json(page)


@pages.get("/ap/e/<uid>")
def event(uid: str) -> ResponseReturnValue:
    with store().read() as session:
        site = server.get_site(config(), session)
        pushed = pushed_events.find(session, uid)
        if pushed is None:
            abort(404)
        workshop = pushed_events.find_shown(session, uid)
        if workshop is None:
            gone_at = pushed.withdrawn_at or pushed.updated_at
            tombstone = event_objects.write_tombstone(uid, site, withdrawn_at=gone_at)
            return _json(tombstone), 410
        keep_for(BUSY_SECONDS)
        return _json(event_objects.write_event(workshop, pushed, site))


@pages.get("/ap/e/<uid>/imagen-<version>.png")
def picture(uid: str, version: str) -> ResponseReturnValue:
    """Answers with the picture of an event, which is drawn as for messengers but without the
    venue."""
    with store().read() as session:
        workshop = pushed_events.find_shown(session, uid)
        if workshop is None:
            abort(404 if pushed_events.find(session, uid) is None else 410)
        coarse = event_objects.get_coarse_texts(workshop)
        current = event_objects.get_picture_version(workshop)
        if version != current:
            keep_for(BUSY_SECONDS)
            return redirect(f"/ap/e/{uid}/imagen-{current}.png")
        pictures: MemoryCache[bytes] = current_app.extensions[_PICTURES]
        body = pictures.get(uid, version=current)
        if body is None:
            rate_limits.count_picture()
            pictogram = icons.PICTOGRAMS.get(workshop.kind.pictogram, icons.PICTOGRAMS["calendar"])
            body = share_card.picture(
                workshop, get_default_language(), pictogram=pictogram, coarse=coarse
            )
            pictures.put(uid, body, version=current, size=len(body))
    keep_for(YEAR_SECONDS)
    answer = Response(body, mimetype="image/png")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@pages.post("/ap/inbox")
@pages.post("/ap/o/<slug>/inbox")
def receive(slug: str = "") -> Response:
    """Takes what another server sends. Answers 202, also to what is ignored. The activity says
    which office it is for: servers send to the shared inbox where they can."""
    keep_private()
    inbox: Inbox = current_app.extensions[_INBOX]
    asked = InboxRequest(
        request.path + (f"?{request.query_string.decode()}" if request.query_string else ""),
        {name.lower(): value for name, value in request.headers.items()},
        request.get_data(),
    )
    try:
        activity = inbox.read(asked)
        if activity is not None:
            inbox.accept(asked, activity, count=_count, now=clock.now())
    except BadActivity as fault:
        return _plain(str(fault), 400)
    except BadSignature as fault:
        return _plain(str(fault), 401)
    except ActorUnusable as fault:
        return _plain(str(fault), 401)
    except NotFound:
        return _plain("No office of this site has that address.", 404)
    except TooManyFollowers:
        return _plain("There are too many followers at your host, or in all.", 403)
    except TooManyRequests as limit:
        return _busy("Too many requests. Try again later.", 429, limit.retry_after)
    except InboxBusy:
        return _busy("Try again in a minute.", 503, BUSY_SECONDS)
    return _plain("Accepted.", 202)


def _count(actor: str) -> None:
    """Counts an activity that is not ignored, by the address that sent it and by the server of its
    actor. Raises TooManyRequests."""
    rate_limits.count_request("inbox", MAX_REQUESTS)
    rate_limits.count_domain(guarded_client.get_domain(actor), MAX_OF_DOMAIN)


def _find(session: Session, slug: str) -> tuple[Office, str]:
    """Returns an office and its public key. Answers 404 for an unknown office, and for one that the
    worker has given no key yet."""
    if "\0" in slug:  # PostgreSQL cannot even look for it
        abort(404)
    office = offices.find(session, slug)
    public_key = signing_keys.find_public_key(session, office.id)
    if public_key is None:
        abort(404)
    return office, public_key


def _collection(address: str, total: int) -> JsonObject:
    return {
        "@context": CONTEXT,
        "id": address,
        "type": "OrderedCollection",
        "totalItems": total,
        "to": [PUBLIC],
    }


def _json(thing: JsonObject, content_type: str = f"{MIMETYPE}; charset=utf-8") -> Response:
    return Response(event_objects.encode(thing), content_type=content_type)


def _plain(sentence: str, status: int) -> Response:
    return Response(sentence + "\n", status, mimetype="text/plain")


def _busy(sentence: str, status: int, seconds: object) -> Response:
    answer = _plain(sentence, status)
    answer.headers["Retry-After"] = str(seconds)
    return answer
