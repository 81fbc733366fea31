"""A parish, a school or a union proposes a workshop to an office (S47).

All that is typed is in the key store, for 30 days. `form.py` reads the form, `proposals.py` has the
life of a proposal, `pages.py` the public pages and `staff_pages.py` those of the staff, who make a
draft of it at a venue that is unverified; `letters.py` writes the answer, `erasure.py` erases.

May import what `outreach/docs/extensions.md` lists. Open `proposals.py` first.
"""

from typing import Final

from outreach.extension import Extension, ExtensionTables
from outreach.extensions.proposals import erasure, letters, pages, staff_pages, tables
from outreach.i18n import N_
from outreach.maintenance import steps
from outreach.maintenance.steps import Step
from outreach.web.presentation.extension_pages import ExtensionPages
from outreach.web.presentation.slots import SlotContent

extension: Final = Extension(
    name="proposals",
    summary="Parishes, schools and unions propose workshops to an office.",
    question=N_("¿Parroquias, escuelas y sindicatos propondrán talleres?"),
    tables=ExtensionTables(key_store=tables.ProposalBase.metadata),
    keepers=(erasure.KEEPER,),
    steps=(
        Step(
            "answers to proposals",
            steps.by_mail(letters.letter_outlets),
            is_led=False,
            sends=True,
        ),
    ),
    pages=ExtensionPages(
        blueprints=(pages.pages,),
        staff_blueprints=(staff_pages.staff_pages,),
        slots=(
            SlotContent(slot="office_links", render=pages.render_link),
            SlotContent(slot="queue", render=staff_pages.render_queue_line),
            SlotContent(slot="waiting", render=staff_pages.render_number),
        ),
    ),
)
