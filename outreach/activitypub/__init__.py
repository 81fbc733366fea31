"""Pushes workshops to the fediverse: Mobilizon, gancio, Mastodon, Friendica (ActivityPub; S42).

Off without `OUTREACH_ACTIVITYPUB`. `publisher.py` has the rounds of the worker, `inbox.py` what
other servers send us, `event_objects.py` what they read, `http_signatures.py` how both sides sign.
Addresses come from strangers: they are fetched with `outbound.guarded_client`. May import `feeds`,
`pdf`, `outbound`, `websub` and below. Open `publisher.py` first.
"""
