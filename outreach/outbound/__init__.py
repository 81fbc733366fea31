"""Asks and delivers to addresses that strangers give.

`guarded_client.py` is the only code that connects to such an address, and `public_addresses.py`
decides to which network addresses it may; `parallel_delivery.py` delivers what an outbox has for
them. May import `mail`, `domain` and below. Open `guarded_client.py` first.
"""
