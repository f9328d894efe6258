"""A mail server that delivers to a folder: every mail of one machine, for people and tests to read.

python -m shared.local.smtp_sink --port 2525 --directory mail
"""

import argparse
import asyncio
import hashlib
import itertools
import json
import os
import signal
import threading
import time
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from shared.local.ports import LOOPBACK, free_port

LARGEST_MAIL = 25 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class Faults:
    """What this server does wrong; every field is an option of the command."""

    recipient_delay_ms: int = 0  # before it answers to a recipient, so before there is any data
    recipient_answer: str = ""  # instead of taking a recipient, e.g. "550 5.1.1 no such mailbox"
    delay_ms: int = 0  # between the end of the data and keeping it
    answer_delay_ms: int = 0  # between keeping it and the answer


NO_FAULTS = Faults()


class SmtpSink:
    """A mail answered with 250 is on disk: `<utc time>-<number>-<hash of Message-ID>.eml`.

    The same hash twice is the same mail twice. `accepted.jsonl` in the same folder gets a line per
    mail: message_id, to, accepted_at (seconds since the epoch).
    """

    def __init__(
        self, directory: Path, *, port: int | None = None, faults: Faults = NO_FAULTS
    ) -> None:
        self.directory = directory
        self.port = port or free_port()
        self.faults = faults
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._controller: Controller | None = None

    def start(self) -> None:
        """Return when the port answers; raises OSError when it is taken."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._controller = Controller(
            self,
            hostname=LOOPBACK,
            port=self.port,
            server_hostname="localhost",  # else one name look-up for every connection
            ident="Sejawat SMTP sink",
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
        )
        self._controller.start()

    def stop(self) -> None:
        """Break off what is not accepted yet. Nothing to do when it does not run."""
        if self._controller:
            self._controller.stop(no_assert=True)
            self._controller = None

    async def handle_RCPT(  # noqa: N802 (aiosmtpd calls it by this name)
        self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: list[str]
    ) -> str:
        """Answer to one recipient."""
        await asyncio.sleep(self.faults.recipient_delay_ms / 1000)
        if self.faults.recipient_answer:
            return self.faults.recipient_answer
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 (aiosmtpd calls it by this name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Answer the end of one mail."""
        await asyncio.sleep(self.faults.delay_ms / 1000)
        content = envelope.original_content or b""
        # In a thread: an fsync must not hold up the other connections.
        await asyncio.to_thread(self._accept, content, list(envelope.rcpt_tos))
        await asyncio.sleep(self.faults.answer_delay_ms / 1000)
        return "250 OK"

    def _accept(self, content: bytes, to: list[str]) -> None:
        message_id = str(BytesHeaderParser().parsebytes(content)["Message-ID"] or "").strip()
        digest = hashlib.sha256(message_id.encode(errors="replace")).hexdigest()[:12]
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        path = self.directory / f"{now}-{next(self._numbers):06}-{digest}.eml"
        new = path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
        line = {"message_id": message_id, "to": to, "accepted_at": time.time()}
        with self._lock, (self.directory / "accepted.jsonl").open("ab") as journal:
            journal.write(json.dumps(line).encode() + b"\n")


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m shared.local.smtp_sink")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    for fault in fields(Faults):
        option = f"--{fault.name.replace('_', '-')}"
        parser.add_argument(option, type=type(fault.default), default=fault.default)
    options = parser.parse_args()
    faults = Faults(**{fault.name: getattr(options, fault.name) for fault in fields(Faults)})
    # Before there are threads, so that none of them gets the signal instead of the wait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    sink = SmtpSink(options.directory, port=options.port, faults=faults)
    sink.start()
    signal.sigwait((signal.SIGINT, signal.SIGTERM))
    sink.stop()


if __name__ == "__main__":
    main()
