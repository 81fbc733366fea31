"""Asks what extensions store about people (`KeyStore.keepers`). One that fails stops no other."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from outreach.db import error_classes
from outreach.db.store import Store
from outreach.keystore import Keeper, KeyStore

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class KeeperCounts:
    """Numbers of what extensions store."""

    counts: dict[Keeper, int]
    failed: tuple[Keeper, ...]
    """Those that gave no number. The log has the error."""


def purge(store: Store, key_store: KeyStore, *, now: datetime) -> KeeperCounts:
    """Erases what has ended. Call it after the purge of the core."""
    return _count(key_store, lambda keeper: keeper.purge(store, key_store, now))


def count_due(store: Store, key_store: KeyStore, *, now: datetime) -> KeeperCounts:
    """Counts what `purge` would erase."""
    return _count(key_store, lambda keeper: keeper.count_due(store, key_store, now))


def count_held(store: Store, key_store: KeyStore) -> KeeperCounts:
    """Counts what is stored."""
    return _count(key_store, lambda keeper: keeper.count(store, key_store))


def _count(key_store: KeyStore, ask: Callable[[Keeper], int]) -> KeeperCounts:
    answers = dict(_ask(key_store, ask))
    return KeeperCounts(
        {keeper: count for keeper, count in answers.items() if count is not None},
        tuple(keeper for keeper, count in answers.items() if count is None),
    )


def _ask(
    key_store: KeyStore, ask: Callable[[Keeper], Answer]
) -> Iterator[tuple[Keeper, Answer | None]]:
    """Yields what each keeper answers; None for one that failed, which is logged."""
    for keeper in key_store.keepers:
        try:
            answer = ask(keeper)
        except Exception as error:  # it is other people's code
            log.error("%s: their keeper failed: %s", keeper.noun, error_classes.describe(error))
            answer = None
        yield keeper, answer
