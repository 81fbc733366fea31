"""Fetches the documents of partner networks: every quarter of an hour, by the worker (S44).

What is wrong with one is a sentence, which is stored and logged once, and its last good copy stays.
An answer «not modified» is not signed, so it renews no copy: who answers in the network's name
could keep an old one alive. A copy is asked for with its entity tag while it is young only.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.joint import partner_networks
from outreach.domain.joint.partner_networks import PartnerNetwork
from outreach.domain.text import contains_name
from outreach.joint import joint_reader, signed_documents
from outreach.joint.joint_schema import JointDocument
from outreach.joint.signed_documents import BadDocument, KeyChanged
from outreach.outbound import guarded_client
from outreach.outbound.guarded_client import (
    AddressRefused,
    FetchRule,
    HostUnreachable,
    RedirectRefused,
)

log = logging.getLogger(__name__)

RULE: Final = "outreach_joint_rule"  # in `app.extensions`; only tests set another than the default
PATH: Final = "/joint.json"
MAX_BYTES: Final = 2_200_000
FETCH_SECONDS: Final = 10.0  # with its redirects
LOOKED_EVERY: Final = timedelta(minutes=1)
CONDITIONAL_FOR: Final = timedelta(hours=1)  # after a document was made
MAX_ETAG: Final = 100
_NOT_MODIFIED: Final = 304


@dataclass(frozen=True)
class FetchedDocument:
    """What an address answered."""

    body: bytes | None  # None: what was asked for by its entity tag
    etag: str


@dataclass(frozen=True)
class ReadDocument:
    """A document whose signature and fields were checked."""

    document: JointDocument
    public_key: str
    etag: str


def make_address(typed: str) -> str:
    """Returns the address of a site's document. A typed address with a path stays as it is."""
    address = typed.strip()
    return address if urlsplit(address).path.strip("/") else address.rstrip("/") + PATH


def get_host(address: str) -> str:
    return urlsplit(address).netloc.lower()


def fetch(
    rule: FetchRule, address: str, *, etag: str = "", seconds: float = FETCH_SECONDS
) -> FetchedDocument:
    """Asks an address, and where it redirects to on its own host, for at most so many seconds.
    Raises BadDocument."""
    site = joint_reader.get_origin(address)
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "Outreach",
    }
    if etag:
        headers["If-None-Match"] = etag
    try:
        answer = guarded_client.fetch_document(
            rule,
            address,
            headers=headers,
            seconds=seconds,
            max_bytes=MAX_BYTES + 1,
            may_lead_to=lambda each: joint_reader.get_origin(each) == site,
        )
    except AddressRefused:
        raise BadDocument(
            "Its address may not be asked: only https on port 443 of the public internet."
        ) from None
    except RedirectRefused:
        raise BadDocument("It redirects to another host, which is not followed.") from None
    except HostUnreachable:
        raise BadDocument("It does not answer, or too slowly.") from None
    if etag and answer.status == _NOT_MODIFIED:
        return FetchedDocument(None, etag)
    if not answer.is_success:
        raise BadDocument(f"It answers with status {answer.status}.")
    if len(answer.body) > MAX_BYTES:
        raise BadDocument("Its document is larger than two megabytes.")
    return FetchedDocument(answer.body, _read_etag(answer.headers.get("etag", "")))


def fetch_first(
    rule: FetchRule, address: str, *, own_names: Sequence[str], now: datetime
) -> ReadDocument:
    """The document of a network that is to be added, signed with whatever key it names.
    `own_names` are those of this network. Raises BadDocument."""
    answer = fetch(rule, address)
    assert answer.body is not None  # nothing was asked for by its tag
    return _read(answer.body, answer.etag, address, own_names=own_names, now=now)


def make_network(found: ReadDocument, address: str, *, now: datetime) -> PartnerNetwork:
    """The row of a network whose key an operator has confirmed."""
    return PartnerNetwork(
        url=address,
        host=get_host(address),
        name=found.document.network,
        public_key=found.public_key,
        etag=found.etag,
        generated_at=found.document.generated_at,
        asked_at=now,
        answered_at=now,
    )


