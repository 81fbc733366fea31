"""Where workshops are: venues, regions, ZIP codes, geocoding of typed places, holidays.

Imports `network`. Open `venues.py` first; `geocoding.py` says what a typed place means.
"""
