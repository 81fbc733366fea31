"""Tomás stands at the door of a mobile consulate, where there is no signal: what his phone and
another one mark there, what they keep, and what is left on them."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from outreach import clock
from tests.browser import chromium, phones, second
from tests.browser.phones import TOMAS, Evening, Party
from tests.browser.second import PASSWORD

# What cannot be reached is said in the console; a policy that was broken would be too.
EXPECTED: Final = re.compile(r"Failed to load resource: (net::ERR_|the server responded .* of 4)")
# All that pages of ours can keep in a browser.
KEPT: Final = """async () => {
    const kept = { local: {...localStorage}, session: {...sessionStorage}, rows: [], files: [] };
    kept.databases = (await indexedDB.databases()).map(each => each.name);
    for (const name of kept.databases) {
        const db = await new Promise(ok => {
            const asked = indexedDB.open(name);
            asked.onsuccess = () => ok(asked.result);
        });
        for (const store of db.objectStoreNames) {
            const all = db.transaction(store).objectStore(store).getAll();
            kept.rows.push(...await new Promise(ok => { all.onsuccess = () => ok(all.result); }));
        }
        db.close();
    }
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const each of await cache.keys()) {
            kept.files.push(each.url, await (await cache.match(each)).text());
        }
    }
    kept.workers = (await navigator.serviceWorker.getRegistrations()).map(each => each.scope);
    return kept;
}"""

NOTHING_LEFT: Final = """async () => {
    for (;;) {
        const databases = await indexedDB.databases(), files = await caches.keys();
        const workers = await navigator.serviceWorker.getRegistrations();
        if (!databases.length && !files.length && !workers.length) return;
        await new Promise(requestAnimationFrame);
    }
}"""


@pytest.fixture(autouse=True, scope="module")
def _patience() -> Iterator[None]:
    """Two browsers, and what they keep on the disk: slow on a machine that has much to do."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@contextmanager
