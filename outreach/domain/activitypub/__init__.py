"""Who follows an office from the fediverse, what was pushed there, and what has to be sent.

May import `calendar`, `outbox` and below; knows no HTTP. Open `pushed_events.py` first.
"""
