"""Where workshops are: venues, regions, the gazetteer, what a typed place means, holidays.

Imports `network`. Open `venues.py` first; `venue_matching.py` tells a known venue in another
spelling from a new one. For a typed place: `gazetteer.py` has the packaged places, `place_text.py`,
`filler_words.py` and `spelling.py` the words, `interpretation.py` says what they mean, and
`geocoding.py` adds offices and venues. `reference_data.py` has offices, kinds and place names in
memory.
"""
