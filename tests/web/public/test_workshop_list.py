"""The list page: order, filters that are links, courses, what is online, and what is never told."""

import re
from datetime import date, time, timedelta
from html import unescape
from typing import Final

import pytest
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode, series
from tests.conftest import kind, make_workshop, venue
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock  # Friday, November 27

SATURDAY: Final = date(2026, 11, 28)
CHICAGO: Final = (41.85, -87.65)
MILE: Final = 1 / 69


def titles(page: str) -> list[str]:
    """The titles of the cards, in their order."""
    return [unescape(each) for each in re.findall(r'class="card-title"><a [^>]*>([^<]*)<', page)]


def in_person(page: str) -> str:
    """The page without its section of what is online."""
    return re.sub(r"<section[^>]* data-online>.*?</section>", "", page, flags=re.DOTALL)


def online(page: str) -> str:
    """The section of what is online; empty without one."""
    found = re.search(r"<section[^>]* data-online>.*?</section>", page, re.DOTALL)
    return found.group(0) if found else ""


def links(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'<a [^>]*href="([^"]*)"', page)]


def hold_at(
    store: Store, office: Office, of: Kind, title: str, *, miles: float = 0, **changes: object
) -> str:
    """A workshop so many miles north of Chicago; its public id."""
    with store.change() as session:
        there = venue(
            session, office, f"Sede {title}", latitude=CHICAGO[0] + miles * MILE,
            longitude=CHICAGO[1],
        )  # fmt: skip
        values = {"title": {"es": title}, "venue": there, "day": SATURDAY} | changes
        return make_workshop(session, office, of, **values).public_id


