"""One kept connection to a mail server, on which a mail goes in three steps.

A kept connection carries three times as many mails per CPU-second as one connection each. The
body is sent without the final dot; what comes before the dot can be tried again by anybody, what
comes after it cannot. A server that takes several commands at once (PIPELINING, RFC 2920) gets the
whole envelope in one packet.
"""

import re
import smtplib
import socket
import ssl
import time
from urllib.parse import SplitResult, parse_qs, unquote

from services.notifications.mime import Mail
from services.notifications.providers.base import Answer, Outcome

TIMEOUT_S = 10.0  # for a connection, and for the answer to a command
MAILS_PER_CONNECTION = 100  # many servers close after so many
IDLE_S = 30  # after which a connection may be dead without having said so

# Replies to a command that say something about us, not about this mail.
_NOT_LET_IN = frozenset({530, 534, 535, 538})
# Of RFC 3463, at the beginning of a reply: a policy, which speaks of us as well; and to a recipient
# that nobody has this address.
_POLICY = re.compile(rb"5\.7\.\d")
_NOBODY_THERE = re.compile(rb"5\.(1\.[123]|2\.1)\b")
GOODBYE = 421  # the server closes this connection
AWAY = (OSError, smtplib.SMTPException)  # smtplib's own errors are OSErrors, but need not stay so

Reply = tuple[int, bytes]


class Refused(Exception):
    """The server does not take the mail, and says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.reply)
        self.answer = answer


class Connection:
    """A connection that is open. Each step raises one of `AWAY` when the server hangs up.

    `until` is a (monotonic) time: several connections wait side by side, and not each in its turn.
    """

    def __init__(
        self, url: SplitResult, our_name: str, until: float, context: ssl.SSLContext | None
    ) -> None:
        self._smtp = _connect(url, our_name, until, context)
        self._used_at = time.monotonic()
        self.mails = 0
        self.kept = False  # it was used before, and so may have died since
        self.unfinished = False  # an envelope was refused, and is still there
        self.pipelining = self._smtp.has_extn("pipelining")

    @property
    def is_fresh(self) -> bool:
        """Whether it may be used for one more; an old or idle one is as good as dead."""
        return self.mails < MAILS_PER_CONNECTION and time.monotonic() - self._used_at < IDLE_S

    def envelope(self, sender: str, mail: Mail, name: str) -> list[bytes]:
        """What is sent before the body, each to be answered before the next.

        A server that knows RFC 3461 is told the `name` under which it may report a failure.
        Raises `Refused` for what this server cannot carry.
        """
        if mail.utf8 and not self._smtp.has_extn("smtputf8"):
            raise Refused(Answer("permanent", detail="the server does not speak SMTPUTF8"))
        option = " SMTPUTF8" if mail.utf8 else ""
        commands = [b"RSET\r\n"] if self.unfinished else []
        self.unfinished = False
        reports = self._smtp.has_extn("dsn")
        option += f" RET=HDRS ENVID={name}" if reports else ""
        notify = " NOTIFY=FAILURE" if reports else ""
        commands.append(f"MAIL FROM:<{sender}>{option}\r\n".encode())
        commands.append(f"RCPT TO:<{mail.recipient}>{notify}\r\n".encode())
        commands.append(b"DATA\r\n")
        return [b"".join(commands)] if self.pipelining else commands

    def send(self, data: bytes, until: float) -> None:
        """Write, and wait for nothing."""
        self._wait(until).sendall(data)

    def reply(self, until: float) -> Reply:
        """The answer to a command that was sent."""
        self._wait(until)
        return self._smtp.getreply()

    def last_reply(self, until: float) -> Answer:
        """The answer to the dot: the only thing that tells whether the server has the mail."""
        self._wait(until, longest=float("inf"))
        code, reply = self._smtp.getreply()
        self.mails += 1
        self._used_at = time.monotonic()
        if code // 100 == 2:
            return Answer("accepted", code, words(code, reply))
        if code // 100 in {4, 5}:
            return refusal(code, reply)
        self.close()
        return Answer("unknown", code, words(code, reply), failing=True)

    def keep(self) -> None:
        """It goes on with another mail, later."""
        self.kept = True
        self._used_at = time.monotonic()

    def quit(self) -> None:
        """Say goodbye, and do not wait for an answer: there may be nobody any more."""
        try:
            self.send(b"QUIT\r\n", time.monotonic())
        except AWAY:
            pass  # so it is gone already
        finally:
            self.close()

    def close(self) -> None:
        """Hang up. There is no other way to take a body back."""
        self._smtp.close()

    def _wait(self, until: float, longest: float = TIMEOUT_S) -> socket.socket:
        connection = _socket(self._smtp)
        connection.settimeout(_seconds(until, longest))
        return connection


def refusal(code: int, reply: bytes, command: bytes = b"") -> Answer:
    """What a reply of 4xx or 5xx to a command, or to the dot, means.

    A refused password or sender is no fault of the mail: all others would be refused as well. Of a
    policy one cannot tell from one mail (a filter may not like its words); several in a row are.
    """
    said, final = words(code, reply), code // 100 == 5
    if code in _NOT_LET_IN or code == GOODBYE or (final and command.startswith(b"MAIL")):
        return Answer("retryable", code, said, away=True)
    if final and _POLICY.match(reply):
        return Answer("retryable", code, said, failing=True)
    kind: Outcome = "permanent" if final else "retryable"
    dead = final and command.startswith(b"RCPT") and bool(_NOBODY_THERE.match(reply))
    return Answer(kind, code, said, dead_address=dead)


def tls(url: SplitResult) -> ssl.SSLContext | None:
    """Whom we trust, if the address asks for encryption: reading that takes 20 ms of CPU."""
    encrypted = url.scheme == "smtps" or _wants_starttls(url)
    return ssl.create_default_context() if encrypted else None


def _wants_starttls(url: SplitResult) -> bool:
    return parse_qs(url.query).get("starttls") == ["1"]


def _connect(
    url: SplitResult, our_name: str, until: float, context: ssl.SSLContext | None
) -> smtplib.SMTP:
    host, seconds = url.hostname or "", _seconds(until)
    # Our name is given: smtplib would look it up, and wait for a name server to do so.
    connection = (
        smtplib.SMTP_SSL(host, url.port or 465, our_name, timeout=seconds, context=context)
        if url.scheme == "smtps"
        else smtplib.SMTP(host, url.port or 25, our_name, timeout=seconds)
    )
    try:
        # The dot is a small packet after another one: it must not wait for an acknowledgement.
        _socket(connection).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if _wants_starttls(url):
            connection.starttls(context=context)
        connection.ehlo_or_helo_if_needed()
        if url.username:
            connection.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        connection.close()
        raise
    return connection


def _seconds(until: float, longest: float = TIMEOUT_S) -> float:
    """How long to wait; a moment at least, for what has come already."""
    return min(max(until - time.monotonic(), 0.01), longest)


def _socket(connection: smtplib.SMTP) -> socket.socket:
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("not connected")
    return connection.sock


def words(code: int, reply: bytes) -> str:
    """A reply as it fits a row."""
    return _printable(f"{code} {reply.decode(errors='replace')}")


def error_words(error: Exception) -> str:
    """An error as it fits a row."""
    return _printable(f"{type(error).__name__}: {error}")


def _printable(text: str) -> str:
    """Whatever a server says fits a row: PostgreSQL refuses NUL."""
    return text.replace("\x00", "")[:1000]
