"""The life of an extension that has stored something: off, expired, on again, removed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask

from outreach import clock, extension
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.keystore import KeyStore, MasterKeys
from outreach.maintenance import extension_removal
from outreach.maintenance.worker import Worker
from tests.support.daytime import noon_of

LATER = timedelta(days=400)  # nothing about people is kept longer


@dataclass(frozen=True)
class Life:
    """The databases of a network that has an extension on, and applications over them."""

    make_app: Callable[..., Flask]
    config: Config
    store: Store
    key_store: KeyStore

    def check(self, name: str) -> None:
        """Takes the extension, which has stored what the test made it store, to its end."""
        declared = extension.find(name)
        on, off = self.make_app(extensions=(name, *declared.requires)), self.make_app(extensions=())
        rules = self.list_rules(on) - self.list_rules(off)
        stored = self.count_rows(name)
        assert bool(stored) is bool(declared.tables.main or declared.tables.key_store)
        assert not stored or any(stored.values()), "the test stores something"
        self.check_off(off, name, rules)
        assert self.count_rows(name) == stored, "nothing has expired"
        self.check_expiry(off, name)
        assert rules == self.list_rules(self.make_app(extensions=(name, *declared.requires))) - (
            self.list_rules(off)
        )
        self.check_removal(name)

    def check_off(self, off: Flask, name: str, rules: set[str]) -> None:
        client = off.test_client()
        for rule in rules:
            path = rule.replace("<lang>", "es").replace("<", "").replace(">", "")
            assert client.get(path).status_code == 404, rule
        declared, worker = extension.find(name), Worker(off)
        steps = {step.name for each in worker.extensions.values() for step in each.steps}
        assert steps.isdisjoint(step.name for step in declared.steps)
        assert steps.issuperset(f"purge of {keeper.noun}" for keeper in declared.keepers)
        worker.once()

    def check_expiry(self, off: Flask, name: str) -> None:
        """What is about people expires as when it is on."""
        later = clock.now() + LATER
        key_store = KeyStore(
            self.key_store.store, MasterKeys(self.config.keys), noon_of(later.date())
        )
        declared = {keeper.noun for keeper in extension.find(name).keepers}
        found = extension.find_keepers(off.extensions["outreach_config"])
        keepers = [each for each in found if each.noun in declared]
        assert len(keepers) == len(declared)
        for keeper in keepers:
            keeper.purge(self.store, key_store, later)
            assert keeper.count(self.store, key_store) == 0, keeper.noun

    def check_removal(self, name: str) -> None:
        for store in (self.store, self.key_store.store):
            with store.change() as session:
                extension_removal.drop(session, name)
        assert self.count_rows(name) == {}
        assert self.make_app(extensions=()).test_client().get("/es/").status_code == 200
        bring_up_to_date(self.config)
        assert not any(self.count_rows(name).values())

    def count_rows(self, name: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for store in (self.store, self.key_store.store):
            with store.read() as session:
                found |= extension_removal.count_rows(session, name)
        return found

    def list_rules(self, app: Flask) -> set[str]:
        return {each.rule for each in app.url_map.iter_rules() if "GET" in (each.methods or ())}


@pytest.fixture
def life(make_app: Callable[..., Flask], config: Config, store: Store, key_store: KeyStore) -> Life:
    return Life(make_app, config, store, key_store)
