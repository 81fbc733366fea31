"""Puts the application together: the only place that knows all its parts."""

from pathlib import Path
from types import TracebackType
from typing import NoReturn
from urllib.parse import urlsplit

from flask import Flask, Request, Response
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from werkzeug.routing import RequestRedirect

from outreach import clock, i18n, logs, web
from outreach.config import Config
from outreach.db.postgresql import PAGES, Waits
from outreach.db.retry import RetryPolicy
from outreach.db.store import Store
from outreach.keystore import KeyStore, MasterKeys, signing
from outreach.keystore.rate_counters import RateCounters
from outreach.web.middleware import error_pages, request_retry

PACKAGE = Path(__file__).parent
LARGEST_FORM = 64 * 1024  # bytes; the largest honest form of ours is under 10 KB


class Application(Flask):
    def full_dispatch_request(self) -> Response:
        return request_retry.answered(super().full_dispatch_request)

    def handle_user_exception(self, e: Exception) -> Response | ResponseReturnValue:
        """Before an error becomes a page: whether the request is to be answered once more."""
        request_retry.or_not(e)
        return super().handle_user_exception(e)

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Writes it down as any other error is: Flask would write the path, and in it a token."""
        if exc_info[1] is not None:
            error_pages.note(exc_info[1])

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """To an address as it is spelled rightly leads its path alone: a proxy knows whether people
        come by https, and we would send them on without."""
        error = request.routing_exception
        if isinstance(error, RequestRedirect):
            parts = urlsplit(error.new_url)
            path = "/" + parts.path.lstrip("/")  # never «//», which is another site's
            error.new_url = f"{path}?{parts.query}" if parts.query else path
        super().raise_routing_exception(request)


def create_app(config: Config | None = None, *, waits: Waits = PAGES) -> Flask:
    """The WSGI application. Without `config`, settings are read from the environment."""
    clock.require_rules()
    config = config or Config.from_environ()
    app = Application("outreach", template_folder=str(_templates()), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_FORM
    app.json.sort_keys = False  # type: ignore[attr-defined]  # kinds in their own order
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.extensions["outreach_config"] = config
    size = config.pool_size
    key_store = KeyStore(
        Store(config.keyring_url, pool_size=size, waits=waits), MasterKeys(config.keys)
    )
    app.extensions["outreach_store"] = Store(config.database_url, pool_size=size, waits=waits)
    app.extensions["outreach_key_store"] = key_store
    app.extensions["outreach_attempts"] = RateCounters(config.keyring_url, pool_size=size)
    # A server that starts while a standby takes over waits for it, as a request would.
    try:
        app.extensions["outreach_secret"] = RetryPolicy().with_(
            lambda: signing.secret(config, key_store)
        )
    except Exception:
        key_store.store.close()  # nobody has the application that could
        raise
    i18n.init_app(app)
    web.init_app(app)
    return app


def served() -> Flask:
    """The same in a process of a server: what it logs is set up before anything else."""
    config = Config.from_environ()
    logs.set_up(config.log)
    logs.watch_all()
    return create_app(config)


def _templates() -> Path:
    """Templates are inside the package once installed, beside it in a checkout."""
    for folder in (PACKAGE / "templates", PACKAGE.parent / "templates"):
        if (folder / "base.html").is_file():
            return folder
    raise FileNotFoundError("outreach was installed without its templates")
