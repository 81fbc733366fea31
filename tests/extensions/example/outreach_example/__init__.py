"""An extension of somebody else: visitors leave a line at a workshop, the worker counts them and
thanks the visitors, and the key store has their names and addresses for three days.

It imports only what `outreach/docs/extensions.md` lists. Open `pages.py` first.
"""

from typing import Final

from outreach.extension import Extension, ExtensionTables
from outreach.maintenance.steps import Step, by_mail
from outreach.web.presentation.extension_pages import ExtensionPages
from outreach.web.presentation.slots import SlotContent
from outreach_example import counting, guests, letters, pages, tables
from outreach_example.settings import SETTINGS

extension: Final = Extension(
    name="example",
    summary="A guest book for each workshop.",
    tables=ExtensionTables(
        main=tables.Base.metadata,
        key_store=tables.KeyStoreBase.metadata,
        exported=("example_line",),
    ),
    steps=(
        Step("example", counting.count, is_led=True),
        Step("example letters", by_mail(letters.make_outlets), is_led=False, sends=True),
    ),
    settings=SETTINGS,
    keepers=(guests.KEEPER,),
    pages=ExtensionPages(
        blueprints=(pages.pages,),
        slots=(SlotContent(slot="workshop_head", render=pages.render_link),),
    ),
)
