"""Style sheets, scripts, font and icon: joined, minified, compressed and named by their content.

The sources are readable: `styles/`, `scripts/` and `static/` beside this package. They are joined
in memory when the application is made, so a checkout needs no build step. The address of a file
holds a hash of what is served: a browser keeps it for a year and asks again only after a change.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import rcssmin
import rjsmin
from flask import Blueprint, Flask, Response, abort, current_app, request

from outreach.brand import Brand, write_style_sheet
from outreach.config import Config

pages = Blueprint("static_files", __name__)

CACHE_FOR_A_YEAR: Final = "public, max-age=31536000, immutable"
# What is served, and its sources in the order in which they apply.
SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "app.css": (
        "styles/tokens.css",
        "styles/elements.css",
        "styles/layout.css",
        "styles/controls.css",
        "styles/workshops.css",
        "styles/workshop.css",
        "styles/registration.css",
        "styles/figures.css",
        "styles/bulletin.css",
        "styles/print.css",
    ),
    "staff.css": (
        "styles/staff_frame.css",
        "styles/staff_lists.css",
        "styles/staff_figures.css",
        "styles/workshop_form.css",
        "styles/search.css",
        "styles/month.css",
        "styles/calendar.css",
        "styles/calendar_slots.css",
        "styles/call_centre.css",
    ),
    "app.js": (
        "scripts/quick_exit.js",
        "scripts/forms.js",
        "scripts/copy.js",
        "scripts/feed_builder.js",
        "scripts/own_clock.js",
    ),
    "autosave.js": ("scripts/autosave.js",),
    "call_centre.js": ("scripts/call_centre.js",),
    "calendar.js": ("scripts/calendar.js",),
    "checkin_online.js": ("scripts/checkin_online.js",),
    "checkin_phone.js": ("scripts/checkin_phone.js",),
    "checkin_store.js": ("scripts/checkin_store.js",),
    "checkin_worker.js": ("scripts/checkin_worker.js",),
    "places.js": ("scripts/places.js",),
    "form_preview.js": ("scripts/form_preview.js",),
    "listen.js": ("scripts/listen.js",),
    "logout_guard.js": ("scripts/logout_guard.js",),
    "passkeys.js": ("scripts/passkeys.js",),
    "qr_camera.js": ("scripts/qr_camera.js",),
    "qr_reader.js": ("static/qr_reader.js",),
    "qr_reader-LICENSE.txt": ("static/qr_reader-LICENSE.txt",),
    "recorder.js": ("scripts/recorder.js",),
    "search.js": ("scripts/search.js",),
    "select_all.js": ("scripts/select_all.js",),
    "shortcuts.js": ("scripts/shortcuts.js", "scripts/menus.js"),
    "toast.js": ("scripts/toast.js",),
    "leave_home.js": ("scripts/leave_home.js",),
    "figtree.woff2": ("static/figtree.woff2",),
    "figtree-OFL.txt": ("static/figtree-OFL.txt",),
    "i.svg": ("static/i.svg",),
}


@dataclass(frozen=True)
class StaticFile:
    body: bytes
    compressed: bytes | None  # with gzip; None for a font, which is compressed already
    mimetype: str
    name: str  # as in the address: app.1f3c….css
    digest: str


FONT: Final = "figtree.woff2"
_FOLDER: Final = Path(__file__).parents[1]
SIGN: Final = "i.svg"  # the program's own, where the network has none
NETWORK_SIGN: Final = "sign.svg"
NETWORK_STYLES: Final = "network.css"


def init_app(app: Flask, extensions: Iterable[Mapping[str, tuple[Path, ...]]] = ()) -> None:
    """Builds the files. `extensions` have the files of one extension each, by their plain names."""
    config: Config = app.extensions["outreach_config"]
    brand = config.profile.brand
    own = _build_brand(brand)
    app.extensions["outreach_brand"] = tuple(own)  # names, for `static`
    files = _build_all() | own
    for named in extensions:
        for name, sources in named.items():
            if name in files:
                raise ValueError(f"two files are called {name}")
            files[name] = _join(name, tuple(sources))
    app.extensions["outreach_static"] = {file.name: file for file in files.values()}
    app.extensions["outreach_static_sources"] = files
    app.add_template_global(lambda name: f"/static/{files[name].name}", "static")
    app.add_template_global(lambda: NETWORK_SIGN if brand.sign else SIGN, "site_sign")
    app.add_template_global(lambda: brand.has_own_colours, "has_own_colours")
    app.register_blueprint(pages)


@pages.get("/static/<name>")
def static_file(name: str) -> Response:
    file: StaticFile | None = current_app.extensions["outreach_static"].get(name)
    if file is None:
        abort(404)
    use_gzip = file.compressed is not None and request.accept_encodings.quality("gzip") > 0
    response = Response(file.compressed if use_gzip else file.body, mimetype=file.mimetype)
    if file.compressed is not None:
        response.headers["Vary"] = "Accept-Encoding"
    if use_gzip:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = CACHE_FOR_A_YEAR
    response.set_etag(file.digest, weak=True)
    return response


def minified(name: str) -> str:
    """The text of a served file by its plain name, as `checkin_worker.js`."""
    file: StaticFile = current_app.extensions["outreach_static_sources"][name]
    return file.body.decode()


@cache  # several applications of one process share the files
def _build_all() -> dict[str, StaticFile]:
    """Every served file by its plain name."""
    return {name: _join(name, _find_sources(name)) for name in SOURCES}


def _find_sources(name: str) -> tuple[Path, ...]:
    return tuple(_FOLDER / source for source in SOURCES[name])


@cache
def _join(name: str, sources: tuple[Path, ...]) -> StaticFile:
    """Returns the file that is served under a name, joined of its sources."""
    body = b"\n".join(source.read_bytes() for source in sources)
    if name.endswith(".css"):
        # It names the font by its plain name; the address of the font has the hash.
        font = _join(FONT, _find_sources(FONT))
        body = rcssmin.cssmin(body).replace(FONT.encode(), font.name.encode())
    elif name.endswith(".js"):
        body = rjsmin.jsmin(body)
    return _file(name, body)


def _build_brand(brand: Brand) -> dict[str, StaticFile]:
    """Builds what a network serves beside the program's files: its colours and its sign."""
    files = {}
    if brand.has_own_colours:
        files[NETWORK_STYLES] = _file(NETWORK_STYLES, write_style_sheet(brand).encode())
    if brand.sign:
        files[NETWORK_SIGN] = _file(NETWORK_SIGN, brand.sign.encode())
    return files


def _file(name: str, body: bytes) -> StaticFile:
    stem, dot, ending = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:10]
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    compressed = None if ending == "woff2" else gzip.compress(body, mtime=0)
    return StaticFile(body, compressed, mimetype, f"{stem}.{digest}{dot}{ending}", digest)
