"""The scene of the load tests: two offices, their staff, and workshops with few seats, the first of
which everybody wants."""

import json
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from outreach import clock
from outreach.accounts import sessions
from outreach.app import create_app
from outreach.domain.network import staff
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from tests.conftest import kind, make_workshop, office
from tests.faults.book import Book
from tests.faults.checks import CheckResult, check, missing_letters
from tests.faults.mailbox import Mailbox
from tests.faults.people import Crowd
from tests.faults.site import Site

OFFICES: Final = (
    ("chicago", "Chicago", "IL", "America/Chicago", "US"),
    ("calgary", "Calgary", "AB", "America/Edmonton", "CA"),
)
AFTER_A_LEASE: Final = timedelta(minutes=6)


@dataclass
class Scene:
    site: Site
    mailbox: Mailbox
    crowd: Crowd
    ahead: timedelta = AFTER_A_LEASE  # clock offset when the last letters are sent

    @property
    def book(self) -> Book:
        return self.crowd.book

    def check(self, *, is_over: bool = False) -> CheckResult:
        came = list(self.mailbox.came)
        return check(self.book, self.site.store, self.site.key_store, came, is_over=is_over)

    def finish(self, *, kills: int) -> tuple[CheckResult, list[str]]:
        """Ends the load, sends the last letters, and returns the faults."""
        self.crowd.stop()
        self.site.stop()
        purged = self.site.run("purge")
        self.deliver_rest()
        looked = self.check(is_over=True)
        wrong = [] if purged.returncode == 0 else [f"purge: {purged.stderr.strip()}"]
        wrong += missing_letters(
            self.book,
            self.site.store,
            self.site.key_store,
            list(self.mailbox.came),
            kills=kills,
            at=clock.now() + self.ahead,
        )
        findings = json.loads(self.site.run("doctor", "--json").stdout)["findings"]
        audit_findings = [each for each in findings if each["about"] == "journal"]
        if [each["state"] for each in audit_findings] != ["well"]:
            wrong.append(f"doctor: {audit_findings or findings}")
        return looked, wrong

    def deliver_rest(self) -> None:
        """Sends what the workers have not sent, with a clock six minutes ahead: the lease of a
        letter claimed by a killed worker lasts five minutes."""
        app = create_app(self.site.config)
        transport = delivery.letter_transport(self.site.config)
        assert transport is not None
        with app.app_context():
            for _ in range(60):
                now = clock.now() + self.ahead
                deliver(
                    delivery.letter_outlets(
                        self.site.store, self.site.key_store, self.site.config, transport
                    ),
                    now=now,
                )
                if not self.pending():
                    break
        for name in ("outreach_store", "outreach_attempts"):
            app.extensions[name].close()
        app.extensions["outreach_key_store"].store.close()

    def pending(self) -> int:
        with self.site.store.read() as session:
            due = (
                sa.select(sa.func.count()).select_from(Notification).join(Notification.registration)
            )
            return (
                session.scalar(
                    due.where(
                        Notification.done_at.is_(None),
                        Notification.due_at <= clock.now(),
                        Registration.contact == ContactMethod.EMAIL,
                        Registration.key_id.is_not(None),
                    )
                )
                or 0
            )


def furnish(
    site: Site, pick: random.Random, *, workshops: int
) -> tuple[list[str], dict[str, list[str]]]:
    """Fills an empty installation; returns the public ids, and the workshops by staff cookie."""
    with site.store.change() as session:
        every = [
            office(slug, city, region, zone, country=country)
            for slug, city, region, zone, country in OFFICES
        ]
        rights = kind("derechos", "Tus derechos")
        session.add_all([*every, rights])
        session.flush()
        made = [
            make_workshop(
                session,
                every[number % 2],
                rights,
                capacity=pick.randint(30, 60),
                day=clock.now().date() + timedelta(days=7 + number % 20),
            )
            for number in range(workshops)
        ]
        ids = [each.public_id for each in made]
        desks = {}
        for number, each in enumerate(every):
            who = staff.add(
                session, f"ana{secrets.token_hex(2)}@example.org", Role.ORGANIZER, [each.slug]
            )
            session.flush()
            now = clock.now()
            cookie = sessions.start(session, who.id, now=now, proven_at=now)
            desks[cookie] = ids[number::2]
        return ids, desks


@contextmanager
def played(
    site: Site, mailbox: Mailbox, seed: int, *, people: int, calendars: int = 4, workshops: int = 20
) -> Iterator[Scene]:
    """Runs the load during the block."""
    ids, desks = furnish(site, random.Random(f"{seed} workshops"), workshops=workshops)
    crowd = Crowd(site, ids, seed)
    crowd.may_be_signed_out = not mailbox.dates
    try:
        site.start()
        crowd.start(people=people, desks=list(desks.items()), calendars=calendars)
        yield Scene(site, mailbox, crowd)
    finally:
        crowd.stops.set()
        site.stop()


def logs(folder: Path) -> str:
    """The log output of our programs."""
    return "".join(path.read_text(errors="replace") for path in sorted(folder.glob("*.log")))
