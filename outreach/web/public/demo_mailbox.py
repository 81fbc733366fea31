"""The page with the e-mails of a demo installation; a real installation answers 404."""

from email import message_from_bytes
from email.policy import default

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue

from outreach import network_profile
from outreach.web.context import config
from outreach.web.middleware.response_headers import keep_private

pages = Blueprint("demo", __name__, url_prefix="/demo")

MAX_EMAILS = 50


@pages.get("/cartas")
def letters() -> ResponseReturnValue:
    g.lang = network_profile.current().staff_language
    keep_private()
    folder = config().mail_folder
    if not config().is_demo or folder is None:
        abort(404)
    files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    read = [message_from_bytes(path.read_bytes(), policy=default) for path in files[:MAX_EMAILS]]
    return render_template("demo/mailbox.html", letters=read)
