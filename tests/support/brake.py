"""Turns on the brake of the registration forms, and works out the number that they ask for."""

import re
from itertools import count

from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.keystore.save_rates import SaveRates
from outreach.web.forms import proof_of_work


def start(app: Flask) -> None:
    rates: SaveRates = app.extensions["outreach_save_rates"]
    store = app.extensions["outreach_key_store"].store
    with store.change_rows() as connection:
        rates.start_brake(connection, now=clock.now())


def find_challenge(page: TestResponse) -> tuple[str, int] | None:
    """The challenge of a page's form and its number of bits; None if it has none."""
    found = re.search(r'<form[^>]* data-pow="([^"]+)"\s+data-pow-bits="(\d+)"', page.text)
    return None if found is None else (found[1], int(found[2]))


def solve(challenge: str, bits: int = proof_of_work.BITS) -> str:
    return next(
        str(number) for number in count() if proof_of_work.is_number(challenge, str(number), bits)
    )
