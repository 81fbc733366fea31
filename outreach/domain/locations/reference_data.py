"""Offices, kinds and place names in memory: rows that are read often and change seldom."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from outreach.db.store import Store
from outreach.domain.locations import office_places
from outreach.domain.locations.gazetteer import GazetteerPlace
from outreach.domain.locations.known_offices import KnownOffices
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.errors import NotFound
from outreach.memory_cache import MemoryCache


@dataclass(frozen=True)
class ReferenceData:
    """All offices, kinds and place names as of one version. Read only: threads share it."""

    version: Hashable
    offices: Sequence[Office]
    kinds: Sequence[Kind]
    places: Mapping[str, list[GazetteerPlace]]  # by the names that offices add

    def get_office(self, slug: str) -> Office:
        """Returns an office by its slug, also a closed one. Raises NotFound."""
        if slug not in self._offices_by_slug:
            raise NotFound(f"office {slug}")
        return self._offices_by_slug[slug]

    def find_kinds(self, codes: Collection[str]) -> dict[str, Kind]:
        """Returns the kinds that have these codes, by code; a code of no kind is left out."""
        return {code: self._kinds_by_code[code] for code in codes if code in self._kinds_by_code}

    @cached_property
    def known_offices(self) -> KnownOffices:
        """The offices by place and name."""
        return KnownOffices(self.offices, self.places)

    @cached_property
    def _offices_by_slug(self) -> Mapping[str, Office]:
        return {office.slug: office for office in self.offices}

    @cached_property
    def _kinds_by_code(self) -> Mapping[str, Kind]:
        return {code: kind for kind in self.kinds for code in kind.codes}


class ReferenceCache:
    """Keeps the reference data of one process, by the mark of the store and by their own
    version.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_mark: MemoryCache[ReferenceData] = MemoryCache(1, is_of_searches=False)
        self._by_version: MemoryCache[ReferenceData] = MemoryCache(1, is_of_searches=False)

    def read(self) -> ReferenceData:
        """Returns the offices, kinds and place names as they are now."""
        mark = self._store.mark()
        cached = self._by_mark.get("reference", version=mark)
        if cached is not None:
            return cached
        version = self._store.read_row(office_places.NETWORK_VERSION)
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
