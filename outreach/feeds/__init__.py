"""Calendar feeds: iCalendar (RFC 5545), jCal, Atom, JSON Feed, and the middleware serving them.

May import `domain`, `i18n` and below. Open `server` first, then `ics_feed`.
"""
