"""Finding public workshops: by place, kind and day, in lists, and for sitemaps.

Imports `workshops` and below. Open `search.py` first; `public_listing.py` pages through the
workshops of an office or a kind, `page_index.py` lists the pages that search engines may know.
"""
