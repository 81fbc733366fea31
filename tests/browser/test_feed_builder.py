"""The page that builds a feed, with and without JavaScript; and embed pages in a frame on another
site."""

import io
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open
from tests.browser.world import World
from tests.support import tls_certificate
from tests.support.extension_scenes import SCENES

COUNT = "#count-status:not(:empty)"


def toggle(page: Page, name: str, value: str) -> None:
    page.locator(f"input[name={name}][value='{value}']").locator("xpath=..").click()


def feed_urls_of(page: Page) -> dict[str, str]:
    """Returns the feed URL of each button, of the field and of the QR code."""
    links = [
        link.get_attribute("href") or "" for link in page.locator("#tu-calendario a.button").all()
    ]
    apple, google, outlook = (urlsplit(link) for link in links)
    assert (google.netloc, google.path) == ("calendar.google.com", "/calendar/r")
    assert (outlook.netloc, outlook.path) == ("outlook.live.com", "/calendar/0/addfromweb")
    picture = Image.open(io.BytesIO(page.locator(".qr").screenshot()))
    (qr_code,) = zxingcpp.read_barcodes(picture)
    return {
        "apple": apple.geturl().replace("webcal:", "http:"),
        "google": parse_qs(google.query)["cid"][0].replace("webcal:", "http:"),
        "outlook": parse_qs(outlook.query)["url"][0],
        "field": page.locator("#u").input_value(),
        "square": qr_code.text,
    }


@pytest.mark.parametrize(
    "lang", ["es", *(pytest.param(each, marks=pytest.mark.long) for each in ("en", "fr"))]
)
@pytest.mark.parametrize("has_script", [True, False], ids=["with JavaScript", "without"])
def test_buttons_lead_to_the_chosen_feed(
    opened: Open, world: World, lang: str, has_script: bool
) -> None:
    page = opened(f"/{lang}/calendario", java_script_enabled=has_script)
    page.locator("#oficina").select_option("calgary")
    toggle(page, "tipo", "derechos")
    toggle(page, "modalidad", "presencial")
    wanted = f"{world.url}/{lang}/cal/calgary.ics?tipo=derechos&modalidad=presencial"
    if not has_script:
        page.locator("form [type=submit]").click()
    expect(page.locator("#u")).to_have_value(wanted)

    assert set(feed_urls_of(page).values()) == {wanted}
    answer = page.request.get(wanted)
    assert answer.ok
    event_count = answer.text().count("BEGIN:VEVENT")
    expect(page.locator("#tu-calendario p").first).to_contain_text(f"· {event_count} ")
    expect(page.locator(".action-bar")).to_contain_text(f"{event_count} ")


def test_feed_updates_on_each_choice_without_history_entries(opened: Open, world: World) -> None:
    page = opened("/es/")
    page.goto("/es/calendario")
    entries = page.evaluate("history.length")
    page.locator("input[name=tipo][value=derechos]").focus()
    page.keyboard.press("Space")
    expect(page.locator(COUNT)).to_have_attribute("role", "status")
    expect(page.locator(COUNT)).to_contain_text("Toda la red · Tus derechos · ")
    expect(page.locator(":focus")).to_have_value("derechos")
    expect(page).to_have_url(f"{world.url}/es/calendario?tipo=derechos")
    expect(page.locator(".languages a").last).to_have_attribute(
        "href", "/fr/calendario?tipo=derechos"
    )
    page.get_by_role("button", name="Actualizar mi calendario").press("Enter")
    expect(page.locator("#tu-calendario")).to_be_focused()
    page.locator(".action-bar a").click()
    assert page.evaluate("history.length") == entries
    page.go_back()
    expect(page).to_have_url(f"{world.url}/es/")


def test_discreet_choice_is_not_in_the_address_bar(opened: Open, world: World) -> None:
    page = opened("/es/")
    page.goto("/es/calendario?tipo=derechos")
    toggle(page, "tipo", world.discreet_kind)
    quick_exits = page.locator("[data-quick-exit]")
    expect(quick_exits).to_have_count(3)
    expect(page.locator("#u")).to_have_value(
        f"{world.url}/es/cal/red.ics?tipo=derechos&tipo={world.discreet_kind}"
    )
    expect(page).to_have_url(f"{world.url}/es/calendario")
    toggle(page, "tipo", world.discreet_kind)
    expect(quick_exits).to_have_count(0)
    toggle(page, "tipo", world.discreet_kind)
    expect(quick_exits).to_have_count(3)
    page.locator("[data-quick-exit]:visible").last.click()
    page.wait_for_url(world.quick_exit.url)
    page.go_back()
    expect(page).to_have_url(f"{world.url}/es/")

    page.goto(f"/es/calendario?tipo={world.discreet_kind}")
    expect(page).to_have_url(f"{world.url}/es/calendario")


def test_failed_update_disables_the_old_feed_address(opened: Open, world: World) -> None:
    page = opened("/es/calendario")
    page.route("**/calendario?*", lambda route: route.fulfill(status=429))
    toggle(page, "idioma", "en")
    expect(page.locator("#count-status.error-message")).to_contain_text("No se pudo actualizar.")
    expect(page.locator("#tu-calendario")).to_have_attribute("inert", "")
    page.unroute("**/calendario?*")
    page.get_by_role("button", name="Actualizar mi calendario").click()
    expect(page.locator("#u")).to_have_value(f"{world.url}/es/cal/red.ics?idioma=en")
    expect(page.locator("#count-status")).to_have_class("visually-hidden")


def test_only_pages_that_say_so_can_be_framed(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    framed = [path for scene in SCENES if scene.framed for path in scene.framed(world)]
    refused = ("/es/", "/es/calendario", f"/es/t/{world.plain}", f"/es/t/{world.plain}/lugar")
    with _serve_frames(tmp_path, [world.url + path for path in (*framed, *refused)]) as address:
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.goto(address)
        for number in range(len(framed)):
            frame = page.frame_locator(f"iframe >> nth={number}")
            expect(frame.locator("li a").first).to_be_visible()
            expect(frame.locator("li a").first).to_have_attribute("target", "_blank")
            with context.expect_page() as opened:
                frame.locator("li a").first.click()
            expect(opened.value).to_have_url(re.compile(f"{world.url}/es/t/"))
        urls = [frame.url for frame in page.frames[1:]]
        assert urls[: len(framed)] == [world.url + path for path in framed]
        assert {url.partition(":")[0] for url in urls[len(framed) :]} == {"chrome-error"}
        context.close()


@contextmanager
def _serve_frames(folder: Path, urls: list[str]) -> Iterator[str]:
    """Serves a site over https with a frame for each of these addresses; yields its URL."""
    frames = "".join(f'<iframe src="{each.replace("&", "&amp;")}"></iframe>' for each in urls)
    body = f"<!doctype html><title>Parroquia</title><link rel=icon href=data:,>{frames}".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls_certificate.make(folder))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        yield f"https://localhost:{server.server_port}/"
        server.shutdown()
