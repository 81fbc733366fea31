"""What the button «Escuchar» says of a page: the rules of `scripts/listen.js`, but for the part of
the page that a screen of one size hides."""

from bs4 import BeautifulSoup
from bs4.element import Tag


def read_speech(page: str) -> str:
    """The words of the parts marked `data-speak`, in their order."""
    soup = BeautifulSoup(page, "html.parser")
    parts: list[Tag] = soup.select("[data-speak]")
    for each in soup.select("[aria-hidden], [data-unspoken], script, svg"):
        each.extract()
    return " ".join(" ".join(part.get_text(" ") for part in parts).split())
