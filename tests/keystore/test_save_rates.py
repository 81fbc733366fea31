"""The brake: when very many registrations from few networks are unusual (S29)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.keystore import KeyStore, SaveBrake, SaveHour, SaveRate, save_rates
from outreach.keystore.save_rates import SaveRates

NOW = datetime(2026, 3, 4, 18, 20, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def rates(key_store: KeyStore) -> SaveRates:
    return SaveRates(key_store.store)


def save(
    rates: SaveRates, key_store: KeyStore, networks: Iterable[int], *, now: datetime = NOW
) -> None:
    """Counts a save of each of these networks."""
    with key_store.store.change_rows() as connection:
        for number in networks:
            rates.count(connection, number.to_bytes(16, "big"), now=now)


def spread(saves: int, networks: int) -> list[int]:
    return [number % networks for number in range(saves)]


def is_on(key_store: KeyStore, *, now: datetime = NOW) -> bool:
    """As another process sees it."""
    return SaveRates(key_store.store).ends_at(now) is not None


@pytest.mark.parametrize(
    ("saves", "expected"),
    [
        (spread(200, 1), False),
        (spread(201, 1), True),
        (spread(203, 9), True),
        (spread(300, 10), False),
        (spread(300, 300), False),
        ([*range(100, 130), *spread(240, 1)], True),
        ([*range(100, 300), *spread(240, 1)], False),
    ],
    ids=[
        "200 of one network", "201 of one", "of nine", "of ten", "of 300",
        "thirty people at the same time", "two hundred people at the same time",
    ],
)  # fmt: skip
def test_brake_is_on_with_many_saves_of_few_networks(
    rates: SaveRates, key_store: KeyStore, saves: list[int], expected: bool
) -> None:
    save(rates, key_store, saves)
    assert is_on(key_store) is expected
    assert (rates.ends_at(NOW) is not None) is expected


def test_saves_of_more_than_a_minute_are_not_unusual(rates: SaveRates, key_store: KeyStore) -> None:
    for part in range(4):
        save(rates, key_store, spread(100, 1), now=NOW + part * 61 * SECOND)
    assert not is_on(key_store, now=NOW + 190 * SECOND)
    save(rates, key_store, spread(150, 1), now=NOW + 200 * SECOND)
    assert is_on(key_store, now=NOW + 200 * SECOND)


def test_sixty_people_behind_one_address_are_not_unusual(
    rates: SaveRates, key_store: KeyStore
) -> None:
    for number in range(60):
        save(rates, key_store, [7], now=NOW + 2 * number * SECOND)
    assert not is_on(key_store, now=NOW + 120 * SECOND)


def test_brake_ends_ten_minutes_after_the_last_unusual_save(
    rates: SaveRates, key_store: KeyStore
) -> None:
    save(rates, key_store, spread(201, 1))
    save(rates, key_store, [0] * 4, now=NOW + 20 * SECOND)
    last = NOW + 20 * SECOND
    assert is_on(key_store, now=last + timedelta(minutes=9, seconds=59))
    assert not is_on(key_store, now=last + timedelta(minutes=10))
    assert rates.ends_at(last + timedelta(minutes=10)) is None


def test_one_process_reads_the_brake_once_a_second(rates: SaveRates, key_store: KeyStore) -> None:
    other = SaveRates(key_store.store)
    assert other.ends_at(NOW) is None
    save(rates, key_store, spread(201, 1))
    assert other.ends_at(NOW) is None
    assert other.ends_at(NOW + SECOND) is not None


def set_busiest(key_store: KeyStore, saves: int, *, now: datetime) -> None:
    with key_store.store.change() as session:
        session.add(SaveHour(hour=int(now.timestamp()) // 3600, saves=saves))


@pytest.mark.parametrize(("saves", "expected"), [(300, False), (301, True)])
def test_twenty_times_the_busiest_hour_is_usual(
    rates: SaveRates, key_store: KeyStore, saves: int, expected: bool
) -> None:
    set_busiest(key_store, 900, now=NOW - timedelta(days=20))  # 15 a minute
    set_busiest(key_store, 90_000, now=NOW - timedelta(days=31))
    save(rates, key_store, spread(saves, 1))
    assert is_on(key_store) is expected


def hours(key_store: KeyStore) -> list[int]:
    with key_store.store.read() as session:
        return list(session.scalars(sa.select(SaveHour.saves).order_by(SaveHour.hour)))


def tidy(key_store: KeyStore, *, now: datetime) -> None:
    with key_store.store.change() as session:
        save_rates.tidy(session, is_sqlite=key_store.store.is_sqlite, now=now)


def test_hours_are_added_up_without_their_networks(rates: SaveRates, key_store: KeyStore) -> None:
    for minutes in (0, 10, 30):
        save(rates, key_store, spread(20, 20), now=NOW + timedelta(minutes=minutes))
    tidy(key_store, now=NOW + timedelta(minutes=20))  # within the hour
    assert hours(key_store) == []
    save(rates, key_store, [1, 2], now=NOW + timedelta(hours=1))
    tidy(key_store, now=NOW + timedelta(hours=1))
    assert hours(key_store) == [60]
    with key_store.store.read() as session:
        assert session.scalar(sa.select(sa.func.sum(SaveRate.saves))) == 2
    tidy(key_store, now=NOW + timedelta(hours=2))
    assert hours(key_store) == [60, 2]
    tidy(key_store, now=NOW + timedelta(days=31))
    assert hours(key_store) == []


def test_few_networks_cannot_raise_what_is_usual(rates: SaveRates, key_store: KeyStore) -> None:
    """Not even with the rate below the brake for a whole hour."""
    for minute in range(30):
        save(rates, key_store, spread(180, 9), now=NOW + timedelta(minutes=minute))
    assert not is_on(key_store, now=NOW + timedelta(minutes=30))
    later = NOW + timedelta(hours=2)
    tidy(key_store, now=later)
    assert hours(key_store) == [540]
    save(rates, key_store, spread(201, 1), now=later)
    assert is_on(key_store, now=later)


def test_brake_has_one_row(rates: SaveRates, key_store: KeyStore) -> None:
    save(rates, key_store, spread(230, 1))
    with key_store.store.read() as session:
        assert len(session.scalars(sa.select(SaveBrake)).all()) == 1


def test_counting_is_one_statement(rates: SaveRates, key_store: KeyStore) -> None:
    statements: list[str] = []
    engine = key_store.store.engine

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with key_store.store.change_rows() as connection:
        sa.event.listen(engine, "before_cursor_execute", listen)
        rates.count(connection, b"0" * 16, now=NOW)
        sa.event.remove(engine, "before_cursor_execute", listen)
    assert len(statements) == 1
