"""A mail server that costs little and forgets nothing: a line for each mail that it took.

It says PIPELINING, keeps connections, and does wrong when told to:
`python -m bench.smtp_server --port 2525 --journal mails.jsonl --answer-delay-ms 10`.
A line has `id` (the Message-ID), `to`, `begun` and `taken` (seconds since the epoch).
"""

import argparse
import asyncio
import json
import os
import re
import signal
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.local.ports import LOOPBACK

_MESSAGE_ID = re.compile(rb"^Message-ID: *(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass
class Post:
    """What all connections share."""

    journal: int  # a file that is open
    answer_delay_s: float
    greylist_s: float
    half: bool
    first_seen: dict[bytes, float] = field(default_factory=dict)

    def refuses(self, recipient: bytes) -> bool:
        """Whether this recipient has to come again."""
        if self.half and zlib.crc32(recipient) % 2:
            return True
        now = time.monotonic()
        return now - self.first_seen.setdefault(recipient, now) < self.greylist_s


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._heard = b""
        self._recipient = b""
        self._in_data = False

    def connection_made(self, transport: Any) -> None:
        """Greet."""
        self._transport = transport
        self._say(b"220 bench ESMTP")

    def data_received(self, data: bytes) -> None:
        """Take whatever is whole: a command, or a mail."""
        self._heard += data
        while self._heard:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            part, found, rest = self._heard.partition(end)
            if not found:
                return
            self._heard = rest
            if self._in_data:
                self._take(part)
            else:
                self._obey(part)

    def _obey(self, line: bytes) -> None:
        command = line[:4].upper()
        if command == b"EHLO":
            self._say(b"250-bench\r\n250-PIPELINING\r\n250 8BITMIME")
        elif command == b"MAIL":
            self._begun, self._recipient = time.time(), b""
            self._say(b"250 2.1.0 Ok")
        elif command == b"RCPT":
            recipient = line.partition(b"<")[2].partition(b">")[0]
            if self._post.refuses(recipient):
                self._say(b"451 4.7.1 try again later")
            else:
                self._recipient = recipient
                self._say(b"250 2.1.5 Ok")
        elif command == b"DATA":
            self._in_data = bool(self._recipient)
            self._say(b"354 End with a dot" if self._in_data else b"503 5.5.1 no valid recipient")
        elif command == b"QUIT":
            self._say(b"221 2.0.0 Bye")
            self._transport.close()
        else:
            self._say(b"250 2.0.0 Ok")

    def _take(self, mail: bytes) -> None:
        self._in_data = False
        found = _MESSAGE_ID.search(mail)
        line = {
            "id": found[1].decode() if found else "",
            "to": self._recipient.decode(),
            "begun": self._begun,
            "taken": time.time(),
        }
        os.write(self._post.journal, json.dumps(line).encode() + b"\n")
        answer = b"250 2.0.0 Ok: queued"
        if self._post.answer_delay_s:
            loop = asyncio.get_running_loop()
            loop.call_later(self._post.answer_delay_s, self._say, answer)
        else:
            self._say(answer)

    def _say(self, words: bytes) -> None:
        self._transport.write(words + b"\r\n")


async def serve(port: int, post: Post) -> None:
    """Until SIGTERM."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(lambda: Talk(post), LOOPBACK, port, backlog=512)
    await stopped.wait()
    server.close()


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--answer-delay-ms", type=int, default=0)
    parser.add_argument("--greylist-s", type=float, default=0, help="451 until so long after")
    parser.add_argument("--half", action="store_true", help="451 to half of the recipients")
    options = parser.parse_args()
    journal = os.open(options.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    post = Post(journal, options.answer_delay_ms / 1000, options.greylist_s, options.half)
    asyncio.run(serve(options.port, post))


if __name__ == "__main__":
    main()
