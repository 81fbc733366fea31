"""Keeps the compiled code of templates in files, for the next start of the server.

To compile all templates takes three seconds of processor, to read their code a tenth of one. Each
process stores what it compiles, and a server that starts loads what is stored before it forks. The
files are signed with the server's secret, since Python runs what they hold; they may be deleted at
any time.
"""

import hmac
import importlib.util
import secrets
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Final, cast

import jinja2
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from outreach.web.presentation import html_whitespace, template_code

FOLDER: Final = "templates"  # in that of the data
_HASH: Final = "sha256"
_SIGNATURE_SIZE: Final = 32  # bytes, before the code
_KEY_LENGTH: Final = 20


class StoredTemplates(BytecodeCache):
    """The files of one environment. A file that is missing, damaged or not signed by us is compiled
    again, and what cannot be written, as on a full disk, is left out."""

    def __init__(self, folder: Path, environment: Environment, secret: str) -> None:
        self._folder, self._secret = folder, f"templates {secret}".encode()
        self._edition = _identify(environment)

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            content = self._path(bucket.key).read_bytes()
        except OSError:
            return
        signature, code = content[:_SIGNATURE_SIZE], content[_SIGNATURE_SIZE:]
        if hmac.compare_digest(signature, self._sign(code)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        code = bucket.bytecode_to_string()
        draft = self._folder / f".new-{secrets.token_hex(8)}"
        with suppress(OSError):
            try:
                draft.write_bytes(self._sign(code) + code)
                draft.replace(self._path(bucket.key))
            finally:
                draft.unlink(missing_ok=True)

    def load_stored(self, environment: Environment) -> None:
        """Loads the templates that are stored, so that forks share them."""
        assert environment.loader is not None
        for name in environment.list_templates():
            _source, filename, _is_current = environment.loader.get_source(environment, name)
            if self._path(self.get_cache_key(name, filename)).is_file():
                environment.get_template(name)

    def delete_others(self) -> None:
        """Deletes the files of other versions, and drafts of processes that were killed."""
        for path in self._folder.iterdir():
            if not path.name.startswith(self._edition):
                path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{self._edition}-{key}"

    def _sign(self, code: bytes) -> bytes:
        return hmac.digest(self._secret, code, _HASH)


def use_files(environment: Environment, data: Path, secret: str) -> None:
    """Lets the environment store its code in the folder of the data, and loads what is there. Where
    that cannot be written, nothing is stored.

    Call it when the environment has its functions and filters: their code depends on them."""
    folder = data / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        stored = StoredTemplates(folder, environment, secret)
        stored.delete_others()
    except OSError:
        return
    environment.bytecode_cache = stored
    stored.load_stored(environment)


def _identify(environment: Environment) -> str:
    """Returns a hash of all that decides how a template is compiled, beside its source."""
    found = sha256(importlib.util.MAGIC_NUMBER + jinja2.__version__.encode())
    for module in (html_whitespace, template_code):
        found.update(Path(cast("str", module.__file__)).read_bytes())
    options = (environment.trim_blocks, environment.lstrip_blocks, sorted(environment.extensions))
    found.update(repr(options).encode())
    for values in (environment.globals, environment.filters, environment.tests):
        kinds = sorted((name, *_describe(value)) for name, value in values.items())
        found.update(repr(kinds).encode())
    return found.hexdigest()[:_KEY_LENGTH]


def _describe(value: object) -> tuple[str, str]:
    """Returns what the code of a call depends on: the type, and whether a function wants the
    context. It reads no attribute of other objects, some of which stand for what a request has."""
    is_function = type(value) is FunctionType
    wants = getattr(value, template_code.WANTS_CONTEXT, "") if is_function else ""
    return type(value).__name__, str(wants)
