"""Numbers of others that pages give to people in danger, by country and province.

The numbers come with the package, or from the network's own file (`OUTREACH_HELP_LINES`); those of
other countries are left out. Each has its source and the day on which it was compared with it.
Staff of headquarters are asked every 90 days to check them. A provincial number that nobody checked
for 180 days, or that staff withdrew, gives way to that of the country.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import network_profile
from outreach.domain.network import help_line_file
from outreach.domain.network.installation_settings import InstallationSetting
from outreach.errors import NotFound
from outreach.network_profile import NetworkProfile

ASK_AFTER: Final = timedelta(days=90)
SHOWN_FOR: Final = timedelta(days=180)
_PREFIX: Final = "help_line:"
_WITHDRAWN: Final = "withdrawn"


class HelpPurpose(StrEnum):
    VIOLENCE = "violence"  # by a partner or the family
    DETENTION = "detention"  # where a detained person is
    CONSULAR = "consular"


@dataclass(frozen=True, kw_only=True)
class HelpLine:
    code: str
    purpose: HelpPurpose
    country: str  # empty: of all
    region: str  # empty: of the whole country
    name: str
    phone: str  # as people read it
    tel: str  # as a phone dials it
    speaks_spanish: bool
    is_referral: bool  # tells who helps nearby
    source: str
    checked_on: date
    home: str = ""  # only networks with this home country show it; empty: all do
    is_withdrawn: bool = False

    def is_due(self, today: date) -> bool:
        return today - self.checked_on > ASK_AFTER

    def is_outdated(self, today: date) -> bool:
        return today - self.checked_on > SHOWN_FOR

    def is_shown(self, today: date) -> bool:
        """Tells whether pages may give the number.

        A national number is shown even if its check is outdated: it changes rarely, and is
        what is left.
        """
        if self.is_withdrawn:
            return False
        return not self.region or not self.is_outdated(today)


def list_lines(session: Session) -> list[HelpLine]:
    """Returns all lines with the last check of each, in the order of their file."""
    checks = _checks(session)
    return [_with_check(each, checks.get(each.code, "")) for each in load()]


def list_shown(session: Session, purpose: HelpPurpose, *, today: date) -> list[HelpLine]:
    return [
        each for each in list_lines(session) if each.purpose is purpose and each.is_shown(today)
    ]


def find_for(
    session: Session, purpose: HelpPurpose, country: str, region: str, *, today: date
) -> HelpLine | None:
    """Returns the line of the region; else that of its country; None where it has none."""
    lines = [
        each
        for each in list_shown(session, purpose, today=today)
        if each.country in {country, ""} and each.region in {region, ""}
    ]
    return max(lines, key=lambda each: (each.region != "", each.country != ""), default=None)


def has_line(code: str) -> bool:
    return any(each.code == code for each in load())


def record_check(session: Session, code: str, day: date, *, is_right: bool) -> None:
    """Stores that staff called the number or looked at its source. Raises NotFound."""
    if not has_line(code):
        raise NotFound("help line")
    value = str(day) if is_right else f"{day} {_WITHDRAWN}"
    session.merge(InstallationSetting(name=f"{_PREFIX}{code}", value=value))


def is_due(session: Session, *, today: date) -> bool:
    """Tells whether a number is to be checked."""
    return any(each.is_due(today) for each in list_lines(session))


def _checks(session: Session) -> Mapping[str, str]:
    rows = session.execute(
        sa.select(InstallationSetting.name, InstallationSetting.value).where(
            InstallationSetting.name.startswith(_PREFIX, autoescape=True)
        )
    )
    return {name.removeprefix(_PREFIX): value for name, value in rows}


def _with_check(line: HelpLine, check: str) -> HelpLine:
    """Returns the line with a check that is later than the package's own.

    A new version of the package has the number that replaces a withdrawn one.
    """
    day, _gap, verdict = check.partition(" ")
    if not day or date.fromisoformat(day) < line.checked_on:
        return line
    return replace(line, checked_on=date.fromisoformat(day), is_withdrawn=verdict == _WITHDRAWN)


def load() -> tuple[HelpLine, ...]:
    """Returns the lines of the network as its file or the package has them.

    Raises Misconfigured for a wrong file of its own.
    """
    return _load(network_profile.current())


@cache
def _load(profile: NetworkProfile) -> tuple[HelpLine, ...]:
    if profile.help_lines is not None:
        rows = help_line_file.read(profile.help_lines)
    else:
        file = resources.files("outreach.domain.network") / "help_lines.json"
        rows = json.loads(file.read_text(encoding="utf-8"))
    return tuple(
        HelpLine(
            **row
            | {
                "purpose": HelpPurpose(row["purpose"]),
                "checked_on": date.fromisoformat(row["checked_on"]),
            }
        )
        for row in rows
        if row["country"] in ("", *profile.countries)
        and row.get("home", "") in ("", profile.home_country)
    )
