"""Check-in: who came, marked at the door on line or off line.

Imports `registrations` and below. Open `checkin.py` first; `checkin_events.py` merges marks that
phones made off line, `checkin_tokens.py` and `offline_manifest.py` are what a phone takes along,
`no_show_rate.py` says how many of those with a seat come.
"""
