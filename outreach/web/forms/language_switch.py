"""Changes the language of a page with a form, and keeps what was typed.

The languages in the header are buttons of the form then, which post it to the same page in the
other language; that view renders the form and stores nothing. So it works without JavaScript, and
what was typed is in no address and no log. `base.html` shows the buttons where the page sets
`language_form`, the id of its form.
"""

from typing import Final

from flask import request

FIELD: Final = "switch"
VALUE: Final = "language"


def is_pressed() -> bool:
    """Returns whether this post only changes the language of the page."""
    return request.form.get(FIELD) == VALUE
