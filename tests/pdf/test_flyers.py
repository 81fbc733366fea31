"""Flyers: the QR code, the layout of the longest texts, and what a flyer must not reveal."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from typing import Any, Final

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus, verify_codes
from outreach.errors import ErrorCode
from outreach.i18n import SPOKEN
from outreach.pdf import color_contrast, flyer, flyer_text
from outreach.pdf.flyer import SHAPES, Flyer
from outreach.web.presentation import icons
from tests.conftest import make_workshop, venue
from tests.support import pdf_reader
from tests.support.refusals import refuses

pytestmark = pytest.mark.any_database("what is on a flyer")

SITE: Final = "https://talleres.example.org"
DAY: Final = date(2026, 11, 28)
# Two of the shapes in every run.
every_shape = pytest.mark.parametrize(
    "shape",
    [pytest.param(each, marks=pytest.mark.long if n > 1 else ()) for n, each in enumerate(SHAPES)],
)
# The longest texts that the forms accept: words, one word, and the widest letters.
PHRASE: Final = (
    "Derechos de las personas trabajadoras migrantes ante una revisión en el centro de trabajo "
)
LONGEST: Final[dict[str, Callable[[int], str]]] = {
    "words": lambda limit: (PHRASE * 4)[:limit].strip(),
    "one word": lambda limit: "electroencefalografistas" * 9,
    "wide": lambda limit: ("WWWWWWWWWW MMMMMMMMMM " * 20)[:limit].strip(),
}


def make_flyer(workshop: Workshop, lang: str = "es") -> Flyer:
    pictograms = icons.PICTOGRAMS
    return flyer.prepare(
        workshop,
        lang,
        public_url=SITE,
        phone="",
        pictogram=pictograms[workshop.kind.pictogram],
        neutral_pictogram=pictograms["calendar"],
        brand="Talleres",
    )


def store_workshop(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    with store.change() as session:
        place = {name[6:]: changes.pop(name) for name in list(changes) if name[:6] == "venue_"}
        made = venue(session, office, **place)
        plain = {"day": DAY, "starts": time(10), "ends": time(12), "venue": made}
        return make_workshop(session, office, kind, **(plain | changes))


@every_shape
@pytest.mark.parametrize("lang", ["es", pytest.param("en", marks=pytest.mark.long)])
def test_qr_code_leads_to_the_page_of_the_workshop(
    store: Store, chicago: Office, rights: Kind, shape: str, lang: str
) -> None:
    workshop = store_workshop(store, chicago, rights)
    made = make_flyer(workshop, lang)
    page = f"{SITE}/{lang}/t/{workshop.public_id}"
    body = flyer.pdf(made, shape)
    assert pdf_reader.read_square(flyer.picture(made, shape)) == [page]
    assert pdf_reader.read_square_of_pdf(body) == [page]
    assert page.removeprefix("https://") in pdf_reader.squashed(pdf_reader.words_of(body))


@every_shape
def test_picture_has_the_size_of_its_shape(
    store: Store, chicago: Office, rights: Kind, shape: str
) -> None:
    made = make_flyer(store_workshop(store, chicago, rights))
    picture = Image.open(io.BytesIO(flyer.picture(made, shape)))
    sizes = {"carta": (612, 792), "a4": (595, 842), "cuadrada": (1080, 1080)}
    assert picture.size == sizes.get(shape, (1080, 1920))
    assert picture.format == "PNG"


@pytest.mark.parametrize("shape", flyer.PAPER)
@pytest.mark.parametrize(("lang", "spoken"), [("es", "es-MX"), ("en", "en-US"), ("fr", "fr-CA")])
def test_sheet_is_accessible_and_reproducible(
    store: Store, chicago: Office, rights: Kind, shape: str, lang: str, spoken: str
) -> None:
    made = make_flyer(store_workshop(store, chicago, rights), lang)
    body = flyer.pdf(made, shape)
    assert body == flyer.pdf(made, shape)
    assert pdf_reader.faults(body, lang=spoken, title=made.text.title) == []


def test_reading_order_is_the_visual_order(store: Store, chicago: Office, rights: Kind) -> None:
    workshop = store_workshop(
        store, chicago, rights, venue_is_step_free=True, has_childcare=True,
        languages=Codes(["es", "en"]), interpretation=Codes(["nah"]),
    )  # fmt: skip
    text = pdf_reader.words_of(flyer.pdf(make_flyer(workshop))).replace("\u00a0", " ")
    # A long address is broken at its slashes.
    assert text.replace("\u200b ", "").replace("\u200b", "") == (
        "Taller gratis Conoce tus derechos Qué decir, qué no firmar y a quién llamar. "
        "sábado 28 noviembre 2026 10:00 a. m. a 12:00 p. m. hora del Centro "
        "Biblioteca de Pilsen 1805 S. Ejemplo St., Chicago, IL En español e inglés "
        "Intérprete si lo pides: náhuatl Cuidado de niños · Entrada sin escalones "
        "Te invita: Consulado en Chicago Es gratis No necesitas identificación "
        "Con tu apodo basta Aparta tu lugar "
        f"Apunta con la cámara o entra a talleres.example.org/es/t/{workshop.public_id} "
        f"Código: {verify_codes.make(workshop)} O llama al 312 555 0142"
    )


@every_shape
@pytest.mark.parametrize(
    "length",
    [pytest.param(each, marks=() if each == "wide" else pytest.mark.long) for each in LONGEST],
)
def test_longest_texts_fit(
    store: Store, chicago: Office, rights: Kind, shape: str, length: str
) -> None:
    long = LONGEST[length]
    workshop = store_workshop(
        store, chicago, rights, title={"es": long(120)}, summary={"es": long(1000)},
        venue_name=long(120)[:120], venue_address=long(200)[:200], venue_city=long(80)[:80],
        venue_is_step_free=True, has_childcare=True, mode=DeliveryMode.HYBRID,
        languages=Codes(list(SPOKEN)[:8]), interpretation=Codes(list(SPOKEN)[8:]),
        phone="+1 (312) 555-0142 ext. 123456, de 9 a 5",
    )  # fmt: skip
    made = make_flyer(workshop)
    found = flyer.sizes(made, shape)
    assert found["fits"], found
    assert found["title_fits"], found
    assert found["filled"] <= 1
    # Minimum font sizes: newspaper print on paper; about 6 points on the screen of a phone.
    assert found["smallest"] >= (8.5 if shape in flyer.PAPER else 15)
    text = pdf_reader.squashed(pdf_reader.words_of(flyer.pdf(made, shape)))
    required_texts = [made.text.title, made.text.place, made.text.address, *made.text.facts]
    assert [each for each in required_texts if pdf_reader.squashed(each) not in text] == []
    assert pdf_reader.read_square(
        flyer.picture(made, shape, scale=2 if shape in flyer.PAPER else 1)
    )
    assert overhang(flyer.picture(made, shape), shape) == 0


def overhang(picture: bytes, shape: str) -> int:
    """Return how many pixels of the margins below the coloured band are not white."""
    sheet = Image.open(io.BytesIO(picture)).convert("L")
    width, height = sheet.size
    margin = int(SHAPES[shape].edge * SHAPES[shape].em) - 5
    below = int(flyer_band(sheet)) + 2
    strips = [
        (0, below, margin, height),
        (width - margin, below, width, height),
        (0, height - margin // 3, width, height),
    ]
    return sum(sum(sheet.crop(strip).histogram()[:250]) for strip in strips)


def flyer_band(sheet: Image.Image) -> int:
    """Return the row where the coloured band ends: the first one that is white at both edges."""
    width, height = sheet.size
    edge = width // 40
    for row in range(height // 10, height):
        ends = [*range(edge), *range(width - edge, width)]
        if all(sheet.getpixel((column, row)) == 255 for column in ends):
            return row
    raise AssertionError("the band has no end")


@settings(max_examples=15, deadline=None)
@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_every_colour_of_a_kind_is_darkened_to_readable(colour: str) -> None:
    made = color_contrast.darken_to_readable(colour)
    for on in (color_contrast.WHITE, color_contrast.PALE):
        assert contrast(made, on) >= 4.5
    if contrast(colour, color_contrast.PALE) >= 4.5:
        assert made == colour


@pytest.mark.parametrize("colour", ["#1b5ea6", "#1c6446", "#975000", "#8a2f66", "#555b6e"])
def test_default_colours_are_not_darkened(colour: str) -> None:
    assert color_contrast.darken_to_readable(colour) == colour


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        (color_contrast.INK, color_contrast.WHITE),
        (color_contrast.SOFT, color_contrast.WHITE),
        (color_contrast.INK, color_contrast.PALE),
        (color_contrast.INK, color_contrast.YELLOW),
        (color_contrast.WHITE, color_contrast.INDIGO),
        (color_contrast.BLACK, color_contrast.WHITE),
    ],
)
def test_fixed_colours_have_enough_contrast(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, implemented independently."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


MARKUP: Final = '#panic("x") *b* _i_ $x^2$ \\ `code` "q" <a> @ref // c /* d */ [e] {f} ~ = # //'


@every_shape
def test_user_text_is_never_evaluated(
    store: Store, chicago: Office, rights: Kind, shape: str
) -> None:
    workshop = store_workshop(
        store, chicago, rights, title={"es": MARKUP}, summary={"es": MARKUP}, venue_name=MARKUP,
        venue_address=MARKUP,
    )  # fmt: skip
    made = make_flyer(workshop)
    text = pdf_reader.words_of(flyer.pdf(made, shape))
    assert text.count('#panic("x") *b* _i_ $x^2$') >= 2
    assert pdf_reader.read_square(flyer.picture(made, shape))
    assert "<script" not in flyer.drawing(replace(made, brand="<script>"), shape)


@pytest.mark.long
@pytest.mark.parametrize(
    "title",
    ["Fiesta 🎉👩‍👩‍👧 para todas", "עברית \u202eשלום العربية", "中文 ꞌ ᐊ", "\u0301\u0301 ñ"],
)
def test_unsupported_characters_do_not_prevent_a_flyer(
    store: Store, chicago: Office, rights: Kind, title: str
) -> None:
    made = make_flyer(store_workshop(store, chicago, rights, title={"es": title}))
    found = pdf_reader.faults(flyer.pdf(made), lang="es-MX", title=made.text.name)
    assert [each for each in found if not each.startswith("its title is ")] == []
    assert len(flyer.picture(made, "cuadrada")) > 10_000
    assert "10:00" in pdf_reader.words_of(flyer.pdf(made)).replace("\u00a0", " ")


def test_flyer_of_a_draft_is_marked(store: Store, chicago: Office, rights: Kind) -> None:
    workshop = store_workshop(store, chicago, rights, status=WorkshopStatus.DRAFT)
    for lang, word in (("es", "Borrador"), ("en", "Draft"), ("fr", "Brouillon")):
        assert word in pdf_reader.words_of(flyer.pdf(make_flyer(workshop, lang)))
    workshop.status = WorkshopStatus.PUBLISHED
    assert "Borrador" not in pdf_reader.words_of(flyer.pdf(make_flyer(workshop)))


@pytest.mark.parametrize("status", [WorkshopStatus.CANCELLED, WorkshopStatus.NOT_HELD])
def test_cancelled_workshop_has_no_flyer(
    store: Store, chicago: Office, rights: Kind, status: WorkshopStatus
) -> None:
    workshop = store_workshop(store, chicago, rights)
    workshop.status = status
    with refuses(ErrorCode.FLYER_OF_CANCELLED):
        make_flyer(workshop)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"way": Way.OPEN}, "Llega sin cita"),
        ({"way": Way.PHONE}, "Llámanos"),
        ({"way": Way.UNLISTED}, "Aparta tu lugar"),
        (
            {"mode": DeliveryMode.VIDEO_CALL, "venue": None},
            "En línea Te damos el enlace cuando apartes",
        ),
        ({"mode": DeliveryMode.PHONE_BANK, "venue": None}, "Por teléfono En español"),
        ({"mode": DeliveryMode.HYBRID}, "También en línea"),
        ({"visibility": Visibility.APPROVED}, "Te damos la dirección por teléfono"),
        ({"starts": time(23), "ends": time(1)}, "11:00 p. m. a 1:00 a. m."),
    ],
)
def test_flyer_says_how_to_attend(
    store: Store, chicago: Office, rights: Kind, changes: dict[str, Any], says: str
) -> None:
    made = make_flyer(store_workshop(store, chicago, rights, **changes))
    assert says in pdf_reader.words_of(flyer.pdf(made)).replace("\u00a0", " ")


def test_long_summary_ends_after_a_sentence_or_with_an_ellipsis() -> None:
    short = flyer_text._shorten
    assert short("Ven. Trae a tu familia.") == "Ven. Trae a tu familia."
    assert short("Una frase. " * 40).endswith("frase.")
    assert short("sin punto " * 40).endswith("…")
    assert max(len(short(each * 40)) for each in ("Una frase. ", "sin punto ")) <= 181


# What a flyer must not reveal


@pytest.mark.parametrize("visibility", list(Visibility))
def test_flyer_of_a_discreet_kind_has_no_address(
    store: Store, chicago: Office, women: Kind, visibility: Visibility
) -> None:
    workshop = store_workshop(
        store, chicago, women, visibility=visibility, summary={"es": "Violencia"}
    )
    for shape, lang in (("carta", "es"), ("a4", "fr"), ("cuadrada", "en"), ("vertical", "es")):
        made = make_flyer(workshop, lang)
        body = flyer.pdf(made, shape)
        text = pdf_reader.words_of(body)
        assert "Zona de Pilsen Chicago" in text
        assert not re.search("Ejemplo|1805|Biblioteca|iolencia", text)
        assert made.text.name in {"Taller", "Workshop", "Atelier"}
        spoken = {"es": "es-MX", "en": "en-US", "fr": "fr-CA"}[lang]
        assert pdf_reader.faults(body, lang=spoken, title=made.text.name) == []
        drawn = flyer.drawing(made, shape)
        assert f"<title>{made.text.name}</title>" in drawn


def test_flyer_of_an_unlisted_discreet_workshop_is_neutral(
    store: Store, chicago: Office, women: Kind
) -> None:
    made = make_flyer(store_workshop(store, chicago, women, way=Way.UNLISTED))
    assert "Conoce" not in pdf_reader.words_of(flyer.pdf(made))
    assert made.colour == color_contrast.INDIGO
    assert made.pictogram == icons.PICTOGRAMS["calendar"]


def test_hidden_address_is_on_no_flyer(store: Store, chicago: Office, rights: Kind) -> None:
    made = make_flyer(store_workshop(store, chicago, rights, visibility=Visibility.REGISTERED))
    text = pdf_reader.words_of(flyer.pdf(made))
    assert "Ejemplo" not in text
    assert "Te damos la dirección cuando apartes tu lugar" in text


def test_drawing_is_self_contained(store: Store, chicago: Office, rights: Kind) -> None:
    made = make_flyer(store_workshop(store, chicago, rights))
    for shape in SHAPES:
        drawn = flyer.drawing(made, shape)
        assert not re.search(
            r"<image|data:|url\((?!#)|https?://(?!www\.w3\.org)|<script|<style", drawn
        )
        assert drawn.count("<title>") == 1


def test_pdf_reader_finds_faults(store: Store, chicago: Office, rights: Kind, app: Flask) -> None:
    import pikepdf

    body = flyer.pdf(make_flyer(store_workshop(store, chicago, rights)))
    with pikepdf.open(io.BytesIO(body)) as pdf:
        del pdf.Root["/Lang"], pdf.Root["/MarkInfo"], pdf.Root["/StructTreeRoot"]
        pdf.pages[0].contents_add(b"0 0 10 10 re f")
        worse = io.BytesIO()
        pdf.save(worse)
    found = pdf_reader.faults(worse.getvalue(), lang="es-MX", title="Otra cosa", pages=2)
    for fault in ("1 pages", "language", "not tagged", "its title is", "no structure", "no tag"):
        assert any(fault in each for each in found), fault
