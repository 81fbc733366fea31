"""Offices and kinds, which every list names and nobody changes for days: kept in the process, and
read again when the database says that they changed."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from flask import Flask, current_app

from outreach.db.store import Store
from outreach.domain import kinds, offices
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office


@dataclass(frozen=True)
class Reference:
    """All of them, as of one version. Read only: threads share it."""

    version: Hashable
    offices: Sequence[Office]
    kinds: Sequence[Kind]


def init_app(app: Flask) -> None:
    app.extensions["outreach_reference"] = _Kept(app.extensions["outreach_store"])


def reference() -> Reference:
    kept: _Kept = current_app.extensions["outreach_reference"]
    return kept.get()


class _Kept:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: tuple[Hashable, Reference] | None = None

    def get(self) -> Reference:
        mark = self._store.mark()
        kept = self._kept
        if kept is not None and kept[0] == mark:
            return kept[1]  # nothing at all has been committed since
        with self._store.read() as session:
            version = offices.version(session), kinds.version(session)
            if kept is not None and kept[1].version == version:
                found = kept[1]
            else:
                found = Reference(version, offices.all_of_them(session), kinds.all_of_them(session))
        self._kept = mark, found
        return found
