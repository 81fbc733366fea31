"""The rounds of the worker: find what followers have to hear, and send it (S42).

What is sent is what a pushed feed would have (`feed_query`, `vevent`): a day after a workshop was
published, without its street. Each event that is sent or shown was recorded before, so that staff
hear that it cannot be taken back.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from flask import Flask
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import FeedEntry
from outreach.domain.network.offices import Office
from outreach.domain.outbox import ClaimedMessage
from outreach.domain.workshops import pushed
from outreach.domain.workshops.pushed import PUSHED_AFTER
from outreach.extensions.activitypub import (
    deliveries,
    event_objects,
    followers,
    http_signatures,
    pushed_events,
)
from outreach.extensions.activitypub.deliveries import FediverseActivity, FediverseDelivery
from outreach.extensions.activitypub.event_objects import MIMETYPE, FediverseAddresses, JsonObject
from outreach.extensions.activitypub.pushed_events import PushedEvent
from outreach.extensions.activitypub.signing_keys import SigningKeys
from outreach.feeds import server
from outreach.feeds.vevent import PublicSite
from outreach.outbound import guarded_client, parallel_delivery
from outreach.outbound.guarded_client import AddressRefused, FetchRule, HostUnreachable
from outreach.outbound.parallel_delivery import RecordOutcome

LOOKED_EVERY: Final = timedelta(minutes=1)
GONE: Final = 410
RULE: Final = "outreach_inbox_rule"  # in `app.extensions`


@dataclass
class Publisher:
    """Pushes to the fediverse, for one application."""

    store: Store
    config: Config
    keys: SigningKeys
    rule: FetchRule
    should_stop: Callable[[], bool] = lambda: False
    max_recorded: int = 200  # in one transaction; the others follow in the next round
    _looked_at: datetime | None = field(default=None, init=False)

    def run_round(self, *, now: datetime, is_leading: bool = True) -> int:
        """Finds changes, where this worker leads, and delivers what is due. Returns how many
        deliveries were tried."""
        if is_leading and (self._looked_at is None or now - self._looked_at >= LOOKED_EVERY):
            self._looked_at = now
            self.keys.make_missing()
            self.find_changes(now=now)
        return parallel_delivery.work(
            self.store,
            deliveries.DELIVERIES,
            self._deliver,
            now=now,
            should_stop=self.should_stop,
        )

    def find_changes(self, *, now: datetime) -> None:
        """Records what is new, changed or withdrawn, and queues it for the followers."""
        with self.store.read() as session:
            if not (
                self._list_news(session, now)
                or pushed_events.list_to_withdraw(session)
                or deliveries.has_dead(session)
            ):
                return
        with self.store.change() as session:
            deliveries.purge(session)
            seen = self._list_news(session, now)[: self.max_recorded]
            pushed.lock(session, [each.id for each in seen])
            site = server.get_site(self.config, session)
            news = self._list_news(session, now)  # again: some may have become discreet
            if len(news) > self.max_recorded:
                self._looked_at = None
            self._record(session, news[: self.max_recorded], site, now)
            for event in pushed_events.list_to_withdraw(session):
                event.withdrawn_at = now
                _enqueue(session, FediverseActivity.DELETE, event, now)

    def _list_news(self, session: Session, now: datetime) -> list[FeedEntry]:
        """The workshops that are due and not pushed yet, or whose event has changed since."""
        due = pushed_events.list_due(
            session, today=now.date(), published_until=now - PUSHED_AFTER, now=now
        )
        seen = pushed_events.list_seen(session, today=now.date())
        return [each for each in due if seen.get(each.id) != each.changed_at]

    def _record(
        self, session: Session, news: Collection[FeedEntry], site: PublicSite, now: datetime
    ) -> None:
        changed_at = {each.id: each.changed_at for each in news}
        pushed.record(session, changed_at)
        found = list(feed_query.read(session, list(changed_at)))
        known = pushed_events.find_all(session, [each.uid for each in found])
        for workshop in found:
            digest = event_objects.digest(workshop, site)
            event = known.get(workshop.uid)
            if event is None:
                event = PushedEvent(
                    uid=workshop.uid,
                    office_id=workshop.office_id,
                    digest=digest,
                    event_changed_at=changed_at[workshop.id],
                    pushed_at=now,
                    updated_at=now,
                )
                session.add(event)
                _enqueue(session, FediverseActivity.CREATE, event, now)
                continue
            event.event_changed_at = changed_at[workshop.id]
            if event.withdrawn_at is None and event.digest != digest:
                event.digest, event.updated_at = digest, now
                _enqueue(session, FediverseActivity.UPDATE, event, now)

    def _deliver(self, claimed: ClaimedMessage, now: datetime) -> RecordOutcome:
        with self.store.read() as session:
            row = deliveries.find(session, claimed)
            if row is None:
                return parallel_delivery.record_nothing
            office = session.get_one(Office, row.office_id)
            payload = self._write(session, row, office)
        if payload is None:
            return partial(deliveries.remove, delivered=row)
        body = event_objects.encode(payload)
        try:
            answer = guarded_client.fetch(
                self.rule,
                row.inbox,
                method="POST",
                headers={"Content-Type": MIMETYPE, "User-Agent": "Outreach"}
                | self._sign(office, row.inbox, body, now),
                body=body,
            )
        except AddressRefused:
            return parallel_delivery.record_refusal(
                deliveries.DELIVERIES, claimed, now, is_final=True
            )
        except (HostUnreachable, LookupError):
            return parallel_delivery.record_refusal(deliveries.DELIVERIES, claimed, now)
        is_gone = answer.status == GONE
        with self.store.change() as session:
            if is_gone:
                followers.record_gone(session, row.inbox, now=now)
            elif answer.is_success:
                followers.record_reached(session, row.inbox)
        if answer.is_success:
            return partial(deliveries.remove, delivered=row)
        return parallel_delivery.record_refusal(
            deliveries.DELIVERIES, claimed, now, is_final=is_gone
        )

    def _write(self, session: Session, row: FediverseDelivery, office: Office) -> JsonObject | None:
        """Returns what is sent, as things are now; None for what may no longer be said."""
        public_url = self.config.public_url
        if row.activity is FediverseActivity.ACCEPT:
            return event_objects.write_accept(row.follow_id, row.subject, office, public_url)
        event = pushed_events.find(session, row.subject)
        if event is None:
            return None
        site = server.get_site(self.config, session)
        if row.activity is FediverseActivity.DELETE:
            withdrawn_at = event.withdrawn_at or event.updated_at
            payload = event_objects.write_tombstone(event.uid, site, withdrawn_at=withdrawn_at)
        else:
            workshop = pushed_events.find_shown(session, event.uid)
            if workshop is None:
                return None  # its deletion is queued, or will be within a minute
            payload = event_objects.write_event(workshop, event, site)
        return event_objects.write_activity(row.activity, event, payload, office, public_url)

    def _sign(self, office: Office, inbox: str, body: bytes, now: datetime) -> dict[str, str]:
        key_id = FediverseAddresses(self.config.public_url).key(office)
        key = self.keys.get(office.id)
        return http_signatures.sign(key, key_id, method="POST", url=inbox, now=now, body=body)


def of_app(app: Flask, should_stop: Callable[[], bool] = lambda: False) -> Publisher:
    return Publisher(
        app.extensions["outreach_store"],
        app.extensions["outreach_config"],
        SigningKeys(app.extensions["outreach_store"], app.extensions["outreach_key_store"]),
        app.extensions[RULE],
        should_stop,
    )


def _enqueue(
    session: Session, activity: FediverseActivity, event: PushedEvent, now: datetime
) -> None:
    deliveries.enqueue(
        session,
        activity,
        office_id=event.office_id,
        subject=event.uid,
        inboxes=followers.list_inboxes(session, event.office_id),
        now=now,
    )