def test_around_a_place_by_day_within_25_miles_and_then_by_distance(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    week = timedelta(days=7)
    hold_at(store, chicago, rights, "C a 24 millas, luego", miles=24, day=SATURDAY + week)
    hold_at(store, chicago, rights, "D a 30 millas, luego", miles=30, day=SATURDAY + 2 * week)
    hold_at(store, chicago, rights, "E a 45 millas, ya", miles=45)
    hold_at(store, chicago, rights, "B a 20 millas, ya", miles=20)
    hold_at(store, chicago, rights, "A a 2 millas, ya", miles=2, starts=time(9), ends=time(10))
    page = client.get("/es/?donde=60608").text
    assert [each[0] for each in titles(page)] == list("ABCDE")
    assert page.index("Más lejos") < page.index("D a 30 millas")
    miles = [float(each) for each in re.findall(r'data-miles="([^"]*)"', page)]
    assert miles == pytest.approx([2, 20, 24, 30, 45], abs=1.5)
    assert len(re.findall(r'class="distance"> · a \d+ mi<', page)) == 5


def test_pages_of_a_search_around_a_place_follow_each_other(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    for number in range(23):
        hold_at(store, chicago, rights, f"taller {number:02}", miles=number * 2)
    seen, address = [], "/es/?donde=60608"
    while address:
        page = client.get(address).text
        seen += titles(page)
        more = re.search(r'href="\?([^"]*tras=[^"]*)" rel="next"', page)
        address = f"/es/?{unescape(more.group(1))}" if more else ""
    assert seen == sorted(seen)
    assert len(seen) == 23
    assert client.get("/es/?donde=60608&tras=x~y").status_code == 200


def test_canadians_see_canada_alone_in_kilometres_and_no_daca(
    client: FlaskClient, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    daca = kind("daca", "DACA", countries=Codes(["US"]), position=3)
    with store.change() as session:
        session.add(daca)
    with store.change() as session:
        make_workshop(session, calgary, rights, title={"es": "En Calgary"})
        every = (
            (chicago, rights, "De Chicago"),
            (calgary, rights, "De Calgary"),
            (chicago, daca, "-"),
        )
        for office, of, title in every:
            make_workshop(
                session, office, of, title={"es": title}, venue=None, mode=DeliveryMode.VIDEO_CALL,
                day=SATURDAY + timedelta(days=1 if office is chicago else 9),
            )  # fmt: skip
    page = client.get("/es/?donde=Calgary").text
    assert titles(in_person(page)) == ["En Calgary"]
    assert titles(online(page)) == ["De Calgary", "De Chicago"], "Canada first"
    assert re.search(r'class="distance"> · a \d+ km<', page)
    assert "tipo=daca" not in page
    assert titles(client.get("/es/?donde=AB").text) == ["En Calgary", "De Calgary", "De Chicago"]


@pytest.mark.parametrize("mode", [DeliveryMode.IN_PERSON, DeliveryMode.PHONE_BANK])
def test_front_page_says_that_nothing_is_announced_only_then(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, mode: DeliveryMode
) -> None:
    nothing = "Por ahora no hay talleres anunciados aquí."
    assert nothing in client.get("/es/").text
    with store.change() as session:
        place = venue(session, chicago) if mode.has_venue else None
        make_workshop(session, chicago, rights, venue=place, mode=mode)
    assert nothing not in client.get("/es/").text


def test_online_and_telephone_stand_in_their_own_section_and_only_there(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for mode in DeliveryMode:
            place = venue(session, chicago, mode.value) if mode.has_venue else None
            make_workshop(
                session, chicago, rights, title={"es": mode.value}, venue=place, mode=mode
            )
    for query in ("", "?donde=60608", "?donde=IL", "?donde=Boise", "?donde=Aurora", "?donde=xyzzy",
                  "?donde=60608&tipo=derechos&cuando=finde"):  # fmt: skip
        address = f"/es/{query}"
        page = client.get(address).text
        assert page.count("data-online") == 1, address
        assert set(titles(online(page))) == {"virtual_en_vivo", "virtual_sala", "telefonico"}, (
            address
        )
        assert not set(titles(in_person(page))) & set(titles(online(page))), address
    page = client.get("/es/?modalidad=en-linea").text
    assert len(titles(online(page))) == 3
    assert titles(in_person(page)) == ["hibrido"]


def test_course_is_one_card_with_its_dates(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        course = series.find_or_create(session, session.merge(chicago), "Curso", is_joint=True)
        there = venue(session, chicago)
        for week in range(4):
            day = SATURDAY + timedelta(days=7 * week)
            make_workshop(
                session, chicago, rights, title={"es": "Curso"}, venue=there, day=day, series=course
            )
    for address in ("/es/", "/es/?donde=60608", "/es/?donde=IL", "/es/?cuando=finde"):
        page = client.get(address).text
        assert titles(page) == ["Curso"], address
        dates = re.search(r'<ul class="dates number">(.*?)</ul>', page)
        assert dates, address
        assert dates.group(1).count("<li>") == 4
    assert "1 taller cerca de" in client.get("/es/?donde=60608").text


def test_every_filter_is_a_link_and_a_chip_that_takes_it_off(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    hold_at(store, chicago, rights, "Taller")
    found = links(client.get("/es/?donde=60608").text)
    for query in ("tipo=derechos", "cuando=finde", "cuando=semana", "cuando=mes", "idioma=nah",
                  "modalidad=en-linea", "ninos=1", "libres=1"):  # fmt: skip
        assert f"?donde=60608&{query}" in found, query
        page = client.get(f"/es/?donde=60608&{query}").text
        chip = re.search(r'class="chip" href="([^"]*)"', page)
        assert chip, query
        assert chip.group(1) == "?donde=60608", query
    page = client.get("/es/?donde=60608&tipo=derechos&cuando=finde&libres=1").text
    chips = [unescape(each) for each in re.findall(r'class="chip" href="([^"]*)"', page)]
    assert chips == [
        "?donde=60608&cuando=finde&libres=1",
        "?donde=60608&tipo=derechos&libres=1",
        "?donde=60608&tipo=derechos&cuando=finde",
    ]


def test_filters_find_what_they_say(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    hold_at(store, chicago, rights, "sábado")
    hold_at(store, chicago, rights, "lunes", day=date(2026, 11, 30))
    hold_at(store, chicago, rights, "diciembre", day=date(2026, 12, 1), has_childcare=True)
    hold_at(store, chicago, rights, "lleno", day=date(2026, 12, 2), capacity=0)
    hold_at(store, chicago, rights, "náhuatl", day=date(2026, 12, 3), interpretation=Codes(["nah"]))

    def ask(query: str) -> list[str]:
        page = client.get(f"/es/?donde=60608&{query}").text
        return titles(page.partition("Lo más parecido")[0])

    assert ask("cuando=finde") == ask("cuando=semana") == ["sábado"]
    assert ask("cuando=mes") == ["sábado", "lunes"]
    assert ask("ninos=1") == ["diciembre"]
    assert ask("idioma=nah") == ["náhuatl"], "with an interpreter too"
    assert "lleno" not in ask("libres=1")
    assert ask("desde=2026-12-01&hasta=2026-12-02&cuando=finde") == ["diciembre", "lleno"]


def test_nothing_found_offers_other_dates_and_what_is_near(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    hold_at(store, chicago, rights, "otra fecha", day=SATURDAY + timedelta(days=20))
    page = client.get("/es/?donde=60608&cuando=finde").text
    assert titles(page.partition("Lo más parecido")[2]) == ["otra fecha"]
    page = client.get("/es/?donde=Springfield, IL").text
    assert "No hay talleres cerca de" in page
    assert titles(page.partition("Lo más parecido")[2]) == ["otra fecha"]


def test_workshop_leads_back_to_the_same_search(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    number = hold_at(store, chicago, rights, "Taller")
    search = "donde=60608&tipo=derechos&cuando=finde&ninos="
    hold_at(store, chicago, rights, "Otro", has_childcare=True)
    page = client.get(f"/es/?{search}").text
    [address] = {each for each in links(page) if each.startswith(f"/es/t/{number}")} or {""}
    back = next(each for each in links(client.get(address).text) if each.startswith("/es/?"))
    assert titles(client.get(back).text) == titles(page)


def test_filter_to_a_discreet_kind_is_carried_nowhere(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    number = hold_at(store, chicago, women, "Espacio", visibility=Visibility.REGISTERED)
    page = client.get(f"/es/?donde=60608&tipo={women.public_code}").text
    [address] = [each for each in links(page) if f"/es/t/{number}" in each]
    assert women.public_code not in address
    # An address made by hand does not bring it back either.
    for code in (women.public_code, women.code):
        address = f"/es/t/{number}?donde=60608&tipo={code}"
        workshop = client.get(address, follow_redirects=True).text
        back = next(each for each in links(workshop) if each.startswith("/es/?"))
        assert back == "/es/?donde=60608"


def test_card_names_its_host_except_a_discreet_one(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    hold_at(store, chicago, women, "Espacio", interpretation=Codes(["nah"]))
    host = chicago.name["es"]
    page = client.get("/es/?donde=60608").text
    cards = "".join(re.findall(r'<li class="card .*?</li>\s*</ul>', page, re.DOTALL))
    assert "Espacio" in page
    assert host not in cards
    assert "náhuatl" not in cards, "an interpreter could tell where it is"
    assert titles(client.get("/es/?donde=60608&idioma=nah").text.partition("Lo más")[0]) == []
    hold_at(store, chicago, rights, "Taller")
    assert client.get("/es/?donde=60608").text.count(host) == 1


def test_what_two_searches_share_is_filled_with_their_own_words(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    hold_at(store, chicago, rights, "Taller")
    first, second = (client.get("/es/", query_string={"donde": each}).text
                     for each in ("60608", 'Pilsen & "Chicago"'))  # fmt: skip
    assert "60608" in first
    assert "60608" not in second
    assert 'value="Pilsen &amp; &#34;Chicago&#34;"' in second
    for page in (first, second):
        assert not re.search("[\ue000-\uf8ff]|%EE%80", page), "a mark is left"


def test_without_registration_counts_as_free_places(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    hold_at(store, chicago, rights, "abierto", way=Way.OPEN, capacity=0)
    assert titles(client.get("/es/?donde=60608&libres=1").text)[0] == "abierto"
