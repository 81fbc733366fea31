"""The flyer of a workshop: preview page, PDF, PNG and SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from outreach import network_profile
from outreach.domain.network.staff import Permission
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.i18n import NAMES, get_default_language, list_languages
from outreach.i18n import gettext as _
from outreach.pdf import flyer as paper
from outreach.pdf import flyer_text
from outreach.pdf.flyer import Flyer
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.presentation import icons
from outreach.web.staff.common.guards import find_workshop, has_permission, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import blueprint

# Scale of the preview of each shape: sharp on a screen with two dots a pixel.
PREVIEW: Final = {"carta": 1.0, "a4": 1.0, "cuadrada": 0.6, "vertical": 0.45}
MAX_PREVIEW_PIXELS: Final = 384
_MAX_NAME_LENGTH: Final = 40


@dataclass(frozen=True)
class FlyerDownload:
    """One shape of the flyer, with its files."""

    shape: str
    name: str
    is_for: str
    width: int
    height: int
    files: Sequence[tuple[str, str]]  # the end of the address, and a label


@blueprint.get("/talleres/<public_id>/volante")
@requires(Scope.WORKSHOP, Permission.SEE)
def flyer(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    lang, fault = _lang(), ""
    try:
        paper.require_flyer(workshop)
    except Refusal as refusal:
        fault = error_messages.say(refusal)
    return page(
        "workshops/flyer",
        workshop=workshop,
        lang_of_flyer=lang,
        names=NAMES,
        fault=fault,
        offered=[] if fault else _offered(lang),
        has_secret_place=flyer_text.has_secret_place(workshop),
        is_untranslated=not workshop.title.get(lang),
        may_edit=has_permission(Permission.EDIT, workshop.office.slug),
    )


@blueprint.get("/talleres/<public_id>/volante.pdf")
@requires(Scope.WORKSHOP, Permission.SEE)
def flyer_pdf(public_id: str) -> ResponseReturnValue:
    shape = request.args.get("papel", paper.LETTER)
    if shape not in paper.PAPER:
        abort(404)
    workshop, flyer_ = _build(public_id)
    return _file(workshop, paper.pdf(flyer_, shape), "application/pdf", shape, "pdf")


@blueprint.get("/talleres/<public_id>/volante.png")
@requires(Scope.WORKSHOP, Permission.SEE)
def flyer_png(public_id: str) -> ResponseReturnValue:
    """Answers with the flyer as PNG; with `vista`, a smaller preview, also of the paper shapes."""
    shape, is_preview = _shape(), "vista" in request.args
    workshop, flyer_ = _build(public_id)
    body = paper.picture(flyer_, shape, scale=PREVIEW[shape] if is_preview else 1.0)
    if is_preview:
        return Response(body, mimetype="image/png")
    return _file(workshop, body, "image/png", shape, "png")


@blueprint.get("/talleres/<public_id>/volante.svg")
@requires(Scope.WORKSHOP, Permission.SEE)
def flyer_svg(public_id: str) -> ResponseReturnValue:
    shape = _shape()
    workshop, flyer_ = _build(public_id)
    return _file(workshop, paper.drawing(flyer_, shape), "image/svg+xml", shape, "svg")


def _build(public_id: str) -> tuple[Workshop, Flyer]:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    pictograms = icons.PICTOGRAMS
    flyer_ = paper.prepare(
        workshop,
        _lang(),
        public_url=config().public_url,
        phone=config().phone,
        pictogram=pictograms.get(workshop.kind.pictogram, pictograms["calendar"]),
        neutral_pictogram=pictograms["calendar"],
        brand=config().brand,
    )
    return workshop, flyer_


def _lang() -> str:
    lang = request.args.get("idioma", get_default_language())
    return lang if lang in list_languages() else abort(404)


def _shape() -> str:
    shape = request.args.get("forma", "cuadrada")
    return shape if shape in paper.SHAPES else abort(404)


def _file(
    workshop: Workshop, body: bytes | str, mimetype: str, shape: str, ending: str
) -> Response:
    answer = Response(body, mimetype=mimetype)
    name = f"{_file_name(workshop)}-{shape}-{_lang()}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _file_name(workshop: Workshop) -> str:
    """The name of the file. For a discreet workshop it says nothing: computers are shared."""
    if workshop.is_discreet:
        return "taller"
    title = fold(workshop.title.get(get_default_language(), "")).encode("ascii", "ignore").decode()
    words = "-".join(title[:_MAX_NAME_LENGTH].split())
    return "-".join(part for part in ("volante", words, str(workshop.day)) if part)


def list_papers() -> list[tuple[str, str]]:
    """The papers of flyers with their names: that of the network's country first."""
    papers = [("carta", _("PDF, carta")), ("a4", _("PDF, A4"))]
    return papers[::-1] if network_profile.current().paper == "a4" else papers


def _offered(lang: str) -> list[FlyerDownload]:
    def files(shape: str, *ways: tuple[str, str]) -> list[tuple[str, str]]:
        svg = (f".svg?forma={shape}&idioma={lang}", _("SVG, para diseño"))
        return [*((f"{way}&idioma={lang}", label) for way, label in ways), svg]

    papers = [(f".pdf?papel={size}", label) for size, label in list_papers()]
    return [
        FlyerDownload(
            "carta",
            _("Hoja para imprimir"),
            _("Para la pared de la parroquia, la biblioteca o la tienda"),
            *_size("carta"),
            files("carta", *papers),
        ),
        FlyerDownload(
            "cuadrada",
            _("Cuadro"),
            _("Para WhatsApp, Facebook e Instagram"),
            *_size("cuadrada"),
            files("cuadrada", (".png?forma=cuadrada", _("Imagen de 1080 × 1080"))),
        ),
        FlyerDownload(
            "vertical",
            _("Vertical"),
            _("Para estados e historias"),
            *_size("vertical"),
            files("vertical", (".png?forma=vertical", _("Imagen de 1080 × 1920"))),
        ),
    ]


def _size(shape: str) -> tuple[int, int]:
    """Returns width and height of the preview in pixels: all shapes fit into the same square."""
    size = paper.SHAPES[shape]
    scale = MAX_PREVIEW_PIXELS / max(size.width, size.height)
    return round(size.width * scale), round(size.height * scale)
