"""Public pages, each module a blueprint.

May import `web.forms` and below, and never `staff` or `api`. Open `workshop_pages.py` first: the
list of workshops and the page of one; `registration.py` is the form. The pages of one registration
are in `my_registration`, the pages of counts in `figures`.

The list reads its query string with `search_params.py`, which also decides what links carry on:
never a discreet kind. `outreach/domain/search/workshop_list.py` finds and sorts, keeps one entry a
course, and keeps apart what is online. `list_fragments.py` renders cards and filters once for all
searches, with marks that each search fills; a mark stands for words that are escaped. The numbers
on the tiles of kinds come from the workshops around a place, which are read anyway; for a region or
everywhere they take one query, cached until the next commit. They count what the list would show
(S28).
"""
