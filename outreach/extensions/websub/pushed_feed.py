"""Feeds as they are pushed to subscribers of the hub (WebSub), who may be anybody (S39).

A pushed feed is written by the same code as the feed at its address, as a coarse variant: without
workshops that were first published less than a day ago, and with city and region in place of the
venue. Its digest leaves out when and how often an entry was changed, so that a change of what is
not pushed, such as a street, is no change.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.domain.calendar.feed_query import FeedQuery, UnknownFilter
from outreach.domain.workshops.pushed import PUSHED_AFTER
from outreach.feeds import ics_feed, server, upcoming
from outreach.feeds.feed_links import FeedLink
from outreach.feeds.server import FeedRequest
from outreach.feeds.vevent import PublicSite

HUB: Final = FeedLink(relation="hub", path="/hub", json_member="hubs", json_type="WebSub")
MAX_TOPIC_LENGTH: Final = 700
_STAMPS: Final = re.compile(rb"^(?:DTSTAMP|LAST-MODIFIED|SEQUENCE):.*\r\n", re.MULTILINE)


class UnknownTopic(Exception):
    """The address is not that of a feed that is pushed. It does not say why: a discreet kind is
    answered like an unknown one."""


@dataclass(frozen=True)
class FeedTopic:
    """A feed that is pushed, by its canonical address."""

    address: str
    request: FeedRequest
    choice: FeedQuery


def find_topic(session: Session, config: Config, address: str) -> FeedTopic:
    """The feed at its canonical address. Raises UnknownTopic, also for every discreet feed."""
    path, _mark, query = address.removeprefix(config.public_url).partition("?")
    if len(address) > MAX_TOPIC_LENGTH or not address.isascii():
        raise UnknownTopic
    try:
        request, choice = server.parse(session, path, query)
    except UnknownFilter:
        raise UnknownTopic from None
    canonical = ics_feed.address(choice, request.lang, config.public_url, request.form)
    if choice.is_discreet or choice.since or address != canonical:
        raise UnknownTopic
    return FeedTopic(address, request, choice)


def write(session: Session, config: Config, topic: FeedTopic, *, now: datetime) -> bytes:
    """The bytes to push: the coarse variant of the feed."""
    choice, site = _coarse(topic, now), _get_site(config, session)
    lang, form, today = topic.request.lang, topic.request.form, now.date()
    return server.WRITERS[form](session, choice, lang, site, today=today)


def digest(session: Session, config: Config, topic: FeedTopic, *, now: datetime) -> str:
    """Returns the SHA-256 of what the pushed feed says, in hexadecimal: equal while it says the
    same."""
    choice, site = _coarse(topic, now), _get_site(config, session)
    summed = hashlib.sha256()
    for text in _texts(session, choice, topic.request, site, now):
        summed.update(_STAMPS.sub(b"", text))
    return summed.hexdigest()


def content_type(topic: FeedTopic) -> str:
    return server.TYPES[topic.request.form]


def _coarse(topic: FeedTopic, now: datetime) -> FeedQuery:
    return replace(topic.choice, published_until=now - PUSHED_AFTER)


def _get_site(config: Config, session: Session) -> PublicSite:
    return replace(server.get_site(config, session), links=(HUB,))


def _texts(
    session: Session, choice: FeedQuery, request: FeedRequest, site: PublicSite, now: datetime
) -> Iterator[bytes]:
    if request.form == "ics":
        yield ics_feed.write_bytes(session, choice, request.lang, site, today=now.date())
        return
    feed = upcoming.read(session, choice, request.lang, site, today=now.date())
    yield feed.head.encode()
    for event in feed.events:
        yield event.ics.encode()
