"""Chooses among the applications of several networks by the host of the request (decision 0063).

An address of the machine itself is the host of none: probes get an answer for all networks there,
and everything else is refused.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from flask import Flask

from outreach import i18n
from outreach.config import Config
from outreach.i18n import N_
from outreach.network_profile import NetworkProfile, use_profile
from outreach.web.middleware import health
from outreach.web.middleware.response_headers import ALWAYS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MISDIRECTED: Final = "421 Misdirected Request"
_REFUSAL: Final = N_("Aquí no hay un sitio con esa dirección. Revisa cómo la escribiste.")


class NetworkDispatcher:
    """A WSGI application. Each request runs with the profile of its network from the first line on,
    and so do the pieces of an answer that is streamed."""

    def __init__(self, apps: Sequence[Flask]) -> None:
        self.apps = tuple(apps)
        self._by_host: dict[str, tuple[WSGIApplication, NetworkProfile]] = {}
        for app in apps:
            config: Config = app.extensions["outreach_config"]
            self._by_host[config.host] = app, config.profile
        with use_profile(NetworkProfile()):
            sentences = [i18n.translate(_REFUSAL, lang) for lang in i18n.LANGUAGES]
        self._refusal = "".join(f"{each}\n" for each in sentences).encode()

    def __call__(self, environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        found = self._by_host.get(environ.get("HTTP_HOST", "").lower())
        if found is None:
            return self._answer_for_all(environ, respond)
        app, profile = found
        with use_profile(profile):
            body = app(environ, respond)
        # The answers of caches are lists; of others werkzeug closes something at the end.
        return body if isinstance(body, list) else _BodyOfNetwork(body, profile)

    def _answer_for_all(
        self, environ: "WSGIEnvironment", respond: "StartResponse"
    ) -> Iterable[bytes]:
        if (answer := health.answer_for_all(environ, self.apps)) is not None:
            return answer(environ, respond)
        headers = {
            **ALWAYS,
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(self._refusal)),
            "Cache-Control": "no-store",
        }
        respond(MISDIRECTED, list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self._refusal]


class _BodyOfNetwork:
    def __init__(self, body: Iterable[bytes], profile: NetworkProfile) -> None:
        self._body, self._pieces, self._profile = body, iter(body), profile

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with use_profile(self._profile):
            return next(self._pieces)

    def close(self) -> None:
        close: Callable[[], object] | None = getattr(self._body, "close", None)
        if close is not None:
            with use_profile(self._profile):
                close()
