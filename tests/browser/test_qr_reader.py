"""How many pictures of QR codes a Chromium without BarcodeDetector reads on the check-in page."""

import base64
import hashlib
from typing import Final

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open
from tests.support.qr_pictures import QRPicture, qr_pictures

LEAST_READ: Final = 38  # out of 40
# A camera that shows one picture, and what the product reads of it: "" after so many milliseconds.
READ_PICTURE: Final = """async ([png, wait]) => {
    const bytes = Uint8Array.from(atob(png), (each) => each.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes]));
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const draw = setInterval(() => context.drawImage(picture, 0, 0), 50);
    navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
    const root = document.getElementById("checkin-phone").cloneNode(true);
    let finish;
    const text = new Promise((done) => { finish = done; });
    const camera = qrCamera(root, (read) => { finish(read); return true; });
    camera.open();
    setTimeout(() => finish(""), wait);
    const read = await text;
    camera.close();
    clearInterval(draw);
    return read;
}"""


def _address(number: int) -> str:
    """An address as long as those of the product, whose token has 22 signs."""
    digest = hashlib.sha256(str(number).encode()).digest()[:16]
    token = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return f"https://talleres.consulado.example/q/{token}"


def _is_read(page: Page, picture: QRPicture) -> bool:
    png = base64.b64encode(picture.png).decode()
    return bool(page.evaluate(READ_PICTURE, [png, 20_000]) == picture.text)


@pytest.fixture
def checkin_page(opened: Open) -> Page:
    page = opened("/org/puerta/telefono")
    assert not page.evaluate("'BarcodeDetector' in window")
    return page


@pytest.mark.thorough
def test_reads_easiest_picture_of_each_kind(checkin_page: Page) -> None:
    easiest = list(qr_pictures(_address, steps=[0]))
    assert len(easiest) == 4
    assert [each.name for each in easiest if not _is_read(checkin_page, each)] == []


@pytest.mark.long
def test_reads_nearly_all_pictures(checkin_page: Page) -> None:
    pictures = list(qr_pictures(_address))
    unread = [each.name for each in pictures if not _is_read(checkin_page, each)]
    assert len(pictures) - len(unread) >= LEAST_READ, unread
