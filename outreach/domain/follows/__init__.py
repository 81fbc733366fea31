"""People who follow workshops: what they chose, whom to notify of what, and the messages (S40).

All rows are in the key store's database, and this package only reads the main one. `follows.py` has
the life of a follow, `choices.py` what is stored of it, `matching.py` which workshops are news to
whom, `message_queue.py` the outboxes. May import `outbox`, `search`, `workshops` and below. Open
`follows.py` first.

`outreach/web/public/follow_pages.py` takes the form. In the worker `matching.py` finds to whom a
workshop is news, who waits for an opening or a seat, and what ends soon, and queues a message each;
`outreach/mail/follow_messages.py` writes letters and texts, `outreach/push/push_delivery.py` push
messages. What a message says is looked up when it is sent. `outreach/privacy/follow_erasure.py`
erases (decision 0051).
"""
