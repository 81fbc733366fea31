"""Measures the check-in: how long a code is looked for and a list of 300 parties is read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from outreach import clock
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions, registrations
from outreach.domain.network import kinds, offices
from outreach.domain.registrations import RegistrationData
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.workshops import DeliveryMode, WorkshopStatus
from outreach.imports import demo
from outreach.keystore import KeyStore, MasterKeys

PARTIES = 300
REPETITIONS = 30


class CheckInTimes(NamedTuple):
    """Medians, in milliseconds."""

    code: float  # find one party by its code
    list: float  # read and decrypt all parties


def measure(folder: Path) -> CheckInTimes:
    config = Config.from_environ(
        {
            "OUTREACH_DATA": str(folder / "door"),
            "OUTREACH_KEYS": str(folder / "door-keys"),
            "OUTREACH_PUBLIC_URL": "http://localhost:8000",
        }
    )
    bring_up_to_date(config)
    store, keyring = Store(config.database_url), Store(config.keyring_url)
    key_store = KeyStore(keyring, MasterKeys(config.keys))
    key_store.attach(store)
    change_sessions.install(store)
    try:
        demo.fill(store, key_store, now=clock.now())
        return _measure(store, key_store)
    finally:
        store.close()
        keyring.close()


def _measure(store: Store, key_store: KeyStore) -> CheckInTimes:
    now = clock.now()
    with store.change() as session:
        chicago, rights = offices.find(session, "chicago"), kinds.find(session, "derechos")
        day = now.date() + timedelta(days=1)
        data = workshop_data.from_kind(rights, chicago, day, time(18))
        data = replace(data, capacity=PARTIES, mode=DeliveryMode.VIDEO_CALL)
        workshop = workshop_service.create(session, data, now=now, status=WorkshopStatus.PUBLISHED)
    person = RegistrationData(name="Rosa")
    sealed = [registrations.prepare(key_store, workshop, person) for _ in range(PARTIES)]
    with store.change() as session:
        for number, each in enumerate(sealed):
            registrations.register(session, workshop, person, each, f"form {number}", now=now)
    with store.read() as session:
        everyone = registrations.list_active(session, workshop)
    codes = [each.door_code for each in everyone]

    def find(number: int) -> None:
        with store.read() as session:
            [found] = registrations.find_by_code(session, key_store, codes[number], [workshop.id])
            assert found.door_code == codes[number]

    def read_list(_number: int) -> None:
        with store.read() as session:
            parties = registrations.list_active(session, workshop)
        people = registrations.decrypt_people(key_store, parties)
        assert len([(people[each.id].name, each.door_code) for each in parties]) == PARTIES

    return CheckInTimes(_median_ms(find), _median_ms(read_list))


def _median_ms(do: Callable[[int], None]) -> float:
    times = []
    for number in range(REPETITIONS):
        started_at = perf_counter()
        do(number)
        times.append(1000 * (perf_counter() - started_at))
    return median(times)
