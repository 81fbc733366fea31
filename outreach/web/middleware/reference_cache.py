"""Rows that pages read often and that change seldom: offices, kinds, and single workshops."""

from typing import Final

from flask import Flask, current_app
from sqlalchemy.orm import Session

from outreach.domain import workshops
from outreach.domain.locations.reference_data import ReferenceCache, ReferenceData
from outreach.domain.workshops import Workshop
from outreach.memory_cache import MemoryCache

MAX_WORKSHOPS: Final = 200


def init_app(app: Flask) -> None:
    app.extensions["outreach_reference"] = ReferenceCache(app.extensions["outreach_store"])
    app.extensions["outreach_workshops"] = MemoryCache[Workshop](MAX_WORKSHOPS)


def reference() -> ReferenceData:
    """The offices, kinds and place names as they are now."""
    cache: ReferenceCache = current_app.extensions["outreach_reference"]
    return cache.read()


def workshop(session: Session, public_id: str) -> Workshop:
    """A workshop that the public may see, as it is now, except `seats_left`.

    Each registration changes `seats_left` and not the version, so it is that of an earlier moment.
    The object is shared by threads: read only. Raises NotFound.
    """
    cache: MemoryCache[Workshop] = current_app.extensions["outreach_workshops"]
    version = workshops.get_version(session, public_id)
    cached = cache.get(public_id, version=version)
    if cached is None:
        cached = workshops.find_public(session, public_id)
        cache.put(public_id, cached, version=version)
    return cached
