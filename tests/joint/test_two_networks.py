"""Two installations: what one shares, the other shows, counts nowhere and hides in time (S44)."""

import re
from datetime import timedelta
from html import unescape

import sqlalchemy as sa
import time_machine
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.cli import main
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.joint import partner_networks
from outreach.domain.joint.partner_networks import JointWorkshop
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.search.unmet_searches import UnmetSearchCount
from outreach.domain.workshops import DeliveryMode
from outreach.joint import signed_documents
from outreach.maintenance import doctor
from outreach.reports import workshop_counts
from tests.conftest import kind, make_workshop
from tests.support.callback_server import LOOPBACK_RULE
from tests.support.environment import where
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.joint_scene import (
    HOST_TITLE,
    HostilePartner,
    HostSite,
    add_network,
    pull,
)

pytestmark = fixed_clock
DAY = timedelta(days=1)


def run(config: Config, *words: str, typed: str = "") -> Result:
    return CliRunner(env=where(config)).invoke(
        main, ["joint", *words], input=typed, obj=LOOPBACK_RULE
    )


def cards(page: str) -> list[str]:
    return re.findall(r'<li class="card .*?</li>\s*(?=<li class="card|</ul>)', page, re.DOTALL)


def titles(page: str) -> list[str]:
    found = re.findall(r'class="card-title"><a [^>]*>([^<]*)<', page)
    return [unescape(each) for each in found]


