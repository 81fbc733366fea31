"""Import of workshops, and export: any sheet as a conversation, or a file that is loaded whole.

A conversation is `draft_start` (the file), `draft_columns`, `draft_rows` and `draft_load`, over
`draft_review`. If it begins with a calendar's address, staff tick the events first, in
`calendar_link_pages`. A file of the template is previewed by `import_pages`, then loaded whole or
not at all. May import `common`. Start with `draft_review`.
"""

from flask import Blueprint

blueprint = Blueprint("imports", __name__)
