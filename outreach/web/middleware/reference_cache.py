"""What is read over and over and seldom changes: offices, kinds, and the workshop that everybody
saves a place in. Kept in the process, and read again when the database says that it changed."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from flask import Flask, current_app
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.web.middleware.page_cache import LatestVersion


@dataclass(frozen=True)
class ReferenceCache:
    """All of them, as of one version. Read only: threads share it."""

    version: Hashable
    offices: Sequence[Office]
    kinds: Sequence[Kind]


def init_app(app: Flask) -> None:
    app.extensions["outreach_reference"] = _Kept(app.extensions["outreach_store"])
    app.extensions["outreach_workshops"] = LatestVersion()


def reference() -> ReferenceCache:
    kept: _Kept = current_app.extensions["outreach_reference"]
    return kept.get()


def workshop(session: Session, public_id: str) -> Workshop:
    """A workshop the public may see, as it is now but for `seats_left`, which moves with every
    registration and is that of an earlier moment. Read only. Raises NotFound."""
    kept: LatestVersion[tuple[Hashable, Workshop]] = current_app.extensions["outreach_workshops"]
    version = workshops.version(session, public_id)
    found = kept.get(public_id)
    if found is None or found[0] != version:
        found = version, workshops.find_public(session, public_id)
        kept.put(public_id, found)
    return found[1]


class _Kept:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: tuple[Hashable, ReferenceCache] | None = None

    def get(self) -> ReferenceCache:
        mark = self._store.mark()
        kept = self._kept
        if kept is not None and kept[0] == mark:
            return kept[1]  # nothing at all has been committed since
        with self._store.read() as session:
            version = offices.version(session), kinds.version(session)
            if kept is not None and kept[1].version == version:
                found = kept[1]
            else:
                found = ReferenceCache(
                    version, offices.all_of_them(session), kinds.all_of_them(session)
                )
        self._kept = mark, found
        return found
