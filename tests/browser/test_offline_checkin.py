"""Check-in without a network: what two phones record and store, how their events merge, and what is
erased."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from outreach import clock
from tests.browser import chromium, offline_phones, second_factors
from tests.browser.offline_phones import TOMAS, OfflineWorkshop, Party
from tests.browser.pages import press_sign_out
from tests.browser.second_factors import PASSWORD
from tests.support.qr_pictures import qr_pictures

# The console reports failed requests. A violation of the content security policy is an error.
EXPECTED_MESSAGE: Final = re.compile(
    r"Failed to load resource: (net::ERR_|the server responded .* of 4)"
)
# Returns everything that the pages have stored in the browser.
READ_STORAGE: Final = """async () => {
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

WAIT_UNTIL_ERASED: Final = """async () => {
    for (;;) {
        const databases = await indexedDB.databases(), files = await caches.keys();
        const workers = await navigator.serviceWorker.getRegistrations();
        if (!databases.length && !files.length && !workers.length) return;
        await new Promise(requestAnimationFrame);
    }
}"""


@pytest.fixture(autouse=True, scope="module")
def _long_timeout() -> Iterator[None]:
    """A longer timeout: two browsers with profiles on disk are slow on a busy machine."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@contextmanager
def phone(browser: Browser, profile: Path, *flags: str) -> Iterator[BrowserContext]:
    """A browser profile; its console may report nothing but network errors."""
    console_errors: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED_MESSAGE.match(message.text):
            console_errors.append(message.text)

    with chromium.device(browser, profile, *flags) as context:
        context.on("console", listen)
        context.on("weberror", lambda error: console_errors.append(str(error.error)))
        yield context
    assert console_errors == []


@contextmanager
def opened(browser: Browser, profiles: Sequence[Path]) -> Iterator[list[Page]]:
    """Opens one page in each of the profiles."""
    with ExitStack() as stack:
        yield [stack.enter_context(phone(browser, each)).pages[0] for each in profiles]


def download_manifest(page: Page, evening: OfflineWorkshop) -> None:
    """Signs in and downloads the manifest of the workshop."""
    page.goto(f"{evening.url}/org/entrar?volver=/org/puerta/")
    page.get_by_label("Correo").fill(TOMAS)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.locator("#waiting [type=submit]").click()
    page.locator("#code").fill(second_factors.next_code(TOMAS))
    page.locator("#waiting [type=submit]").click()
    page.get_by_role("button", name="Llevar la puerta en este teléfono").click()
    page.wait_for_url("**/org/puerta/telefono#*")
    page.locator("#checkin-phone[data-ready]").wait_for(state="attached")


def mark_unsent(page: Page) -> None:
    """Marks the events stored on the phone as unsent."""
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


def expire_manifest(page: Page) -> None:
    """Sets the expiry of the stored manifest to the past."""
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


def mark_arrival(page: Page, typed: str, words: str, unsent: int) -> None:
    """Marks one arrival by keyboard, and waits until the page shows each step."""
    page.keyboard.insert_text(typed)
    page.keyboard.press("Enter")
    expect(page.locator("[data-name]")).to_have_text(words)
    expect(page.locator("[data-came]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]")).to_have_attribute("data-unsent", str(unsent))


def mark_arrivals(
    page: Page, evening: OfflineWorkshop, parties: Sequence[Party], walk_ins: int
) -> None:
    """Checks in the parties, every tenth by QR code and the others by door code, and the walk-ins.
    Adds one walk-in too many and undoes it."""
    page.locator("#q").click()  # which waits until the list is open, as `focus` does not
    for number, party in enumerate(parties, 1):
        is_by_qr_code = number % 10 == 1
        people = "1 persona" if party.people == 1 else f"{party.people} personas"
        typed = f"{evening.url}/q/{party.token}" if is_by_qr_code else party.code.lower()
        mark_arrival(page, typed, party.name if is_by_qr_code else f"Sí está: {people}", number)
    for number in range(walk_ins + 1):
        page.get_by_role("button", name="+1").click()
        total = str(len(parties) + number + 1)
        expect(page.locator("[data-status]")).to_have_attribute("data-unsent", total)
    page.locator("[data-take-back]").click()
    expect(page.locator("[data-name]")).to_have_text("Deshecho.")


def assert_all_sent(page: Page, marks: int) -> None:
    """Asserts that the page shows that many events and that all are sent."""
    expect(page.locator("[data-events] li")).to_have_count(marks)
    expect(page.locator("[data-status]")).to_have_attribute("data-unsent", "0")


def count_people(parties: Sequence[Party]) -> int:
    return sum(party.people for party in parties)


def assert_storage_has_no_personal_data(page: Page, evening: OfflineWorkshop) -> None:
    """Asserts that the browser stores the manifest and the page, and no personal data."""
    stored = page.evaluate(READ_STORAGE)
    assert (stored["local"], stored["session"]) == ({}, {})
    assert stored["databases"] == ["puerta"]
    assert stored["workers"] == [f"{evening.url}/org/puerta/"]
    cookies = {each["name"] for each in page.context.storage_state()["cookies"]}
    assert cookies == {"__Host-staff", "__Secure-known"}
    text = json.dumps(stored, ensure_ascii=False)
    assert evening.public_id in text
    assert "Código o cuadro QR" in text
    assert [each for each in evening.secrets() if each in text] == []


def assert_files_have_no_personal_data(profile: Path, evening: OfflineWorkshop) -> None:
    """Asserts that no file of the browser profile contains personal data, in UTF-8 or UTF-16."""
    files = [path for path in profile.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 50
    bodies = [path.read_bytes() for path in files]
    assert any(b"org/puerta/telefono" in each for each in bodies)
    for secret in evening.secrets():
        for encoding in ("utf-8", "utf-16-le"):
            found = [
                path
                for path, body in zip(files, bodies, strict=True)
                if secret.encode(encoding) in body
            ]
            assert found == [], f"{secret} as {encoding}"


def send_events(page: Page, evening: OfflineWorkshop) -> None:
    """Opens the page with a network and waits until all events are sent."""
    page.goto(evening.page)
    page.reload()
    expect(page.locator("[data-status]")).to_have_text("Con señal. Todo está enviado.")
    expect(page.locator("[data-arrived]")).to_have_text(str(evening.counts()[0]))


def assert_expired_after_two_days(page: Page, evening: OfflineWorkshop) -> None:
    """Opens the page two days later; asserts that everything is erased."""
    page.clock.set_fixed_time(clock.now() + timedelta(days=2, hours=1))
    page.goto(evening.page)
    page.reload()
    expect(page.locator("main")).to_contain_text("Este teléfono no lleva ninguna puerta.")
    page.evaluate(WAIT_UNTIL_ERASED)
    stored = page.evaluate(READ_STORAGE)
    assert (stored["rows"], stored["files"], stored["databases"], stored["workers"]) == (
        [],
        [],
        [],
        [],
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("arrivals", "walk_ins"), [(10, 2), (200, 30)], ids=["10 and 2", "200 and 30"]
)
def test_two_offline_phones_merge_and_store_no_name(
    browser: Browser, tmp_path: Path, arrivals: int, walk_ins: int
) -> None:
    profiles = [tmp_path / "one", tmp_path / "two"]
    shared_count = arrivals // 10  # parties that both phones check in
    half = (arrivals + shared_count) // 2
    with offline_phones.running(tmp_path / "server", arrivals + 5) as evening:
        lists = evening.parties[:half], evening.parties[half - shared_count : arrivals]
        walk_in_counts = walk_ins - walk_ins // 3, walk_ins // 3
        with opened(browser, profiles) as pages:
            for page in pages:
                download_manifest(page, evening)
            evening.network.cut()
            for page, parties, walk_in_count in zip(pages, lists, walk_in_counts, strict=True):
                page.context.set_offline(True)
                page.reload()
                mark_arrivals(page, evening, parties, walk_in_count)
                assert_storage_has_no_personal_data(page, evening)
        for profile in profiles:
            assert_files_have_no_personal_data(profile, evening)
        evening.network.mend()
        assert evening.counts() == (0, 0)
        expected = count_people(evening.parties[:arrivals]), walk_ins
        with opened(browser, profiles) as pages:  # the browsers are restarted
            for order in (pages, pages[::-1]):
                evening.reset()
                for page in order:
                    page.goto(f"{evening.url}/es/")
                    send_events(page, evening)
                assert evening.counts() == expected
                for page in order:
                    mark_unsent(page)
                    send_events(page, evening)
                assert evening.counts() == expected
                for page in order:
                    mark_unsent(page)
            for page in pages:
                assert_expired_after_two_days(page, evening)
        for profile in profiles:
            assert_files_have_no_personal_data(profile, evening)


@pytest.fixture(scope="module", name="shared_workshop")
def _shared_workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineWorkshop]:
    with offline_phones.running(tmp_path_factory.mktemp("evening"), 4) as evening:
        yield evening


@pytest.fixture
def evening(shared_workshop: OfflineWorkshop) -> OfflineWorkshop:
    """Returns the workshop that several tests share, without check-in events."""
    shared_workshop.reset()
    return shared_workshop


@pytest.mark.thorough
def test_logout_sends_check_in_events_or_asks_first(
    browser: Browser, tmp_path: Path, evening: OfflineWorkshop
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page = context.pages[0]
        download_manifest(page, evening)
        page.route("**/llegadas", lambda route: route.abort())
        page.get_by_role("button", name="+1").click()
        expect(page.locator("[data-status]")).to_contain_text("Falta 1 llegada por enviar.")
        page.goto(f"{evening.url}/org/entrada?x")
        press_sign_out(page)
        question = page.locator("#sign-out-question")
        expect(question).to_be_focused()
        expect(question).to_contain_text("Falta 1 llegada por enviar.")
        assert evening.counts() == (0, 0)
        page.unroute("**/llegadas")
        press_sign_out(page)
        expect(question).to_contain_text("Este teléfono lleva la puerta de un taller.")
        assert evening.counts() == (0, 1)
        page.get_by_role("button", name="Cerrar sesión y borrar").click()
        page.wait_for_url("**/org/entrar")
        assert evening.counts() == (0, 1)
        page.evaluate(WAIT_UNTIL_ERASED)


def test_phone_says_that_the_entry_is_closed_and_sends_once_it_is_open(
    browser: Browser, tmp_path: Path, evening: OfflineWorkshop
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page = context.pages[0]
        download_manifest(page, evening)
        context.set_offline(True)
        page.get_by_role("button", name="+1").click()
        expect(page.locator("[data-status]")).to_contain_text("Falta 1 llegada por enviar.")
        evening.close_entry(is_closed=True)
        context.set_offline(False)
        page.get_by_role("button", name="Enviar ahora").click()
        closed = page.get_by_role("alert").filter(has_text="La entrada está cerrada")
        expect(closed).to_be_visible()
        expect(page.locator("#q")).to_be_hidden()
        expect(page.get_by_role("button", name="+1")).to_be_hidden()
        context.set_offline(True)
        page.reload()
        expect(closed).to_be_visible()
        assert evening.counts() == (0, 0)
        evening.close_entry(is_closed=False)
        context.set_offline(False)
        page.get_by_role("button", name="Enviar ahora").click()
        expect(closed).to_be_hidden()
        expect(page.locator("#q")).to_be_visible()
        assert_all_sent(page, 1)
        assert evening.counts() == (0, 1)


@pytest.mark.thorough
def test_offline_check_in_by_codes_is_ended_and_erased(
    browser: Browser, tmp_path: Path, evening: OfflineWorkshop
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page, rosa = context.pages[0], evening.parties[3]
        download_manifest(page, evening)
        name, detail = page.locator("[data-name]"), page.locator("[data-detail]")
        page.locator("#q").focus()
        page.keyboard.insert_text(f"{evening.url}/q/{rosa.token}")
        page.keyboard.press("Enter")
        expect(name).to_have_text(rosa.name)
        page.get_by_label("¿Cuántas llegaron?").select_option("3")
        page.get_by_role("button", name="Llegó").click()
        expect(name).to_have_text("Anotado: 3 personas.")
        assert_all_sent(page, 1)
        assert evening.counts() == (3, 0)

        page.locator("#q").fill(f" {rosa.code[:3].lower()} {rosa.code[3:]} ")
        page.keyboard.press("Enter")
        expect(detail).to_have_text("Ya estaba registrada su llegada.")
        page.locator("[data-take-back]").click()
        expect(name).to_have_text("Deshecho.")
        assert_all_sent(page, 0)
        assert evening.counts() == (0, 0)

        page.locator("#q").fill("000000")
        page.keyboard.press("Enter")
        expect(name).to_have_text("No está en la lista. ¿Llegó sin registro?")
        page.get_by_role("button", name="Sumar 1").click()
        expect(page.locator("[data-walk-ins]")).to_have_text("1")

        page.get_by_role("button", name="Terminar y borrar de este teléfono").click()
        expect(page.locator("main")).to_contain_text("Este teléfono no lleva ninguna puerta.")
        page.evaluate(WAIT_UNTIL_ERASED)
        assert evening.counts() == (0, 1)


@pytest.mark.thorough
def test_expired_manifest_is_erased_without_a_session(
    browser: Browser, tmp_path: Path, evening: OfflineWorkshop
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page = context.pages[0]
        download_manifest(page, evening)
        expect(page.locator("main")).to_contain_text("Si se te olvida, se borra cuando abras")
        expire_manifest(page)
        context.clear_cookies()
        page.goto(f"{evening.url}/org/puerta/")
        expect(page.get_by_label("Contraseña")).to_be_visible()
        page.evaluate(WAIT_UNTIL_ERASED)


def test_name_is_hidden_after_some_seconds(
    browser: Browser, tmp_path: Path, evening: OfflineWorkshop
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page, rosa = context.pages[0], evening.parties[0]
        download_manifest(page, evening)
        page.clock.install()
        page.reload()
        page.locator("#q").fill(f"{evening.url}/q/{rosa.token}")
        page.keyboard.press("Enter")
        expect(page.locator("[data-name]")).to_have_text(rosa.name)
        page.clock.run_for(15_000)
        expect(page.locator("[data-name]")).to_have_text("Sí está: 1 persona")
        assert rosa.name not in page.content()


@contextmanager
def phone_that_sees(
    browser: Browser, folder: Path, evening: OfflineWorkshop, party: Party
) -> Iterator[BrowserContext]:
    """A phone with the manifest, whose camera sees the QR code of this party and may be used."""
    (frame,) = islice(qr_pictures(lambda _: f"{evening.url}/q/{party.token}"), 1)
    film = folder / "camera.mjpeg"
    frame.image.save(film, "JPEG", quality=85)  # a film of one picture
    flags = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    with phone(browser, folder / "phone", *flags) as context:
        download_manifest(context.pages[0], evening)
        yield context


@pytest.mark.thorough
def test_camera_of_offline_check_in_reads_qr_code(
    browser: Browser, tmp_path: Path, evening: OfflineWorkshop
) -> None:
    """With the reader that the phone stored, since this Chromium has no BarcodeDetector."""
    rosa = evening.parties[0]
    with phone_that_sees(browser, tmp_path, evening, rosa) as context:
        page = context.pages[0]
        assert not page.evaluate("'BarcodeDetector' in window")
        context.set_offline(True)
        expect(page.locator("[data-status]")).to_have_text("Sin señal. Todo está enviado.")
        page.get_by_role("button", name="Leer el cuadro QR").click()
        expect(page.locator("[data-name]")).to_have_text(rosa.name)
        expect(page.locator("video")).to_be_hidden()
        page.get_by_role("button", name="Llegó").click()
        expect(page.locator("[data-status]")).to_contain_text("Falta 1 llegada por enviar.")
        context.set_offline(False)
        assert_all_sent(page, 1)
        assert evening.counts() == (1, 0)


def test_camera_of_online_check_in_reads_qr_code(
    browser: Browser, tmp_path: Path, evening: OfflineWorkshop
) -> None:
    rosa = evening.parties[0]
    with phone_that_sees(browser, tmp_path, evening, rosa) as context:
        page = context.pages[0]
        page.goto(f"{evening.url}/org/talleres/{evening.public_id}/entrada")
        page.get_by_role("button", name="Leer el cuadro QR").click()
        page.wait_for_url(f"**/q/{rosa.token}")
        page.get_by_role("button", name="Llegó").click()
        expect(page.get_by_role("button", name="Deshacer")).to_be_visible()
        assert evening.counts() == (1, 0)
        page.get_by_role("link", name="Leer otro cuadro QR").click()  # the camera opens by itself
        page.wait_for_url(f"**/q/{rosa.token}")
        expect(page.get_by_text("Ya estaba registrada su llegada.")).to_be_visible()


@pytest.mark.thorough
def test_online_check_in_says_when_there_is_no_network(
    browser: Browser, tmp_path: Path, evening: OfflineWorkshop
) -> None:
    with phone(browser, tmp_path / "phone") as context:
        page = context.pages[0]
        download_manifest(page, evening)
        page.goto(f"{evening.url}/org/talleres/{evening.public_id}/entrada")
        notice = page.get_by_text("Sin señal. Lo que marques aquí no se guarda")
        expect(notice).to_be_hidden()
        context.set_offline(True)
        expect(notice).to_be_visible()
        context.set_offline(False)
        expect(notice).to_be_hidden()


@pytest.mark.thorough
def test_camera_that_is_refused_or_missing_says_so(
    browser: Browser, tmp_path: Path, evening: OfflineWorkshop
) -> None:
    with phone(browser, tmp_path / "phone") as context:  # a browser without a camera
        page = context.pages[0]
        download_manifest(page, evening)
        page.get_by_role("button", name="Leer el cuadro QR").click()
        expect(page.get_by_text("No se abrió la cámara.")).to_be_visible()
        expect(page.get_by_role("button", name="Leer el cuadro QR")).to_be_visible()
