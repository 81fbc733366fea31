"""The list page: how many workshops each tile of a kind finds, and all pages of what is online."""

import re
from datetime import date, timedelta
from html import unescape

import sqlalchemy as sa
from flask.testing import FlaskClient

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility, list_kinds
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode, Workshop, series
from outreach.reports import workshop_counts
from outreach.web.public import list_sections, workshop_pages
from tests.conftest import make_workshop, venue
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.web.public.test_workshop_list import SATURDAY, hold_at, links, online, titles

pytestmark = fixed_clock  # Friday, November 27


def read_counts(page: str) -> dict[str, tuple[int, str]]:
    """The count and the address of each tile, by its name."""
    found = re.findall(
        r'<a class="kind-tile" href="([^"]*)".*?<span>([^<]*)</span>\s*'
        r'<span class="kind-tile-count number">(\d+)</span>',
        page,
        re.DOTALL,
    )
    return {name: (int(count), unescape(address)) for address, name, count in found}


def hold_many(store: Store, office: Office, rights: Kind, women: Kind) -> None:
    """Three kinds of places, a course, hours that are taken, and what is online."""
    for number in range(25):
        hold_at(store, office, rights, f"taller {number}", miles=number, day=_day(number))
    for number in range(2):
        hold_at(store, office, women, f"espacio {number}", visibility=Visibility.REGISTERED)
    with store.change() as session:
        course = series.find_or_create(session, session.merge(office), "Curso", is_joint=True)
        there = venue(session, office)
        for week in range(4):
            make_workshop(session, office, rights, venue=there, day=_day(week * 7), series=course)
        for number in range(5):
            make_workshop(
                session, office, rights, venue=None, mode=DeliveryMode.VIDEO_CALL, day=_day(number)
            )


def _day(number: int) -> date:
    return SATURDAY + timedelta(days=number)


def test_tile_says_as_many_as_its_link_finds(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    hold_many(store, chicago, rights, women)
    women_here = f"donde=60608&tipo={women.public_code}"
    for query in ("donde=60608", "donde=IL", "donde=60608&cuando=finde", "donde=IL&libres=1",
                  women_here, "tipo=derechos", "cuando=mes"):  # fmt: skip
        counts = read_counts(client.get(f"/es/?{query}").text)
        assert len(counts) == 3, query
        for name, (count, address) in counts.items():
            if address == "?":
                continue  # the front page, which counts nothing
            heading = re.search(r"<h1>\s*(\d+) taller", client.get(f"/es/{address}").text)
            assert count == int(heading.group(1) if heading else 0), (query, name)
    assert [each for each, _ in read_counts(client.get("/es/?donde=60608").text).values()] == [
        28, 26, 2
    ]  # fmt: skip


def test_kinds_of_one_position_keep_their_order(store: Store, rights: Kind, women: Kind) -> None:
    assert rights.position == women.position
    for changed in (rights, women):  # PostgreSQL writes a changed row behind the others
        with store.change() as session:
            session.get_one(Kind, changed.id).minutes += 5
        with store.read() as session:
            assert [each.code for each in list_kinds(session)] == ["derechos", "mujeres"]
            counts = workshop_counts.count(session, Month(2026, 11), now=FIXED_NOW)
            assert list(counts.by_kind) == ["derechos", "mujeres"]


def test_tiles_of_what_is_online_count_what_is_online(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    hold_many(store, chicago, rights, women)
    hold_at(store, chicago, rights, "híbrido", mode=DeliveryMode.HYBRID)
    counts = read_counts(client.get("/es/?modalidad=en-linea").text)
    assert [count for count, _address in counts.values()] == [6, 6, 0]


def test_front_page_counts_nothing(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    hold_at(store, chicago, rights, "Taller")
    page = client.get("/es/").text
    assert "kind-tile" in page
    assert "kind-tile-count" not in page


def test_discreet_kind_is_counted_as_its_seats_appear(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    """S28: a seat that was just taken changes no count before it changes the list."""
    number = hold_at(store, chicago, women, "Espacio", miles=1)
    with store.change() as session:
        session.execute(
            sa.update(Workshop)
            .where(Workshop.public_id == number)
            .values(seats_left=0, shown_seats=5)
        )
    name = women.short_name["es"]
    for place in ("60608", "IL"):
        page = client.get(f"/es/?donde={place}&libres=1").text
        assert read_counts(page)[name][0] == 1, place
        assert "Espacio" in titles(page), place


def test_all_that_is_online_can_be_reached_page_by_page(
    client: FlaskClient, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    count = workshop_pages.MAX_ONLINE + 3
    with store.change() as session:
        for number in range(count):
            for office in (chicago, calgary):
                make_workshop(
                    session, office, rights, title={"es": f"{office.slug} {number:03}"}, venue=None,
                    mode=DeliveryMode.VIDEO_CALL, day=SATURDAY + timedelta(days=number // 2),
                )  # fmt: skip
    for where, first in (("", ""), ("donde=Calgary&", "calgary"), ("donde=60608&", "chicago")):
        page = client.get(f"/es/?{where}").text
        assert f"?{where}modalidad=en-linea" in links(online(page)), where
        seen, address = [], f"/es/?{where}modalidad=en-linea"
        while address:
            page = client.get(address).text
            seen += titles(online(page))
            more = re.search(r'href="\?([^"]*)" rel="next"', online(page))
            address = f"/es/?{unescape(more.group(1))}" if more else ""
        assert len(seen) == len(set(seen)) == 2 * count, where
        if first:
            assert {each.split()[0] for each in seen[:count]} == {first}


def test_pages_of_what_is_online_end_where_other_kinds_are_offered(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        for number in range(workshop_pages.MAX_ONLINE + 1):
            make_workshop(
                session, chicago, rights, title={"es": f"taller {number}"}, venue=None,
                mode=DeliveryMode.VIDEO_CALL,
            )  # fmt: skip
    page = client.get(f"/es/?modalidad=en-linea&tipo={women.public_code}").text
    assert "Otros, desde donde estés" in online(page)
    assert 'rel="next"' not in online(page)
    over = client.get("/es/?modalidad=en-linea&tras=en-linea~0~20990101-1000-1").text
    assert len(titles(online(over))) == workshop_pages.MAX_ONLINE, "a key that is over begins anew"


def test_link_to_all_that_is_online_stands_only_where_there_are_more(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for number in range(list_sections.FEW_ONLINE):
            make_workshop(
                session, chicago, rights, title={"es": f"taller {number}"}, venue=None,
                mode=DeliveryMode.VIDEO_CALL,
            )  # fmt: skip
    assert "modalidad=en-linea" not in online(client.get("/es/").text)
    for key in ("", "1~x", "~20261128-1000-1", "0~20269999-1-1", "9~20261128-1000-1"):
        page = client.get(f"/es/?modalidad=en-linea&tras=en-linea~{key}")
        assert page.status_code == 200, key
