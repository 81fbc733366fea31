"""Builds the WSGI application from its parts."""

import gc
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, NoReturn
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask, Request, Response
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from werkzeug.routing import RequestRedirect

from outreach import clock, extension, logs, network_profile, web
from outreach.config import Config
from outreach.db.postgresql import PAGES, Timeouts
from outreach.db.retry import RetryPolicy
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.locations import interpretation
from outreach.domain.network import help_lines
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore, MasterKeys, signing
from outreach.keystore.rate_counters import RateCounters
from outreach.keystore.seat_shares import SeatShares
from outreach.network_profile import use_profile
from outreach.pdf import typesetting
from outreach.web.middleware import failures, reader_place, request_language, request_retry
from outreach.web.middleware.url_rules import DeferredRule
from outreach.web.presentation import stored_templates
from outreach.web.presentation.html_whitespace import CompactHtml
from outreach.web.presentation.slots import WARM_UP
from outreach.web.presentation.template_code import SHARED_TEMPLATES, PageEnvironment

PACKAGE = Path(__file__).parent
MAX_FORM_BYTES = 64 * 1024  # our largest form, filled in, has under 10 KB
# New objects after which Python looks for garbage. With its own 700 a request looks several times.
GARBAGE_OBJECTS: Final = 5_000
WARM_UP_PATHS: Final = ("red", "calendario")  # in the network's first language
# What a registration shows, beside the templates of those pages.
WARM_UP_TEMPLATES: Final = (
    "registration/form.html",
    "registration/fields.html",
    "errors/macros.html",
    "my_registration/detail.html",
    "my_registration/macros.html",
    "listening/macros.html",
    "workshops/safety_questions.html",
)


class Application(Flask):
    jinja_environment = PageEnvironment
    url_rule_class = DeferredRule

    def full_dispatch_request(self) -> Response:
        return request_retry.dispatch_with_retry(super().full_dispatch_request)

    def handle_user_exception(self, e: Exception) -> Response | ResponseReturnValue:
        """Lets `request_retry` answer the request again before the error becomes a page."""
        request_retry.retry_after(e)
        return super().handle_user_exception(e)

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Logs the error without the path, which Flask would log and which may hold a token."""
        if exc_info[1] is not None:
            failures.note(exc_info[1])

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Redirects to a path without scheme and host: behind a proxy we do not know whether the
        browser came by https."""
        error = request.routing_exception
        if isinstance(error, RequestRedirect):
            parts = urlsplit(error.new_url)
            path = "/" + parts.path.lstrip("/")  # «//host» would be another site
            error.new_url = f"{path}?{parts.query}" if parts.query else path
        super().raise_routing_exception(request)


def create_app(config: Config | None = None, *, timeouts: Timeouts = PAGES) -> Flask:
    """The WSGI application of a process that has one network. Without `config`, settings are read
    from the environment.

    Raises Misconfigured for wrong settings or old time-zone rules."""
    config = config or Config.from_environ()
    network_profile.set_for_process(config.profile)
    return _create(config, timeouts)


def create_network_apps(
    configs: Sequence[Config], *, timeouts: Timeouts = PAGES
) -> tuple[Application, ...]:
    """The applications of several networks in one process, which gets no profile of its own:
    whoever calls one chooses its profile, as `NetworkDispatcher` does. They share the code of
    templates.

    Raises Misconfigured."""
    network_profile.set_for_process(None)
    made = []
    for config in configs:
        with use_profile(config.profile):
            app = _create(config, timeouts)
        app.jinja_env.bytecode_cache = SHARED_TEMPLATES
        made.append(app)
    return tuple(made)


