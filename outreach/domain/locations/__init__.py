"""Where workshops are: venues, regions, the gazetteer, what a typed place means, holidays.

Imports `network`. Open `venues.py` first; `venue_matching.py` tells a known venue in another
spelling from a new one. For a typed place: `gazetteer.py` has the packaged places, `place_text.py`,
`filler_words.py` and `spelling.py` the words, `interpretation.py` says what they mean, and
`geocoding.py` adds offices and venues. `reference_data.py` has offices, kinds and place names in
memory.

A typed place (`donde=` of the list page; decision 0034) goes through these modules: `place_text.py`
makes comparable words of it, `filler_words.py` takes away what stands around a place,
`gazetteer.py` finds names and postal codes in the package's data, `translated_names.py` finds those
in Spanish, `border_cities.py` finds the town across from a city of Mexico, `spelling.py` forgives
slips, `interpretation.py` decides between one meaning, a choice and none, and `geocoding.py` adds
offices (`known_offices.py`), their cities in any country, their own names, cities with venues, and
for a country the cities of its offices. `geocoding.resolve` is for people and may ask;
`resolve_stored` is for feeds and the API, never asks, and keeps the meaning of addresses that were
given out. `venues.py` places a venue at its published area; distances of discreet workshops are
measured from there, never from the venue (S13). The countries of a network are in its profile
(`outreach/network_profile.py`), what they are is in their packs (`outreach/countries`).
"""
