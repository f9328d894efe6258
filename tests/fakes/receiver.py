"""A receiver of webhooks over a real socket, which does wrong when it is told to.

    receiver = Receiver(); receiver.start(); receiver.faults = Faults(status=500)

It keeps what came, byte for byte, so that signatures can be verified.
"""

import socket
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shared.local.ports import LOOPBACK

DRIP_S = 0.05


@dataclass(frozen=True)
class Faults:
    """What this receiver does wrong."""

    status: int = 200
    location: str = ""  # where a redirect leads
    body: bytes = b"ok"
    hang: bool = False  # no answer, until it is released
    drip: bool = False  # an endless body, a byte at a time
    reset: bool = False  # the connection is cut instead of an answer


@dataclass(frozen=True)
class Received:
    """One request. Names of headers are in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes
    to: str  # the address it came in at


class Receiver:
    """Listens on loopback from its making; answers between `start` and `stop`."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.faults = Faults()
        self.received: list[Received] = []
        self.hanging = 0  # requests that wait for an answer now
        self.most_at_once = 0
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._server = _server(self)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address, without TLS."""
        return f"http://{LOOPBACK}:{self.port}/webhook"

    def start(self) -> None:
        """Answer."""
        self._thread.start()

    def release(self) -> None:
        """Let those that hang go on."""
        self._released.set()

    def stop(self) -> None:
        """Answer no more."""
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Keep one request, and answer it rightly or wrongly."""
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        to = str(handler.connection.getsockname()[0])
        faults = self.faults
        with self._lock:
            self.received.append(Received(handler.path, headers, body, to))
        if faults.hang:
            self._wait()
        if faults.reset:
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(faults.status)
        if faults.location:
            handler.send_header("Location", faults.location)
        if not faults.drip:
            handler.send_header("Content-Length", str(len(faults.body)))
        handler.end_headers()
        handler.wfile.write(faults.body)
        while faults.drip and not self._released.wait(DRIP_S):
            handler.wfile.write(b".")

    def _wait(self) -> None:
        with self._lock:
            self.hanging += 1
            self.most_at_once = max(self.most_at_once, self.hanging)
        self._released.wait()
        with self._lock:
            self.hanging -= 1


def _server(receiver: Receiver) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                receiver.handle(self)
            except OSError:  # whoever asked did not wait for all of it
                self.close_connection = True

        do_GET = do_POST  # noqa: N815 - a redirect that is followed would be one

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    return ThreadingHTTPServer((LOOPBACK, 0), Handler)
