"""Calendar feeds as data: which workshops a feed holds, and what is cached of it.

Imports `search` and below. Writing a feed is `outreach.feeds`. Open `feed_query.py` first; then
`change_counters.py` and `event_cache.py`. `public_changes.py` is for programs that follow the list.
"""
