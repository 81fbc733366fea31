"""What an extension adds to the site, and how its pages are registered.

Its code answers requests for its own pages only, and few at a time (`extension_visits`).
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Flask, current_app, g, request

from outreach.errors import Misconfigured
from outreach.feeds.feed_links import FeedLink
from outreach.web.presentation.extension_visits import VISITS
from outreach.web.presentation.slots import SlotContent

PATIENCE_SECONDS: Final = 1.0  # that a page of an extension waits for others
_BLUEPRINTS: Final = "outreach_extension_blueprints"
# Where Flask keeps, by blueprint, what runs for requests; those of None run for all.
_HOOKS: Final = (
    "before_request_funcs", "after_request_funcs", "teardown_request_funcs",
    "template_context_processors", "url_value_preprocessors", "url_default_functions",
    "error_handler_spec",
)  # fmt: skip


class ExtensionsBusy(Exception):
    """The pages of extensions do not answer."""


@dataclass(frozen=True, kw_only=True)
class ExtensionPages:
    """Its pages and what belongs to them. A blueprint names its folder of templates, which are in
    one of the extension's name there, so that no two have the same."""

    blueprints: tuple[Blueprint, ...] = ()
    staff_blueprints: tuple[Blueprint, ...] = ()
    """Pages below `/org`, whose `url_prefix` begins there: each states its permission by `requires`
    (`outreach/web/staff/common/permissions.py`)."""
    keeps_discreet_codes: bool = False
    """Whether its addresses answer under the code of a discreet kind too, as those must that
    programs were given."""
    one_click: tuple[str, ...] = ()
    """Its endpoints that take the one-click unsubscription of mail programs (RFC 8058), which
    comes from another site: the token in the address is the permission, and nothing else can be
    done there."""
    files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    """Style sheets and scripts by the name that `static` takes, each with its sources in order."""
    slots: tuple[SlotContent, ...] = ()
    feed_links: tuple[FeedLink, ...] = ()
    """Links that it adds to the feeds of the site that are not discreet."""


def init_app(app: Flask) -> None:
    """Lets few requests at a time into the pages of extensions."""
    app.extensions[_BLUEPRINTS] = set[str]()
    app.before_request(_enter)
    app.teardown_request(_leave)


def register(app: Flask, blueprint: Blueprint, *, name_prefix: str = "", **options: Any) -> None:
    """Registers pages of an extension. Raises Misconfigured where they would act on all pages."""
    before = _list_hooks(app)
    app.register_blueprint(blueprint, name_prefix=name_prefix, **options)
    if _list_hooks(app) != before:
        raise Misconfigured(f"The extension's pages {blueprint.name} would act on all pages.")
    app.extensions[_BLUEPRINTS].add(f"{name_prefix}.{blueprint.name}".lstrip("."))


def _list_hooks(app: Flask) -> list[object]:
    of_all = [getattr(app, name).get(None) for name in _HOOKS]
    named = [app.jinja_env.globals, app.jinja_env.filters, app.jinja_env.tests]
    return [repr(each) for each in of_all] + [dict(each) for each in named]


def _enter() -> None:
    of_extensions: set[str] = current_app.extensions[_BLUEPRINTS]
    if of_extensions.isdisjoint(request.blueprints):
        return
    g.extension_visit = visit = ExitStack()
    if not visit.enter_context(VISITS.enter(PATIENCE_SECONDS)):
        raise ExtensionsBusy


def _leave(_error: BaseException | None) -> None:
    visit: ExitStack | None = g.pop("extension_visit", None)
    if visit is not None:
        visit.close()
