"""The figures of staff, compared with the report of each month, over generated workshops."""

import random
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pytest
import sqlalchemy as sa

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.call_attempts import CallAttempt, CallOutcome
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.reports import coverage, month_report, staff_figures, workshop_counts
from outreach.reports.staff_figures import FigureGrouping, StaffFigures
from tests.conftest import kind, make_workshop, office, seat, venue
from tests.support.arrivals import store_arrival
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

NOW: Final = datetime(2026, 9, 15, 15, 30, tzinfo=UTC)
MONTHS: Final = [Month(2026, number) for number in range(5, 9)]  # over, and not closed
BEFORE: Final = datetime(2026, 5, 1, 15, 30, tzinfo=UTC)
PHONE: Final = "+13125550142"


@pytest.fixture
def network(store: Store, rights: Kind, women: Kind) -> Store:
    """Three offices with some 90 workshops of three kinds in four months, of every status."""
    rng = random.Random(11)
    with store.change() as session:
        session.add(kind("salud", "Salud", position=3, is_core=False))
        for slug, city, region in (
            ("chicago", "Chicago", "IL"),
            ("dallas", "Dallas", "TX"),
            ("reno", "Reno", "NV"),
        ):
            session.add(office(slug, city, region, "America/Chicago"))
        session.flush()
        all_kinds = session.scalars(sa.select(Kind).order_by(Kind.position)).all()
        for each in session.scalars(sa.select(Office)).all():
            rooms = [venue(session, each, f"Sala {name} de {each.city}") for name in "AB"]
            for _number in range(30):
                made = make_workshop(
                    session,
                    each,
                    rng.choice(all_kinds),
                    day=rng.choice(MONTHS).first + timedelta(days=rng.randint(0, 27)),
                    starts=time(rng.choice([10, 18])),
                    ends=time(20),
                    venue=rng.choice(rooms),
                    status=rng.choice([WorkshopStatus.PUBLISHED] * 9 + [WorkshopStatus.DRAFT]),
                )
                outcome = rng.random()
                if made.status is WorkshopStatus.PUBLISHED and outcome < 0.85:
                    people = rng.choice([0, 2, 4, 5, 9, 15, 22, 38])
                    head_count = None if outcome < 0.08 else people
                    workshop_service.report(made, head_count=head_count, now=NOW)
    return store


def load(
    store: Store, first: Month, last: Month, *, slugs: frozenset[str] | None = None
) -> StaffFigures:
    with store.read() as session:
        ids = None
        if slugs is not None:
            found = session.scalars(sa.select(Office.id).where(Office.slug.in_(slugs)))
            ids = frozenset(found)
        return staff_figures.load(
            session, first, last, now=NOW, offices=ids, is_network=slugs is None
        )


def read_codes(store: Store) -> dict[int, str]:
    """The code of each kind by its id."""
    with store.read() as session:
        return kinds.list_codes(session)


def read_slugs(store: Store) -> dict[int, str]:
    """The slug of each office by its id."""
    with store.read() as session:
        return {each.id: each.slug for each in session.scalars(sa.select(Office))}


def test_workshops_are_those_of_the_reports_of_the_months(network: Store) -> None:
    found = load(network, MONTHS[0], MONTHS[-1])
    codes, slugs = read_codes(network), read_slugs(network)
    by_kind, by_office = Counter[str](), Counter[str]()
    by_month = {}
    with network.read() as session:
        for month in MONTHS:
            count = month_report.report(session, month, now=NOW).count
            by_month[month.number] = count.total
            by_kind.update(count.by_kind)
            by_office.update({slug: row["total"] for slug, row in count.by_office.items()})
    rows = found.list_rows
    assert {row.key: row.workshops for row in rows(FigureGrouping.MONTH)} == by_month
    assert {codes[row.key]: row.workshops for row in rows(FigureGrouping.KIND)} == +by_kind
    assert {slugs[row.key]: row.workshops for row in rows(FigureGrouping.OFFICE)} == by_office
    for by in FigureGrouping:
        assert sum(row.workshops for row in rows(by)) == sum(by_month.values())


def test_people_of_a_month_are_those_of_its_report_or_hidden_there_too(network: Store) -> None:
    codes = read_codes(network)
    shown = 0
    for month in MONTHS:
        with network.change() as session:
            month_report.close(session, month, now=NOW)
        with network.read() as session:
            people = month_report.report(session, month, now=NOW).people
        assert people is not None
        found = load(network, month, month)
        for row in found.list_rows(FigureGrouping.KIND):
            code = codes[row.key]
            if row.people.exact is not None and row.reported:
                shown += 1
                assert code not in people.small
                assert people.published.get(code, row.people.exact) == row.people.exact
        total = found.total().people.exact
        assert people.total is None or total in {None, people.total}
    assert shown >= len(MONTHS), "too few numbers were compared"


