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
UNAVAILABLE: Final = "503 Service Unavailable"
_NO_SITE: Final = N_("Aquí no hay un sitio con esa dirección. Revisa cómo la escribiste.")
_ABSENT: Final = N_("Este sitio está en reparación. Vuelve más tarde.")


class NetworkDispatcher:
    """A WSGI application. Each request runs with the profile of its network from the first line on,
    and so do the pieces of an answer that is streamed."""

    def __init__(self, apps: Sequence[Flask], absent: Sequence[Config] = ()) -> None:
        """`absent` are networks of the installation that cannot be served now."""
        self.apps = tuple(apps)
        self._absent = {each.host: each for each in absent}
        self._by_host: dict[str, tuple[WSGIApplication, NetworkProfile]] = {}
        for app in apps:
            config: Config = app.extensions["outreach_config"]
            self._by_host[config.host] = app, config.profile
        self._refusal = _Refusal(MISDIRECTED, _say_in_all_languages(_NO_SITE))
        self._pause = _Refusal(UNAVAILABLE, _say_in_all_languages(_ABSENT))

    def __call__(self, environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").lower()
        found = self._by_host.get(host)
        if found is None and host in self._absent:
            return self._pause(environ, respond)
        if found is None:
            return self._answer_for_all(environ, respond)
        app, profile = found
        with use_profile(profile):
            body = app(environ, respond)
        # The answers of caches are lists; others have something that werkzeug closes at the end.
        return body if isinstance(body, list) else _BodyOfNetwork(body, profile)

    def _answer_for_all(
        self, environ: "WSGIEnvironment", respond: "StartResponse"
    ) -> Iterable[bytes]:
        absent = tuple(self._absent.values())
        if (answer := health.answer_for_all(environ, self.apps, absent)) is not None:
            return answer(environ, respond)
        return self._refusal(environ, respond)


class _Refusal:
    """Answers with a status and the same sentences, whatever is asked."""

    def __init__(self, status: str, body: bytes) -> None:
        self._status, self._body = status, body
        self._headers = {
            **ALWAYS,
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
        }

    def __call__(self, environ: "WSGIEnvironment", respond: "StartResponse") -> list[bytes]:
        respond(self._status, list(self._headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self._body]


def _say_in_all_languages(sentence: str) -> bytes:
    with use_profile(NetworkProfile()):
        sentences = [i18n.translate(sentence, lang) for lang in i18n.LANGUAGES]
    return "".join(f"{each}\n" for each in sentences).encode()


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
