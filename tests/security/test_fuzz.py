"""A short fuzzing run finds no server error and no data of another person. `python -m tests.fuzz`
runs for any time."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import DATABASES, SERVER
from tests.fuzz import networks as walls
from tests.fuzz.exchange import FuzzRequest, FuzzResponse, Tally
from tests.fuzz.runs import EVERY, ask_and_follow, ready, round_of
from tests.fuzz.site_map import Map
from tests.fuzz.surfaces import Asker
from tests.fuzz.world import HIDDEN, OTHERS_NAME, VISITORS, Base

pytestmark = pytest.mark.any_database

REQUESTS_PER_SURFACE, MANY_REQUESTS_PER_SURFACE = 40, 500  # on each database
Ready = tuple[Base, Map]


@pytest.fixture(scope="module")
def network() -> Iterator[Ready]:
    with ready(pages=2) as found:
        yield found


@pytest.mark.long  # collecting all forms takes half a minute
@pytest.mark.parametrize("surface", EVERY)
def test_fuzzed_requests_cause_no_fault_and_reveal_no_personal_data(
    network: Ready, surface: str
) -> None:
    base, site_map = network
    tally = Tally()
    with base.opened() as site:

        @given(st.randoms(use_true_random=False))
        @settings(max_examples=REQUESTS_PER_SURFACE, database=None, deadline=None, derandomize=True)
        def ask_once(chance: Random) -> None:
            ask_and_follow(Asker(site, site_map, chance), surface, tally)

        ask_once()
    assert tally.faults == {}
    assert tally.tried >= REQUESTS_PER_SURFACE


@pytest.mark.long
@pytest.mark.parametrize("database", DATABASES)
def test_many_fuzzed_requests_cause_no_fault_and_reveal_no_personal_data(database: str) -> None:
    seed = secrets.token_hex(4)
    with ready(SERVER if database == "postgresql" else "") as (base, site_map):
        for surface in EVERY:
            total, number = Tally(), 0
            while total.tried < MANY_REQUESTS_PER_SURFACE:
                number += 1
                total.take(round_of(base, site_map, surface, f"{seed} {surface} {number}"))
            assert total.faults == {}, (
                f"python -m tests.fuzz --seed {seed} --each {MANY_REQUESTS_PER_SURFACE}"
            )


@pytest.mark.long
def test_fuzzed_forms_cover_every_role_and_most_posts(network: Ready) -> None:
    base, site_map = network
    assert {form.who for form in site_map.forms} == set(VISITORS)
    with base.opened() as site:
        posts = site.app.url_map.bind("localhost:8000")
        reached = {
            posts.match(form.action.partition("?")[0], method="POST")[0]
            for form in site_map.forms
            if form.method == "post"
        }
    assert len(reached) > 50
    assert {"tipo", "donde", "desde", "mes", "lote", "volver"} <= site_map.queries.keys()


def test_fuzzer_detects_planted_faults() -> None:
    tally = Tally()
    fuzz_request = FuzzRequest("organizer", "GET", "/es/")
    for faulty_response in (
        FuzzResponse(500, b"", log=("GET / failed: ValueError",)),
        FuzzResponse(200, b'<pre>  File "/srv/app.py", line 3'),
        FuzzResponse(200, OTHERS_NAME.encode()),
        FuzzResponse(303, b"", (("Location", f"/es/?donde={HIDDEN}"),)),
    ):
        tally.add(fuzz_request, faulty_response, "organizer")
    assert (len(tally.faults), tally.leaks) == (4, 3)
    assert not tally.is_fine
    admin_tally = Tally()
    admin_tally.add(fuzz_request, FuzzResponse(200, OTHERS_NAME.encode()), "admin")
    assert admin_tally.is_fine


MANY_REQUESTS_TO_NETWORKS = 10_000  # on each database


@pytest.mark.long
@pytest.mark.parametrize("database", DATABASES)
def test_requests_to_one_network_reveal_and_change_nothing_of_the_other(database: str) -> None:
    seed, total, number = secrets.token_hex(4), Tally(), 0
    with walls.ready(SERVER if database == "postgresql" else "", pages=2) as (bases, maps):
        while total.tried < MANY_REQUESTS_TO_NETWORKS:
            number += 1
            total.take(walls.round_of(bases, maps, f"{seed} networks {number}"))
    assert (total.faults, total.leaks) == ({}, 0), (
        f"python -m tests.fuzz --networks --seed {seed} --each {MANY_REQUESTS_TO_NETWORKS}"
    )


@pytest.mark.thorough
def test_some_requests_to_one_network_reveal_and_change_nothing_of_the_other() -> None:
    total, exchanged = Tally(), Tally()
    with walls.ready(pages=0) as (bases, maps):  # without the forms, which take a minute to collect
        total.take(walls.round_of(bases, maps, "walls", most=120))
        with walls.opened(bases, maps, Random(1)) as opened:
            hosts = {"north": walls.host_of("south"), "south": walls.host_of("north")}
            without_wall = replace(opened, hosts=hosts)
            for _ in range(40):
                without_wall.ask("north", exchanged)
    assert (total.faults, total.leaks) == ({}, 0)
    assert exchanged.leaks > 10, "the fuzzer finds what it looks for"
