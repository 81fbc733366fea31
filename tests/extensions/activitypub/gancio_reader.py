"""Reads what we publish by the rules of gancio, and writes what gancio sends.

The rules are those of its sources (lesion/gancio, read in November 2026): `server/federation/
inbox.js`, `events.js`, `places.js`, `helpers.js`, and `_findOrCreatePlace` in
`server/api/controller/event.js`.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_public_key

Json = dict[str, Any]


def read_actor(data: Json) -> Json:
    """What `helpers.js` takes out of an actor: where it is followed, and its key. Older versions
    read `endpoints.sharedInbox` without asking whether there are endpoints."""
    load_pem_public_key(data["publicKey"]["publicKeyPem"].encode())
    return {"inbox": data["endpoints"]["sharedInbox"] or data["inbox"], "ap_id": data["id"]}


def read_nodeinfo(data: Json) -> str:
    """`getInstance`: the name of the site; one without is not followed."""
    name = data.get("name") or data["metadata"].get("nodeLabel") or data["metadata"]["nodeName"]
    assert name
    return str(name)


def read_activity(data: Json) -> Json:
    """`inbox.js`: has to have type and object; an Event is created, updated or removed."""
    assert data["object"]
    assert data["type"] in {"Create", "Update", "Delete"}
    thing = data["object"]
    if data["type"] == "Delete":
        # Anything else is not removed.
        assert thing["type"] in {"Note", "Tombstone", "Event"}
        return {"ap_id": thing["id"]}
    assert thing["type"] == "Event"
    return read_event(thing)


def read_event(data: Json) -> Json:
    """`events.js`, `create`: required are name, start, id and type; each attachment has to say its
    media type, and the first picture is downloaded."""
    for name in ("name", "startTime", "id", "type"):
        assert data[name], name
    pictures = [each for each in data["attachment"] if "image" in each["mediaType"]]
    assert data["attachment"][0]["url"] == pictures[0]["url"], "older versions take the first"
    for tag in data["tag"]:
        assert tag["name"][1:]
    place, online = read_place(data)
    return {
        "title": data["name"].strip(),
        "start": datetime.fromisoformat(data["startTime"]).timestamp(),
        "end": datetime.fromisoformat(data["endTime"]).timestamp(),
        "description": data["content"],
        "picture": pictures[0]["url"],
        "place": place,
        "online": online,
        "ap_id": data["id"],
    }


def read_place(data: Json) -> tuple[str, list[str]]:
    """`parseAPLocation` and `_findOrCreatePlace`: name and address in one text, and what is on
    line. A place on this earth needs both."""
    locations = data["location"] if isinstance(data["location"], list) else [data["location"]]
    on_earth = next((each for each in locations if each["type"] != "VirtualLocation"), None)
    online = [
        each["url"] for each in locations if each["type"] == "VirtualLocation" and each.get("url")
    ]
    if on_earth is None:
        assert online, "no place at all"
        return "online", online
    address = on_earth.get("address") or on_earth["name"]
    if not isinstance(address, str):
        names = ("streetAddress", "addressLocality", "addressRegion", "addressCountry")
        address = ", ".join(address[name] for name in names if address.get(name))
    assert on_earth["name"].strip()
    assert address.strip()
    return f"{on_earth['name']} ({address})", online


def write_follow(follower: str, followed: str) -> Json:
    """`helpers.js`, `followActor`."""
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{_origin(follower)}/federation/m/{followed}#follow",
        "type": "Follow",
        "actor": follower,
        "object": followed,
    }


def write_unfollow(follower: str, followed: str) -> Json:
    """`helpers.js`, `unfollowActor`: a type of its own in place of an Undo."""
    return write_follow(follower, followed) | {"type": "Unfollow"}


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
