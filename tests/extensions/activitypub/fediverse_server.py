"""A real, local server of the fediverse: it shows an actor, signs what it sends, and checks the
signatures of what it gets by a reading of the draft of its own (draft-cavage-12)."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.extensions.activitypub import publisher
from outreach.extensions.activitypub.publisher import Publisher
from tests.support.callback_server import LOOPBACK_RULE
from tests.support.threaded_server import running

Json = dict[str, Any]
HOST = "localhost:8000"  # the site's
MINUTE = timedelta(minutes=1)
SIGNED = ("(request-target)", "host", "date", "digest")


@cache
def make_key(number: int = 0) -> rsa.RSAPrivateKey:
    """The same key for the same number: to make one takes a tenth of a second."""
    return rsa.generate_private_key(65537, 2048)


def to_pem(key: rsa.RSAPrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.body)
        return found

    def check_signature(self, pem: str, key_id: str) -> None:
        """Raises unless this request is signed as the fediverse wants it."""
        fields = dict(re.findall(r'(\w+)="([^"]*)"', self.headers["Signature"]))
        assert fields["keyId"] == key_id
        assert fields["algorithm"] == "rsa-sha256"
        names = fields["headers"].split(" ")
        assert {"(request-target)", "host", "date", "digest"} <= set(names)
        digest = base64.b64encode(hashlib.sha256(self.body).digest()).decode()
        assert self.headers["Digest"] == f"SHA-256={digest}"
        signed = "\n".join(
            f"{name}: post {self.path}"
            if name == "(request-target)"
            else f"{name}: {self.headers[name.title()]}"
            for name in names
        )
        key = load_pem_public_key(pem.encode())
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(
            base64.b64decode(fields["signature"]), signed.encode(), padding.PKCS1v15(), SHA256()
        )


class FediverseServer(ThreadingHTTPServer):
    """Answers with `actors` by path; takes whatever is posted, unless the test says otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.actors: dict[str, Json] = {}
        self.statuses: dict[str, int] = {}  # answers to posts, by path
        self.received: list[Received] = []
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self.add_actor("maria")

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add_actor(self, name: str, *, key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:
        """The address of a new actor."""
        address = f"{self.base}/{name}"
        self.actors[f"/{name}"] = {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": address,
            "type": "Person",
            "preferredUsername": name,
            "inbox": f"{address}/inbox",
            "endpoints": {"sharedInbox": f"{self.base}/inbox"},
            "publicKey": {
                "id": f"{address}#main-key",
                "owner": address,
                "publicKeyPem": to_pem(key or make_key()),
            },
        } | changes
        return address

    def list_received(self, kind: str) -> list[Json]:
        """The bodies that were posted, of one type."""
        return [each.json for each in self.received if each.json["type"] == kind]


class _Handler(BaseHTTPRequestHandler):
    server: FediverseServer

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.asked.append(self.path)
        actor = self.server.actors.get(self.path)
        status = 200 if actor is not None else 404
        body = actor["raw"] if actor and "raw" in actor else json.dumps(actor).encode()
        self._answer(status, body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.received.append(Received(self.path, dict(self.headers), body))
        self._answer(self.server.statuses.get(self.path, 202), b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/activity+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""


@contextmanager
def serve_fediverse() -> Iterator[FediverseServer]:
    server = FediverseServer()
    with running(server):
        yield server


@dataclass
class FediverseScene:
    """An application that pushes, and a server of the fediverse that it can reach."""

    app: Flask
    client: FlaskClient
    server: FediverseServer
    later: timedelta = timedelta(0)  # than the clock
    publisher: Publisher = field(init=False)

    def __post_init__(self) -> None:
        self.app.extensions[publisher.RULE] = LOOPBACK_RULE
        self.publisher = publisher.of_app(self.app)

    @property
    def now(self) -> datetime:
        return clock.now() + self.later

    def run(self, *, after: timedelta = MINUTE) -> int:
        """A round of the worker, that much later."""
        self.later += after
        return self.publisher.run_round(now=self.now)

    def actor(self, slug: str = "chicago") -> str:
        return f"http://{HOST}/ap/o/{slug}"

    def get(self, address: str) -> Json:
        """What the site says at one of its addresses."""
        answer = self.client.get(address.removeprefix(f"http://{HOST}"))
        assert answer.status_code == 200, (address, answer.status_code)
        found: Json = json.loads(answer.data)
        return found

    def send(
        self,
        activity: Json | bytes,
        *,
        key: rsa.RSAPrivateKey | None = None,
        key_id: str = "",
        age: timedelta = timedelta(0),
        path: str = "/ap/inbox",
        names: tuple[str, ...] = SIGNED,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        """Posts a signed activity as the server does. `headers` replace those that were signed."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        actor = activity["actor"] if isinstance(activity, dict) else ""
        signed = sign(
            key or make_key(),
            key_id or f"{actor}#main-key",
            path=path,
            body=body,
            date=clock.now() - age,
            names=names,
        )
        answer: TestResponse = self.client.post(
            path,
            data=body,
            headers=signed | (headers or {}),
            content_type="application/activity+json",
        )
        return answer


def sign(
    key: rsa.RSAPrivateKey,
    key_id: str,
    *,
    path: str,
    body: bytes,
    date: datetime,
    names: tuple[str, ...] = SIGNED,
) -> dict[str, str]:
    """The headers of a POST to the site, as gancio's `signAndSend` makes them."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    values = {
        "(request-target)": f"post {path}",
        "host": HOST,
        "date": format_datetime(date, usegmt=True),
        "digest": f"SHA-256={digest}",
    }
    text = "\n".join(f"{name}: {values[name]}" for name in names)
    value = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()
    return {
        "Host": HOST,
        "Date": values["date"],
        "Digest": values["digest"],
        "Signature": f'keyId="{key_id}",algorithm="rsa-sha256",'
        f'headers="{" ".join(names)}",signature="{value}"',
    }
