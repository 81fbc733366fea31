"""Pictures of QR codes as the camera of a phone sees them: printed, in the dark, bent, on a screen.

Pillow makes each from a code of the library that the product draws with; a picture is the same in
each run.
"""

import io
import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

FRAME = (640, 480)  # what a browser's camera gives unless a page asks for more
PICTURES_PER_KIND = 10
MODULE_PIXELS = 8

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class QRPicture:
    name: str
    text: str
    image: Image.Image

    @property
    def png(self) -> bytes:
        file = io.BytesIO()
        self.image.save(file, "PNG")
        return file.getvalue()


def qr_pictures(
    text_of: Callable[[int], str], steps: Iterable[int] = range(PICTURES_PER_KIND)
) -> Iterator[QRPicture]:
    """Four kinds of ten pictures of 640 × 480, each harder than the one before, or those of these
    steps (0 to 9); `text_of(n)` is the text of the nth of the forty."""
    for place, kind in enumerate((_printed, _dark, _bent, _on_screen)):
        for step in steps:
            number = place * PICTURES_PER_KIND + step
            text = text_of(number)
            difficulty = step / (PICTURES_PER_KIND - 1)
            picture = kind(_code(text), difficulty, random.Random(number))
            yield QRPicture(f"{kind.__name__.strip('_')}-{step}", text, picture.convert("RGB"))


def _code(text: str) -> Image.Image:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image = code.to_image(scale=MODULE_PIXELS, add_quiet_zones=True)
    return Image.frombytes("L", (image.shape[1], image.shape[0]), bytes(cast("bytes", image)))


def _printed(code: Image.Image, difficulty: float, dice: random.Random) -> Image.Image:
    """Paper held askew and farther away, by a hand that shakes; a cheap printer's ink."""
    sheet = _scene(dice, shade=225)
    ink = code.point(lambda value: 40 if value < 128 else 245)
    side = int(330 - 155 * difficulty)
    sheet = _placed(sheet, ink, _askew(side, 0.5 * difficulty, 14 * difficulty, dice))
    return _noisy(sheet.filter(ImageFilter.GaussianBlur(0.4 + 0.9 * difficulty)), 12)


def _dark(code: Image.Image, difficulty: float, dice: random.Random) -> Image.Image:
    """A dim room: few shades, the noise of a sensor, and one side darker than the other."""
    sheet = _placed(_scene(dice, shade=200), code, _askew(250, 0.15, 5, dice))
    light = Image.linear_gradient("L").rotate(90).resize(FRAME)
    light = light.point(lambda value: int(255 - (255 - value) * 0.6 * difficulty))
    dim = ImageEnhance.Brightness(ImageChops.multiply(sheet, light)).enhance(0.5 - 0.3 * difficulty)
    return _noisy(dim.filter(ImageFilter.GaussianBlur(0.8)), 6 + 4 * difficulty)


