"""A real, local SMS gateway that answers as the test says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class Gateway(ThreadingHTTPServer):
    """Keeps its requests; answers with the next of `answers`, or 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.answers: list[int | str] = []
        self.let_go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @staticmethod
    def read_text(request: tuple[str, str, dict[str, str], str]) -> tuple[str, str]:
        """The phone and the words of a request whose body is «To={to}&Body={text}»."""
        fields = parse_qs(request[3])
        return fields["To"][0], fields["Body"][0]


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer == "say nothing":
            self.server.let_go.wait(30)
        elif answer == "drip":
            while not self.server.let_go.wait(0.05):
                self.wfile.write(b" ")
        elif answer == "hang up":
            self.close_connection = True
        else:
            self.send_response(int(answer))
            if answer == 302:
                self.send_header("Location", self.server.url + "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_GET = do_PUT = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing: the lines would contain phone numbers."""


@contextmanager
def serve_gateway() -> Iterator[Gateway]:
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
