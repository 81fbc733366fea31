"""Suggestions while a place is typed, and the town where a phone is. Nothing of it is stored,
logged or cached: not on the server, and not on a phone that others look at."""

from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from outreach.domain.locations import gazetteer
from outreach.domain.locations.interpretation import suggest
from outreach.web.middleware import rate_limits
from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import keep_private
from outreach.web.presentation import place_words

pages = Blueprint("places", __name__, url_prefix="/<lang:lang>")

MAX_TYPED: Final = 40
MAX_SUGGESTIONS: Final = 6
MAX_MILES: Final = 120  # from a phone to its town: farther out there is none to name


@pages.get("/lugares")
def suggestions() -> ResponseReturnValue:
    """Answers with up to six places as `{"places": [{"name", "words"}]}`; `words` is what to search
    for."""
    keep_private()
    rate_limits.count_suggestion()
    typed = request.args.get("q", "")[:MAX_TYPED]
    offices = reference().known_offices
    found = place_words.links(suggest(typed, MAX_SUGGESTIONS, extra=offices.complete))
    return {"places": [{"name": each.name, "words": each.words} for each in found]}


@pages.post("/lugares")
def locate() -> ResponseReturnValue:
    """Answers with the name of the town of 20,000 people nearest to the fields `lat` and `lon`.
    They come in the body, so that no address holds them, rounded to a hundredth of a degree."""
    keep_private()
    rate_limits.count_post()
    try:
        latitude, longitude = float(request.form["lat"]), float(request.form["lon"])
    except (KeyError, ValueError):
        return {"places": []}, 400
    # Also false for what is not a number.
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return {"places": []}, 400
    place = gazetteer.load().find_nearest((latitude, longitude))
    if gazetteer.miles_between(place.position, (latitude, longitude)) > MAX_MILES:
        return {"places": []}
    (link,) = place_words.links([place])
    return {"places": [{"name": link.name, "words": link.words}]}
