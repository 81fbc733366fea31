"""Merging two venues that are one place, and undoing it."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.calendar import change_counters
from outreach.domain.locations import venue_matching, venues
from outreach.domain.locations.venue_matching import MatchKind
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import venue_merge, workshop_service
from outreach.domain.scheduling.venue_merge import MergeEffect, VenueMerge
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import Conflict, ErrorCode
from outreach.feeds import vevent
from outreach.keystore import KeyStore
from tests.conftest import LONG_AGO, make_workshop, seat, venue
from tests.support.interleaving import meet
from tests.support.refusals import refuses

pytestmark = pytest.mark.any_database

FULL = "1805 S. Ejemplo St., Chicago, IL 60608"
SHORT = "1805 S Ejemplo"
SITE = vevent.PublicSite("https://x.example", "x.example")


class Scene:
    """Two venues of an office, each with a workshop next week."""

    def __init__(self, store: Store, office: Office, kind: Kind, **merged: Any) -> None:
        self.store, self.office, self.kind = store, office, kind
        with store.change() as session:
            kept = venue(session, office, "Biblioteca de Pilsen, sala 2", address=FULL, capacity=35)
            plain: dict[str, Any] = {"name": "Bibl. Pilsen", "address": SHORT, "capacity": 40}
            other = venue(session, office, **(plain | merged))
            self.kept_id, self.merged_id = kept.id, other.id
            self.kept_workshop = make_workshop(session, office, kind, venue=kept).id
            self.moved_workshop = make_workshop(
                session, office, kind, venue=other, day=clock.now().date() + timedelta(days=9)
            ).id

    def merge(self, *from_merged: str, now: datetime | None = None) -> MergeEffect:
        with self.store.change() as session:
            kept = session.get_one(Venue, self.kept_id)
            merged = session.get_one(Venue, self.merged_id)
            data = venue_merge.choose(kept, merged, from_merged)
            foreseen = venue_merge.foresee(session, kept, merged, data, now=now or clock.now())
            effect = venue_merge.merge(session, kept, merged, data, now=now or clock.now())
        assert effect == foreseen
        return effect

    def undo(self, *, now: datetime | None = None) -> MergeEffect:
        with self.store.change() as session:
            done = session.scalars(sa.select(VenueMerge).order_by(VenueMerge.id.desc())).first()
            assert done is not None
            return venue_merge.undo(session, done, now=now or clock.now())

    def venue(self, which: int) -> Venue:
        with self.store.read() as session:
            return session.get_one(Venue, which)

    def workshop(self, which: int) -> Workshop:
        with self.store.read() as session:
            return session.get_one(Workshop, which)

    def entry(self, which: int) -> tuple[str, int, datetime]:
        """What calendars have of a workshop: place, SEQUENCE and LAST-MODIFIED."""
        workshop = self.workshop(which)
        return vevent.place(workshop, "es"), workshop.sequence, vevent.changed_at(workshop)

    def notified(self) -> list[str]:
        with self.store.read() as session:
            return list(
                session.scalars(
                    sa.select(Notification.registration_id).where(
                        Notification.cause == NotificationType.CHANGED
                    )
                )
            )


@pytest.fixture
def scene(store: Store, chicago: Office, rights: Kind) -> Scene:
    return Scene(store, chicago, rights)


def test_workshops_follow_and_the_old_venue_leads_to_the_new_one(scene: Scene) -> None:
    with scene.store.change() as session:
        merged = session.get_one(Venue, scene.merged_id)
        held = make_workshop(
            session, scene.office, scene.kind, venue=merged, day=LONG_AGO.date()
        ).id
    effect = scene.merge("capacity")
    assert (effect.workshops, effect.notified) == (2, 0)
    assert scene.workshop(scene.moved_workshop).venue_id == scene.kept_id
    assert scene.workshop(held).venue_id == scene.kept_id
    assert scene.venue(scene.kept_id).capacity == 40
    with scene.store.read() as session:
        assert venues.find(session, scene.office, scene.merged_id).id == scene.kept_id
        assert [each.id for each in venues.list_venues(session, scene.office)] == [scene.kept_id]
        found = venue_matching.match(session, scene.office, "BIBL PILSEN", address=SHORT)
        assert found.kind is MatchKind.SAME
        assert found.place is not None
        assert found.place.id == scene.kept_id


def test_nobody_is_notified_where_the_address_is_another_spelling(
    scene: Scene, key_store: KeyStore
) -> None:
    seat(scene.store, key_store, scene.workshop(scene.moved_workshop), contact=ContactMethod.EMAIL)
    seat(scene.store, key_store, scene.workshop(scene.kept_workshop), contact=ContactMethod.EMAIL)
    assert scene.merge().notified == 0
    assert scene.notified() == []


def test_people_are_notified_of_another_address_and_others_are_not(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    scene = Scene(store, chicago, rights, address="900 W. Otra Ave.")
    rosa = seat(store, key_store, scene.workshop(scene.moved_workshop), contact=ContactMethod.EMAIL)
    seat(store, key_store, scene.workshop(scene.kept_workshop), contact=ContactMethod.EMAIL)
    assert scene.merge().notified == 1
    assert scene.notified() == [rosa.id]


def test_entry_keeps_its_sequence_unless_its_place_changes(scene: Scene) -> None:
    stays, follows = scene.entry(scene.kept_workshop), scene.entry(scene.moved_workshop)
    scene.merge()
    assert scene.entry(scene.kept_workshop) == stays
    place, sequence, changed_at = scene.entry(scene.moved_workshop)
    assert (place, sequence) == (stays[0], follows[1] + 1)
    assert changed_at > follows[2]


def test_hidden_entry_keeps_its_sequence(store: Store, chicago: Office, women: Kind) -> None:
    scene = Scene(store, chicago, women)
    before = [scene.entry(each) for each in (scene.kept_workshop, scene.moved_workshop)]
    scene.merge("name", "address", "city", "region")
    after = [scene.entry(each) for each in (scene.kept_workshop, scene.moved_workshop)]
    assert [each[:2] for each in after] == [each[:2] for each in before]
    assert all(new[2] > old[2] for old, new in zip(before, after, strict=True))


def test_last_modified_never_falls(scene: Scene) -> None:
    with scene.store.change() as session:
        session.get_one(Venue, scene.merged_id).changed_at = datetime(2090, 1, 1, tzinfo=UTC)
    before = scene.entry(scene.moved_workshop)[2]
    scene.merge()
    assert scene.entry(scene.moved_workshop)[2] > before


def test_feeds_of_the_office_see_a_merge(scene: Scene) -> None:
    with scene.store.read() as session:
        before = change_counters.read(session, "chicago")[0]
    scene.merge()
    with scene.store.read() as session:
        assert change_counters.read(session, "chicago")[0] == before + 1


def test_kept_venue_may_take_the_name_of_the_other(scene: Scene) -> None:
    scene.merge("name", "address", "city", "region")
    kept = scene.venue(scene.kept_id)
    assert (kept.name, kept.address) == ("Bibl. Pilsen", SHORT)
    with scene.store.read() as session:
        found = venue_matching.match(session, scene.office, "Biblioteca de Pilsen, Sala 2")
    assert found.place is not None
    assert found.place.id == scene.kept_id
    scene.undo()
    kept, merged = scene.venue(scene.kept_id), scene.venue(scene.merged_id)
    assert (kept.name, kept.address) == ("Biblioteca de Pilsen, sala 2", FULL)
    assert (merged.name, merged.address) == ("Bibl. Pilsen", SHORT)


def test_days_of_new_clashes_are_named(scene: Scene) -> None:
    with scene.store.change() as session:
        merged = session.get_one(Venue, scene.merged_id)
        clash = make_workshop(session, scene.office, scene.kind, venue=merged)
    assert scene.merge().clash_days == (clash.day,)


def test_undoing_gives_back_everything(scene: Scene, key_store: KeyStore) -> None:
    names = [scene.venue(each).name for each in (scene.kept_id, scene.merged_id)]
    place = scene.entry(scene.moved_workshop)[0]
    scene.merge("capacity")
    with scene.store.change() as session:
        kept = session.get_one(Venue, scene.kept_id)
        made = make_workshop(session, scene.office, scene.kind, venue=kept).id
    sequence = scene.entry(scene.moved_workshop)[1]
    scene.undo()
    assert [scene.venue(each).name for each in (scene.kept_id, scene.merged_id)] == names
    assert scene.venue(scene.kept_id).capacity == 35
    assert scene.workshop(scene.moved_workshop).venue_id == scene.merged_id
    assert scene.entry(scene.moved_workshop)[:2] == (place, sequence + 1)  # it never falls
    assert scene.workshop(made).venue_id == scene.kept_id
    with scene.store.read() as session:
        assert len(venues.list_venues(session, scene.office)) == 2


def test_undoing_leaves_a_workshop_that_was_moved_since(scene: Scene) -> None:
    scene.merge()
    with scene.store.change() as session:
        workshop = session.get_one(Workshop, scene.moved_workshop)
        elsewhere = venue(session, scene.office, "Casa Guerrero", address="7 Otra")
        data = workshop_service.get_data(workshop)
        workshop_service.change(session, workshop, replace(data, venue=elsewhere), now=clock.now())
        there = elsewhere.id
    scene.undo()
    assert scene.workshop(scene.moved_workshop).venue_id == there


def test_merge_is_undone_for_a_day(scene: Scene) -> None:
    now = clock.now()
    scene.merge(now=now)
    with refuses(ErrorCode.VENUE_MERGE_TOO_LATE):
        scene.undo(now=now + timedelta(days=1))
    scene.undo(now=now + timedelta(hours=23))
    with pytest.raises(Conflict):
        scene.undo(now=now + timedelta(hours=23))


def test_merge_is_not_undone_over_a_later_change(scene: Scene) -> None:
    scene.merge()
    with scene.store.change() as session:
        session.get_one(Venue, scene.kept_id).capacity = 99
    with refuses(ErrorCode.VENUE_MERGE_CHANGED):
        scene.undo()


def test_merge_is_not_undone_where_the_kept_venue_was_merged_or_the_name_was_taken(
    scene: Scene,
) -> None:
    scene.merge("name")
    with scene.store.change() as session:
        venue(session, scene.office, "Biblioteca de Pilsen, sala 2", address=FULL)
    with refuses(ErrorCode.VENUE_MERGE_NAME):
        scene.undo()
    with scene.store.change() as session:
        third = venue(session, scene.office, "Casa Guerrero")
        kept = session.get_one(Venue, scene.kept_id)
        data = venue_merge.choose(third, kept, ())
        first = session.scalars(sa.select(VenueMerge.id)).one()
        venue_merge.merge(session, third, kept, data, now=clock.now())
    with refuses(ErrorCode.VENUE_MERGE_MERGED), scene.store.change() as session:
        venue_merge.undo(session, session.get_one(VenueMerge, first), now=clock.now())
    with scene.store.read() as session:
        assert venues.find(session, scene.office, scene.merged_id).name == "Casa Guerrero"


def test_venues_of_two_zones_and_a_venue_with_itself_are_not_merged(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    scene = Scene(store, chicago, rights, zone=calgary.zone)
    with refuses(ErrorCode.VENUE_MERGE_ZONES):
        scene.merge()
    scene.merged_id = scene.kept_id
    with refuses(ErrorCode.VENUE_MERGE_SELF):
        scene.merge()


def test_discreet_workshop_does_not_show_another_address_to_everybody(
    store: Store, chicago: Office, women: Kind
) -> None:
    scene = Scene(store, chicago, women, address="900 W. Otra Ave.")
    with store.change() as session:
        workshop = session.get_one(Workshop, scene.moved_workshop)
        workshop.visibility = Visibility.PUBLIC
    with refuses(ErrorCode.ADDRESS_EXPOSED), store.change() as session:
        kept, merged = (session.get_one(Venue, e) for e in (scene.kept_id, scene.merged_id))
        data = venue_merge.choose(kept, merged, ())
        venue_merge.merge(session, kept, merged, data, now=clock.now())
    assert scene.workshop(scene.moved_workshop).venue_id == scene.merged_id


def test_name_of_a_merged_venue_is_not_given_to_another(scene: Scene) -> None:
    scene.merge()
    with scene.store.change() as session:
        merged = session.get_one(Venue, scene.merged_id)
        data = venue_merge.get_data(merged)
        with refuses(ErrorCode.VENUE_MERGED):
            venues.add(session, scene.office, data, now=clock.now())


@pytest.mark.parametrize("at", ["INSERT INTO workshop", "merged_into_id"])
def test_workshop_made_during_a_merge_is_at_the_kept_venue(scene: Scene, at: str) -> None:
    def make() -> int:
        with scene.store.change() as session:
            merged = session.get_one(Venue, scene.merged_id)
            return make_workshop(session, scene.office, scene.kind, venue=merged).id

    made, _effect = meet(scene.store, make, lambda: _merge(scene), at=at)
    assert scene.workshop(made).venue_id == scene.kept_id


def test_merging_under_load_loses_nothing(scene: Scene, key_store: KeyStore) -> None:
    """Registrations, edits and new workshops at the venue that is merged, and its merge."""
    start, times = Barrier(5), 4

    def run(act: Callable[[int], None]) -> None:
        start.wait(30)
        for number in range(times):
            act(number)

    def register(_number: int) -> None:
        seat(scene.store, key_store, scene.workshop(scene.moved_workshop))

    def make(_number: int) -> None:
        with scene.store.change() as session:
            merged = session.get_one(Venue, scene.merged_id)
            make_workshop(session, scene.office, scene.kind, venue=merged)

    def edit(number: int) -> None:
        with scene.store.change() as session:
            workshop = session.get_one(Workshop, scene.moved_workshop)
            workshop_service.lock(session, workshop)
            data = workshop_service.get_data(workshop)
            title = {"es": f"Título {number}"}
            workshop_service.change(session, workshop, replace(data, title=title), now=clock.now())

    def put_there(number: int) -> None:
        with scene.store.change() as session:
            workshop = session.get_one(Workshop, scene.kept_workshop)
            workshop_service.lock(session, workshop)
            merged = session.get_one(Venue, scene.merged_id)
            data = workshop_service.get_data(workshop)
            workshop_service.change(session, workshop, replace(data, venue=merged), now=clock.now())

    def join(number: int) -> None:
        if number == 1:
            _merge(scene)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(run, (register, make, edit, put_there, join)))
    with scene.store.read() as session:
        places = Counter(session.scalars(sa.select(Workshop.venue_id)))
        assert places == {scene.kept_id: 2 + times}
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == times
    moved = scene.workshop(scene.moved_workshop)
    assert moved.title["es"] == f"Título {times - 1}"
    assert moved.seats_left == moved.capacity - times
    assert moved.status is WorkshopStatus.PUBLISHED


def _merge(scene: Scene) -> None:
    with scene.store.change() as session:
        kept, merged = (session.get_one(Venue, e) for e in (scene.kept_id, scene.merged_id))
        data = venue_merge.choose(kept, merged, ())
        venue_merge.merge(session, kept, merged, data, now=clock.now())
