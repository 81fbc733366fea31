"""The load of a campaign's day: people who open and send a form, programs that poll feeds, staff
who edit workshops. Latency of scheduled requests is measured from when they were due, so it
includes the wait behind a slow answer; but not from before the timer of this process fired, which
is a millisecond late."""

import asyncio
import random
import re
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode

from tests.support import html_forms
from tests.support.staff_client import COOKIE

READING: Final = 2.2  # seconds: the form refuses answers within two
BURST: Final = 10.0  # seconds from one burst to the next
SHORT: Final = 1.0  # seconds within which the people of a burst come
LONGEST: Final = 120.0  # timeout in seconds
MAX_CONCURRENT: Final = 400  # requests at once
Form = Mapping[str, Any]
_FIELD: Final = re.compile(r'name="(stamp|nonce)" value="([^"]*)"')


@dataclass(frozen=True)
class Day:
    """The amount of load and its target."""

    host: str
    port: int
    name: str  # the host name of the site
    people: str  # the first two numbers of their IP addresses
    workshops: Sequence[str]
    feeds: Sequence[str]  # one of each subscriber
    staff_members: Sequence[tuple[str, Sequence[str]]]
    seconds: float
    registrations: int
    polls: int  # each subscriber's
    seed: int = 1


@dataclass
class VisitResult:
    """Latencies in milliseconds by kind of request, and the number of answers by status."""

    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: dict[str, dict[int, int]] = field(default_factory=dict)
    timer_delays: list[float] = field(default_factory=list)  # ms by which our own timers were late
    saved: int = 0
    seconds: float = 0.0


def visit(day: Day) -> VisitResult:
    return asyncio.run(_Load(day).run())


