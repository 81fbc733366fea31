"""Flyers, certificates and the check-in sheet. OUTREACH_PICTURES=1 stores the flyers as the
README's pictures."""

import io
import os
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Open
from tests.browser.pages import follow_action, sign_in
from tests.browser.world import World
from tests.support import pdf_reader

PICTURES: Final = Path(__file__).parent / "pictures"
PICTURE_WIDTH: Final = 360  # pictures in the README are that wide


def download_file(page: Page, name: str) -> bytes:
    """Returns the file that the link with this name downloads."""
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("lang", ["es", pytest.param("en", marks=pytest.mark.long)])
def test_qr_codes_of_flyers_lead_to_the_workshop(
    opened: Open, world: World, tmp_path: Path, lang: str
) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['flyer']}")
    follow_action(page, "Volante")
    page.get_by_role("link", name={"es": "Español", "en": "English"}[lang], exact=True).click()
    for each in page.locator(".muestra img").all():
        each.scroll_into_view_if_needed()
        expect(each).to_have_js_property("complete", True, timeout=30_000)
        assert each.evaluate("image => image.naturalWidth") > 400
    address = f"{world.url}/{lang}/t/{world.more['flyer']}"
    square, tall = download_file(page, "1080 × 1080"), download_file(page, "1080 × 1920")
    letter, a4 = download_file(page, "PDF, carta"), download_file(page, "PDF, A4")
    assert pdf_reader.read_square(square) == pdf_reader.read_square(tall) == [address]
    assert pdf_reader.read_square_of_pdf(letter) == pdf_reader.read_square_of_pdf(a4) == [address]
    drawing = tmp_path / "flyer.svg"
    drawing.write_bytes(download_file(page, "SVG, para diseño (cuadro)"))
    rendered = render_svg(opened, drawing)
    assert pdf_reader.read_square(rendered) == [address]
    answer = opened().goto(pdf_reader.read_square(square)[0])
    assert answer is not None
    assert answer.status == 200
    save_picture(square, f"flyer-square-{lang}.png", tmp_path)
    save_picture(tall, f"flyer-tall-{lang}.png", tmp_path)


def test_flyer_preview_has_the_qr_code(opened: Open, world: World, tmp_path: Path) -> None:
    page = opened(viewport=DESKTOP, device_scale_factor=2)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['flyer']}/volante")
    answer = page.request.get(
        f"/org/talleres/{world.more['flyer']}/volante.png?forma=carta&vista",
        headers=cookie_header(page),
    )
    assert answer.status == 200
    assert pdf_reader.read_square(answer.body()) == [f"{world.url}/es/t/{world.more['flyer']}"]
    save_picture(answer.body(), "flyer-letter-es.png", tmp_path)


@pytest.mark.thorough
def test_certificate_is_printed(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(f"/org/talleres/{world.past}")
    follow_action(page, "Constancias")
    page.get_by_role("button", name="Hacer las constancias").click()
    expect(page.locator("[data-alert]")).to_contain_text("Escribe el nombre.")
    page.get_by_label("Nombres").fill("Rosa Hernández\nBeto Ruiz")
    page.get_by_label("English").check(force=True)
    expect(page.get_by_label("Horas")).to_have_value("2")
    with page.expect_response("**/constancia") as sent:
        page.get_by_role("button", name="Hacer las constancias").click()
    assert sent.value.status == 200
    assert sent.value.headers["content-type"] == "application/pdf"
    assert sent.value.headers["cache-control"] == "no-store"


def test_check_in_sheet_is_printed(opened: Open, world: World) -> None:
    page = opened(viewport=DESKTOP)
    sign_in(page)
    page.goto(f"/org/talleres/{world.more['tomorrow']}/entrada")
    link = page.get_by_role("link", name="Hoja de papel").get_attribute("href")
    assert link is not None
    answer = page.request.get(link, headers=cookie_header(page))
    assert "Rosa" in pdf_reader.words_of(answer.body())
    assert pdf_reader.faults(answer.body(), lang="es-MX", title="Hoja de asistencia") == []
    page.goto(f"/org/talleres/{world.more['discreet tomorrow']}/entrada")
    expect(page.get_by_role("link", name="Hoja de papel")).to_have_count(0)


def cookie_header(page: Page) -> dict[str, str]:
    """Returns the Cookie header; playwright's `request` sends no secure cookies to
    http://localhost."""
    cookies: list[Any] = page.context.cookies()
    return {"Cookie": "; ".join(f"{each['name']}={each['value']}" for each in cookies)}


def render_svg(opened: Open, drawing: Path) -> bytes:
    """Returns a screenshot of the SVG."""
    page = opened(viewport={"width": 1080, "height": 1080})
    page.goto(drawing.as_uri())
    return page.screenshot()


def save_picture(picture: bytes, name: str, fallback_folder: Path) -> None:
    """Stores a small copy of the picture with a reduced palette."""
    is_requested = os.environ.get("OUTREACH_PICTURES") == "1"
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    small = whole.resize((PICTURE_WIDTH, round(whole.height * PICTURE_WIDTH / whole.width)))
    small.quantize(64).save((PICTURES if is_requested else fallback_folder) / name, optimize=True)
