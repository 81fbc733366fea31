"""What calendars are given: workshops as iCalendar (RFC 5545)."""
