"""A local OpenID Connect provider: discovery, one-time codes with PKCE, signed ID tokens. It asks
for no password; the test sets the claims of the identity."""

import base64
import hashlib
import json
import secrets
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import make_server

from outreach import clock
from outreach.config import Oidc

CLIENT_ID, CLIENT_SECRET = "outreach", "only between us two"


class Provider:
    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.signs_with: RSAKey | OctKey = self.key
        self.algorithm = "RS256"
        self.issuer = ""
        self.claims: dict[str, Any] = {}  # added to the default claims of the ID token
        self.discovery: dict[str, Any] = {}  # added to the discovery document
        self.is_down = False
        self.asked: list[dict[str, str]] = []  # query parameters of authorization requests
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def oidc(self) -> Oidc:
        return Oidc(
            issuer=self.issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            label="la Secretaría",
        )

    def app(self) -> Flask:
        app = Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self._configuration)
        app.add_url_rule("/authorize", view_func=self._authorize)
        app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        app.add_url_rule("/keys", view_func=self._keys)
        app.before_request(self._fail)
        return app

    def _fail(self) -> Response | None:
        return Response("<h1>Mantenimiento</h1>", 503) if self.is_down else None

    def _configuration(self) -> ResponseReturnValue:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
        } | self.discovery

    def _authorize(self) -> ResponseReturnValue:
        asked = request.args.to_dict()
        self.asked.append(asked)
        if (
            asked["client_id"] != CLIENT_ID
            or asked["response_type"] != "code"
            or asked["code_challenge_method"] != "S256"
            or "openid" not in asked["scope"].split()
        ):
            abort(400)
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return redirect(f"{asked['redirect_uri']}?{back}", 302)

    def _token(self) -> ResponseReturnValue:
        who = request.authorization
        if who is None or (who.username, who.password) != (CLIENT_ID, CLIENT_SECRET):
            return {"error": "invalid_client"}, 401
        asked = self._codes.pop(request.form["code"], None)
        verifier = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or request.form["redirect_uri"] != asked["redirect_uri"]
        ):
            return {"error": "invalid_grant"}, 400
        now = int(clock.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "17",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "email": "ana@example.org",
            "email_verified": True,
        } | self.claims
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "one"}
        token = jwt.encode(header, kept, self.signs_with, algorithms=[self.algorithm])
        return {"access_token": "x", "token_type": "Bearer", "id_token": token}

    def _keys(self) -> ResponseReturnValue:
        return json.dumps({"keys": [self.key.as_dict(private=False)]})


@contextmanager
def serving() -> Iterator[Provider]:
    """Runs a provider during the block."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def breaking_off(answer: bytes) -> Iterator[str]:
    """Runs a server that sends these bytes to every request and closes the connection. Yields its
    URL."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            while (line := self.rfile.readline()).strip():
                name, _colon, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.rfile.read(length)
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
