"""Measures the paths of the site that are compared with the minimal view, on a demo network."""

import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from outreach import clock
from outreach.app import create_app
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network import kinds, offices
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.workshops import DeliveryMode, WorkshopStatus
from outreach.imports import demo
from outreach.keystore import KeyStore, MasterKeys
from outreach.web.forms import form_token
from tests.benchmarks import load

MAX_POSTS: Final = 40_000


def world(folder: Path) -> tuple[dict[str, str], str]:
    """Creates a demo network; returns its settings and the path of the form of a workshop that does
    not fill up."""
    environ = {
        "OUTREACH_DATA": str(folder / "data"),
        "OUTREACH_KEYS": str(folder / "keys"),
        "OUTREACH_LIMIT_POSTS": "100000000",
        "OUTREACH_LIMIT_MALFORMED_POSTS": "100000000",
        "OUTREACH_CONTROLLER": "bench",
        "OUTREACH_SECRET_KEY": "only for benchmarks",
    }
    config = Config.from_environ(environ)
    bring_up_to_date(config)
    store, key_store_db = Store(config.database_url), Store(config.keyring_url)
    key_store = KeyStore(key_store_db, MasterKeys(config.keys))
    key_store.attach(store)
    change_sessions.install(store)
    demo.fill(store, key_store, now=clock.now())
    with store.change() as session:
        chicago, rights = offices.find(session, "chicago"), kinds.find(session, "derechos")
        day = clock.now().date() + timedelta(days=30)
        data = workshop_data.from_kind(rights, chicago, day, time(18))
        data = replace(data, capacity=10_000_000, mode=DeliveryMode.VIDEO_CALL)
        workshop = workshop_service.create(
            session, data, now=clock.now(), status=WorkshopStatus.PUBLISHED
        )
        form = f"/es/t/{workshop.public_id}/lugar"
    store.close()
    key_store_db.close()
    return environ, form


def forms(path: str, environ: Mapping[str, str]) -> list[str]:
    """The hidden fields of as many forms as one measurement posts: a form registers once."""
    app = create_app(Config.from_environ(environ))
    public_id, opened_at = path.split("/")[3], clock.now() - timedelta(minutes=1)
    nonces = [form_token.nonce() for _ in range(MAX_POSTS)]
    with app.app_context():
        tokens = [form_token.make(public_id, nonce=each, now=opened_at) for each in nonces]
    return [f"nonce={n}&stamp={quote(t)}" for n, t in zip(nonces, tokens, strict=True)]


def paths(
    site: str, form: str, environ: Mapping[str, str], folder: Path, seconds: int
) -> dict[str, Callable[[], float]]:
    """By path, a function that measures its requests a second."""
    feed = f"{site}/es/cal/red.ics"
    with urllib.request.urlopen(feed) as answer:
        etag = answer.headers["ETag"]
    gzip_header = ("Accept-Encoding: gzip",)
    script = load.write_post_script(folder, "name=Rosa&people=1&contact=none", forms(form, environ))
    return {
        "feed, unchanged (304)": lambda: load.rate(
            feed, seconds=seconds, headers=(f"If-None-Match: {etag}",)
        ),
        "feed, gzip (200)": lambda: load.rate(feed, seconds=seconds, headers=gzip_header),
        "list page": lambda: load.rate(f"{site}/es/", seconds=seconds, headers=gzip_header),
        "workshop page": lambda: load.rate(
            f"{site}{form.removesuffix('/lugar')}", seconds=seconds, headers=gzip_header
        ),
        "registration POST": lambda: load.rate(site + form, seconds=seconds, script=script),
    }
