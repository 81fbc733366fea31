"""What we still hold of people: numbers only, for those who answer for it."""

from flask.typing import ResponseReturnValue

from outreach.privacy import held
from outreach.web.context import ring, store
from outreach.web.desk import words
from outreach.web.desk.staff import desk, page


@desk.get("/datos")
def what_we_hold() -> ResponseReturnValue:
    with store().read() as session:
        found = held.hold(session, ring())
    return page("held", held=found, words=words)
