"""The hub that pushes feeds to subscribers (WebSub, a W3C Recommendation of 2018).

`hub.py` has the rounds of the worker: verify who asked to subscribe, find changes, push. Callbacks
are asked with `outbound.guarded_client`. May import `feeds`, `accounts`, `outbound`, `mail` and
below. Open `hub.py` first.

`outreach/web/public/hub.py` checks and queues a subscription,
`outreach/maintenance/round_thread.py` runs the rounds in the worker,
`outreach/feeds/pushed_feed.py` says what is pushed and when it has changed, and
`outreach/domain/websub/subscriptions.py` has the tables and their outboxes. A topic is looked at
when its change counter has risen (decision 0036).
"""
