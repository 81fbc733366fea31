"""Finding workshops: for the public by place, kind and day, in lists, and for sitemaps; for the
staff by words.

Imports `workshops` and below. Open `search.py` first; `public_listing.py` pages through the
workshops of an office or a kind, `page_index.py` lists the pages that search engines may know,
`staff_search.py` finds what the offices of a staff member have, `unmet_searches.py` counts the
searches that found nothing.
"""
