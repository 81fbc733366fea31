"""Recordings as files: `/audio/NAME.mp3`. Which one is played is counted and logged nowhere."""

from typing import Final

from flask import Blueprint, Response, request

from outreach.audio import encoder
from outreach.domain.recordings import voice_notes
from outreach.web.context import store
from outreach.web.middleware.response_headers import keep_for, keep_private

pages = Blueprint("voice_note_files", __name__, url_prefix="/audio")

CACHE_SECONDS: Final = 3600
# As the page of a workshop: it says when and where, which may be wrong or hidden the next minute.
WORKSHOP_CACHE_SECONDS: Final = 60


@pages.get("/<name>.mp3")
def play(name: str) -> Response:
    """Answers with the recording, whole or the range that a player asks for: phones of Apple ask
    for two bytes first, and play nothing without them."""
    with store().read() as session:
        note = voice_notes.find_played(session, name)
        body = note.body
        workshop = note.workshop
    if workshop is None:
        keep_for(CACHE_SECONDS)
    elif workshop.is_hidden:  # its address is a permission
        keep_private()
    else:
        keep_for(WORKSHOP_CACHE_SECONDS)
    answer = Response(body, mimetype=encoder.MIMETYPE)
    answer.make_conditional(request.environ, accept_ranges=True, complete_length=len(body))
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
