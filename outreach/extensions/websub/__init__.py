"""The hub that pushes feeds to subscribers (WebSub, a W3C Recommendation of 2018; S45).

`pages.py` checks and queues a subscription. `hub.py` has the rounds of the worker: verify who asked
to subscribe, find changes, push. `pushed_feed.py` says what is pushed and when it has changed, and
`subscriptions.py` has the tables and their outboxes. A topic is looked at when its change counter
has risen (decision 0036).

May import what `outreach/docs/extensions.md` lists. Open `hub.py` first.
"""

from typing import Final

from outreach.extension import Extension, ExtensionTables
from outreach.extensions.websub import erasure, hub, pages, pushed_feed, subscriptions
from outreach.maintenance.steps import InThread, Step
from outreach.web.presentation.extension_pages import ExtensionPages
from outreach.web.presentation.slots import SlotContent

extension: Final = Extension(
    name="websub",
    summary="A hub that pushes changes of calendars to programs that subscribe (WebSub).",
    tables=ExtensionTables(main=subscriptions.WebsubBase.metadata),
    keepers=(erasure.KEEPER,),
    steps=(Step("hub", InThread(hub.of_app), is_led=True),),
    pages=ExtensionPages(
        blueprints=(pages.pages,),
        slots=(SlotContent(slot="api_notes", render=pages.render_note),),
        feed_links=(pushed_feed.HUB,),
    ),
)
