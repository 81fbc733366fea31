"""What extensions store about people is erased after what the core stores, and delays nothing."""

import pytest
from click.testing import CliRunner, Result

from outreach import clock, extension
from outreach.cli import main
from outreach.config import Config
from outreach.db.store import Store
from outreach.keystore import Keeper, KeyStore
from outreach.privacy import keepers
from tests.support.environment import where

pytestmark = pytest.mark.any_database("what is asked of keepers")


def fail(*_given: object) -> int:
    raise LookupError("rosa@example.org")


GOOD = Keeper(
    noun="wishes",
    held="wishes of people",
    count=lambda _store, _key_store: 3,
    count_due=lambda _store, _key_store, _now: 2,
    purge=lambda _store, _key_store, _now: 1,
)


BAD = Keeper(
    noun="lies",
    held="lies about people",
    count=fail,
    count_due=fail,
    purge=fail,
)


def keep(key_store: KeyStore, *them: Keeper) -> KeyStore:
    ring = key_store.envelope.master_keys
    return KeyStore(key_store.store, ring, find_keepers=lambda: them)


def test_keeper_that_fails_stops_no_other_and_tells_nothing(
    store: Store, key_store: KeyStore, caplog: pytest.LogCaptureFixture
) -> None:
    asked = keep(key_store, BAD, GOOD)
    now = clock.now()
    for found, count in (
        (keepers.purge(store, asked, now=now), 1),
        (keepers.count_due(store, asked, now=now), 2),
        (keepers.count_held(store, asked), 3),
    ):
        assert found.counts == {GOOD: count}
        assert found.failed == (BAD,)
    assert caplog.messages == ["lies: their keeper failed: LookupError"] * 3


def test_commands_count_what_they_can_and_say_what_they_cannot(
    config: Config, store: Store, key_store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extension, "find_keepers", lambda _config: (BAD, GOOD))

    def run(*words: str) -> Result:
        return CliRunner(env=where(config)).invoke(main, [*words])

    counted = run("inventory")
    assert "\n3 wishes of people\n" in counted.stdout
    assert "\nlies: they cannot be counted, and the log says why\n" in counted.stdout
    assert "\n2 wishes would go\n" in run("purge", "--dry-run").stdout
    done = run("purge")
    assert "\n1 wishes gone\n" in done.stdout
    assert done.exit_code == 1
    assert "Not erased: lies. The log says why. The worker tries again." in done.stderr
    assert "rosa@" not in done.output