def test_shared_workshop_is_shown_changed_cancelled_and_gone(
    host: HostSite, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    public_id = host.hold()
    host.hold(title={"es": "No se comparte"}, is_shared=False)
    add_network(store, host.address)
    page = client.get("/es/").text
    assert titles(page) == [HOST_TITLE]
    assert "Con Unión de Bibliotecas" in page
    assert "sales a su sitio, 127.0.0.1" in page
    assert f'href="{host.url}/es/t/{public_id}" rel="external noopener noreferrer"' in page
    assert f"{host.url}/fr/t/{public_id}" in client.get("/fr/").text

    host.change(public_id, title={"es": "Otro título"}, day=(FIXED_NOW + 9 * DAY).date())
    assert pull(store) == [""]
    page = client.get("/es/").text
    assert titles(page) == ["Otro título"]
    assert "6 de diciembre" in page

    with host.store.change() as session:
        workshop_service.cancel(session, workshops.find(session, public_id), now=FIXED_NOW)
    assert pull(store) == [""]
    assert "Cancelado" in client.get("/es/").text

    with time_machine.travel(FIXED_NOW + 10 * DAY, tick=False):
        assert pull(store) == [""]
        assert titles(client.get("/es/").text) == []


def test_unshared_workshop_leaves_the_partner_at_the_next_pull(
    host: HostSite, client: FlaskClient, store: Store
) -> None:
    public_id = host.hold()
    add_network(store, host.address)
    host.change(public_id, is_shared=False)
    assert pull(store) == [""]
    assert titles(client.get("/es/").text) == []


def test_joint_workshops_stand_among_our_own_by_day_and_hour(
    host: HostSite, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    days = [(FIXED_NOW + each * DAY).date() for each in (3, 5, 7)]
    host.hold(day=days[1], title={"es": "B"})
    with store.change() as session:
        make_workshop(session, chicago, rights, day=days[0], title={"es": "A"})
        make_workshop(session, chicago, rights, day=days[2], title={"es": "C"})
    add_network(store, host.address)
    assert titles(client.get("/es/").text) == ["A", "B", "C"]
    around = client.get("/es/?donde=chicago").text
    assert titles(around) == ["A", "B", "C"]
    assert "3 talleres cerca de Chicago" in around
    assert titles(client.get("/es/?donde=calgary").text) == []
    assert "B" in titles(client.get("/es/?donde=IL").text)
    assert "B" not in titles(client.get("/es/?donde=TX").text)


def test_each_page_of_a_long_list_shows_what_lies_within_it(
    host: HostSite, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for number in range(45):
            day = (FIXED_NOW + (2 + number) * DAY).date()
            make_workshop(session, chicago, rights, day=day, title={"es": f"Propio {number}"})
    for number in (1, 25, 60):
        day = (FIXED_NOW + (2 + number) * DAY).date()
        host.hold(day=day, title={"es": f"Ajeno {number}"})
    add_network(store, host.address)
    for search in ("?", "?donde=chicago&"):
        address, seen = f"/es/{search}", list[str]()
        while address:
            page = client.get(address).text
            seen += [each for each in titles(page) if each.startswith("Ajeno")]
            following = re.search(r'href="(\?[^"]*tras=[^"]*)" rel="next"', page)
            address = "/es/" + unescape(following[1]) if following else ""
        assert seen == ["Ajeno 1", "Ajeno 25", "Ajeno 60"], search


def test_search_by_kind_day_and_language_finds_them(
    host: HostSite, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        session.add(kind("salud", "Salud"))
    host.hold()
    add_network(store, host.address)
    for query, is_found in {
        "tipo=derechos": True, "tipo=salud": False, "cuando=mes": False,
        "desde=2026-12-01&hasta=2026-12-31": True, "idioma=es": True, "idioma=nah": False,
        "modalidad=presencial": True, "modalidad=en-linea": False, "ninos=1": False,
        "libres=1": True,
    }.items():  # fmt: skip
        assert (HOST_TITLE in titles(client.get(f"/es/?{query}").text)) is is_found, query


def test_what_is_online_stands_with_what_is_online(
    host: HostSite, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    host.hold(mode=DeliveryMode.VIDEO_CALL, venue=None, online_url="https://meet.example.org/x")
    add_network(store, host.address)
    for address in ("/es/", "/es/?modalidad=en-linea", "/es/?donde=chicago"):
        page = client.get(address).text
        assert titles(page) == [HOST_TITLE], address
        assert "data-online" in page
    assert "meet.example.org" not in page


def test_kind_that_is_discreet_here_is_not_shown(
    host: HostSite, client: FlaskClient, store: Store, women: Kind, rights: Kind
) -> None:
    """Theirs is public with them; a page of ours with the quick exit leads to no other site."""
    with host.store.change() as session:
        session.add(kind("mujeres", "Mujeres"))
    with host.store.read() as session:
        public_there = kinds.find(session, "mujeres")
    host.hold(kind=public_there, title={"es": "Mujeres"})
    host.hold()
    add_network(store, host.address)
    assert titles(client.get("/es/").text) == [HOST_TITLE]
    page = client.get("/es/?tipo=K7QX&tipo=derechos").text
    assert "data-quick-exit" in page
    assert titles(page) == []


def test_no_number_of_the_partner_changes_and_the_host_counts_once(
    host: HostSite, app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    day = (FIXED_NOW + 7 * DAY).date()
    with store.change() as session:
        make_workshop(session, chicago, rights, day=day)

    def numbers(of: Store) -> tuple[int, dict[str, int]]:
        with of.read() as session:
            month = Month.from_day(day)
            count = workshop_counts.count(session, month, now=FIXED_NOW + 40 * DAY)
            return count.total, dict(count.by_kind)

    pages = (
        f"/es/cifras/{Month.from_day(day)}", f"/api/v1/counts/{Month.from_day(day)}",
        "/api/v1/workshops", "/es/cal/red.ics", "/es/cal/red.json", "/es/o/chicago", "/sitemap.xml",
        f"/es/boletin/{Month.from_day(day)}",
    )  # fmt: skip

    def read() -> list[bytes]:
        # Pages say until when they counted: they are read at one moment.
        with time_machine.travel(FIXED_NOW + timedelta(minutes=1), tick=False):
            return [client.get(each).data for each in pages]

    before, shown = numbers(store), read()
    host_before = numbers(host.store)
    public_id = host.hold()
    host_after = numbers(host.store)
    assert host_after[0] == host_before[0] + 1
    network = add_network(store, host.address)
    assert HOST_TITLE in client.get("/es/").text
    assert (numbers(store), read()) == (before, shown)
    host.change(public_id, is_shared=False)
    assert pull(store) == [""]
    assert (numbers(store), read()) == (before, shown)
    with store.change() as session:
        partner_networks.remove(session, partner_networks.find(session, network.host))
    assert (numbers(store), read()) == (before, shown)
    assert numbers(host.store) == host_after


def test_search_that_finds_only_joint_workshops_still_counts_as_unmet(
    host: HostSite, app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    """Where a partner helps, the office still learns that it had nothing."""
    address = "/es/?donde=chicago&tipo=derechos"
    assert "No hay talleres así" in client.get(address).text
    host.hold()
    add_network(store, host.address)
    found = client.get(address, environ_base={"REMOTE_ADDR": "192.0.2.2"}).text
    assert "1 taller cerca de Chicago" in found
    app.extensions["outreach_unmet_searches"].write()
    with store.read() as session:
        assert session.scalars(sa.select(UnmetSearchCount.searches)).all() == [2]


def test_not_modified_is_enough_while_the_document_is_young(
    host: HostSite, app: Flask, store: Store
) -> None:
    host.hold()
    network = add_network(store, host.address)
    first = network.generated_at
    with time_machine.travel(FIXED_NOW + timedelta(minutes=30), tick=False):
        assert pull(store) == [""]
        with store.read() as session:
            row = partner_networks.find(session, network.host)
            assert (row.generated_at, row.answered_at) == (first, clock.now())
    with time_machine.travel(FIXED_NOW + timedelta(minutes=90), tick=False):
        assert pull(store) == [""]
        with store.read() as session:
            assert partner_networks.find(session, network.host).generated_at > first


def test_workshops_are_hidden_after_a_day_without_a_good_answer(
    host: HostSite, hostile: HostilePartner, client: FlaskClient, config: Config, store: Store
) -> None:
    hostile.show(hostile.make_entry())
    add_network(store, hostile.address)
    hostile.answers.clear()
    with time_machine.travel(FIXED_NOW + timedelta(hours=23), tick=False):
        assert pull(store) == ["It answers with status 404."]
        assert titles(client.get("/es/").text) == ["Taller de al lado"]
        [found] = [each for each in doctor.examine(config) if "joint" in each.about]
        assert (found.state, found.words) == ("soon", "It answers with status 404.")
    with time_machine.travel(FIXED_NOW + timedelta(hours=24, minutes=1), tick=False):
        assert titles(client.get("/es/").text) == []
        [found] = [each for each in doctor.examine(config) if "joint" in each.about]
        assert found.state == "to do"
        assert "hidden" in found.words
        hostile.show(hostile.make_entry())
        assert pull(store) == [""]
        assert titles(client.get("/es/").text) == ["Taller de al lado"]


def test_operator_confirms_the_fingerprint_that_the_host_prints(
    host: HostSite, config: Config, store: Store
) -> None:
    host.hold()
    fingerprint = signed_documents.get_own_fingerprint(host.key_store)
    refused = run(config, "add", host.url, typed="n\n")
    assert fingerprint in refused.output
    assert "Unión de Bibliotecas" in refused.output
    with store.read() as session:
        assert partner_networks.list_networks(session) == []
    added = run(config, "add", host.url, typed="y\n")
    assert added.exit_code == 0, added.output
    assert "with 1 workshops" in added.output
    again = run(config, "add", host.url, "--yes")
    assert again.exit_code == 1
    listed = run(config, "list").output
    assert fingerprint in listed
    assert "1 workshops; last answered" in listed
    fetched = run(config, "fetch")
    assert (fetched.exit_code, fetched.output.endswith(": well\n")) == (0, True)
    name = host.url.removeprefix("http://")
    assert run(config, "remove", name).exit_code == 0
    assert run(config, "list").output == ""
    assert run(config, "remove", name).exit_code == 1


def test_own_site_cannot_be_a_partner(host: HostSite, config: Config, store: Store) -> None:
    refused = run(config, "add", "http://localhost:8000", "--yes")
    assert refused.exit_code == 1
    assert "another network" in refused.output


def test_workshop_of_our_own_comes_back_under_no_other_name(
    hostile: HostilePartner, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    """A site under two names, or a partner that passes on what is ours."""
    with store.change() as session:
        own = make_workshop(session, chicago, rights, title={"es": "Propio"})
    hostile.show(hostile.make_entry(uid=f"taller-{own.uid}@talleres.example.org"))
    add_network(store, hostile.address)
    assert titles(client.get("/es/").text) == ["Propio"]


def test_workshop_that_two_partners_show_stands_once_as_its_hosts(
    host: HostSite, hostile: HostilePartner, client: FlaskClient, store: Store
) -> None:
    uid = f"taller-0123456789ABCDEFGHJK@{host.url.removeprefix('http://')}"
    hostile.show(hostile.make_entry(uid=uid))
    add_network(store, hostile.address)
    assert titles(client.get("/es/").text) == ["Taller de al lado"]
    with store.change() as session:
        network = partner_networks.PartnerNetwork(
            url=host.address, host=host.url.removeprefix("http://"), name="La sede",
            public_key="x" * 43, generated_at=FIXED_NOW, asked_at=FIXED_NOW, answered_at=FIXED_NOW,
        )  # fmt: skip
        session.add(network)
        session.flush()
        first = session.scalars(sa.select(JointWorkshop)).one()
        values = {
            name: getattr(first, name)
            for name in JointWorkshop.__table__.c.keys()  # noqa: SIM118 - iterating it gives columns, not names
            if name not in {"id", "network_id"}
        }
        partner_networks.replace_workshops(session, network, [JointWorkshop(**values)])
    page = client.get("/es/").text
    assert titles(page) == ["Taller de al lado"]
    assert "Con La sede" in page
