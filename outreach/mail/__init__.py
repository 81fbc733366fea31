"""Letters and text messages: written from notifications and mailings, and sent.

May import `feeds`, `domain` and below. Open `delivery` first, then `render`.
"""
