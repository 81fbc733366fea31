"""Where workshops are: venues, regions, the gazetteer, what a typed place means, holidays.

Imports `network`. Open `venues.py` first. For a typed place: `gazetteer.py` has the packaged
places, `place_text.py` and `spelling.py` the words, `interpretation.py` says what they mean, and
`geocoding.py` adds offices and venues.
"""
