"""The call centre's pages: hold a place while somebody is on the telephone, read its code out, and
look a code up. No page lists people.

May import all rooms of the staff's pages but those beside it. Open `search_page.py` first, where a
place is held; `held_page.py` is the call, `code_page.py` who calls again with a code.
"""

from flask import Blueprint

blueprint = Blueprint("call_centre", __name__)