def phone(browser: Browser, profile: Path, *flags: str) -> Iterator[BrowserContext]:
    """A phone whose pages may complain of nothing but the network."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED.match(message.text):
            complaints.append(message.text)

    with chromium.device(browser, profile, *flags) as context:
        context.on("console", listen)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context
    assert complaints == []


@contextmanager
def opened(browser: Browser, profiles: Sequence[Path]) -> Iterator[list[Page]]:
    """The page that each of these phones has open."""
    with ExitStack() as stack:
        yield [stack.enter_context(phone(browser, each)).pages[0] for each in profiles]


def take_along(page: Page, evening: Evening) -> None:
    """Tomás signs in and takes the door along."""
    page.goto(f"{evening.url}/org/entrar?volver=/org/puerta/")
    page.get_by_label("Correo").fill(TOMAS)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.locator("#waiting [type=submit]").click()
    page.locator("#code").fill(second.next_code(TOMAS))
    page.locator("#waiting [type=submit]").click()
    page.get_by_role("button", name="Llevar la puerta en este teléfono").click()
    page.wait_for_url("**/org/puerta/telefono#*")
    page.locator("#checkin-phone[data-ready]").wait_for(state="attached")


def tell_again(page: Page) -> None:
    """As if the phone did not know that anything has gone up."""
    page.evaluate(
        """() => new Promise(ok => { indexedDB.open("puerta").onsuccess = e => {
            const db = e.target.result, t = db.transaction("mark", "readwrite");
            t.objectStore("mark").openCursor().onsuccess = e => {
                const at = e.target.result;
                if (!at) return;
                at.update({...at.value, sent: false, undoSent: false});
                at.continue();
            };
            t.oncomplete = () => { db.close(); ok(); };
        }; })"""
    )


def end(page: Page) -> None:
    """As if the day after were over."""
    page.evaluate(
        """() => new Promise(ok => { indexedDB.open("puerta").onsuccess = e => {
            const db = e.target.result, t = db.transaction("bundle", "readwrite");
            t.objectStore("bundle").openCursor().onsuccess = e => {
                const at = e.target.result;
                if (at) at.update({...at.value, until: 0});
            };
            t.oncomplete = () => { db.close(); ok(); };
        }; })"""
    )


def mark(page: Page, typed: str, words: str, unsent: int) -> None:
    """With the keyboard alone, as fast as the page says that it has understood."""
    page.keyboard.insert_text(typed)
    page.keyboard.press("Enter")
    expect(page.locator("[data-name]")).to_have_text(words)
    expect(page.locator("[data-came]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]")).to_have_attribute("data-unsent", str(unsent))


def stand_at_door(page: Page, evening: Evening, parties: Sequence[Party], walk_ins: int) -> None:
    """Every tenth shows the square, the others say their code; one is a slip of the finger."""
    page.locator("#q").focus()
    for number, party in enumerate(parties, 1):
        has_square = number % 10 == 1
        people = "1 persona" if party.people == 1 else f"{party.people} personas"
        typed = f"{evening.url}/q/{party.token}" if has_square else party.code.lower()
        mark(page, typed, party.name if has_square else f"Sí está: {people}", number)
    for number in range(walk_ins + 1):
        page.get_by_role("button", name="+1").click()
        total = str(len(parties) + number + 1)
        expect(page.locator("[data-status]")).to_have_attribute("data-unsent", total)
    page.locator("[data-take-back]").click()
    expect(page.locator("[data-name]")).to_have_text("Deshecho.")


def all_sent(page: Page, marks: int) -> None:
    """So many marks stand on the phone, and the site knows of it."""
    expect(page.locator("[data-events] li")).to_have_count(marks)
    expect(page.locator("[data-status]")).to_have_attribute("data-unsent", "0")


def people_of(parties: Sequence[Party]) -> int:
    return sum(party.people for party in parties)


def search(page: Page, evening: Evening) -> None:
    """What pages of ours keep: the list, the page, and nothing that says who anybody is."""
    kept = page.evaluate(KEPT)
    assert (kept["local"], kept["session"]) == ({}, {})
    assert kept["databases"] == ["puerta"]
    assert kept["workers"] == [f"{evening.url}/org/puerta/"]
    assert page.context.storage_state()["cookies"][0]["name"] == "__Host-staff"
    text = json.dumps(kept, ensure_ascii=False)
    assert evening.public_id in text
    assert "Código o cuadro QR" in text
    assert [each for each in evening.secrets() if each in text] == []


def search_files(profile: Path, evening: Evening) -> None:
    """Every file of the browser, byte by byte, as text is written in it."""
    files = [path for path in profile.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 50
    bodies = [path.read_bytes() for path in files]
    assert any(b"org/puerta/telefono" in each for each in bodies)
    for secret in evening.secrets():
        for way in ("utf-8", "utf-16-le"):
            found = [
                path for path, body in zip(files, bodies, strict=True) if secret.encode(way) in body
            ]
            assert found == [], f"{secret} as {way}"


def bring_up(page: Page, evening: Evening) -> None:
    """The phone is looked at where there is a network."""
    page.goto(evening.page)
    page.reload()
    expect(page.locator("[data-status]")).to_have_text("Todo está enviado.")
    expect(page.locator("[data-arrived]")).to_have_text(str(evening.counts()[0]))


def expire(page: Page, evening: Evening) -> None:
    """The phone is looked at two days later."""
    page.clock.set_fixed_time(clock.now() + timedelta(days=2, hours=1))
    page.goto(evening.page)
    page.reload()
    expect(page.locator("main")).to_contain_text("Este teléfono no lleva ninguna puerta.")
    page.evaluate(NOTHING_LEFT)
    kept = page.evaluate(KEPT)
    assert (kept["rows"], kept["files"], kept["databases"], kept["workers"]) == ([], [], [], [])


SIZES: Final = [
    pytest.param(20, 3, id="20 and 3"),
    pytest.param(200, 30, id="200 and 30", marks=pytest.mark.long),
]


@pytest.mark.parametrize(("arrivals", "walk_ins"), SIZES)
def test_two_phones_without_a_network_agree_and_keep_no_name(
    browser: Browser, tmp_path: Path, arrivals: int, walk_ins: int
) -> None:
    profiles = [tmp_path / "one", tmp_path / "two"]
    both = arrivals // 10  # parties that are marked at both doors
    half = (arrivals + both) // 2
    with phones.running(tmp_path / "server", arrivals + 5) as evening:
        lists = evening.parties[:half], evening.parties[half - both : arrivals]
        loose = walk_ins - walk_ins // 3, walk_ins // 3
        with opened(browser, profiles) as pages:
            for page in pages:
                take_along(page, evening)
            evening.network.cut()
            for page, parties, alone in zip(pages, lists, loose, strict=True):
                page.context.set_offline(True)
                page.reload()
                stand_at_door(page, evening, parties, alone)
                search(page, evening)
        for profile in profiles:
            search_files(profile, evening)
        evening.network.mend()
        assert evening.counts() == (0, 0)
        expected = people_of(evening.parties[:arrivals]), walk_ins
        with opened(browser, profiles) as pages:  # a battery that was empty loses nothing
            for order in (pages, pages[::-1]):
                evening.begin_again()
                for page in order:
                    page.goto(f"{evening.url}/es/")
                    bring_up(page, evening)
                assert evening.counts() == expected
                for page in order:
                    tell_again(page)
                    bring_up(page, evening)
                assert evening.counts() == expected
                for page in order:
                    tell_again(page)
            for page in pages:
                expire(page, evening)
        for profile in profiles:
            search_files(profile, evening)


@pytest.fixture(scope="module", name="there")
def _there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with phones.running(tmp_path_factory.mktemp("evening"), 4) as evening:
        yield evening


@pytest.fixture
def evening(there: Evening) -> Evening:
    """The same evening for several tests, before anybody came."""
    there.begin_again()
    return there


def test_signing_out_sends_what_was_marked_or_asks_first(
    browser: Browser, tmp_path: Path, evening: Evening
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page = context.pages[0]
        take_along(page, evening)
        page.route("**/llegadas", lambda route: route.abort())
        page.get_by_role("button", name="+1").click()
        expect(page.locator("[data-status]")).to_contain_text("Falta 1 llegada por enviar.")
        page.goto(f"{evening.url}/org/entrada?x")
        page.get_by_role("button", name="Cerrar sesión", exact=True).click()
        asked = page.locator("#sign-out-question")
        expect(asked).to_be_focused()
        expect(asked).to_contain_text("Falta 1 llegada por enviar.")
        assert evening.counts() == (0, 0)
        page.unroute("**/llegadas")
        page.get_by_role("button", name="Cerrar sesión", exact=True).click()
        expect(asked).to_contain_text("Este teléfono lleva la puerta de un taller.")
        assert evening.counts() == (0, 1)
        page.get_by_role("button", name="Cerrar sesión y borrar").click()
        page.wait_for_url("**/org/entrar")
        assert evening.counts() == (0, 1)
        page.evaluate(NOTHING_LEFT)


def test_what_the_phone_says_of_codes_and_how_it_ends(
    browser: Browser, tmp_path: Path, evening: Evening
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page, rosa = context.pages[0], evening.parties[3]
        take_along(page, evening)
        said, detail = page.locator("[data-name]"), page.locator("[data-detail]")
        page.locator("#q").focus()
        page.keyboard.insert_text(f"{evening.url}/q/{rosa.token}")
        page.keyboard.press("Enter")
        expect(said).to_have_text(rosa.name)
        page.get_by_label("¿Cuántas llegaron?").select_option("3")
        page.get_by_role("button", name="Llegó").click()
        expect(said).to_have_text("Anotado: 3 personas.")
        all_sent(page, 1)
        assert evening.counts() == (3, 0)

        page.locator("#q").fill(f" {rosa.code[:3].lower()} {rosa.code[3:]} ")
        page.keyboard.press("Enter")
        expect(detail).to_have_text("Ya estaba registrada su llegada.")
        page.locator("[data-take-back]").click()
        expect(said).to_have_text("Deshecho.")
        all_sent(page, 0)
        assert evening.counts() == (0, 0)

        page.locator("#q").fill("000000")
        page.keyboard.press("Enter")
        expect(said).to_have_text("No está en la lista. ¿Llegó sin registro?")
        page.get_by_role("button", name="Sumar 1").click()
        expect(page.locator("[data-walk-ins]")).to_have_text("1")

        page.get_by_role("button", name="Terminar y borrar de este teléfono").click()
        expect(page.locator("main")).to_contain_text("Este teléfono no lleva ninguna puerta.")
        page.evaluate(NOTHING_LEFT)
        assert evening.counts() == (0, 1)


def test_what_is_over_is_erased_where_nobody_is_signed_in_any_more(
    browser: Browser, tmp_path: Path, evening: Evening
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page = context.pages[0]
        take_along(page, evening)
        expect(page.locator("main")).to_contain_text("Si se te olvida, se borra cuando abras")
        end(page)
        context.clear_cookies()
        page.goto(f"{evening.url}/org/puerta/")
        expect(page.get_by_label("Contraseña")).to_be_visible()
        page.evaluate(NOTHING_LEFT)


def test_a_name_leaves_the_page_after_a_few_seconds(
    browser: Browser, tmp_path: Path, evening: Evening
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page, rosa = context.pages[0], evening.parties[0]
        take_along(page, evening)
        page.clock.install()
        page.reload()
        page.locator("#q").fill(f"{evening.url}/q/{rosa.token}")
        page.keyboard.press("Enter")
        expect(page.locator("[data-name]")).to_have_text(rosa.name)
        page.clock.run_for(15_000)
        expect(page.locator("[data-name]")).to_have_text("Sí está: 1 persona")
        assert rosa.name not in page.content()


def test_a_square_is_read_by_the_phones_camera_where_the_browser_can(
    browser: Browser, tmp_path: Path, evening: Evening
) -> None:
    """Chromium reads squares on phones and not here: what it would find is put in its place; the
    camera, and the permission to use it, are its own."""
    camera = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with phone(browser, tmp_path / "phone", *camera) as context:
        page, rosa = context.pages[0], evening.parties[0]
        address = json.dumps(f"{evening.url}/q/{rosa.token}")
        page.add_init_script(
            f"""window.BarcodeDetector = class {{
                async detect(video) {{ return video.videoWidth ? [{{rawValue: {address}}}] : []; }}
            }};"""
        )
        take_along(page, evening)
        page.get_by_role("button", name="Leer el cuadro QR").click()
        expect(page.locator("[data-name]")).to_have_text(rosa.name)
        expect(page.locator("video")).to_be_hidden()
        page.get_by_role("button", name="Llegó").click()
        all_sent(page, 1)
        assert evening.counts() == (1, 0)
