"""An extension of somebody else: visitors leave a line at a workshop, and the worker counts them.

It imports only what `outreach/docs/extensions.md` lists. Open `pages.py` first.
"""

from typing import Final

from outreach.extension import Extension, ExtensionTables
from outreach.maintenance.steps import Step
from outreach.web.presentation.extension_pages import ExtensionPages
from outreach.web.presentation.slots import SlotContent
from outreach_example import counting, pages, tables

extension: Final = Extension(
    name="example",
    summary="A guest book for each workshop.",
    tables=ExtensionTables(main=tables.Base.metadata),
    steps=(Step("example", counting.count, is_led=True),),
    pages=ExtensionPages(
        blueprints=(pages.pages,),
        slots=(SlotContent(slot="workshop_head", render=pages.render_link),),
    ),
)
