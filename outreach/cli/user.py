"""`outreach user`: staff accounts."""

import sys
from typing import Final, NoReturn

import click
from rich.console import Console
from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts import administration, credentials
from outreach.cli import wide_tables
from outreach.cli.context import open_store, settings
from outreach.config import Config
from outreach.domain.network import offices, staff
from outreach.domain.network.staff import ALL_OFFICES, MAX_NAME_LENGTH, Role, StaffMember
from outreach.domain.text import clean, looks_like_an_address
from outreach.errors import NotFound, Refusal

_EVERYWHERE_BY_DEFAULT: Final = (Role.ADMIN, Role.READER, Role.CALLER)


@click.group()
def command() -> None:
    """Staff accounts: who may sign in, with which role at which office.

    A new account gets a link that works once, for three days, to choose a password.
    """


@command.command()
@click.argument("email")
@click.option(
    "--role",
    required=True,
    help="admin, lead (organizes, and invites colleagues), organizer, door (marks who came; sees "
    "no contacts), reader (sees no names) or caller (call centre: holds places, lists nobody).",
)
@click.option(
    "--office",
    "slugs",
    multiple=True,
    help="An office, by its short name, as chicago; give it several times for several offices. "
    "Admins, readers and callers without one work for all of them.",
)
@click.option("--name", default="", help="What colleagues call them; never shown in public.")
def add(email: str, role: str, slugs: tuple[str, ...], name: str) -> None:
    """Make an account for EMAIL and print the link to set its password. No letter is sent."""
    address = email.strip().lower()
    if not administration.is_address(address):
        _refuse(f"{email} is not an e-mail address. Write it like ana@example.org")
    if role not in list(Role):
        _refuse(f"There is no role {role}. Choose one of: {', '.join(Role)}")
    if not slugs and Role(role) not in _EVERYWHERE_BY_DEFAULT:
        _refuse(f"The role {role} needs an office. Add --office and its short name, as chicago")
    shown = clean(name)
    if len(shown) > MAX_NAME_LENGTH or looks_like_an_address(shown):
        _refuse(f"A name has up to {MAX_NAME_LENGTH} letters and no address.")
    config = settings()
    with open_store(config) as store, store.change() as session:
        for slug in slugs:
            _require_office(session, slug)
        places = slugs or [ALL_OFFICES]
        try:
            token = administration.invite(
                session, address, Role(role), places, by=None, now=clock.now(), name=shown
            )
        except Refusal:
            _refuse(f"There is an account for {address} already. To let it in again: user reset")
    _print_link(config, address, token)


@command.command("list")
def list_() -> None:
    """Show the accounts."""
    rows = []
    with open_store(settings()) as store, store.read() as session:
        with_second_factor = credentials.ids_with_second_factor(session)
        for staff_member in staff.list_staff(session):
            state = _state(staff_member, has_second=staff_member.id in with_second_factor)
            rows.append((_named(staff_member), _rights(staff_member), state))
    # A file or a pipe has no width.
    console = Console(width=None if sys.stdout.isatty() else 140)
    wide_tables.print_table(console, ("E-mail", "Role and office", "State"), rows)


@command.command()
@click.argument("email")
def disable(email: str) -> None:
    """Disable an account; its sessions end at the next request."""
    with open_store(settings()) as store, store.change() as session:
        staff_member = _require(session, email)
        administration.disable(session, staff_member, by=None, now=clock.now())
    click.echo(f"{staff_member.email} cannot sign in any more. To let them in again: user reset")


@command.command()
@click.argument("email")
@click.option(
    "--second-factor",
    is_flag=True,
    help="Also delete the TOTP secret, recovery codes and passkeys; new ones are set up.",
)
def reset(email: str, second_factor: bool) -> None:
    """Print a new link to set a password. The old password and all sessions end at once; a disabled
    account is enabled. The second factor stays, unless --second-factor is given."""
    config = settings()
    with open_store(config) as store, store.change() as session:
        staff_member = _require(session, email)
        token = administration.reset(
            session, staff_member, by=None, now=clock.now(), second_factor=second_factor
        )
    _print_link(config, staff_member.email, token)


def _require(session: Session, email: str) -> StaffMember:
    try:
        return staff.get_by_email(session, email)
    except NotFound:
        _refuse(f"There is no account for {email}. See them with: outreach user list")


def _require_office(session: Session, slug: str) -> None:
    try:
        offices.find(session, slug)
    except NotFound:
        _refuse(f"There is no office {slug}. Use its short name, as chicago or los-angeles")


def _named(staff_member: StaffMember) -> str:
    return "\n".join(each for each in (staff_member.email, staff_member.name) if each)


def _rights(staff_member: StaffMember) -> str:
    lines = []
    for assignment in sorted(staff_member.grants, key=lambda each: each.office):
        office = "everywhere" if assignment.office == ALL_OFFICES else assignment.office
        lines.append(f"{assignment.role}, {office}")
    return "\n".join(lines)


def _state(staff_member: StaffMember, *, has_second: bool) -> str:
    if staff_member.disabled_at is not None:
        return "disabled"
    if not staff_member.password:
        return "has not set a password yet"
    return "active, second factor" if has_second else "active, no second factor"


def _print_link(config: Config, email: str, token: str) -> None:
    click.echo(f"A link for {email} to set a password. It works once, for three days:", err=True)
    click.echo(f"{config.public_url}/org/invitacion/{token}")


def _refuse(message: str) -> NoReturn:
    click.echo(f"outreach: {message}", err=True)
    sys.exit(2)
