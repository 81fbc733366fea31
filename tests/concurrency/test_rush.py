"""Many people register for few seats in the same second, and no seat is given twice (SEAT01)."""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    Registration,
    RegistrationStatus,
    reconfirmation,
    review,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore
from outreach.maintenance import scheduled_jobs
from outreach.web.forms import form_token
from tests.conftest import make_workshop, registration_data
from tests.support.registration_forms import send
from tests.support.scenario import HOUR, faults, make_sealed_registration, stage

THREADS = 8
POSTS_PER_THREAD = 24
SEATS = 3


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    app = make_app()
    app.testing = False
    return app


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=SEATS)


def test_three_seats_are_reserved_exactly_three_times(
    app: Flask, store: Store, workshop: Workshop
) -> None:
    answers = _run_in_threads(lambda: [_post(app, workshop) for _ in range(POSTS_PER_THREAD)])
    assert Counter(answer.status_code for answer in answers) == {303: THREADS * POSTS_PER_THREAD}
    assert len({answer.location for answer in answers}) == THREADS * POSTS_PER_THREAD
    assert _count_statuses(store) == {
        RegistrationStatus.CONFIRMED: SEATS,
        RegistrationStatus.WAITLISTED: THREADS * POSTS_PER_THREAD - SEATS,
    }
    assert _seats_left(store, workshop) == 0


@pytest.mark.thorough
def test_simultaneous_registrations_beyond_capacity_are_refused(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=SEATS, has_waiting_list=False)
    answers = _run_in_threads(lambda: [_post(app, workshop) for _ in range(POSTS_PER_THREAD)])
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {303: SEATS, 409: THREADS * POSTS_PER_THREAD - SEATS}
    assert _count_statuses(store) == {RegistrationStatus.CONFIRMED: SEATS}
    with key_store.store.read() as session:  # refused registrations leave no key
        assert session.scalar(sa.select(sa.func.count()).select_from(Key)) == SEATS


def test_parties_never_exceed_the_seats(
    app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=7)
    answers = _run_in_threads(lambda: [_post(app, workshop, people=n) for n in (2, 3, 1, 2)])
    assert {answer.status_code for answer in answers} == {303}
    with store.read() as session:
        taken = session.scalar(
            sa.select(sa.func.sum(Registration.people)).where(
                Registration.status == RegistrationStatus.CONFIRMED
            )
        )
    assert taken == 7
    assert _seats_left(store, workshop) == 0


def test_form_sent_many_times_is_one_registration(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    nonce = secrets.token_urlsafe(16)
    answers = _run_in_threads(lambda: [_post(app, workshop, nonce=nonce) for _ in range(3)])
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert _count_statuses(store) == {RegistrationStatus.CONFIRMED: 1}
    assert _seats_left(store, workshop) == SEATS - 1
    with key_store.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Key)) == 1


def test_simultaneous_posts_of_one_address_take_only_its_share(
    app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=20)
    answers = _run_in_threads(
        lambda: [_post(app, workshop, address="203.0.113.9") for _ in range(5)]
    )
    assert {answer.status_code for answer in answers} == {303}
    assert _seats_left(store, workshop) == 20 - 5
    assert _count_statuses(store)[RegistrationStatus.CONFIRMED] == 5


def test_simultaneous_posts_of_one_network_take_only_its_share(
    app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=20)
    numbers = count()
    _run_in_threads(
        lambda: [_post(app, workshop, address=f"2001:db8:7:{next(numbers):x}::1") for _ in range(5)]
    )
    assert _seats_left(store, workshop) == 20 - 8


def test_seat_freed_during_waitlisting_is_offered(
    store: Store, chicago: Office, rights: Kind
) -> None:
    small = stage(store, chicago, rights)
    rosa, workshop = small.register(2), small.workshop()
    sealed = make_sealed_registration(store, workshop, registration_data())
    with store.change() as session:
        registrations.register(session, workshop, registration_data(), sealed, "luz", now=small.now)
        cancellation = Thread(target=small.cancel, args=[rosa])
        cancellation.start()
        cancellation.join(timeout=0.5)  # it waits for the transaction of Luz
    cancellation.join()
    assert small.status(sealed.id) is RegistrationStatus.OFFERED


