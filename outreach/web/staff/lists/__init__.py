"""Lists for staff: what is missing somewhere, each a page with a filter, a search and a file.

A list is a declaration (`staff_list.StaffList`) in a module of its own; `declared_lists` names
all of them. Its page, its file, its access and its place in the search follow from that. No list
has attendees: people are read by `common.disclosure`. May import `common`. Start with `staff_list`.
"""

from flask import Blueprint

blueprint = Blueprint("lists", __name__)