def test_people_of_an_office_are_those_of_its_page_of_the_month(network: Store) -> None:
    shown = 0
    for month in MONTHS:
        found = load(network, month, month, slugs=frozenset(["dallas"]))
        with network.read() as session:
            people = coverage.people(session, month, ["dallas"])
            count = workshop_counts.count(session, month, now=NOW)
        total = found.total()
        assert total.workshops == count.by_office["dallas"]["total"]
        assert total.reported == sum(each.workshops for each in people)
        if total.people.exact is not None:
            shown += 1
            assert total.people.exact == sum(each.people for each in people)
    assert shown, "no number was compared"


def test_month_of_a_year_is_that_of_the_month_alone(network: Store) -> None:
    """Whichever months are loaded: the control room loads one, the page of figures a year."""
    of_year = load(network, Month(2026, 1), Month(2026, 12))
    for month, row in zip(MONTHS, of_year.list_rows(FigureGrouping.MONTH), strict=True):
        alone = load(network, month, month)
        assert row.people == alone.total().people
        assert row.workshops == alone.total().workshops


def add_course(
    store: Store, key_store: KeyStore, where: Office, what: Kind, *, came: int, number: int = 6
) -> list[Workshop]:
    """So many workshops with twelve people who have a seat, of whom `came` come to each."""
    made = []
    for index in range(number):
        with store.change() as session:
            each = make_workshop(session, where, what, day=date(2026, 6, 1 + index), now=BEFORE)
            each.status = WorkshopStatus.PUBLISHED
        rows = [seat(store, key_store, each, people=4, now=BEFORE) for _party in range(3)]
        with store.change() as session:
            workshop = session.get_one(Workshop, each.id)
            left = came
            for row in rows:
                if left:
                    store_arrival(session, session.merge(row), min(4, left))
                    left -= min(4, left)
            workshop_service.report(workshop, head_count=came, now=NOW)
        made.append(each)
    return made


@pytest.mark.any_database
def test_rates_are_of_workshops_with_a_check_in_that_are_not_discreet(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> None:
    add_course(store, key_store, chicago, rights, came=9)
    add_course(store, key_store, chicago, women, came=12)
    found = load(store, MONTHS[0], MONTHS[-1])
    [first, second] = found.list_rows(FigureGrouping.KIND)
    assert (first.people.exact, second.people.exact) == (54, 72)
    assert second.show_rate is None
    assert second.seats_used is None
    assert first.show_rate is not None
    assert first.seats_used is not None
    assert (first.show_rate.percent, first.show_rate.step) == (80, 10)  # 54 of 72
    assert (first.seats_used.percent, first.seats_used.step) == (45, 5)  # 54 of 120
    [best] = found.list_help(FigureGrouping.KIND)
    assert best.key == first.key


@pytest.mark.any_database
def test_waitlists_under_five_people_are_left_out(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    for waiting in (4, 8):
        with store.change() as session:
            each = make_workshop(
                session, chicago, rights, day=date(2026, 6, 2), capacity=1, now=BEFORE
            )
        for _party in range(waiting // 4):
            seat(store, key_store, each, people=4, now=BEFORE)
    assert load(store, MONTHS[0], MONTHS[-1]).total().waiting == 8


@pytest.mark.any_database
def test_languages_and_needs_hide_what_few_people_asked_for(
    store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind
) -> None:
    for where, parties in ((chicago, 7), (calgary, 3)):
        with store.change() as session:
            each = make_workshop(session, where, rights, day=date(2026, 6, 2), now=BEFORE)
        for _party in range(parties):
            seat(store, key_store, each, language="es", now=BEFORE)
    with store.read() as session:
        ids = {each.slug: each.id for each in session.scalars(sa.select(Office))}

        def count(shown: str, loaded: frozenset[int] | None = None) -> dict[str, int]:
            found = staff_figures.count_asked(
                session,
                MONTHS[0],
                MONTHS[-1],
                offices=loaded,
                shown=frozenset([ids[shown]]) if shown else loaded,
                is_network=loaded is None,
            )
            return dict(found.languages)

        assert count("") == {"es": 10}
        assert count("chicago") == {}, "the rest of the network would be a small number"
        assert count("chicago", frozenset([ids["chicago"]])) == {"es": 7}
        assert count("calgary", frozenset([ids["calgary"]])) == {}


@pytest.mark.any_database
def test_calls_are_counted_by_outcome(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> None:
    for what, number in ((rights, 6), (women, 6)):
        with store.change() as session:
            each = make_workshop(session, chicago, what, day=date(2026, 10, 2), now=BEFORE)
        for _call in range(number):
            row = seat(
                store, key_store, each, contact=ContactMethod.PHONE, address=PHONE, now=BEFORE
            )
            with store.change() as session:
                session.add(
                    CallAttempt(
                        registration_id=row.id,
                        number=1,
                        organizer_id=None,
                        made_at=NOW,
                        outcome=CallOutcome.ANSWERED,
                    )
                )
    with store.read() as session:
        found = staff_figures.count_calls(session, now=NOW, offices=None)
        later = staff_figures.count_calls(session, now=NOW + timedelta(days=31), offices=None)
    assert found == {CallOutcome.ANSWERED: 6}
    assert later == {}
