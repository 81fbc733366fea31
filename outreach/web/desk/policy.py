"""Who may do what, on every page of the staff: one line a page.

The guard of `staff.py` asks this table before a page is shown, and the application does not start
while a page of the staff has no line here. What a role allows is `organizers.ALLOWED`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask import Flask

from outreach.domain.organizers import Action


class Of(StrEnum):
    """Whose a page is: where one needs the right to what it does."""

    NOBODY = "nobody"  # answers without a session: it makes one, or its address is the permission
    ONESELF = "oneself"  # asks for no more than to be signed in; shows only what one may see
    WORKSHOP = "workshop"  # the office of the workshop `public_id`
    OFFICE = "office"  # the office `slug`; where the address has none, the page asks by `must`
    NETWORK = "network"  # everywhere


@dataclass(frozen=True)
class Rule:
    of: Of
    action: Action | None = None
    is_fresh: bool = False  # the second factor is asked for again after some minutes


_OPEN: Final = Rule(Of.NOBODY)
_OWN: Final = Rule(Of.ONESELF)
_SEE: Final = Rule(Of.WORKSHOP, Action.SEE)
_EDIT: Final = Rule(Of.WORKSHOP, Action.EDIT)
_CONTACTS: Final = Rule(Of.WORKSHOP, Action.CONTACTS)
_DOOR: Final = Rule(Of.WORKSHOP, Action.DOOR)
_OFFICE_EDIT: Final = Rule(Of.OFFICE, Action.EDIT)
_NETWORK: Final = Rule(Of.NETWORK, Action.NETWORK)

RULES: Final[Mapping[str, Rule]] = {
    # signing in
    "entrance": _OPEN,
    "sign_in": _OPEN,
    "invitation": _OPEN,
    "accept": _OPEN,
    "sign_out": _OWN,
    # one's own
    "today": _OWN,
    "more": _OWN,
    "doors": _OWN,
    "workshops": _OWN,
    "own_feed": _OPEN,
    "own_calendar": _OWN,
    "make_calendar": _OWN,
    "stop_calendar": _OWN,
    # one workshop
    "new": _OFFICE_EDIT,
    "create": _OFFICE_EDIT,
    "workshop": _SEE,
    "edit": _EDIT,
    "change": _EDIT,
    "publish": _EDIT,
    "ask_to_cancel": _EDIT,
    "cancel": _EDIT,
    "reinstate": _EDIT,
    # its people
    "contact": _CONTACTS,
    "call": _CONTACTS,
    "decide": _EDIT,
    "send_again": _EDIT,
    # its door, and after
    "at_door": _DOOR,
    "mark": _DOOR,
    "take_door": _OWN,
    "phone_door": _OPEN,
    "door_worker": _OPEN,
    "door_bundle": _DOOR,
    "bring_arrivals": _OPEN,
    "attendance": _EDIT,
    "report": _EDIT,
    # the month
    "last_month": _OWN,
    "month": _OWN,
    "say_complete": _OFFICE_EDIT,
    "figures_of_month": _NETWORK,
    "enter_figures": _NETWORK,
    "ask_to_close": _NETWORK,
    "close_month": _NETWORK,
    "reopen": _NETWORK,
    "remind": _NETWORK,
    # the bulletin
    "all_bulletins": _NETWORK,
    "edit_bulletin": _NETWORK,
    "change_bulletin": _NETWORK,
    "preview_bulletin": _NETWORK,
    # the network
    "what_we_hold": _NETWORK,
}


def rule_of(endpoint: str | None) -> Rule:
    """The rule of a page of the staff, by Flask's name for it."""
    return RULES[(endpoint or "").removeprefix("desk.")]


def require_rules(app: Flask) -> None:
    """Raises LookupError when a page of the staff has no rule, or a rule has no page."""
    there = {
        rule.endpoint.removeprefix("desk.")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("desk.")
    }
    if there != RULES.keys():
        raise LookupError(f"no page, or no rule, for: {sorted(there ^ RULES.keys())}")
