"""A load generator that is not the bottleneck: kept connections, ready-made requests, own process.

About 60 microseconds of CPU a request. Bounded in number and time; it speaks to loopback only.
"""

import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

TIMEOUT_S = 30


class Answer(NamedTuple):
    """One request's outcome: its place in the list, HTTP status, seconds, and when it was sent.

    `sent_at` is in seconds since the epoch.
    """

    number: int
    status: int
    seconds: float
    sent_at: float


def post_all(
    port: int,
    posts: list[tuple[str, dict[str, Any]]],
    clients: int,
    per_second: float = 0,
    token: str = "",
) -> tuple[list[Answer], float]:
    """POST (path, JSON) pairs from so many clients; the answers, and the seconds it took in all.

    `per_second` spaces the requests out in time; without it they come as fast as they can.
    `token` is sent with each.
    """
    requests = [_request(n, path, body, token) for n, (path, body) in enumerate(posts)]
    context = multiprocessing.get_context("spawn")
    inbox = context.SimpleQueue()
    process = context.Process(target=_run, args=(port, requests, clients, per_second, inbox))
    process.start()
    answers, seconds = inbox.get()
    process.join()
    return [Answer(*answer) for answer in answers], seconds


def _request(number: int, path: str, body: dict[str, Any], token: str) -> bytes:
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    # From as many addresses, as people come from; what one may do in an hour is limited.
    head += f"X-Forwarded-For: 10.{number >> 16}.{number >> 8 & 255}.{number & 255}\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def _run(
    port: int,
    requests: list[bytes],
    clients: int,
    per_second: float,
    outbox: "multiprocessing.SimpleQueue[Any]",
) -> None:
    numbered = iter(enumerate(requests))
    lock = threading.Lock()
    answers: list[Answer] = []
    started = time.perf_counter()

    def take() -> tuple[int, bytes] | None:
        with lock:
            return next(numbered, None)

    def client() -> None:
        connection = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, request in iter(take, None):
            if per_second:
                time.sleep(max(0.0, started + number / per_second - time.perf_counter()))
            answers.append(Answer(number, *_exchange(connection, request)))

    _in_threads([client] * clients)
    outbox.put(([tuple(answer) for answer in answers], time.perf_counter() - started))


def _in_threads(functions: Iterable[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _exchange(connection: socket.socket, request: bytes) -> tuple[int, float, float]:
    sent_at, started = time.time(), time.perf_counter()
    connection.sendall(request)
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return int(head[9:12]), time.perf_counter() - started, sent_at
