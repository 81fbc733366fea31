"""What an extension adds to the site."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flask import Blueprint

from outreach.feeds.feed_links import FeedLink
from outreach.web.presentation.slots import SlotContent


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
