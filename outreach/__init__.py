"""Workshops of a network of consulates: pages, calendars, check-in and monthly counts.

Imports go down only: `cli`, `app`, `web`, `maintenance`, `imports` and `migrations`, then `mail`,
`pdf`, `privacy`, `feeds`, `reports` and `accounts`, then `i18n`, `domain`, `db` and `keystore`,
then the other modules at this level. Open `app` first; `docs/architecture.md` has the rest.
"""