def _create(config: Config, timeouts: Timeouts) -> Application:
    """Builds the application of one network. The caller has chosen its profile."""
    clock.require_rules()
    extensions = extension.load_checked(config)
    help_lines.load()  # a wrong file is to be seen now, not by whoever opens the page
    app = Application("outreach", template_folder=str(_templates()), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_FORM_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # kinds in their own order
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension(CompactHtml)
    app.extensions["outreach_config"] = config
    app.extensions["outreach_extensions"] = extensions
    size = config.pool_size
    key_store = KeyStore(
        Store(config.keyring_url, pool_size=size, timeouts=timeouts),
        MasterKeys(config.keys),
        find_keepers=partial(extension.find_keepers, config),
    )
    store = Store(config.database_url, pool_size=size, timeouts=timeouts)
    key_store.attach(store)
    change_sessions.install(store)
    app.extensions["outreach_store"] = store
    app.extensions["outreach_key_store"] = key_store
    attempts = RateCounters(
        Store(config.keyring_url, pool_size=size, is_durable=False, timeouts=timeouts)
    )
    app.extensions["outreach_attempts"] = attempts
    app.extensions["outreach_seat_shares"] = SeatShares(attempts.store, key_store)
    # A server that starts during a failover waits for it, as a request does.
    try:
        app.extensions["outreach_secret"] = RetryPolicy().run(
            lambda: signing.secret(config, key_store)
        )
    except Exception:
        key_store.store.close()  # the caller gets no application to close it with
        raise
    request_language.init_app(app)
    reader_place.init_app(app)
    web.init_app(app, [each.pages for each in extensions])
    return app


def create_server_app(*, timeouts: Timeouts = PAGES) -> Flask:
    """The application in a process of `outreach serve`, which sets up its logging first."""
    config = Config.from_environ()
    _set_up_process(config)
    app = create_app(config, timeouts=timeouts)
    interpretation.warm_up()
    _freeze()
    return app


def create_forkable_app(config: Config | None = None, *, timeouts: Timeouts = PAGES) -> Flask:
    """The application in a process that answers nothing itself and forks those that answer.

    It has answered pages, since what is made then (templates, mappers, statements) is shared only
    if it is there before. It holds no connection, no lock and no master key."""
    config = config or Config.from_environ()
    _set_up_process(config)
    app = create_app(config, timeouts=timeouts)
    stored_templates.use_files(app.jinja_env, config.data, app.extensions["outreach_secret"])
    _prepare_fork(app)
    _freeze()
    return app


def create_forkable_apps(
    configs: Sequence[Config], *, timeouts: Timeouts = PAGES
) -> tuple[Flask, ...]:
    """The applications of an installation's networks, ready to fork. Raises Misconfigured."""
    if not configs[0].name:
        return (create_forkable_app(*configs, timeouts=timeouts),)
    _set_up_process(configs[0])
    apps = create_network_apps(configs, timeouts=timeouts)
    for app, config in zip(apps, configs, strict=True):
        with use_profile(config.profile):
            _prepare_fork(app)
    _freeze()
    return apps


def _set_up_process(config: Config) -> None:
    logs.set_up(config.log)
    logs.log_uncaught_errors()
    typesetting.run_apart()


def _prepare_fork(app: Flask) -> None:
    interpretation.warm_up()
    config: Config = app.extensions["outreach_config"]
    client = app.test_client()
    client.environ_base[WARM_UP] = "yes"
    offered = config.languages
    first = (f"/{offered[0]}/{path}" for path in WARM_UP_PATHS)
    for path in (*(f"/{code}/" for code in offered), *first, "/org/entrar"):
        with client.get(path, headers={"Host": config.host}) as answer:
            if answer.status_code >= 500:  # as without a database: each of them would wait for it
                break
    else:
        client.get(_find_feed(app, offered[0]), headers={"Host": config.host}).close()
    # Else each process compiles them, while the first people of a burst wait.
    for name in WARM_UP_TEMPLATES:
        app.jinja_env.get_template(name)
    key_store: KeyStore = app.extensions["outreach_key_store"]
    attempts: RateCounters = app.extensions["outreach_attempts"]
    for store in (app.extensions["outreach_store"], key_store.store, attempts.store):
        store.prepare_fork()
    key_store.envelope.forget()  # one that is replaced would stay in the memory of this process


def _find_feed(app: Flask, language: str) -> str:
    """Returns the address of one office's calendar. That of the network takes longer the more
    workshops there are."""
    store: Store = app.extensions["outreach_store"]
    with store.read() as session:
        slug = session.scalar(sa.select(Office.slug).order_by(Office.id).limit(1))
    return f"/{language}/cal/{slug or 'red'}.ics"


def _freeze() -> None:
    """Keeps the garbage collector away from what is there now and lives as long as the process.

    Walking through it takes 150 ms, in the middle of some request, and writes into the pages that
    forks share, which copies them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


def _templates() -> Path:
    """The folder of templates: inside the package once installed, beside it in a checkout."""
    for folder in (PACKAGE / "templates", PACKAGE.parent / "templates"):
        if (folder / "base.html").is_file():
            return folder
    raise FileNotFoundError("outreach was installed without its templates")
