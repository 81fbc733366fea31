"""«Avísame»: people are notified of new workshops near a place, of an opening, of a seat (S40).

All rows are in the key store's database. `pages.py` takes the form, `choices.py` says what is
stored of it, `follows.py` has the life of a follow. In the worker `matching.py` finds to whom a
workshop is news, who waits for an opening or a seat, and what ends soon, and queues a message each;
`messages.py` writes letters and texts, `push_delivery.py` push messages (decision 0051: Web Push,
with `push_encryption.py` for RFC 8291 and `vapid.py` for RFC 8292). What a message says is looked
up when it is sent. `erasure.py` erases.

May import what `outreach/docs/extensions.md` lists. Open `follows.py` first.
"""

from pathlib import Path
from typing import Final

from outreach.extension import Extension, ExtensionTables
from outreach.extensions.follow import erasure, pages, steps, tables
from outreach.i18n import N_
from outreach.web.presentation.extension_pages import ExtensionPages
from outreach.web.presentation.slots import SlotContent

_SCRIPTS: Final = Path(__file__).parent / "scripts"

extension: Final = Extension(
    name="follow",
    summary="«Avísame»: people are notified of new workshops, openings and seats.",
    question=N_("¿Avisar de talleres nuevos a quien lo pida?"),
    tables=ExtensionTables(key_store=tables.FollowBase.metadata),
    keepers=(erasure.KEEPER,),
    steps=steps.STEPS,
    pages=ExtensionPages(
        blueprints=(pages.pages, pages.worker),
        one_click=("follow.finish",),
        files={
            "follow.js": (_SCRIPTS / "follow.js",),
            "push_worker.js": (_SCRIPTS / "push_worker.js",),
        },
        slots=(
            # A kind of high sensitivity may be followed by push, whose subscription names nobody.
            SlotContent(slot="empty_list", render=pages.render_button_of_list, at_sensitive=True),
            SlotContent(
                slot="workshop_ways", render=pages.render_button_of_workshop, at_sensitive=True
            ),
        ),
    ),
)
