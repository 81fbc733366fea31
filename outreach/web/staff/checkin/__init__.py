"""Check-in pages, on line, off line and on paper."""
