"""The list of the workshops ahead that nobody gives, no partner and nobody of the roster."""

from typing import Final

from outreach.domain.network.staff import Permission
from outreach.domain.roster import assignments
from outreach.domain.workshops import Workshop
from outreach.i18n import lazy
from outreach.web.presentation import formatting
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.lists.staff_list import StaffColumn, StaffList, office_column

WORKSHOPS_WITHOUT_SPEAKER: Final = StaffList[Workshop](
    name="talleres-sin-ponente",
    title=lazy("Talleres que nadie da todavía"),
    is_for=lazy("Los que vienen y no tienen ponente ni organización."),
    picture="people",
    permission=Permission.SEE,
    query=lambda session, offices, now: assignments.list_workshops_without_speaker(
        session, offices, now=now
    ),
    columns=(
        StaffColumn(heading=lazy("Día"), read=lambda workshop: workshop.day),
        StaffColumn(
            heading=lazy("Taller"),
            read=lambda workshop: formatting.localize(workshop.title),
            link=lambda workshop: f"/org/talleres/{workshop.public_id}",
        ),
        StaffColumn(
            heading=lazy("Tipo"),
            read=lambda workshop: formatting.localize(workshop.kind.name),
            parameter="tipo",
        ),
        StaffColumn(heading=lazy("Sede"), read=workshop_labels.place),
        office_column(lambda workshop: workshop.office),
    ),
    empty=lazy("Todos los talleres que vienen tienen quien los dé."),
)
