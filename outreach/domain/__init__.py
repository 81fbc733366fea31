"""What the product is about: workshops, registrations and all that hangs on them.

One package a noun, with its tables, rules and queries. The domain knows no HTTP, no HTML and no
language of pages: it raises the errors of `outreach.errors`, and the caller commits. It imports
`db` and `keystore`. Packages stand in layers (`pyproject.toml`, import-linter): `network`,
`locations`, `workshops`, then `registrations`, `audit`, `search` and `reporting`, then `outbox`,
`checkin` and `calendar`, then `scheduling`, `newsletter` and `dashboard`; each imports only what
stands below it. Open `workshops/models.py` and `registrations/models.py` first.
"""
