"""Changes of the public list by cursor, with withdrawals (changed_since=)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.domain.calendar.public_changes import PublicChange
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import bulk, network_changes, venue_merge, workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import Refusal
from outreach.keystore import KeyStore
from outreach.web.api.serializers import ROOT
from tests.calendar_readers.life import Life
from tests.calendar_readers.stories import Story, stories
from tests.conftest import kind, make_workshop, seat, venue

pytestmark = pytest.mark.any_database("the changes of open data")

Item = dict[str, Any]
Act = Callable[[Session, Workshop], object]


class Follower:
    """A program that keeps the public list by following its changes."""

    def __init__(self, client: FlaskClient, since: str = "") -> None:
        self.client = client
        self.address = f"{ROOT}/workshops?changed_since={since}"
        self.workshops: dict[str, Item] = {}
        self.last = ("", "")  # modified and id of the last change

    def poll(self, limit: int = 50) -> list[str]:
        """Reads until a page is empty, and returns the ids of what changed."""
        changed: list[str] = []
        address = f"{self.address}&limit={limit}" if "limit=" not in self.address else self.address
        while True:
            answer = self.client.get(address)
            assert answer.status_code == 200, answer.text
            page: Any = answer.json
            assert answer.headers["Link"] == f'<{page["next"]}>; rel="next"'
            found = self._read(page)
            changed += found
            if not found:
                assert page["next"].partition(ROOT)[2] == address.partition(ROOT)[2] or not changed
                self.address = page["next"]
                return changed
            address = page["next"]

    def _read(self, page: Item) -> list[str]:
        items = [*page["workshops"], *page["withdrawn"]]
        order = sorted((each["modified"], each["id"]) for each in items)
        for modified, number in order:
            assert (modified, number) > self.last, "modified, then id"
            self.last = modified, number
        for each in page["workshops"]:
            assert each["seats"] is None, "who follows would keep it"
            self.workshops[each["id"]] = {k: v for k, v in each.items() if k != "modified"}
        for each in page["withdrawn"]:
            assert set(each) == {"id", "modified"}
            self.workshops.pop(each["id"], None)
        return [number for _modified, number in order]


def public_list(client: FlaskClient, query: str = "") -> dict[str, Item]:
    """All that the list has for a query, without seats, by id."""
    found: dict[str, Item] = {}
    path = f"/workshops?desde=1000-01-01&limit=200&{query}"
    while path:
        page = read(client, path)
        found |= {each["id"]: each | {"seats": None} for each in page["workshops"]}
        path = (page["next"] or "").partition(ROOT)[2]
    return found


def read(client: FlaskClient, path: str) -> Any:
    answer = client.get(ROOT + path)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.fixture
def talk(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


# What is followed


def test_pages_follow_the_order_of_changes_to_the_end(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        together = [make_workshop(session, chicago, rights).public_id for _each in range(5)]
    with store.change() as session:
        later = make_workshop(session, chicago, rights).public_id
    follower = Follower(client)
    assert follower.poll(limit=2) == [*sorted(together), later]
    assert follower.workshops == public_list(client)
    assert follower.poll() == []

    with store.change() as session:
        change(session, together[3], title={"es": "Otro título"})
    assert follower.poll() == [together[3]]
    assert follower.workshops == public_list(client)
    assert follower.workshops[together[3]]["title"]["es"] == "Otro título"


def test_first_request_may_name_a_day_a_moment_or_nothing(
    client: FlaskClient, store: Store, talk: Workshop
) -> None:
    [row] = read(client, "/workshops?changed_since=")["workshops"]
    modified = datetime.fromisoformat(row["modified"])
    for since, is_there in (
        ("", True),
        (f"{modified.date()}", True),
        (row["modified"], True),
        (f"{modified:%Y-%m-%dT%H:%M:%SZ}", True),
        (f"{modified + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}", False),
        ("2999-01-01", False),
        (f"{row['modified']}_{row['id']}", False),
    ):
        assert bool(Follower(client, since).poll()) == is_there, since


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("changed_since=ayer", 400),
        ("changed_since=2026-12-01T00:00:00", 400),
        ("changed_since=2026-12-01_ABCDEFGHJK", 400),
        ("changed_since=%00", 400),
        ("changed_since=2026-12-01T00:00:00Z%0A", 404),
        ("changed_since=&changed_since=", 400),
        ("changed_since=&limit=0", 400),
        ("changed_since=2026-02-30", 404),
        ("changed_since=2026-12-01T25:00:00Z", 404),
        ("changed_since=&tipo=mujeres", 404),
        ("changed_since=&after=" + "0" * 24, 404),
    ],
)
def test_what_is_no_position_is_refused_in_a_sentence(
    client: FlaskClient, women: Kind, query: str, status: int
) -> None:
    answer = client.get(f"{ROOT}/workshops?{query}")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["detail"].endswith(".")


@pytest.mark.parametrize("query", ["oficina=chicago", "tipo=derechos&donde=IL", "hasta=2020-12-31"])
def test_filter_is_followed_by_what_enters_and_leaves_it(
    client: FlaskClient, store: Store, chicago: Office, calgary: Office, rights: Kind, query: str
) -> None:
    with store.change() as session:
        here, there = (
            make_workshop(session, chicago, rights),
            make_workshop(session, calgary, rights),
        )
        past = make_workshop(session, chicago, rights, day=date(2020, 1, 18))
    follower = Follower(client, f"&{query}")
    follower.poll(limit=1)
    assert follower.workshops == public_list(client, query)
    with store.change() as session:
        change(session, past.public_id, title={"es": "Otro"})
        one = session.get_one(Workshop, there.id)
        one.office, one.venue = session.get_one(Office, chicago.id), None
        two = session.get_one(Workshop, here.id)
        two.office, two.venue = session.get_one(Office, calgary.id), None
    assert len(follower.poll()) == 3
    assert follower.workshops == public_list(client, query)


def test_empty_page_is_not_modified_until_something_changes(
    client: FlaskClient, store: Store, talk: Workshop
) -> None:
    follower = Follower(client)
    follower.poll()
    first = client.get(follower.address)
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get(follower.address, headers=again).status_code == 304
    with store.change() as session:
        change(session, talk.public_id, title={"es": "Nuevo"})
    assert client.get(follower.address, headers=again).status_code == 200


# What moves nothing


def test_seats_registrations_and_notes_of_staff_move_nothing(
    client: FlaskClient, store: Store, key_store: KeyStore, talk: Workshop
) -> None:
    follower = Follower(client)
    follower.poll()
    seat(store, key_store, talk)
    seat(store, key_store, talk, name="Luz")
    with store.change() as session:
        change(session, talk.public_id, has_waiting_list=False)
        change(session, talk.public_id, retention_days=talk.retention_days - 1)
    assert follower.poll() == []


def test_discreet_unlisted_and_draft_workshops_have_no_row(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        made = [
            make_workshop(session, chicago, women),
            make_workshop(session, chicago, rights, way=Way.UNLISTED),
            make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT),
        ]
    with store.change() as session:
        for each in made:
            change(session, each.public_id, title={"es": "Otro"})
        workshop_service.cancel(session, session.get_one(Workshop, made[0].id), now=clock.now())
        session.delete(session.get_one(Workshop, made[2].id))
    page = read(client, "/workshops?changed_since=")
    assert (page["workshops"], page["withdrawn"]) == ([], [])
    with store.read() as session:
        assert session.scalars(sa.select(PublicChange)).all() == []


# Withdrawals


def unlist(session: Session, workshop: Workshop) -> None:
    change(session, workshop.public_id, way=Way.UNLISTED)


def make_discreet(session: Session, workshop: Workshop) -> None:
    discreet = kinds.find(session, "mujeres")
    change(session, workshop.public_id, kind=discreet, visibility=Visibility.REGISTERED)


def make_its_kind_discreet(session: Session, workshop: Workshop) -> None:
    values = {"visibility": Visibility.REGISTERED, "retention_days": 1, "is_discreet": True}
    network_changes.change_kind(session, workshop.kind, values, now=clock.now())


def make_a_draft(session: Session, workshop: Workshop) -> None:
    workshop.status = WorkshopStatus.DRAFT


def delete(session: Session, workshop: Workshop) -> None:
    session.delete(workshop)


def delete_by_statement(session: Session, workshop: Workshop) -> None:
    session.execute(sa.delete(Workshop).where(Workshop.id == workshop.id))


WITHDRAWALS: Final[tuple[Act, ...]] = (
    *(unlist, make_discreet, make_its_kind_discreet, make_a_draft, delete, delete_by_statement),
)


@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_every_reason_gives_the_same_tombstone_once(
    client: FlaskClient,
    store: Store,
    chicago: Office,
    women: Kind,
    talk: Workshop,
    withdraw: Act,
) -> None:
    with store.change() as session:
        other = make_workshop(session, chicago, add_kind(session))
    follower = Follower(client)
    follower.poll()
    known = talk.public_id
    with store.change() as session:
        withdraw(session, session.get_one(Workshop, talk.id))
    after = follower.address
    assert follower.poll() == [known]
    assert set(follower.workshops) == {other.public_id} == set(public_list(client))
    page = read(client, after.partition(ROOT)[2])
    assert page["workshops"] == []
    [tombstone] = page["withdrawn"]
    assert set(tombstone) == {"id", "modified"}
    assert client.get(f"{ROOT}/workshops/{known}").status_code == 404

    # What becomes of it tells nothing.
    with store.change() as session:
        left = session.get(Workshop, talk.id)
        if left is not None:
            left.title, left.changed_at = {"es": "Lo que nadie lee"}, clock.now()
    with store.change() as session:
        left = session.get(Workshop, talk.id)
        if left is not None:
            session.delete(left)
    assert follower.poll() == []


def test_kind_that_becomes_discreet_withdraws_past_workshops_too(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        past = make_workshop(session, chicago, rights, day=date(2020, 1, 18))
    follower = Follower(client)
    follower.poll()
    with store.change() as session:
        make_its_kind_discreet(session, session.get_one(Workshop, past.id))
    assert follower.poll() == [past.public_id]
    assert follower.workshops == {} == public_list(client)


def test_workshop_that_is_public_again_is_followed_again(
    client: FlaskClient, store: Store, talk: Workshop
) -> None:
    follower = Follower(client)
    follower.poll()
    with store.change() as session:
        session.get_one(Workshop, talk.id).status = WorkshopStatus.DRAFT
    follower.poll()
    assert follower.workshops == {}
    with store.change() as session:
        session.get_one(Workshop, talk.id).status = WorkshopStatus.PUBLISHED
    assert follower.poll() == [talk.public_id]
    assert follower.workshops == public_list(client)
    assert read(client, "/workshops?changed_since=")["withdrawn"] == []


def test_change_that_is_rolled_back_moves_nothing(
    client: FlaskClient, store: Store, talk: Workshop
) -> None:
    follower = Follower(client)
    follower.poll()
    with pytest.raises(Refusal), store.change() as session:
        change(session, talk.public_id, title={"es": "No"})
        session.flush()
        bulk.delete_draft(session, session.get_one(Workshop, talk.id), clock.now())
    with store.change() as session:
        change(session, talk.public_id, title={"es": "Ni esto"})
        session.flush()
        session.rollback()
    assert follower.poll() == []
    with store.change() as session:
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            change(session, talk.public_id, title={"es": "Tampoco"})
            session.flush()
            _ = 1 / 0
        other = session.get_one(Workshop, talk.id)
        assert other.title["es"] == "Conoce tus derechos"
    follower.poll()
    assert follower.workshops == public_list(client)


# What stands beside the workshop


def test_change_of_venue_office_or_kind_changes_the_workshops_that_say_it(
    client: FlaskClient, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        library = venue(session, chicago)
        there = [
            make_workshop(session, chicago, rights, venue=library).public_id for _each in range(3)
        ]
        hidden = make_workshop(session, chicago, rights, venue=library, way=Way.UNLISTED).public_id
        elsewhere = make_workshop(session, calgary, rights).public_id
    follower = Follower(client)
    follower.poll()
    for owner, name, value, changed in (
        ("venue", "address", "2 W Madison St", there),
        ("office", "city", "Cicero", there),
        ("office", "phone", "312 555 0100", []),
        ("kind", "code", "derechos-2", [*there, elsewhere]),
        ("kind", "minutes", 45, []),
    ):
        with store.change() as session:
            one = session.scalars(sa.select(Workshop).where(Workshop.public_id == there[0])).one()
            setattr(getattr(one, owner), name, value)
        assert sorted(follower.poll()) == sorted(changed), (owner, name)
        assert follower.workshops == public_list(client)
    assert hidden not in follower.workshops


def test_merged_venue_changes_past_workshops_too(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        one, other = (venue(session, chicago, name=name) for name in ("Sala", "La sala"))
        past = make_workshop(session, chicago, rights, venue=one, day=date(2020, 1, 18)).public_id
        coming = make_workshop(session, chicago, rights, venue=one).public_id
        staying = make_workshop(session, chicago, rights, venue=other).public_id
    follower = Follower(client)
    follower.poll()
    with store.change() as session:
        kept, merged = session.get_one(Venue, other.id), session.get_one(Venue, one.id)
        venue_merge.merge(session, kept, merged, venue_merge.get_data(kept), now=clock.now())
    assert {past, coming} <= set(follower.poll())
    assert follower.workshops == public_list(client)
    assert follower.workshops[past]["place"]["name"] == "La sala"
    assert staying in follower.workshops


# Any series of changes


@pytest.mark.thorough
@pytest.mark.parametrize("config", ["sqlite"], indirect=True)
def test_who_follows_from_nothing_ends_with_exactly_the_public_list(
    client: FlaskClient, store: Store, rights: Kind, women: Kind
) -> None:
    """Any edits of workshops, offices and venues, read now and then with pages of any size."""
    always = Follower(client)
    number = 0

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(stories(), st.lists(st.sampled_from((0, 1, 2, 7, 200)), min_size=10, max_size=10))
    def follow(story: Story, limits: list[int]) -> None:
        nonlocal number
        number += 1
        life = Life(store, story, number)
        _act(store, life, 0, "create", story.first)
        from_here = Follower(client, f"{clock.now():%Y-%m-%dT%H:%M:%SZ}")
        from_here.workshops = public_list(client)
        for (index, seconds, name, value), limit in zip(story.steps, limits, strict=False):
            life.advance(seconds)
            _act(store, life, index, name, value)
            if limit:
                always.poll(limit)
                assert always.workshops == public_list(client), name
        expected = public_list(client)
        for each in (always, from_here, Follower(client)):
            each.poll()
            assert each.workshops == expected

    follow()
    with store.read() as session:
        hidden = session.scalars(
            sa.select(Workshop.public_id).where(
                sa.or_(Workshop.is_discreet.is_(True), Workshop.way == Way.UNLISTED)
            )
        ).all()
    assert len(hidden) > 1
    assert len(list_withdrawn(store)) > 1
    assert always.workshops.keys().isdisjoint(hidden)


def list_withdrawn(store: Store) -> list[str]:
    with store.read() as session:
        return [
            *session.scalars(sa.select(PublicChange.public_id).where(PublicChange.is_withdrawn))
        ]


def _act(store: Store, life: Life, index: int, name: str, value: Any) -> None:
    try:
        with store.change() as session:
            life.act(session, index, name, value)
    except Refusal:
        pass


def change(session: Session, public_id: str, **changes: Any) -> None:
    """Changes a workshop as its form does."""
    row = session.scalars(sa.select(Workshop).where(Workshop.public_id == public_id)).one()
    data = replace(workshop_service.get_data(row), **changes)
    workshop_service.change(session, row, data, now=clock.now())


def add_kind(session: Session) -> Kind:
    made = kind("otro", "Otro")
    session.add(made)
    session.flush()
    return made