def _bent(code: Image.Image, difficulty: float, dice: random.Random) -> Image.Image:
    """A sheet that curls like a cylinder, its edges away from the camera."""
    curl = 0.25 + 0.45 * difficulty  # half of the angle that the code covers, in radians
    strips = 24
    width, height = code.size
    mesh = []
    for strip in range(strips):
        left, right = (width * step // strips for step in (strip, strip + 1))
        ends = [_on_cylinder(x / width, curl) for x in (left, right)]
        (near, sag), (far, sag_right) = ((x * width, y * height * 0.12) for x, y in ends)
        quad = (near, -sag, near, height - sag, far, height - sag_right, far, -sag_right)
        mesh.append(((left, 0, right, height), quad))
    curled = code.transform(
        code.size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC, fillcolor=255
    )
    sheet = _placed(_scene(dice, shade=235), curled, _askew(270, 0.12, 6, dice))
    return _noisy(sheet.filter(ImageFilter.GaussianBlur(0.9)), 8)


def _on_cylinder(share: float, curl: float) -> tuple[float, float]:
    """Where in the flat code (0 to 1) the camera looks at this share of the width, and the sag."""
    x = (2 * share - 1) * math.sin(curl)
    return (math.asin(x) / curl + 1) / 2, math.cos(curl) - math.sqrt(1 - x * x)


def _on_screen(code: Image.Image, difficulty: float, dice: random.Random) -> Image.Image:
    """Another phone's screen: its lines, and a lamp that is reflected in it."""
    sheet = _placed(_scene(dice, shade=60), code, _askew(240, 0.2, 8, dice))
    lines = Image.new("L", FRAME, 255)
    draw = ImageDraw.Draw(lines)
    for y in range(0, FRAME[1], 3):
        draw.line((0, y, FRAME[0], y), fill=int(255 - 70 * difficulty))
    glare = Image.new("L", FRAME, 0)
    x, y = FRAME[0] // 2 + dice.randint(-60, 60), FRAME[1] // 2 + dice.randint(-60, 60)
    reach = 60 + 60 * difficulty
    ImageDraw.Draw(glare).ellipse((x - reach, y - reach, x + reach, y + reach), fill=110)
    glare = glare.filter(ImageFilter.GaussianBlur(35)).point(lambda value: int(value * difficulty))
    screen = ImageChops.add(ImageChops.multiply(sheet, lines), glare)
    return _noisy(screen.filter(ImageFilter.GaussianBlur(0.7)), 8)


def _scene(dice: random.Random, shade: int) -> Image.Image:
    """A background with lines of print and a few objects, which a reader must not take for code."""
    image = Image.new("L", FRAME, shade)
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = dice.randrange(FRAME[0]), dice.randrange(FRAME[1])
        size = (x, y, x + dice.randint(20, 160), y + dice.randint(20, 120))
        draw.rectangle(size, fill=dice.randint(0, 255))
    for y in range(20, FRAME[1], 34):
        draw.text((dice.randint(5, 40), y), "Taller de protección preventiva " * 3, fill=90)
    return image


def _askew(side: int, tilt: float, degrees: float, dice: random.Random) -> Points:
    """The corners of a square of this side, turned and seen from one side; clockwise from above."""
    angle = math.radians(degrees) * dice.choice((-1, 1))
    x, y = FRAME[0] / 2 + dice.randint(-40, 40), FRAME[1] / 2 + dice.randint(-20, 20)
    points = []
    for horizontal, vertical in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        depth = 1 / (1 + tilt * 0.35 * (1 + horizontal))
        across, down = horizontal * side / 2 * (1 - tilt * 0.3) * depth, vertical * side / 2 * depth
        points.append(
            (
                x + across * math.cos(angle) - down * math.sin(angle),
                y + across * math.sin(angle) + down * math.cos(angle),
            )
        )
    return points


def _placed(scene: Image.Image, code: Image.Image, corners: Points) -> Image.Image:
    width, height = code.size
    coefficients = _perspective(corners, [(0, 0), (width, 0), (width, height), (0, height)])
    how = (FRAME, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
    mask = Image.new("L", code.size, 255).transform(*how)
    return Image.composite(code.transform(*how), scene, mask)


def _perspective(corners: Points, sources: Points) -> list[float]:
    """The eight coefficients of Pillow's PERSPECTIVE, by Gauss's elimination."""
    rows = []
    for (x, y), (u, v) in zip(corners, sources, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for step in range(8):
        pivot = max(range(step, 8), key=lambda row: abs(rows[row][step]))
        rows[step], rows[pivot] = rows[pivot], rows[step]
        for row in range(8):
            if row != step:
                factor = rows[row][step] / rows[step][step]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[step], strict=True)]
    return [rows[step][8] / rows[step][step] for step in range(8)]


def _noisy(image: Image.Image, deviation: float) -> Image.Image:
    """Noise from a fixed generator, since Pillow's own differs from run to run."""
    dice = random.Random(image.tobytes()[:4096])
    grains = bytes(
        max(0, min(255, round(dice.gauss(128, deviation)))) for _ in range(FRAME[0] * FRAME[1])
    )
    return ImageChops.add(image, Image.frombytes("L", FRAME, grains), offset=-128)
