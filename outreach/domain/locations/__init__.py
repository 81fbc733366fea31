"""Where things are: venues, regions, ZIP codes, geocoding, holidays. Imports network."""
