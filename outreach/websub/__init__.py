"""The hub that pushes feeds to subscribers (WebSub, a W3C Recommendation of 2018).

`hub.py` has the rounds of the worker: verify who asked to subscribe, find changes, push.
`callback_client.py` is the only code that fetches addresses given by strangers, and
`public_addresses.py` decides which network addresses it may connect to; `parallel_delivery.py`
delivers what an outbox has for them. May import `feeds`, `accounts`, `mail` and below. Open
`hub.py` first.
"""
