"""A cache of rows that are read often and change seldom: offices, kinds, and single workshops."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from flask import Flask, current_app
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.locations import office_places
from outreach.domain.locations.gazetteer import GazetteerPlace
from outreach.domain.locations.known_offices import KnownOffices
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.memory_cache import MemoryCache

MAX_WORKSHOPS: Final = 200


@dataclass(frozen=True)
class ReferenceData:
    """All offices, kinds and place names as of one version. Read only: threads share it."""

    version: Hashable
    offices: Sequence[Office]
    kinds: Sequence[Kind]
    places: Mapping[str, list[GazetteerPlace]]  # by the names that offices add

    def get_office(self, slug: str) -> Office:
        """An office by its slug, also a closed one. Raises NotFound."""
        for office in self.offices:
            if office.slug == slug:
                return office
        raise NotFound(f"office {slug}")

    @cached_property
    def known_offices(self) -> KnownOffices:
        """The same offices by place and name."""
        return KnownOffices(self.offices, self.places)


def init_app(app: Flask) -> None:
    app.extensions["outreach_reference"] = _ReferenceCache(app.extensions["outreach_store"])
    app.extensions["outreach_workshops"] = MemoryCache[Workshop](MAX_WORKSHOPS)


def reference() -> ReferenceData:
    """The offices, kinds and place names as they are now."""
    cache: _ReferenceCache = current_app.extensions["outreach_reference"]
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


class _ReferenceCache:
    """The reference data by the mark of the store, and by their own version."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_mark: MemoryCache[ReferenceData] = MemoryCache(1)
        self._by_version: MemoryCache[ReferenceData] = MemoryCache(1)

    def read(self) -> ReferenceData:
        mark = self._store.mark()
        cached = self._by_mark.get("reference", version=mark)
        if cached is not None:
            return cached
        with self._store.read_rows() as connection:
            version = office_places.get_network_version(connection)
        data = self._by_version.get("reference", version=version)
        if data is None:
            # They may be newer than the version: then they are read again after the next commit.
            with self._store.read() as session:
                data = ReferenceData(
                    version,
                    offices.list_offices(session),
                    kinds.list_kinds(session),
                    office_places.load_places(session),
                )
            self._by_version.put("reference", data, version=version)
        self._by_mark.put("reference", data, version=mark)
        return data