@dataclass
class NetworkPuller:
    """Pulls from the partner networks of one installation."""

    store: Store
    rule: FetchRule
    own_names: Sequence[str]  # what this network is called
    should_stop: Callable[[], bool] = lambda: False
    seconds: float = FETCH_SECONDS
    _looked_at: datetime | None = field(default=None, init=False)

    def run_round(self, *, now: datetime, is_leading: bool = True) -> int:
        """Pulls from the networks that are due, where this worker leads. Returns how many were
        asked."""
        is_time = self._looked_at is None or now - self._looked_at >= LOOKED_EVERY
        if not is_leading or not is_time:
            return 0
        self._looked_at = now
        with self.store.read() as session:
            due = partner_networks.list_due(session, now=now)
        for count, network in enumerate(due):
            if self.should_stop():
                return count
            try:
                self.pull(network, now=now)
            except Exception as error:
                # A document that finds a bug of ours must not keep us from the other networks.
                self._record_fault(network, f"It cannot be read ({type(error).__name__}).", now)
        return len(due)

    def pull(self, network: PartnerNetwork, *, now: datetime) -> str:
        """Fetches the document of one network and stores it; returns the fault, else nothing."""
        is_young = now - network.generated_at < CONDITIONAL_FOR
        try:
            etag = network.etag if is_young else ""
            answer = fetch(self.rule, network.url, etag=etag, seconds=self.seconds)
            found = None
            if answer.body is not None:
                found = _read(
                    answer.body,
                    answer.etag,
                    network.url,
                    network=network,
                    own_names=self.own_names,
                    now=now,
                )
        except KeyChanged:
            fault = (
                "Its key has changed. Ask its people, and not by this site, whether they changed "
                f"it; then: outreach joint remove {network.host}, and outreach joint add "
                f"{network.url}"
            )
            return self._record_fault(network, fault, now)
        except BadDocument as error:
            return self._record_fault(network, str(error), now)
        with self.store.change() as session:
            row = session.get(PartnerNetwork, network.id, with_for_update=True)
            if row is None:  # removed meanwhile
                return ""
            row.asked_at = row.answered_at = now
            row.fault = ""
            # Another process may have stored a newer one.
            if found is not None and found.document.generated_at >= row.generated_at:
                row.name, row.etag = found.document.network, found.etag
                row.generated_at = found.document.generated_at
                rows = list(joint_reader.make_rows(found.document))
                partner_networks.replace_workshops(session, row, rows)
        return ""

    def _record_fault(self, network: PartnerNetwork, fault: str, now: datetime) -> str:
        with self.store.change() as session:
            row = session.get(PartnerNetwork, network.id)
            if row is not None:
                if row.fault != fault[:300]:
                    log.warning("joint workshops of %s: %s", network.host, fault)
                row.asked_at, row.fault = now, fault[:300]
        return fault


def of_app(app: Flask, should_stop: Callable[[], bool] = lambda: False) -> NetworkPuller:
    rule = app.extensions.get(RULE, FetchRule())
    config: Config = app.extensions["outreach_config"]
    return NetworkPuller(app.extensions["outreach_store"], rule, config.network_names, should_stop)


def _read(
    body: bytes,
    etag: str,
    address: str,
    *,
    network: PartnerNetwork | None = None,
    own_names: Sequence[str],
    now: datetime,
) -> ReadDocument:
    pinned_key = network.public_key if network is not None else ""
    signed = signed_documents.verify(body, pinned_key=pinned_key)
    document = joint_reader.read(
        signed.payload,
        site=joint_reader.get_origin(address),
        not_before=network.generated_at if network is not None else None,
        now=now,
    )
    for own in own_names:
        if contains_name(document.network, own):
            raise BadDocument(
                f"Its name, «{document.network}», is or contains that of this network, «{own}». "
                "Ask its people to choose another (OUTREACH_BRAND)."
            )
    return ReadDocument(document, signed.public_key, etag)


def _read_etag(text: str) -> str:
    is_plain = text.isascii() and text.isprintable() and len(text) <= MAX_ETAG
    return text if is_plain else ""
