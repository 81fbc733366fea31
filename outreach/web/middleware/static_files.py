"""CSS, script, font and icon: read once, squeezed once, and named by what is in them, so that a
browser keeps them for a year and never has an old one."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from flask import Blueprint, Flask, Response, abort, current_app, request

pages = Blueprint("static_files", __name__)

YEAR: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class File:
    body: bytes
    squeezed: bytes | None
    mimetype: str
    name: str  # as in the address: app.1f3c….css


def init_app(app: Flask) -> None:
    files: dict[str, File] = {}
    for path in resources.files("outreach.web").joinpath("static").iterdir():
        if path.is_file():
            files[path.name] = _read(path.name, path.read_bytes())
    # The stylesheet names the font by its plain name; the browser is to ask for the full one.
    css = files["app.css"].body.replace(b"figtree.woff2", files["figtree.woff2"].name.encode())
    files["app.css"] = _read("app.css", css)
    app.extensions["outreach_static"] = {file.name: file for file in files.values()}
    app.add_template_global(lambda name: f"/static/{files[name].name}", "static")
    app.register_blueprint(pages)


@pages.get("/static/<name>")
def static_file(name: str) -> Response:
    file: File | None = current_app.extensions["outreach_static"].get(name)
    if file is None:
        abort(404)
    wants = file.squeezed is not None and request.accept_encodings.quality("gzip") > 0
    response = Response(file.squeezed if wants else file.body, mimetype=file.mimetype)
    if file.squeezed is not None:
        response.headers["Vary"] = "Accept-Encoding"
    if wants:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = YEAR
    return response


@cache  # of several applications in one process only the first squeezes
def _read(name: str, body: bytes) -> File:
    stem, dot, ending = name.rpartition(".")
    mark = hashlib.sha256(body).hexdigest()[:10]
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    # A font is compressed already.
    squeezed = None if ending == "woff2" else gzip.compress(body, mtime=0)
    return File(body, squeezed, mimetype, f"{stem}.{mark}{dot}{ending}")
