"""People who follow workshops: what they chose, whom to notify of what, and the messages (S40).

All rows are in the key store's database, and this package only reads the main one. `follows.py` has
the life of a follow, `choices.py` what is stored of it, `matching.py` which workshops are news to
whom, `message_queue.py` the outboxes. May import `outbox`, `search`, `workshops` and below. Open
`follows.py` first.
"""
