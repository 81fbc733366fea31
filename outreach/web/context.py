"""The application's store, key store, seat shares and settings, as every view may use them."""

from flask import current_app

from outreach.config import Config
from outreach.db.store import Store
from outreach.keystore import KeyStore
from outreach.keystore.seat_shares import SeatShares


def store() -> Store:
    found: Store = current_app.extensions["outreach_store"]
    return found


def key_store() -> KeyStore:
    found: KeyStore = current_app.extensions["outreach_key_store"]
    return found


def seat_shares() -> SeatShares:
    found: SeatShares = current_app.extensions["outreach_seat_shares"]
    return found


def config() -> Config:
    found: Config = current_app.extensions["outreach_config"]
    return found
