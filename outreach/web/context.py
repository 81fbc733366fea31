"""What every view may reach for."""

from flask import current_app

from outreach.config import Config
from outreach.db.store import Store
from outreach.keystore import Keyring


def store() -> Store:
    found: Store = current_app.extensions["outreach_store"]
    return found


def ring() -> Keyring:
    found: Keyring = current_app.extensions["outreach_ring"]
    return found


def config() -> Config:
    found: Config = current_app.extensions["outreach_config"]
    return found
