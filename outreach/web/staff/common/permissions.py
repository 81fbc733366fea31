"""The permission that each staff page requires, stated at its route.

    @blueprint.post("/talleres/<public_id>/editar")
    @requires(Scope.WORKSHOP, Permission.EDIT)
    def update(public_id: str) -> ResponseReturnValue: ...

`guards` enforces the rule before the view runs. The application does not start while a staff page
has no rule (`check_rules`). What each role allows is `outreach.domain.network.staff.PERMISSIONS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from flask import Flask, current_app
from werkzeug.exceptions import Forbidden
from werkzeug.routing import Rule

from outreach.domain.network.staff import Permission

View = TypeVar("View", bound=Callable[..., Any])


class Scope(StrEnum):
    """What decides whether a request may use a page: who signed in, and for which offices."""

    PUBLIC = "public"  # no session needed: the page creates one, or its address is the permission
    HALF_SIGNED_IN = "half-signed-in"  # the password was right; the second factor may be missing
    SIGNED_IN = "signed-in"  # who may see some workshops; the account's own pages: everybody
    WORKSHOP = "workshop"  # the permission at the office of the workshop `public_id`
    OFFICE = "office"  # the permission at the office `slug`
    ACCOUNT = "account"  # at an office where the account `organizer_id` works
    MEMBER = "member"  # at the office of the roster member `member_id`; at any for the network's
    CHOSEN_OFFICE = "chosen-office"  # at some office; the view checks the one that the form names
    NETWORK = "network"  # the permission at all offices


class PermissionMissing(Forbidden):
    """The staff member lacks a permission at an office (slug), at all offices (`ALL_OFFICES`) or
    anywhere (empty). `refusals` says it on a page."""

    def __init__(self, permission: Permission, office: str = "") -> None:
        super().__init__()
        self.permission, self.office = permission, office


class FormTokenInvalid(Forbidden):
    """The form was made for another session, or by another site."""


# The parameter that the address of a page must have for its scope to be decided.
_PARAMETER: Final = {
    Scope.WORKSHOP: "public_id",
    Scope.OFFICE: "slug",
    Scope.ACCOUNT: "organizer_id",
    Scope.MEMBER: "member_id",
}


@dataclass(frozen=True)
class PageRule:
    scope: Scope
    permission: Permission | None = None
    is_fresh: bool = False  # the second factor must have been shown in the last minutes
    max_body_bytes: int | None = None  # for pages that accept a file


def requires(
    scope: Scope,
    permission: Permission | None = None,
    *,
    fresh: bool = False,
    max_body_bytes: int | None = None,
) -> Callable[[View], View]:
    """States the rule of the staff view that it decorates. A permission and a scope that is decided
    by offices belong together; raises TypeError for one without the other."""
    is_by_office = scope not in {Scope.PUBLIC, Scope.HALF_SIGNED_IN, Scope.SIGNED_IN}
    if is_by_office != (permission is not None):
        raise TypeError(f"scope {scope} and permission {permission} do not fit together")
    rule = PageRule(scope, permission, fresh, max_body_bytes)

    def mark(view: View) -> View:
        view.page_rule = rule  # type: ignore[attr-defined]  # an attribute of a function
        return view

    return mark


def rule_of(endpoint: str | None) -> PageRule:
    """The rule of a staff page. Raises LookupError for an endpoint that has none."""
    view = current_app.view_functions.get(endpoint or "")
    rule = getattr(view, "page_rule", None)
    if not isinstance(rule, PageRule):
        raise LookupError(f"no permission is stated for {endpoint}")
    return rule


def staff_routes(app: Flask) -> list[Rule]:
    """The routes below /org, in the order of their addresses."""
    routes = (rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/org"))
    return sorted(routes, key=lambda rule: (rule.rule, sorted(rule.methods or ())))


def check_rules(app: Flask) -> None:
    """Raises LookupError when a page below /org states no permission, is outside the `staff`
    blueprint and thus unguarded, or has an address without the parameter of its scope."""
    with app.app_context():
        for route in staff_routes(app):
            parameter = _PARAMETER.get(rule_of(route.endpoint).scope)
            if not route.endpoint.startswith("staff."):
                raise LookupError(f"{route.endpoint} is not guarded: register it below `staff`")
            if parameter is not None and parameter not in route.arguments:
                raise LookupError(f"{route.rule} has no <{parameter}>")
