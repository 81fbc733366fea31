"""Test data: the bulletin of January 2020 is published and has a correction in progress; a later
month is closed without a bulletin."""

import json
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach.accounts import passwords
from outreach.clock import Month
from outreach.domain.network.staff import ALL_OFFICES, Role, RoleAssignment, StaffMember
from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import BulletinEdition, BulletinPart
from outreach.reports import bulletin_data, month_report

ELENA: Final = "elena@example.org"  # a network administrator
JANUARY: Final = Month(2020, 1)
FIRST: Final = BulletinPart(
    title={
        "es": "Enero: 164 talleres para cuidar tus derechos",
        "en": "January: 164 workshops to protect your rights",
        "fr": "Janvier\u00a0: 164 ateliers pour protéger vos droits",
    },
    happened={
        "es": "Más de la tercera parte de los talleres fue sobre derechos.\n\n"
        "En ellos explicamos **qué hacer ante un agente**. [Busca uno](/es/).",
        "en": "More than a third of the workshops were about rights.",
        "fr": "Plus du tiers des ateliers portait sur les droits.",
    },
    ahead={"es": "15 de febrero, Chicago.", "en": "February 15, Chicago.", "fr": "À Chicago."},
)
# Causes one warning of each type.
SECOND: Final = BulletinPart(
    title=FIRST.title,
    happened={
        "es": "La autoridad consular competente determinará la procedencia administrativa de las "
        "solicitudes presentadas extemporáneamente. [Busca uno](/es/t/0000000000).",
        "en": "More than a third were about rights. In 65 of them, lawyers explained a warrant.",
        "fr": FIRST.happened["fr"],
    },
    ahead={"es": FIRST.ahead["es"], "en": FIRST.ahead["en"]},
    correction={"es": "Decía 163 talleres. Son 164."},
)


def make(session: Session, past: Month, password: str, *, now: datetime) -> None:
    elena = StaffMember(email=ELENA, password=passwords.hash_password(password))
    elena.grants.append(RoleAssignment(office=ALL_OFFICES, role=Role.ADMIN))
    session.add(elena)
    month_report.close(session, past, now=now)
    month_report.close(session, JANUARY, now=now)
    first = bulletins.begin(session, JANUARY, now=now)
    bulletins.edit(session, first, FIRST, version=1, now=now)

    def freeze(edition: BulletinEdition) -> str:
        document = bulletin_data.document(session, JANUARY, now=now, edition=edition)
        return json.dumps(bulletin_data.as_json(document))

    bulletins.publish(session, first, freeze, version=2, now=now)
    second = bulletins.begin(session, JANUARY, correction=SECOND.correction["es"], now=now)
    bulletins.edit(session, second, SECOND, version=1, now=now)
