"""Offices, kinds and place names, which pages read often and which change seldom."""

from flask import Flask, current_app

from outreach.domain.locations.reference_data import ReferenceCache, ReferenceData


def init_app(app: Flask) -> None:
    app.extensions["outreach_reference"] = ReferenceCache(app.extensions["outreach_store"])


def reference() -> ReferenceData:
    """The offices, kinds and place names as they are now."""
    cache: ReferenceCache = current_app.extensions["outreach_reference"]
    return cache.read()
