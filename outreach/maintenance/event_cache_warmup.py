"""Calendar entries written before anybody asks for them: after a file was loaded, or an upgrade,
the first who asks need not wait for a thousand."""

from datetime import date, datetime
from typing import Final

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.calendar import change_counters, event_cache
from outreach.domain.network import installation_settings
from outreach.feeds.event_writer import write_missing
from outreach.feeds.vevent import PublicSite

AT_ONCE: Final = 300  # of each language: well under a second


class EventCacheWarmer:
    """Writes what is missing, a part at a time, and then waits for the next change."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config
        self._complete: int | None = None  # the ctag for which nothing was missing
        self._tidied_on: date | None = None

    def write(self, *, now: datetime) -> int:
        """Says how many entries it wrote."""
        number = self.store.glance(change_counters.QUESTION, change_counters.NETWORK)
        if number == self._complete and self._tidied_on == now.date():
            return 0
        with self.store.read() as session:
            host = installation_settings.get_calendar_host(session)
            site = PublicSite(self.config.public_url, host, self.config.phone)
            fresh = write_missing(session, site, today=now.date(), limit=AT_ONCE)
        if fresh or self._tidied_on != now.date():
            with self.store.change() as session:  # short: who saves a place does not wait for it
                event_cache.keep(session, fresh)
                if self._tidied_on != now.date():
                    event_cache.purge(session, today=now.date())
        self._tidied_on = now.date()
        if not fresh:
            self._complete = number
        return len(fresh)
