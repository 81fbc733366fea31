"""The hub that pushes feeds to subscribers (WebSub, a W3C Recommendation of 2018).

`hub.py` has the rounds of the worker: verify who asked to subscribe, find changes, push. Callbacks
are asked with `outbound.guarded_client`. May import `feeds`, `accounts`, `outbound`, `mail` and
below. Open `hub.py` first.
"""
