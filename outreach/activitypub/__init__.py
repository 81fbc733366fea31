"""Pushes workshops to the fediverse: Mobilizon, gancio, Mastodon, Friendica (ActivityPub; S42).

Off without `OUTREACH_ACTIVITYPUB`. `publisher.py` has the rounds of the worker, `inbox.py` what
other servers send us, `event_objects.py` what they read, `http_signatures.py` how both sides sign.
Addresses come from strangers: they are fetched with `outbound.guarded_client`. May import `feeds`,
`pdf`, `outbound`, `websub` and below. Open `publisher.py` first.

`outreach/web/public/fediverse_pages.py` shows actors, outboxes and events, and takes what other
servers send. `inbox.py` believes what is signed by its actor, which `remote_actors.py` fetches.
`publisher.py` records what is new, changed or withdrawn
(`outreach/domain/activitypub/pushed_events.py`), and sends it once to each inbox, by the parallel
delivery of the hub. An event is made from the entry of a pushed feed (decision 0061).
"""
