"""What other servers read: actors, events and activities, as dictionaries of ActivityStreams 2.0.

Words, hours and state of an event are read back from its entry in a pushed feed (`vevent.write`
with `is_coarse`), so that nothing can be said here that is not said there: no street, no venue, no
free text (S39). The properties are those that Mobilizon and gancio read
(`tests/extensions/activitypub`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from outreach import i18n, network_profile
from outreach.domain.network.offices import SLUG_PATTERN, Office
from outreach.domain.text import clean
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.extensions.activitypub.deliveries import FediverseActivity
from outreach.extensions.activitypub.pushed_events import PushedEvent
from outreach.feeds import vevent
from outreach.feeds.upcoming import UpcomingEvent
from outreach.feeds.vevent import PublicSite
from outreach.i18n import N_, say, translate
from outreach.pdf import share_card
from outreach.pdf.share_card import CoarseTexts

JsonObject = dict[str, Any]

MIMETYPE: Final = "application/activity+json"
PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
CATEGORY: Final = "LEARNING"  # Mobilizon's; of its own list, what fits every kind
BANNER: Final = "Banner"  # by this name Mobilizon knows the picture of an event
WEBSITE: Final = "Website"
ABOUT_OFFICE: Final = N_("Talleres gratuitos de %(office)s. El lugar exacto está en cada página.")
CONTEXT: Final[list[Any]] = [
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/v1",
    {
        "Hashtag": "as:Hashtag",
        "discoverable": "http://joinmastodon.org/ns#discoverable",
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "sc": "http://schema.org#",
        "PostalAddress": "sc:PostalAddress",
        "VirtualLocation": "sc:VirtualLocation",
        "address": "sc:address",
        "addressCountry": "sc:addressCountry",
        "addressLocality": "sc:addressLocality",
        "addressRegion": "sc:addressRegion",
        "category": "sc:category",
        "inLanguage": "sc:inLanguage",
        "ical": "http://www.w3.org/2002/12/cal/ical#",
        "status": "ical:status",
        "mz": "https://joinmobilizon.org/ns#",
        "anonymousParticipationEnabled": "mz:anonymousParticipationEnabled",
        "commentsEnabled": "mz:commentsEnabled",
        "externalParticipationUrl": "mz:externalParticipationUrl",
        "isOnline": "mz:isOnline",
        "joinMode": "mz:joinMode",
        "repliesModerationOption": "mz:repliesModerationOption",
        "timezone": "mz:timezone",
    },
]


@dataclass(frozen=True)
class FediverseAddresses:
    """The addresses of this site that other servers know."""

    public_url: str

    @property
    def shared_inbox(self) -> str:
        return f"{self.public_url}/ap/inbox"

    def actor(self, office: Office) -> str:
        return f"{self.public_url}/ap/o/{office.slug}"

    def get_slug(self, address: str) -> str:
        """The office of the address of an actor; empty for any other address."""
        start, found, slug = address.partition(f"{self.public_url}/ap/o/")
        return slug if found and not start and SLUG_PATTERN.fullmatch(slug) else ""

    def key(self, office: Office) -> str:
        return f"{self.actor(office)}#main-key"

    def followers(self, office: Office) -> str:
        return f"{self.actor(office)}/followers"

    def outbox(self, office: Office) -> str:
        return f"{self.actor(office)}/outbox"

    def event(self, uid: str) -> str:
        return f"{self.public_url}/ap/e/{uid}"


def write_actor(office: Office, public_key: str, site: PublicSite) -> JsonObject:
    """The actor of an office. A `Group`: Mobilizon lets people follow groups only, and Mastodon,
    gancio and Friendica follow them too (decision 0061)."""
    to = FediverseAddresses(site.public_url)
    actor = to.actor(office)
    lang = i18n.get_default_language()
    name = clean(say(office.name, lang))
    about = translate(ABOUT_OFFICE, lang, office=name)
    return {
        "@context": CONTEXT,
        "id": actor,
        "type": "Group",
        "preferredUsername": office.slug,
        "name": name,
        "summary": f"<p>{escape(about)}</p>",
        "url": f"{site.public_url}/{i18n.get_default_language()}/o/{office.slug}",
        "inbox": f"{actor}/inbox",
        "outbox": to.outbox(office),
        "followers": to.followers(office),
        "endpoints": {"sharedInbox": to.shared_inbox},
        "manuallyApprovesFollowers": False,
        "discoverable": True,
        "publicKey": {"id": to.key(office), "owner": actor, "publicKeyPem": public_key},
    }


def write_event(workshop: Workshop, pushed: PushedEvent, site: PublicSite) -> JsonObject:
    """The event of a workshop that may be shown."""
    return _write_content(workshop, site) | {
        "published": _utc(pushed.pushed_at),
        "updated": _utc(pushed.updated_at),
    }


def digest(workshop: Workshop, site: PublicSite) -> str:
    """Returns the SHA-256 of what the event says, in hexadecimal: equal while it says the same."""
    text = json.dumps(_write_content(workshop, site), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def get_picture_version(workshop: Workshop) -> str:
    return share_card.get_version(workshop, i18n.get_default_language(), get_coarse_texts(workshop))


def get_coarse_texts(workshop: Workshop) -> CoarseTexts:
    """Returns what the picture says in place of title and venue."""
    event = _read_entry(workshop, i18n.get_default_language(), PublicSite("", ""))
    return CoarseTexts(event.text("SUMMARY"), event.text("LOCATION"))


def write_tombstone(uid: str, site: PublicSite, *, withdrawn_at: datetime) -> JsonObject:
    return {
        "@context": CONTEXT,
        "id": FediverseAddresses(site.public_url).event(uid),
        "type": "Tombstone",
        "formerType": "Event",
        "deleted": _utc(withdrawn_at),
    }


def write_activity(
    activity: FediverseActivity,
    pushed: PushedEvent,
    payload: JsonObject,
    office: Office,
    public_url: str,
) -> JsonObject:
    """Writes a Create, Update or Delete of an event; `payload` is the event, or its tombstone. The
    id of an activity differs with each update: servers drop one that they know."""
    to = FediverseAddresses(public_url)
    mark = f"-{int(pushed.updated_at.timestamp())}" if activity is FediverseActivity.UPDATE else ""
    return {
        "@context": CONTEXT,
        "id": f"{to.event(pushed.uid)}#{activity.value}{mark}",
        "type": activity.value.capitalize(),
        "actor": to.actor(office),
        "published": _utc(pushed.withdrawn_at or pushed.updated_at),
        "to": [PUBLIC],
        "cc": [to.followers(office)],
        "object": {name: each for name, each in payload.items() if name != "@context"},
    }


def write_accept(follow_id: str, follower: str, office: Office, public_url: str) -> JsonObject:
    """The answer to a request to follow."""
    actor = FediverseAddresses(public_url).actor(office)
    mark = hashlib.sha256(follow_id.encode()).hexdigest()[:16]
    return {
        "@context": CONTEXT,
        "id": f"{actor}#accept-{mark}",
        "type": "Accept",
        "actor": actor,
        "to": [follower],
        "object": {"id": follow_id, "type": "Follow", "actor": follower, "object": actor},
    }


def encode(thing: Mapping[str, Any]) -> bytes:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":")).encode()


def _write_content(workshop: Workshop, site: PublicSite) -> JsonObject:
    """The event without the times of its changes."""
    to = FediverseAddresses(site.public_url)
    events = {lang: _read_entry(workshop, lang, site) for lang in i18n.list_languages()}
    event, actor = events[i18n.get_default_language()], to.actor(workshop.office)
    contents = {lang: _write_html(each, lang) for lang, each in events.items()}
    page = event.text("URL")
    status = "CANCELLED" if event.is_cancelled else "CONFIRMED"
    picture = f"{to.event(workshop.uid)}/imagen-{get_picture_version(workshop)}.png"
    return {
        "@context": CONTEXT,
        "id": to.event(workshop.uid),
        "type": "Event",
        "attributedTo": actor,
        "to": [PUBLIC],
        "cc": [to.followers(workshop.office)],
        "name": event.text("SUMMARY"),
        "nameMap": {lang: each.text("SUMMARY") for lang, each in events.items()},
        "content": contents[i18n.get_default_language()],
        "contentMap": contents,
        "mediaType": "text/html",
        "inLanguage": i18n.get_default_language(),
        "url": page,
        "startTime": event.starts.isoformat(),
        "endTime": event.ends.isoformat(),
        "timezone": event.zone.key,
        "location": _locate(workshop, event, page),
        "isOnline": workshop.mode in {DeliveryMode.LIVE_STREAM, DeliveryMode.VIDEO_CALL},
        "category": CATEGORY,
        "status": status,
        "ical:status": status,
        "joinMode": "external",
        "externalParticipationUrl": page,
        "anonymousParticipationEnabled": False,
        "commentsEnabled": False,
        "repliesModerationOption": "closed",
        "tag": [],
        "attachment": [
            {"type": "Document", "mediaType": "image/png", "url": picture, "name": BANNER},
            {"type": "Link", "mediaType": "text/html", "href": page, "name": WEBSITE},
        ],
    }


def _read_entry(workshop: Workshop, lang: str, site: PublicSite) -> UpcomingEvent:
    """Returns the entry that a pushed feed has of the workshop."""
    text = vevent.write(workshop, lang, site, is_coarse=True).decode().replace("\r\n ", "")
    return UpcomingEvent(text, workshop.zone)


def _write_html(event: UpcomingEvent, lang: str) -> str:
    page = escape(event.text("URL"))
    lines = [f"<p>{escape(line)}</p>" for line in event.content(lang).split("\n")]
    return "".join(lines) + f'<p><a href="{page}">{page}</a></p>'


def _locate(workshop: Workshop, event: UpcomingEvent, page: str) -> JsonObject:
    """Returns the city, or that the event is online. gancio needs a name, Mobilizon an address that
    is no text."""
    name = event.text("LOCATION")
    if not workshop.mode.has_venue:
        return {"type": "VirtualLocation", "name": name, "url": page}
    at = workshop.venue or workshop.office
    address = {
        "type": "PostalAddress",
        "addressLocality": clean(at.city),
        "addressRegion": at.region,
        "addressCountry": network_profile.country_of(at.region),
    }
    return {"type": "Place", "name": name, "address": address}


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
