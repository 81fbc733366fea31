"""The domain: workshops, registrations and what belongs to them.

One package for each subject, with its tables, rules and queries. The domain knows no HTTP, no HTML
and no language of pages: it raises the errors of `outreach.errors`, and the caller commits. It
imports `db` and `keystore`. Packages form layers (`pyproject.toml`, import-linter): `network`,
`locations`, `workshops`, then `registrations`, `audit`, `search` and `reporting`, then `outbox`,
`checkin` and `calendar`, then `scheduling`, `newsletter` and `dashboard`; each imports only
lower ones. Open `workshops/models.py` and `registrations/models.py` first.
"""
