"""Letters and text messages: written from notifications and mailings, and sent.

May import `feeds`, `domain` and below. Open `delivery_round` first, which delivers from
every outbox, then `delivery` and `render`.
"""
