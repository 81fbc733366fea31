"""Facts of countries: their regions, spellings, units, postal codes and names of holidays.

One file a country in `data/`; open `packs` first. It imports `languages` and nothing else of the
program. What the libraries know (names of countries, currencies, phone numbers, days of holidays)
is theirs and stands in no file. `outreach/docs/countries.md` says how a country is added.
"""