def test_reconfirmation_during_the_release_of_seats_counts(
    store: Store, chicago: Office, rights: Kind
) -> None:
    strict = stage(store, chicago, rights, confirm_days=4, frees_silence=True)
    rosa, confirm_at = strict.register(), strict.workshop().confirm_at
    assert confirm_at is not None
    strict.work(at=confirm_at)
    strict.deliver(NotificationType.RECONFIRM)
    strict.now = confirm_at + 36 * HOUR
    with store.change() as session:
        reconfirmation.confirm(session, session.get_one(Registration, rosa), now=strict.now)
        release = Thread(target=strict.free_silent)
        release.start()
        release.join(timeout=0.5)
    release.join()
    assert strict.status(rosa) is RegistrationStatus.CONFIRMED


def test_reviews_beside_registrations_give_no_seat_twice(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    """Several workers review the same workshop while people register."""
    scene = stage(store, chicago, rights, capacity=10)

    def register(*, is_beyond_share: bool) -> None:
        workshop, data = scene.workshop(), registration_data()
        sealed = make_sealed_registration(store, workshop, data)
        with store.change() as session:
            registrations.register(
                session, workshop, data, sealed, secrets.token_hex(16),
                now=scene.now, is_beyond_share=lambda _workshop: is_beyond_share,
            )  # fmt: skip

    for _ in range(6):
        register(is_beyond_share=True)
    due = review.compute_review(scene.workshop(), scene.now)
    start = Barrier(THREADS)

    def review_or_register(thread: int) -> None:
        start.wait(timeout=30)
        for _ in range(3):
            if thread % 2:
                scheduled_jobs.run_reviews(store, key_store, now=due)
            else:
                register(is_beyond_share=False)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(review_or_register, range(THREADS)))
    with store.read() as session:
        assert faults(session, scene.workshop_id) == []
        rows = session.scalars(sa.select(Registration)).all()
    reviewed = [each for each in rows if each.is_beyond_share]
    seated = [each for each in rows if each.status is RegistrationStatus.CONFIRMED]
    assert (len(rows), len(reviewed), len(seated)) == (18, 6, 10)
    assert sum(each in seated for each in reviewed) <= 10 // 4
    assert all(each in seated or each.is_released for each in reviewed)


def _run_in_threads(post: Callable[[], Sequence[TestResponse]]) -> list[TestResponse]:
    """Runs `post` in eight threads that start together; returns all responses."""
    start = Barrier(THREADS)

    def begin(_thread_number: int) -> Sequence[TestResponse]:
        start.wait(timeout=30)
        return post()

    with ThreadPoolExecutor(THREADS) as pool:
        return [answer for answers in pool.map(begin, range(THREADS)) for answer in answers]


def _post(
    app: Flask, workshop: Workshop, *, people: int = 1, nonce: str = "", address: str = ""
) -> TestResponse:
    """Posts the form ten seconds after it was opened."""
    nonce, opened_at = nonce or secrets.token_urlsafe(16), clock.now() - timedelta(seconds=10)
    with app.app_context():
        token = form_token.make(workshop.public_id, nonce=nonce, now=opened_at)
    fields = {
        "name": "Rosa",
        "people": str(people),
        "contact": "none",
        "language": "es",
        "nonce": nonce,
        "stamp": token,
    }
    return send(app.test_client(), workshop, fields, address=address)


def _count_statuses(store: Store) -> Counter[RegistrationStatus]:
    with store.read() as session:
        return Counter(session.scalars(sa.select(Registration.status)))


def _seats_left(store: Store, workshop: Workshop) -> int:
    with store.read() as session:
        return session.get_one(Workshop, workshop.id).seats_left
