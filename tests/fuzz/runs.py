"""A run: rounds of requests, each on a new copy of the network."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

from tests.fuzz import commands
from tests.fuzz.exchange import FuzzRequest, Tally, ask
from tests.fuzz.site_map import PAGES_OF_ONE, Map, found
from tests.fuzz.surfaces import SURFACES, Asker, follow
from tests.fuzz.world import Base, made

IN_A_ROUND: Final = 250  # requests before the network is copied again
STEPS: Final = 4  # requests that follow from one: redirect, preview, load, result
LOADS: Final = "loads"
EVERY: Final = (*SURFACES, LOADS)


@contextmanager
def ready(server: str = "", *, pages: int = PAGES_OF_ONE) -> Iterator[tuple[Base, Map]]:
    """A network and its crawled map, with that many pages of an endpoint."""
    with (
        tempfile.TemporaryDirectory(prefix="outreach-fuzz-") as name,
        made(Path(name), server) as base,
    ):
        with base.opened() as site:
            seen = found(site, pages)
        yield base, seen


def round_of(
    base: Base,
    seen: Map,
    surface: str,
    seed: str,
    *,
    most: int = IN_A_ROUND,
    until: float = float("inf"),
) -> Tally:
    """That many requests, determined by the seed; fewer after `until` (monotonic)."""
    tally = Tally()
    with base.opened() as site:
        asker, began = Asker(site, seen, Random(seed)), time.monotonic()
        while tally.tried < most and time.monotonic() < until:
            request = ask_and_follow(asker, surface, tally)
            # Signed out or disabled: no further requests of this visitor.
            if request is not None and request.method == "POST" and not site.is_in(request.who):
                break
        tally.took = time.monotonic() - began
    return tally


def ask_and_follow(asker: Asker, surface: str, tally: Tally) -> FuzzRequest | None:
    """A request of a surface, then the requests that a browser would make next."""
    if surface == LOADS:
        tally.add(*commands.load(asker.site, asker.random))
        return None
    first = SURFACES[surface](asker)
    onward: FuzzRequest | None = first
    for _step in range(STEPS):
        if onward is None:
            break
        response = ask(asker.site.client, onward)
        tally.add(onward, response, onward.who)
        onward = follow(asker, onward, response)
    return first
