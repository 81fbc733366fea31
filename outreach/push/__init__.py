"""Web Push: encrypts, signs and sends messages to the push services of browsers (decision 0051).

`push_encryption.py` has RFC 8291, `vapid.py` RFC 8292, `push_subscriptions.py` which subscriptions
are accepted, `push_delivery.py` the rounds of the worker. Addresses come from strangers: they are
fetched with `outbound.guarded_client`. May import `mail`, `outbound` and below. Open
`push_delivery.py` first.
"""
