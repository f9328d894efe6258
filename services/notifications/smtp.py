"""E-mail by SMTP, over one connection per process that is kept open.

A kept connection carries three times as many mails per CPU-second as one connection each. The
body is sent without the final dot; what comes before the dot can be tried again by anybody, what
comes after it cannot.
"""

import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parseaddr
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from services.notifications.mime import BadAddress, Mail, compose, mailbox
from services.notifications.providers import Answer, Outcome, Outgoing
from services.notifications.settings import Settings, settings

TIMEOUT_S = 10  # for a connection, and for the answer to a command
LAST_ANSWER_S = 40  # after the dot: a filter may read the mail first; less than the lease
MAILS_PER_CONNECTION = 100  # many servers close after so many
IDLE_S = 30  # after which a connection may be dead without having said so

# Replies to a command that say something about us, not about this mail.
_NOT_LET_IN = frozenset({530, 534, 535, 538})
_AWAY = (OSError, smtplib.SMTPException)  # smtplib's own errors are OSErrors, but need not stay so


class MailServer:
    """The mail server of `SMTP_URL`. One mail at a time, so one object per thread."""

    name = "smtp"

    def __init__(self, read: Callable[[], Settings]) -> None:
        self._settings = read
        self._connection: smtplib.SMTP | None = None
        self._mails = 0
        self._used_at = 0.0
        self._message_id = ""

    def prepare(self, message: Outgoing) -> Answer | None:
        """Send envelope and body, all but the final dot."""
        config = self._settings()
        self._message_id = f"<{message.id.hex}@{config.host}>"
        try:
            mail = compose(
                sender=config.mail_from,
                recipient=message.recipient,
                language=message.language,
                message_id=self._message_id,
                date=datetime.now(UTC),
                subject=message.subject,
                text=message.text,
                html=message.html,
            )
        except BadAddress as error:
            return Answer("permanent", detail=str(error))
        return self._deliver(mail)

    def hand_over(self) -> Answer:
        """Send the dot. From here on, only an answer tells whether the server has the mail."""
        connection = self._connection
        if connection is None:
            raise RuntimeError("nothing was prepared")
        try:
            _wait_at_most(connection, LAST_ANSWER_S)
            connection.send(b".\r\n")
            code, reply = connection.getreply()
            _wait_at_most(connection, TIMEOUT_S)
        except _AWAY as error:
            self.close()
            return Answer("unknown", detail=_error(error))
        self._mails += 1
        self._used_at = time.monotonic()
        if code // 100 == 2:
            return Answer("accepted", code, _words(code, reply), reference=self._message_id)
        if code // 100 in {4, 5}:
            return self._refusal(code, reply)
        self.close()
        return Answer("unknown", code, _words(code, reply))

    def abandon(self) -> None:
        """There is no other way to take a body back."""
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _deliver(self, mail: Mail) -> Answer | None:
        was_kept = self._kept()
        try:
            connection = self._open()
        except _AWAY as error:
            self.close()
            return Answer("retryable", detail=_error(error), away=True)
        try:
            return self._offer(connection, mail)
        except smtplib.SMTPNotSupportedError as error:
            return Answer("permanent", detail=_error(error))
        except _AWAY as error:
            self.close()
            if was_kept:  # the server had enough of it meanwhile, which says nothing about the mail
                return self._deliver(mail)
            return Answer("retryable", detail=_error(error))

    def _offer(self, connection: smtplib.SMTP, mail: Mail) -> Answer | None:
        sender = mailbox(parseaddr(self._settings().mail_from)[1])
        code, reply = connection.mail(sender, ["SMTPUTF8"] if mail.utf8 else [])
        if code == 250:
            code, reply = connection.rcpt(mail.recipient)
        if code in {250, 251}:
            code, reply = connection.docmd("DATA")
        if code != 354:
            return self._refusal(code, reply)
        # A line that begins with a dot gets a second one, or it would end the mail.
        connection.send(mail.content.replace(b"\r\n.", b"\r\n.."))
        return None

    def _refusal(self, code: int, reply: bytes) -> Answer:
        """The server does not take the mail; leaves the connection ready for the next one."""
        away = code in _NOT_LET_IN
        if away or code == 421 or self._connection is None:
            self.close()
        else:
            try:
                self._connection.rset()
            except _AWAY:  # it said its last word
                self.close()
        kind: Outcome = "permanent" if code // 100 == 5 and not away else "retryable"
        return Answer(kind, code, _words(code, reply), away=away)

    def _kept(self) -> bool:
        """Whether there is a connection from before; one that is old or idle is given up."""
        if self._connection is None:
            return False
        idle = time.monotonic() - self._used_at
        if self._mails < MAILS_PER_CONNECTION and idle < IDLE_S:
            return True
        try:
            self._connection.quit()
        except _AWAY:
            self.close()
        self._connection = None
        return False

    def _open(self) -> smtplib.SMTP:
        if self._connection is None:
            config = self._settings()
            self._connection = _connect(urlsplit(config.smtp_url), config.host)
            self._mails = 0
            self._used_at = time.monotonic()
        return self._connection


def _connect(url: SplitResult, our_name: str) -> smtplib.SMTP:
    context = ssl.create_default_context()
    host = url.hostname or ""
    # Our name is given: smtplib would look it up, and wait for a name server to do so.
    connection = (
        smtplib.SMTP_SSL(host, url.port or 465, our_name, timeout=TIMEOUT_S, context=context)
        if url.scheme == "smtps"
        else smtplib.SMTP(host, url.port or 25, our_name, timeout=TIMEOUT_S)
    )
    try:
        # The dot is a small packet after another one: it must not wait for an acknowledgement.
        _socket(connection).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parse_qs(url.query).get("starttls") == ["1"]:
            connection.starttls(context=context)
        connection.ehlo_or_helo_if_needed()
        if url.username:
            connection.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        connection.close()
        raise
    return connection


def _wait_at_most(connection: smtplib.SMTP, seconds: float) -> None:
    _socket(connection).settimeout(seconds)


def _socket(connection: smtplib.SMTP) -> socket.socket:
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("not connected")
    return connection.sock


def _words(code: int, reply: bytes) -> str:
    return _printable(f"{code} {reply.decode(errors='replace')}")


def _error(error: Exception) -> str:
    return _printable(f"{type(error).__name__}: {error}")


def _printable(text: str) -> str:
    """Whatever a server says fits a row: PostgreSQL refuses NUL."""
    return text.replace("\x00", "")[:1000]


mail_server = MailServer(settings)
