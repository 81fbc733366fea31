"""The search of the staff: words, codes and days among the workshops, venues and partners of their
offices."""

from datetime import date, time
from typing import Any

import pytest
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.search import staff_search
from outreach.domain.search.staff_search import DayMeaning, StaffQuery, split_words
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.partners import Partner, PartnerKind
from tests.conftest import make_workshop, venue
from tests.support.index_use import collect_statements

TODAY = date(2027, 1, 15)


def at(session: Session, office: Office, kind: Kind, day: date, **changes: Any) -> Workshop:
    return make_workshop(session, office, kind, day=day, starts=time(10), ends=time(12), **changes)


def find(session: Session, offices: list[Office], text: str, **query: Any) -> list[str]:
    """The Spanish titles of what is found, in its order."""
    asked = StaffQuery(split_words(text), **query)
    found = staff_search.find_workshops(session, offices, asked, today=TODAY, limit=20)
    assert found.total == len(found.workshops)
    return [each.title["es"] for each in found.workshops]


def test_each_word_begins_one_of_the_title_the_venue_the_kind_or_the_city(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        hall = venue(session, chicago, name="Salón Benito Juárez", address="26th Street 12")
        title = {"es": "DACA: renueva a tiempo", "en": "Renew your DACA"}
        at(session, chicago, rights, TODAY, title=title, venue=hall)
        at(session, chicago, rights, TODAY, title={"es": "Otro"})
    with store.read() as session:
        for text in ("daca", "RENUEVA tiempo", "renew", "salon juar", "juárez daca", "26th",
                     "tus derechos renu", "chicago daca"):  # fmt: skip
            assert find(session, [chicago], text) == ["DACA: renueva a tiempo"], text
        for text in ("enueva", "daca calgary", "%", "_aca", "renueva otro"):
            assert find(session, [chicago], text) == [], text
        assert find(session, [chicago], "") == find(session, [chicago], "…") == []


def test_next_workshop_is_first_and_past_ones_follow(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for days in (-400, -1, 0, 3, 90):
            day = date.fromordinal(TODAY.toordinal() + days)
            at(session, chicago, rights, day, title={"es": f"Taller {days}"})
    with store.read() as session:
        in_order = [f"Taller {days}" for days in (0, 3, 90, -1, -400)]
        assert find(session, [chicago], "taller") == in_order
        query = StaffQuery(split_words("taller"))
        found = staff_search.find_workshops(session, [chicago], query, today=TODAY, limit=4)
        assert [each.title["es"] for each in found.workshops] == in_order[:4]
        assert (found.total, found.ahead) == (5, 3)


def test_only_the_given_offices_are_searched(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        for office, name in ((chicago, "Uno"), (calgary, "Dos")):
            there = venue(session, office, name=f"Sala {name}")
            at(session, office, rights, TODAY, title={"es": name}, venue=there)
            at(
                session, office, rights, TODAY, title={"es": f"{name} en borrador"},
                status=WorkshopStatus.DRAFT, venue=there,
            )  # fmt: skip
            session.add(
                Partner(
                    office_id=office.id, name=f"Casa {name}", kind=PartnerKind.SCHOOL, is_shown=True
                )
            )
    with store.read() as session:
        assert find(session, [chicago], "dos") == find(session, [], "uno") == []
        assert find(session, [chicago], "sala") == ["Uno", "Uno en borrador"]
        assert len(find(session, [chicago, calgary], "sala")) == 4
        found = staff_search.find_venues(session, [chicago], ("sala",), limit=9)
        assert [each.name for each in found] == ["Sala Uno"]
        partners = staff_search.find_partners(session, [chicago], ("casa",), limit=9)
        assert [each.name for each in partners] == ["Casa Uno"]


def test_workshop_is_found_by_a_part_of_its_id_and_by_its_uid(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        made = at(session, chicago, rights, TODAY, title={"es": "Este"})
        public_id, uid = made.public_id, made.uid
        at(session, chicago, rights, TODAY, title={"es": "Otro"})
    with store.read() as session:
        assert find(session, [chicago], public_id[:5].lower()) == ["Este"]
        assert find(session, [chicago], "x y", code=public_id[:8]) == ["Este"]
        assert find(session, [chicago], "x y", code=uid) == ["Este"]
        assert find(session, [chicago], "x y", code=public_id[1:9]) == []


def test_day_and_the_words_beside_it_are_one_more_way(
    store: Store, chicago: Office, rights: Kind
) -> None:
    day = date(2027, 5, 4)
    with store.change() as session:
        at(session, chicago, rights, day, title={"es": "DACA"})
        at(session, chicago, rights, day, title={"es": "Ventanilla"})
        at(session, chicago, rights, TODAY, title={"es": "DACA en la Clínica Mayo"})
    with store.read() as session:
        month = (date(2027, 5, 1), date(2027, 5, 31))
        found = find(session, [chicago], "daca mayo", day=DayMeaning((month,), ("daca",)))
        assert found == ["DACA en la Clínica Mayo", "DACA"]


def test_words_follow_a_change_of_title_and_of_venue(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        made = at(session, chicago, rights, TODAY, title={"es": "Viejo"})
        ids = made.id, made.venue_id
    with store.change() as session:
        session.get_one(Workshop, ids[0]).title = {"es": "Nuevo"}
        session.get_one(Venue, ids[1]).name = "Parroquia"
    with store.read() as session:
        assert find(session, [chicago], "viejo") == find(session, [chicago], "biblioteca") == []
        assert find(session, [chicago], "nuevo parroquia") == ["Nuevo"]


@pytest.mark.parametrize("config", ["sqlite"], indirect=True)  # it says what an index covers
def test_search_reads_one_index_and_not_the_table(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    """The same plan for one office and for all: the rows that are read are those of the index."""
    with store.change() as session:
        for number in range(30):  # venues have random hexadecimal names, without n
            at(session, chicago, rights, TODAY, title={"es": f"Taller n{number}"})
    for offices in ([chicago], [chicago, calgary]):
        with collect_statements(store.engine) as asked, store.read() as session:
            assert find(session, offices, "taller n29", code="7K3MQX9P") == ["Taller n29"]
        with store.engine.connect() as connection:
            explained = [
                [
                    str(row[3])
                    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                ]
                for statement, values in asked.items()
                if "search_text LIKE" in statement and "FROM workshop" in statement
            ]
        assert len(explained) == 2  # one counts, one lists
        for steps in explained:
            covered = "SEARCH workshop USING COVERING INDEX ix_workshop_search (office_id=?)"
            assert covered in steps
            assert not any(step.startswith("SCAN workshop") for step in steps)


def test_many_are_listed_in_the_order_of_a_few(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        for number in range(12):
            day = date.fromordinal(TODAY.toordinal() + number * (-1) ** number)
            at(session, chicago, rights, day, title={"es": f"Taller {day}"})
    with store.read() as session:
        everything = [Workshop.office_id == chicago.id]
        few, many = (
            [
                staff_search.list_ids(session, everything, total, today=TODAY, limit=limit)
                for limit in (3, 9, 20)
            ]
            for total in (12, staff_search.MAX_SORTED + 1)
        )
    assert few == many
    assert [len(each) for each in few] == [3, 9, 12]
