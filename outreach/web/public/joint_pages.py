"""`/joint.json`: the signed document of the workshops that partner networks may show (S44)."""

from typing import Final

from flask import Blueprint, Flask, Response, current_app

from outreach import clock
from outreach.joint import joint_writer
from outreach.joint.joint_writer import WrittenDocument
from outreach.memory_cache import MemoryCache
from outreach.web.context import config, key_store, store

pages = Blueprint("joint", __name__)

MAX_AGE_SECONDS: Final = 60
_CACHE: Final = "outreach_joint_document"  # in `app.extensions`


def init_app(app: Flask) -> None:
    app.extensions[_CACHE] = MemoryCache[WrittenDocument](1)
    app.register_blueprint(pages)


@pages.get("/joint.json")
def document() -> Response:
    found = _get_document()
    headers = {"ETag": f'W/"{found.etag}"', "Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"}
    return Response(found.body, headers=headers, mimetype="application/json")


def _get_document() -> WrittenDocument:
    """Returns the document as it is now. It changes with the data and with the time in it."""
    cache: MemoryCache[WrittenDocument] = current_app.extensions[_CACHE]
    now = clock.now()
    version = store().mark(), joint_writer.round_down(now)  # read before the data
    found = cache.get("", version=version)
    if found is None:
        with store().read() as session:
            found = joint_writer.write(session, config(), key_store(), now=now)
        cache.put("", found, version=version)
    return found
