"""What all fake gateways have in common: a real server, faults on demand, receipts."""

import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx

from shared.local.ports import LOOPBACK, free_port

RECEIPT_S = 10  # how long our side may take to answer a receipt


@dataclass(frozen=True)
class Faults:
    """What a gateway does wrong, `times` times, or always. See the package."""

    delay_ms: int = 0
    cut: bool = False
    status: int = 0
    body: str | None = None
    taken: bool = False
    retry_after: int | None = None
    look_up_status: int = 0
    times: int | None = None

    @property
    def refuses(self) -> bool:
        """Whether the message is not taken."""
        return bool(self.cut or self.status or self.body is not None) and not self.taken


NO_FAULTS = Faults()


@dataclass(frozen=True)
class Receipts:
    """What a gateway tells after it took a message. See the package."""

    states: tuple[str, ...]
    early: bool = False
    delay_ms: int = 0
    times: int = 1
    forged: bool = False


@dataclass(frozen=True)
class Taken:
    """A message that a gateway has: `id` is ours, `reference` its own."""

    id: str
    to: str
    text: str
    reference: str = ""
    receipt_url: str = ""
    fields: dict[str, Any] = field(default_factory=dict)  # all that was said


@dataclass(frozen=True)
class Asked:
    """A request, read to its end."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """The body."""
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Reply:
    """An answer: text, or what becomes JSON."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class FakeGateway:
    """One gateway on a port of the loopback address."""

    def __init__(self, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.taken: list[Taken] = []
        self.faults = NO_FAULTS
        self.receipts: Receipts | None = None
        self.told: list[int] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server: _Server | None = None
        self._telling: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{LOOPBACK}:{self.port}"

    def ids(self) -> list[str]:
        """Our ids of what it took."""
        with self._lock:
            return [one.id for one in self.taken]

    def start(self) -> Self:
        """Return when the port answers."""
        self._stopping.clear()
        self._server = _Server((LOOPBACK, self.port), self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Hang up everywhere. Nothing to do when it does not run."""
        self._stopping.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._server = None
        for thread in self._telling:
            thread.join(RECEIPT_S)
        self._telling.clear()

    # What each kind says for itself.

    def read(self, asked: Asked) -> Taken | Reply:
        """The message of a request; or how it is refused."""
        raise NotImplementedError

    def yes(self, taken: Taken) -> Reply:
        """How a message is taken."""
        raise NotImplementedError

    def other(self, asked: Asked) -> Reply | None:
        """The answer to what is no message."""
        _ = asked
        return None

    def receipt(self, taken: Taken, state: str, *, forged: bool) -> httpx.Request:
        """A receipt for our side."""
        raise NotImplementedError

    # What is the same for all.

    def serve(self, asked: Asked) -> Reply | None:
        """The answer to a request; None hangs up."""
        other = self.other(asked)
        if other:
            return other
        message = self.read(asked)
        if isinstance(message, Reply):
            return message
        faults = self._wrong()
        if not faults.refuses:
            with self._lock:
                message = replace(message, reference=message.reference or f"{len(self.taken) + 1}")
                self.taken.append(message)
            self._tell(message)
        self._stopping.wait(faults.delay_ms / 1000)
        if faults.cut:
            return None
        reply = self.yes(message)
        if faults.status or faults.body is not None:
            headers = {"Retry-After": str(faults.retry_after)} if faults.retry_after else {}
            reply = Reply(faults.status or reply.status, faults.body or "sorry", headers)
        return reply

    def _wrong(self) -> Faults:
        with self._lock:
            faults = self.faults
            if faults.times == 0:
                return NO_FAULTS
            if faults.times:
                self.faults = replace(faults, times=faults.times - 1)
            return faults

    def _tell(self, taken: Taken) -> None:
        receipts = self.receipts
        if receipts is None:
            return
        if receipts.early:
            self._send(taken, receipts)
            return
        thread = threading.Thread(target=self._send, args=(taken, receipts), daemon=True)
        self._telling.append(thread)
        thread.start()

    def _send(self, taken: Taken, receipts: Receipts) -> None:
        self._stopping.wait(receipts.delay_ms / 1000)
        with httpx.Client(timeout=RECEIPT_S) as client:
            for state in receipts.states:
                for _ in range(receipts.times):
                    request = self.receipt(taken, state, forged=receipts.forged)
                    self.told.append(client.send(request).status_code)


class _Server(ThreadingHTTPServer):
    """Knows its connections, to hang up on them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], gateway: FakeGateway) -> None:
        self.gateway = gateway
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End what is open."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._open.discard(connection)  # it was closed already

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The other side may hang up, as we do; a fault of ours is seen by the missing answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        body = self.rfile.read(length)
        headers = {name.title(): value for name, value in self.headers.items()}
        asked = Asked(self.command, address.path, query, headers, body)
        reply = self.server.gateway.serve(asked)
        if reply is None:
            self.close_connection = True
            return
        is_text = isinstance(reply.body, str)
        content = (reply.body if is_text else json.dumps(reply.body)).encode()
        self.send_response(reply.status)
        kind = "text/plain" if is_text else "application/json"
        for name, value in {"Content-Type": kind, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve  # noqa: N815 - as the base calls them

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base
        """Nothing: what it took is in `taken`."""
