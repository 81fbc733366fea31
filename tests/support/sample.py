"""One case of each test, for a run that is to be short."""

import random
from collections import defaultdict
from collections.abc import Iterable

import pytest


def one_case_of_each(items: Iterable[pytest.Item], seed: str) -> set[pytest.Item]:
    """Of the cases of a test on one database, the one that the seed chooses: the same in each
    process of a run."""
    cases: defaultdict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[test_and_database(item)].append(item)
    return {
        random.Random(f"{seed} {test}").choice(sorted(group, key=lambda each: each.nodeid))
        for (test, _), group in cases.items()
    }


def test_and_database(item: pytest.Item) -> tuple[str, str]:
    """The name of the function, with its file, and of the database, "" where it takes none."""
    callspec = getattr(item, "callspec", None)
    database = callspec.params.get("config", "") if callspec is not None else ""
    return item.nodeid.partition("[")[0], str(database)
