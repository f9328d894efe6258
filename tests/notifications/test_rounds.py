"""A round of mails over several connections, with servers of every kind."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from notifications.mailroom import (
    breakers_are_closed,
    deliver,
    mails,
    messages,
    outcomes,
    registered,
    rows,
    send_due,
    states,
)

from services.notifications.providers import registry
from services.notifications.providers.smtp import MailRelay
from shared.local.ports import LOOPBACK
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")


@dataclass
class Script:
    """What a mail server says, and what it heard. `answers`: by the first word of a command."""

    pipelining: bool = True
    answers: dict[str, str] = field(default_factory=dict)
    refused: str = ""  # a recipient that is told to come again
    goodbye_after: int = 1000  # mails of one connection, then 421
    most: int = 1000  # connections
    heard: list[list[str]] = field(default_factory=list)  # the commands of each connection
    packets: list[bytes] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)  # recipients of what was taken
    open: int = 0
    door: threading.Lock = field(default_factory=threading.Lock)

    def says(self, command: str, taken: int) -> str:
        """The answer to a command of a connection that has brought so many mails."""
        word = command.split(maxsplit=1)[0].upper()
        if word == "MAIL" and taken >= self.goodbye_after:
            return "421 4.4.2 that is enough"
        if word == "RCPT" and self.refused and self.refused in command:
            return "451 4.7.1 come again"
        extension = "250-PIPELINING\r\n" if self.pipelining else ""
        usual = {
            "EHLO": f"250-here\r\n{extension}250 8BITMIME",
            "DATA": "354 go on",
            "QUIT": "221 bye",
        }
        return self.answers.get(word) or usual.get(word, "250 ok")


class Talk(socketserver.BaseRequestHandler):
    """One connection of a scripted server."""

    def handle(self) -> None:
        """Read commands and bodies until the other side hangs up."""
        script: Script = self.server.script  # type: ignore[attr-defined]
        with script.door:
            full = script.open >= script.most
            script.open += not full
        if full:
            self.request.sendall(b"421 full\r\n")
            return
        try:
            self.talk(script)
        finally:
            with script.door:
                script.open -= 1

    def talk(self, script: Script) -> None:
        """As the script has it."""
        heard: list[str] = []
        script.heard.append(heard)
        self.request.sendall(b"220 ready\r\n")
        buffer, in_data, recipient, taken = b"", False, "", 0
        while packet := self.request.recv(65536):
            script.packets.append(packet)
            buffer += packet
            while (end := b"\r\n.\r\n" if in_data else b"\r\n") in buffer:
                line, _, buffer = buffer.partition(end)
                if in_data:
                    script.mails.append(recipient)
                    taken, in_data, answer = taken + 1, False, "250 taken"
                else:
                    heard.append(line.decode())
                    answer = script.says(line.decode(), taken)
                    in_data = answer.startswith("354")
                    recipient = line.decode() if line.startswith(b"RCPT") else recipient
                self.request.sendall(answer.encode() + b"\r\n")
                if answer.startswith("421"):
                    return


class Server(socketserver.ThreadingTCPServer):
    """A scripted mail server."""

    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def listening(port: int, script: Script) -> Iterator[Script]:
    """A mail server that follows a script."""
    server = Server((LOOPBACK, port), Talk)
    server.script = script  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield script
    finally:
        registry.close()
        server.shutdown()
        server.server_close()
        thread.join()


def relay() -> MailRelay:
    """The mail server, as the engine knows it."""
    [only] = registry.ways()["email"]
    assert isinstance(only, MailRelay)
    return only


def port() -> int:
    """Where the settings say that the mail server is."""
    return int(relay()._url.port or 0)


def many(count: int) -> None:
    deliver(*(registered(email=f"p{number}@contoh.id") for number in range(count)))


def test_a_round_is_one_commit_for_the_marks_and_one_for_the_outcomes() -> None:
    many(10)
    with listening(port(), Script()) as script:
        send_due()
    assert len(script.heard) == 10, "side by side, each on a connection of its own"
    assert len(rows("SELECT DISTINCT handed_over_at FROM message")) == 1
    assert len(rows("SELECT DISTINCT ended_at FROM attempt")) == 1
    assert states() == {"accepted": 10}


def test_a_server_that_pipelines_gets_the_envelope_in_one_packet() -> None:
    many(1)
    with listening(port(), Script()) as script:
        send_due()
    [envelope] = [packet for packet in script.packets if packet.startswith(b"MAIL")]
    assert envelope.count(b"\r\n") == 3
    assert envelope.endswith(b"DATA\r\n")


def test_one_that_does_not_is_asked_step_by_step() -> None:
    many(12)
    with listening(port(), Script(pipelining=False)) as script:
        send_due()
    assert states() == {"accepted": 12}
    asked = [packet for packet in script.packets if packet[:4] == b"RCPT"]
    assert {packet.count(b"\r\n") for packet in asked} == {1}
    assert len(script.mails) == len(set(script.mails)) == 12


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_refused_recipient_leaves_its_connection_fit_for_the_next(*, pipelining: bool) -> None:
    many(1)
    script = Script(pipelining=pipelining, refused="p0@", answers={"DATA": ""})
    if pipelining:  # a server that refuses DATA after a refused recipient, as it should
        script.answers["DATA"] = "554 5.5.1 no valid recipients"
    with listening(port(), script):
        send_due()
        script.answers.clear()
        script.refused = ""
        many(1)
        rows("UPDATE message SET next_attempt_at = now()")
        send_due()
    assert states() == {"accepted": 2}
    [first, *_] = script.heard
    assert "RSET" in first, "the same connection goes on"
    assert len(script.mails) == 2
    assert outcomes().count("retryable") == 2, "at once, and a second time"


def test_one_that_wants_the_body_of_a_refused_mail_does_not_get_it() -> None:
    many(2)
    with listening(port(), Script(refused="p0@")) as script:
        send_due()
    assert states() == {"accepted": 1, "queued": 1}
    assert [recipient for recipient in script.mails if "p0@" in recipient] == []


def test_a_goodbye_on_a_kept_connection_is_no_bad_news() -> None:
    with listening(port(), Script(goodbye_after=1)) as script:
        for _ in range(3):
            many(1)
            send_due()
    assert states() == {"accepted": 3}
    assert outcomes() == ["accepted"] * 3
    assert len(script.heard) == 3


def test_a_goodbye_to_a_new_connection_is() -> None:
    many(3)
    with listening(port(), Script(goodbye_after=0)):
        send_due()
    assert states() == {"queued": 3}
    assert rows("SELECT FROM provider_state WHERE open_until > now()")


def test_a_server_that_allows_three_connections_gets_three_mails_at_once() -> None:
    many(20)
    with listening(port(), Script(most=3)) as script:
        send_due()
    assert states() == {"accepted": 20}
    assert outcomes() == ["accepted"] * 20
    assert len(script.mails) == len(set(script.mails)) == 20


def test_half_of_the_recipients_refused_for_now_does_not_close_the_way(
    sink: SmtpSink, tmp_path: Path
) -> None:
    assert tmp_path.exists()
    sink.stop()
    many(11)
    with listening(port(), Script(refused="p1")):
        send_due()
    assert states() == {"accepted": 9, "queued": 2}, "p1 and p10"
    assert rows("SELECT FROM provider_state WHERE open_until IS NOT NULL") == []
    sink.start()
    rows("UPDATE message SET next_attempt_at = now()")
    send_due()
    assert states() == {"accepted": 11}
    assert len(mails(sink)) == 2


def test_pauses_grow_with_refusals_and_not_with_outages(sink: SmtpSink) -> None:
    sink.stop()
    many(1)
    for _ in range(4):
        send_due()
        breakers_are_closed()
    assert (messages()[0].attempts, messages()[0].refusals) == (4, 0)
    with listening(port(), Script(refused="p0@")):
        send_due()
    [message] = messages()
    assert (message.attempts, message.refusals) == (6, 2), "at once, then half a minute later"
    [wait] = rows("SELECT extract(epoch FROM next_attempt_at - now()) AS s FROM message")
    assert 20 < wait.s < 40
