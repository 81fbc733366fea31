"""Writes VEVENTs into the event cache before a feed needs them, as after an import or an
upgrade."""

from datetime import date, datetime
from typing import Final

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.calendar import change_counters, event_cache
from outreach.domain.network import installation_settings
from outreach.feeds.event_writer import write_missing
from outreach.feeds.vevent import PublicSite

MAX_EVENTS_PER_ROUND: Final = 300  # in each language: under a second


class EventCacheWarmer:
    """Writes missing entries in parts, and does nothing until the next change."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config
        self._complete: int | None = None  # the change counter at which nothing was missing
        self._purged_on: date | None = None

    def write(self, *, now: datetime) -> int:
        """Writes some missing entries; returns how many."""
        number = self.store.read_number(change_counters.QUERY, change_counters.NETWORK)
        if number == self._complete and self._purged_on == now.date():
            return 0
        with self.store.read() as session:
            host = installation_settings.get_calendar_host(session)
            site = PublicSite(self.config.public_url, host, self.config.phone)
            fresh = write_missing(session, site, today=now.date(), limit=MAX_EVENTS_PER_ROUND)
        if fresh or self._purged_on != now.date():
            with self.store.change() as session:  # short, since registrations wait for it
                event_cache.keep(session, fresh)
                if self._purged_on != now.date():
                    event_cache.purge(session, today=now.date())
        self._purged_on = now.date()
        if not fresh:
            self._complete = number
        return len(fresh)
