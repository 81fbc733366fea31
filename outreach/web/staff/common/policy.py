"""Who may do what, on every page of the staff: one line a page.

The guard of `guards.py` asks this table before a page is shown, and the application does not start
while a page of the staff has no line here. What a role allows is `organizers.ALLOWED`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask import Flask

from outreach.domain.network.staff import Permission
from outreach.imports.file_types import LARGEST


class PageScope(StrEnum):
    """Whose a page is: where one needs the right to what it does."""

    NOBODY = "nobody"  # answers without a session: it makes one, or its address is the permission
    HALFWAY = "halfway"  # the password was right, or everything; the second factor is given here
    ONESELF = "oneself"  # asks for no more than to be signed in; shows only what one may see
    WORKSHOP = "workshop"  # the office of the workshop `public_id`
    OFFICE = "office"  # the office `slug`; where the address has none, the page asks by `must`
    NETWORK = "network"  # everywhere


@dataclass(frozen=True)
class PageRule:
    of: PageScope
    action: Permission | None = None
    is_fresh: bool = False  # the second factor is asked for again after some minutes
    largest: int | None = None  # bytes that may be sent, where a file may be


_OPEN: Final = PageRule(PageScope.NOBODY)
_HALFWAY: Final = PageRule(PageScope.HALFWAY)
_OWN: Final = PageRule(PageScope.ONESELF)
_OWN_FRESH: Final = PageRule(PageScope.ONESELF, is_fresh=True)
_SEE: Final = PageRule(PageScope.WORKSHOP, Permission.SEE)
_EDIT: Final = PageRule(PageScope.WORKSHOP, Permission.EDIT)
_CONTACTS: Final = PageRule(PageScope.WORKSHOP, Permission.CONTACTS)
_EXPORT: Final = PageRule(PageScope.WORKSHOP, Permission.EXPORT)
_DOOR: Final = PageRule(PageScope.WORKSHOP, Permission.DOOR)
_OFFICE_EDIT: Final = PageRule(PageScope.OFFICE, Permission.EDIT)
_NETWORK: Final = PageRule(PageScope.NETWORK, Permission.NETWORK)
_NETWORK_FRESH: Final = PageRule(PageScope.NETWORK, Permission.NETWORK, is_fresh=True)
_FILE: Final = PageRule(PageScope.OFFICE, Permission.EDIT, largest=LARGEST + 64 * 1024)

RULES: Final[Mapping[str, PageRule]] = {
    # signing in
    "entrance": _OPEN,
    "sign_in": _OPEN,
    "invitation": _OPEN,
    "accept": _OPEN,
    "key_challenge": _OPEN,
    "sign_in_by_key": _OPEN,
    "provider": _OPEN,
    "from_provider": _OPEN,
    "ask_for_code": _HALFWAY,
    "code": _HALFWAY,
    "own_key_challenge": _HALFWAY,
    "ask_again": _OWN,
    "confirm": _OWN,
    "sign_out": _OWN,
    # one's account
    "account": _OWN,
    "end_session": _OWN,
    "change_password": _OWN,
    "print_codes": _OWN_FRESH,
    "application": _OWN_FRESH,
    "change_application": _OWN_FRESH,
    "new_key": _OWN_FRESH,
    "offer_key": _OWN_FRESH,
    "add_key": _OWN_FRESH,
    "rename_key": _OWN,
    "remove_key": _OWN_FRESH,
    # one's own
    "today": _OWN,
    "more": _OWN,
    "doors": _OWN,
    "workshops": _OWN,
    "own_feed": _OPEN,
    "own_calendar": _OWN,
    "make_calendar": _OWN,
    "stop_calendar": _OWN,
    # bringing in, and taking out
    "bring_in": _OFFICE_EDIT,
    "upload": _FILE,
    "load_batch": _OFFICE_EDIT,
    "faults_of_batch": _OFFICE_EDIT,
    "import_template": _OFFICE_EDIT,
    "export_workshops": _OWN,
    # one workshop
    "new": _OFFICE_EDIT,
    "create": _OFFICE_EDIT,
    "plan_month": _OFFICE_EDIT,
    "make_month": _OFFICE_EDIT,
    "ask_for_many": _OFFICE_EDIT,
    "do_to_many": _OFFICE_EDIT,
    "workshop": _SEE,
    "edit": _EDIT,
    "change": _EDIT,
    "publish": _EDIT,
    "ask_to_cancel": _EDIT,
    "cancel": _EDIT,
    "reinstate": _EDIT,
    # the mobile consulate
    "tours": _OWN,
    "new_tour": _OFFICE_EDIT,
    "make_tour": _OFFICE_EDIT,
    "tour": PageRule(PageScope.OFFICE, Permission.SEE),
    "publish_tour": _OFFICE_EDIT,
    "new_stop": _OFFICE_EDIT,
    "make_stop": _OFFICE_EDIT,
    "edit_stop": _OFFICE_EDIT,
    "change_stop": _OFFICE_EDIT,
    "publish_stop": _OFFICE_EDIT,
    "ask_to_cancel_stop": _OFFICE_EDIT,
    "cancel_stop": _OFFICE_EDIT,
    "reinstate_stop": _OFFICE_EDIT,
    "texts": _EDIT,
    "change_texts": _EDIT,
    # what a workshop's form draws on, and what was typed into it
    "save_form": _OFFICE_EDIT,
    "discard_form": _OFFICE_EDIT,
    "all_venues": _OFFICE_EDIT,
    "new_venue": _OFFICE_EDIT,
    "make_venue": _OFFICE_EDIT,
    "edit_venue": _OFFICE_EDIT,
    "change_venue": _OFFICE_EDIT,
    "allies": _OFFICE_EDIT,
    "new_partner": _OFFICE_EDIT,
    "make_partner": _OFFICE_EDIT,
    "edit_partner": _OFFICE_EDIT,
    "change_partner": _OFFICE_EDIT,
    "new_speaker": _OFFICE_EDIT,
    "make_speaker": _OFFICE_EDIT,
    "edit_speaker": _OFFICE_EDIT,
    "change_speaker": _OFFICE_EDIT,
    # on paper
    "flyer": _SEE,
    "flyer_pdf": _SEE,
    "flyer_png": _SEE,
    "flyer_svg": _SEE,
    "certificate": _EDIT,
    "make_certificate": _EDIT,
    "ask_to_repeat": _EDIT,
    "repeat": _EDIT,
    "ask_to_clone": _EDIT,
    "clone": _EDIT,
    "ask_for_series": _EDIT,
    "change_series": _EDIT,
    # its people
    "contact": _CONTACTS,
    "call": _CONTACTS,
    "decide": _EDIT,
    "new_party": _CONTACTS,
    "save_party": _CONTACTS,
    "open_places": _EDIT,
    "export_list": _EXPORT,
    "send_again": _EDIT,
    "workshop_journal": _EDIT,
    "write_message": _EDIT,
    "send_message": _EDIT,
    # its door, and after
    "at_door": _DOOR,
    "mark": _DOOR,
    "door_sheet": _DOOR,
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
    "close_month": _NETWORK_FRESH,
    "reopen": _NETWORK_FRESH,
    "remind": _NETWORK,
    # the bulletin
    "all_bulletins": _NETWORK,
    "edit_bulletin": _NETWORK,
    "change_bulletin": _NETWORK,
    "preview_bulletin": _NETWORK,
    # the journal
    "office_journal": _OFFICE_EDIT,
    "network_journal": _NETWORK,
    # the network
    "what_we_hold": _NETWORK,
    "settings": _NETWORK,
    "network_offices": _NETWORK,
    "new_office": _NETWORK,
    "open_office": _NETWORK,
    "edit_office": _NETWORK,
    "change_office": _NETWORK,
    "network_kinds": _NETWORK,
    "new_kind": _NETWORK,
    "add_kind": _NETWORK,
    "edit_kind": _NETWORK,
    "change_kind": _NETWORK,
    # accounts
    "personnel": _NETWORK,
    "new_member": _NETWORK,
    "invite_member": _NETWORK_FRESH,
    "member": _NETWORK,
    "change_member": _NETWORK_FRESH,
    "disable_member": _NETWORK_FRESH,
    "reset_member": _NETWORK_FRESH,
}


def rule_of(endpoint: str | None) -> PageRule:
    """The rule of a page of the staff, by Flask's name for it."""
    return RULES[(endpoint or "").removeprefix("staff.")]


def require_rules(app: Flask) -> None:
    """Raises LookupError when a page of the staff has no rule, or a rule has no page."""
    there = {
        rule.endpoint.removeprefix("staff.")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("staff.")
    }
    if there != RULES.keys():
        raise LookupError(f"no page, or no rule, for: {sorted(there ^ RULES.keys())}")
