"""Which tests and cases a run takes that is to be shorter. The same in each process of a run."""

import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Set

import pytest


def one_case_of_each(items: Iterable[pytest.Item], seed: str) -> set[pytest.Item]:
    """Of the cases of a test on one database, the one that the seed chooses."""
    cases: defaultdict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[test_and_database(item)].append(item)
    return {_choose(group, f"{seed} {test}") for (test, _), group in cases.items()}


def without_repeats(
    items: Iterable[pytest.Item], walks: Set[pytest.Item], seed: str
) -> set[pytest.Item]:
    """All but what a long run would repeat on another database: of a test that is the same on
    either (`any_database`), one case on PostgreSQL; of a walk of thousands of steps, each case on
    one of them, which the seed chooses. A test of simultaneous requests (`races`) repeats
    nothing."""
    kept: set[pytest.Item] = set()
    alike: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        test, database = test_and_database(item)
        if not database or item.get_closest_marker("races"):
            kept.add(item)
        elif item in walks:
            alike[re.sub("sqlite|postgresql", "", item.nodeid)].append(item)
        elif database == "postgresql" and item.get_closest_marker("any_database"):
            alike[test].append(item)
        else:
            kept.add(item)
    return kept | {_choose(group, f"{seed} {name}") for name, group in alike.items()}


def in_part(items: Iterable[pytest.Item], part: str) -> set[pytest.Item]:
    """Those of the files of a part, as "1/2". Raises UsageError for one that there is not."""
    found = re.fullmatch(r"(\d+)/(\d+)", part, re.ASCII)
    number, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= count:
        raise pytest.UsageError(f"--part {part}: give one as 1/2.")
    return {
        item
        for item in items
        if zlib.crc32(item.nodeid.partition("::")[0].encode()) % count == number - 1
    }


def _choose(items: Iterable[pytest.Item], seed: str) -> pytest.Item:
    return random.Random(seed).choice(sorted(items, key=lambda each: each.nodeid))


def test_and_database(item: pytest.Item) -> tuple[str, str]:
    """The name of the function, with its file, and of the database, "" where it takes none."""
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params if callspec is not None else {}
    database = parameters.get("config") or parameters.get("database", "")
    return item.nodeid.partition("[")[0], str(database)
