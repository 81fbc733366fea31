"""The page of a workshop's guest book."""

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from markupsafe import Markup

from outreach.domain import workshops
from outreach.web.context import config, store
from outreach_example.settings import SETTINGS
from outreach_example.tables import Line

pages = Blueprint("example", __name__, url_prefix="/<lang:lang>", template_folder="templates")


@pages.get("/ejemplo/<public_id>")
def book(public_id: str) -> str:
    with store().read() as session:
        workshop = workshops.find_public(session, public_id)
        words = sa.select(Line.words).where(Line.workshop_id == workshop.id)
        lines = session.scalars(words.limit(SETTINGS.get(config()).lines)).all()
    return render_template("example/book.html", lines=lines)


def render_link(_given: None) -> Markup:
    return Markup('<link rel="x-guest-book" href="{}">').format(request.path)