class _Line:
    """One persistent connection."""

    def __init__(self, load: "_Load", number: int) -> None:
        day = load.day
        self.load, self.own = load, f"{day.people}.{1 + number % 250}.{1 + number // 250 % 250}"
        self.ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self,
        what: str,
        path: str,
        form: Form | None = None,
        *,
        due: float = 0.0,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        due = due or perf_counter()
        async with self.load.room:
            try:
                async with asyncio.timeout(LONGEST):
                    answer = await self._ask_with_retry(path, form, headers or {})
            except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
                await self.close()
                answer = (0, {}, "")
        self.load.note(what, answer[0], (perf_counter() - due) * 1000)
        return answer

    async def _ask_with_retry(
        self, path: str, form: Form | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], str]:
        """Repeats a request on a new connection when the server has closed the old one, as browsers
        do."""
        was_open = self.ends is not None
        try:
            return await self._send_request(path, form, headers)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            has_begun = isinstance(error, asyncio.IncompleteReadError) and error.partial
            if not was_open or has_begun:
                raise
        await self.close()
        return await self._send_request(path, form, headers)

    async def _send_request(
        self, path: str, form: Form | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], str]:
        day = self.load.day
        if self.ends is None:
            self.ends = await asyncio.open_connection(day.host, day.port, local_addr=(self.own, 0))
        reader, writer = self.ends
        body = urlencode(form, doseq=True).encode() if form is not None else b""
        lines = [f"{'GET' if form is None else 'POST'} {path} HTTP/1.1", f"Host: {day.name}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if form is not None:
            lines += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        found = {
            name.lower(): value.strip()
            for name, _, value in (each.partition(":") for each in head[1:] if each)
        }
        text = await _body(reader, status, found)
        if found.get("connection", "").lower() == "close":
            await self.close()
        return status, found, text.decode(errors="replace")

    async def close(self) -> None:
        if self.ends is not None:
            self.ends[1].close()
            self.ends = None


async def _body(reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> bytes:
    if status in {204, 304}:
        return b""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        found = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            found += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return found
    return await reader.readexactly(int(headers.get("content-length", "0")))


class _Load:
    def __init__(self, day: Day) -> None:
        self.day, self.result, self.room = day, VisitResult(), asyncio.Semaphore(MAX_CONCURRENT)
        self.pick = random.Random(day.seed)
        self.begun = 0.0

    def note(self, what: str, status: int, taken: float) -> None:
        self.result.times.setdefault(what, []).append(taken)
        of_it = self.result.statuses.setdefault(what, {})
        of_it[status] = of_it.get(status, 0) + 1

    async def run(self) -> VisitResult:
        day, pick = self.day, self.pick
        self.begun = perf_counter() + 1
        todo: list[tuple[float, Coroutine[Any, Any, None]]] = []
        for number in range(day.registrations):
            moment = pick.random() * day.seconds
            # Six of ten come right after an announcement on the radio.
            if pick.random() < 0.6:
                moment = moment // BURST * BURST + pick.random() * SHORT
            todo.append((moment, self._person(number, moment)))
        for number, feed in enumerate(day.feeds):
            todo.append((0, self._calendar(number, feed)))
        for number, (cookie, own) in enumerate(day.staff_members):
            todo.append((0, self._staff_member(number, cookie, own)))
        todo.sort(key=lambda each: each[0])
        running = set[asyncio.Task[None]]()
        for moment, one in todo:
            await self._until(moment - READING - 1)
            task = asyncio.create_task(one)
            running.add(task)
            task.add_done_callback(running.discard)
        while running:
            await asyncio.wait(list(running))
        self.result.seconds = perf_counter() - self.begun
        return self.result

    async def _until(self, moment: float) -> float:
        """Waits until this many seconds after the beginning; returns when a request of that moment
        was due. That is when the timer fired: asyncio rounds it up to whole milliseconds. A moment
        that is over already was missed because an answer was slow, and counts itself."""
        due = self.begun + moment
        ahead = due - perf_counter()
        if ahead <= 0:
            return due
        await asyncio.sleep(ahead)
        fired = perf_counter()
        self.result.timer_delays.append((fired - due) * 1000)
        return fired

    async def _person(self, number: int, moment: float) -> None:
        popular = self.day.workshops[: max(1, len(self.day.workshops) // 10)]
        workshop = self.pick.choice(popular if number % 10 < 3 else self.day.workshops)
        path, line = f"/es/t/{workshop}/lugar", _Line(self, number)
        try:
            due = await self._until(max(0.0, moment - READING - 0.2 - self.pick.random()))
            status, _, page = await line.ask("form", path, due=due)
            hidden_fields = dict(_FIELD.findall(page))
            if status != 200 or "stamp" not in hidden_fields:
                return
            came = perf_counter() - self.begun + READING
            due = await self._until(max(moment, came))
            form = {
                "name": "Rosa",
                "people": str(1 + number % 2),
                "contact": "email" if number % 3 else "none",
                "email": f"p{number}@example.org" if number % 3 else "",
                "language": "es",
                "stamp": hidden_fields["stamp"],
                "nonce": hidden_fields["nonce"],
                "website": "",
            }
            status, found, _ = await line.ask("save", path, form, due=due)
            self.result.saved += status == 303
            link = found.get("location", "")
            if status != 303 or "/r/" not in link:
                return
            await line.ask("my place", link)
            if number % 20 == 0:
                await line.ask("forget", f"{link}/borrar", {})
        finally:
            await line.close()

    async def _calendar(self, number: int, feed: str) -> None:
        line, etag = _Line(self, 40_000 + number), ""
        apart = self.day.seconds / max(1, self.day.polls)
        first = self.pick.random() * apart
        for number in range(self.day.polls):
            due = await self._until(first + number * apart)
            headers = {"Accept-Encoding": "gzip"} | ({"If-None-Match": etag} if etag else {})
            status, found, _ = await line.ask(
                "calendar, again" if etag else "calendar, first", feed, due=due, headers=headers
            )
            etag = found.get("etag", etag) if status == 200 else etag
            await line.close()  # a program that polls every 15 minutes closes its connection

    async def _staff_member(self, number: int, cookie: str, own: Sequence[str]) -> None:
        line, headers = _Line(self, 60_000 + number), {"Cookie": f"{COOKIE}={cookie}"}
        while perf_counter() - self.begun < self.day.seconds:
            workshop = self.pick.choice(own)
            path = f"/org/talleres/{workshop}/editar"
            status, _, page = await line.ask("desk: form", path, headers=headers)
            if status == 200:
                form = html_forms.fields(page, path)
                form.pop("action", None)
                form["capacity"] = str(int(str(form["capacity"])) + self.pick.randint(0, 3))
                form["aviso"] = "avisar"
                await line.ask("desk: save", path, form, headers=headers)
            await asyncio.sleep(1 + self.pick.random() * 2)
        await line.close()
