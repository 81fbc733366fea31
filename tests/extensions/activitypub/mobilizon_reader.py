"""Reads what we publish by the rules of Mobilizon, and writes what Mobilizon sends.

The rules are those of its sources (framasoft/mobilizon, read in November 2026):
`lib/federation/activity_stream/converter/actor.ex`, `event.ex`, `address.ex`, `utils.ex`,
`lib/federation/activity_pub/transmogrifier.ex`, `refresher.ex`, `types/actors.ex`,
`lib/federation/web_finger/web_finger.ex` and `lib/federation/node_info.ex`. Elixir takes a value
out of `nil`, and raises where it is text: `_take` does the same.
"""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_public_key

Json = dict[str, Any]
PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
CATEGORIES: Final = frozenset({"LEARNING", "COMMUNITY", "HEALTH", "CAUSES", "MEETING"})  # some
STATUSES: Final = frozenset({"tentative", "confirmed", "cancelled"})
JOIN_MODES: Final = frozenset({"free", "restricted", "invite", "external"})


def read_actor(data: Json) -> Json:
    """`Converter.Actor.as_to_model_data`, then the changeset of a remote actor, which requires
    address, inbox, type, host, name and key. Only a group or an instance can be followed."""
    found = {
        "url": data["id"],
        "preferred_username": data["preferredUsername"],
        "name": data.get("name"),
        "keys": _take(data.get("publicKey"), "publicKeyPem"),
        "inbox_url": data["inbox"],
        "outbox_url": data["outbox"],
        "followers_url": data["followers"],
        "shared_inbox_url": _take(data.get("endpoints"), "sharedInbox"),
        "domain": urlsplit(data["id"]).hostname,
        "manually_approves_followers": data.get("manuallyApprovesFollowers"),
        "type": data["type"],
    }
    assert _take(data.get("icon"), "url") is None
    assert all(isinstance(found[each], str) for each in found if each[:4] != "manu")
    assert found["type"] in {"Group", "Application", "Organization", "Service"}, "no Person"
    load_pem_public_key(found["keys"].encode())
    return found


def read_webfinger(data: Json) -> str:
    """`WebFinger.webfinger_from_json`: the address of the actor."""
    addresses = [
        link["href"]
        for link in data["links"]
        if (link.get("type"), link["rel"]) == ("application/activity+json", "self")
    ]
    assert isinstance(data["subject"], str)
    (address,) = addresses
    return str(address)


def read_outbox(collection: Json, first: Json) -> list[Json]:
    """`Refresher.process_collection`: an OrderedCollection whose `first` is fetched."""
    assert collection["type"] == "OrderedCollection"
    assert isinstance(collection["first"], str)
    assert first["type"] == "OrderedCollectionPage"
    return [read_activity(item) for item in first["orderedItems"]]


def read_activity(data: Json) -> Json:
    """`Transmogrifier.handle_incoming` for what is about an event: Create and Update carry it,
    Delete names it. The actor must be on the host of the object."""
    assert data["id"]
    assert data["type"] in {"Create", "Update", "Delete"}
    thing = data["object"]
    address = thing if isinstance(thing, str) else thing["id"]
    assert urlsplit(data["actor"]).netloc == urlsplit(address).netloc
    if data["type"] == "Delete":
        return {"url": address}
    assert thing["type"] == "Event"
    return read_event(thing)


def read_event(data: Json) -> Json:
    """`Converter.Event.as_to_model_data`."""
    assert isinstance(data["attributedTo"], str)
    assert data.get("actor") in {None, data["attributedTo"]}
    attachments = data.get("attachment", [])
    pictures = [each for each in attachments if each["type"] == "Document"]
    banner = next((each for each in pictures if each["name"] == "Banner"), None)
    starts, ends = (datetime.fromisoformat(data[each]) for each in ("startTime", "endTime"))
    assert starts.tzinfo is not None
    assert ends > starts
    found = {
        "title": data["name"],
        "description": data["content"],
        "picture": _take(banner, "url"),
        "begins_on": starts,
        "ends_on": ends,
        "category": data["category"],
        "visibility": "public" if PUBLIC in data["to"] else "unlisted",
        "join_options": data.get("joinMode", "free"),
        "external_participation_url": data["externalParticipationUrl"],
        "status": str(data.get("status", data.get("ical:status", "CONFIRMED"))).lower(),
        "online_address": _find_website(attachments),
        "url": data["id"],
        "address": read_address(data.get("location")),
        "timezone": data["timezone"],
        "is_online": data.get("isOnline") is True,
        "language": data["inLanguage"],
    }
    assert isinstance(data.get("tag", []), list)
    assert found["category"] in CATEGORIES
    assert found["join_options"] in JOIN_MODES
    assert found["status"] in STATUSES
    assert data.get("draft") is not True
    return found


def read_address(data: Json | None) -> Json | None:
    """`Converter.Address.as_to_model_data`."""
    if data is None:
        return None
    address = data.get("address")
    names = ("addressCountry", "postalCode", "addressRegion", "streetAddress", "addressLocality")
    found = {name: _take(address, name) for name in names}
    return {"description": data["name"], "geom": data.get("latitude")} | found


def read_accept(data: Json, follow: Json) -> None:
    """`do_handle_incoming_accept_following`: the Follow is looked up by its id, and who accepts
    must be who is followed."""
    assert data["type"] == "Accept"
    accepted = data["object"]
    assert (accepted if isinstance(accepted, str) else accepted["id"]) == follow["id"]
    assert data["actor"] == follow["object"]


def read_nodeinfo(links: Json, content_type: str) -> str:
    """`NodeInfo.extract_nodeinfo_endpoint`: the address of the document."""
    assert content_type.startswith("application/json")
    versions = {each["rel"].rpartition("/")[2]: each["href"] for each in links["links"]}
    return str(versions.get("2.1") or versions["2.0"])


def write_follow(follower: str, followed: str) -> Json:
    """`Converter.Follower.model_to_as`."""
    host = f"{urlsplit(follower).scheme}://{urlsplit(follower).netloc}"
    return {
        "@context": ["https://www.w3.org/ns/activitystreams"],
        "type": "Follow",
        "actor": follower,
        "to": [followed],
        "cc": [PUBLIC],
        "object": followed,
        "id": f"{host}/follow/8a2d3c1e-2b0a-4a55-a5b1-1d3f5f6b7c8d",
    }


def write_undo(follow: Json) -> Json:
    """`Utils.make_unfollow_data`: the whole Follow is in it."""
    return {
        "@context": ["https://www.w3.org/ns/activitystreams"],
        "type": "Undo",
        "id": f"{follow['id']}/undo",
        "actor": follow["actor"],
        "to": [follow["object"]],
        "cc": [PUBLIC],
        "object": follow,
    }


def _find_website(attachments: list[Json]) -> str | None:
    for each in attachments:
        if (each["type"], each.get("mediaType"), each.get("name")) == (
            "Link",
            "text/html",
            "Website",
        ):
            return str(each["href"])
    return None


def _take(thing: Json | None, name: str) -> Any:
    assert thing is None or isinstance(thing, dict), "Elixir raises an error"
    return None if thing is None else thing.get(name)
