"""Pushes workshops to the fediverse: Mobilizon, gancio, Mastodon, Friendica (ActivityPub; S42).

`pages.py` shows actors, outboxes and events, and takes what other servers send: `inbox.py` believes
what is signed by its actor, which `remote_actors.py` fetches. `publisher.py` has the rounds of the
worker: it records what is new, changed or withdrawn (`pushed_events.py`), and sends it once to each
inbox (`deliveries.py`). `event_objects.py` has what other servers read, made from the entry of a
pushed feed, `http_signatures.py` how both sides sign (decision 0061). Addresses come from
strangers: they are fetched with `outbound.guarded_client`.

May import what `outreach/docs/extensions.md` lists. Open `publisher.py` first.
"""

from typing import Final

from outreach.extension import Extension, ExtensionTables
from outreach.extensions.activitypub import erasure, pages, publisher, pushed_events
from outreach.extensions.activitypub.base import FediverseBase
from outreach.i18n import N_
from outreach.maintenance.steps import InThread, Step
from outreach.web.presentation.extension_pages import ExtensionPages

extension: Final = Extension(
    name="activitypub",
    summary="Offices can be followed from the fediverse, as Mobilizon and Mastodon (ActivityPub).",
    question=N_("¿Se podrá seguir a las oficinas desde Mastodon y Mobilizon?"),
    tables=ExtensionTables(
        main=FediverseBase.metadata, exported=(pushed_events.PushedEvent.__tablename__,)
    ),
    keepers=(erasure.KEEPER,),
    steps=(Step("fediverse", InThread(publisher.of_app), is_led=True),),
    pages=ExtensionPages(blueprints=(pages.pages,)),
)
