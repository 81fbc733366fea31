"""Links that an extension adds to the feeds that anybody may read, as to who pushes their changes.

A discreet feed and the later pages of a feed have none of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr


@dataclass(frozen=True, kw_only=True)
class FeedLink:
    """A link of the whole site's feeds: in the header `Link`, in Atom and in JSON Feed."""

    relation: str
    """Its link relation (RFC 8288), as `hub`."""
    path: str
    """Of this site, with the first slash."""
    json_member: str
    """The member of JSON Feed that lists such links, as `hubs`."""
    json_type: str
    """What it is there (`type`)."""


def write_header(links: Iterable[FeedLink], public_url: str) -> str:
    """Returns the links for the header `Link`, each with a comma after it."""
    return "".join(f'<{public_url}{each.path}>; rel="{each.relation}", ' for each in links)


def write_atom(links: Iterable[FeedLink], public_url: str) -> str:
    """Returns an element `link` a line."""
    return "".join(
        f"<link rel={quoteattr(each.relation)} href={quoteattr(public_url + each.path)}/>\n"
        for each in links
    )


def write_json(links: Iterable[FeedLink], public_url: str) -> dict[str, list[dict[str, str]]]:
    """Returns members of JSON Feed."""
    members: dict[str, list[dict[str, str]]] = {}
    for each in links:
        link = {"type": each.json_type, "url": public_url + each.path}
        members.setdefault(each.json_member, []).append(link)
    return members
