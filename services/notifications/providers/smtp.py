"""E-mail by SMTP: a round of mails over as many kept connections, side by side.

The waiting for one is the waiting for all, and so is the commit that marks their hand-over.
"""

import smtplib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parseaddr
from urllib.parse import urlsplit
from uuid import UUID

from services.notifications.mime import BadAddress, Mail, compose, mailbox
from services.notifications.providers.base import Answer, Channel, Outgoing, Pace, Prepared
from services.notifications.providers.smtp_connection import (
    AWAY,
    GOODBYE,
    Connection,
    Refused,
    error_words,
    refusal,
    tls,
)

# A shift, what comes before the dots, and what comes after them: together less than the time that
# Celery gives a task. A filter may read the mail before the last answer.
PREPARE_S = 14
LAST_ANSWER_S = 30
ENVELOPE_DONE = 354


class Sending:
    """One mail on one connection, and what is still to be said before its body."""

    def __init__(
        self, message: Outgoing, mail: Mail, connection: Connection, commands: list[bytes]
    ) -> None:
        self.message = message
        self.mail = mail
        self.connection = connection
        self.commands = commands


class _Preparation:
    """What one `prepare` has come to; `again`: their kept connections turned out to be dead."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.done = Prepared()
        self.again: list[Outgoing] = []


class MailRelay:
    """A mail server. One round at a time, so one object per thread."""

    channel: Channel = "email"
    price: Decimal | None = None

    def __init__(  # noqa: PLR0913 - what a relay is
        self,
        name: str,
        url: str,
        *,
        sender: str,
        our_name: str,
        reply_to: str = "",
        sign: Callable[[bytes], bytes] | None = None,
        compose: Callable[[Outgoing, str], Mail] | None = None,
        weight: int = 1,
        width: int = 10,
        pace: Pace | None = None,
    ) -> None:
        self.name = name
        self.sender = sender
        self.weight = weight
        self.width = width
        self.pace = pace or Pace()
        self._url = urlsplit(url)
        self._context = tls(self._url)
        self._our_name = our_name
        self._reply_to = reply_to
        self._sign = sign
        self._compose = compose or self._as_it_is
        self._from = mailbox(parseaddr(sender)[1])
        self._idle: list[Connection] = []
        self._under_way: dict[UUID, Sending] = {}

    def prepare(self, messages: Sequence[Outgoing]) -> Prepared:
        """Send envelopes and bodies, all but the final dots.

        A server that gives us fewer connections than we would like gets fewer mails at once.
        """
        preparation = _Preparation(time.monotonic() + PREPARE_S)
        self._begin(preparation, messages, kept=True)
        if preparation.again:  # which says nothing about the mails
            self._begin(preparation, preparation.again, kept=False)
        return preparation.done

    def hand_over(self, messages: Sequence[Outgoing]) -> dict[UUID, Answer]:
        """Send the dots. From here on, only an answer tells whether the server has the mail."""
        answers: dict[UUID, Answer] = {}
        waiting: list[Sending] = []
        until = time.monotonic() + LAST_ANSWER_S
        for message in messages:
            sending = self._under_way.pop(message.id)
            try:
                sending.connection.send(b".\r\n", until)
                waiting.append(sending)
            except AWAY as error:
                answers[message.id] = _unknown(sending, error)
        for sending in waiting:
            answers[sending.message.id] = self._last_answer(sending, until)
        return answers

    def abandon(self, messages: Sequence[Outgoing]) -> None:
        """Hang up on what was prepared."""
        for message in messages:
            sending = self._under_way.pop(message.id, None)
            if sending:
                sending.connection.close()

    def close(self) -> None:
        """Hang up."""
        for sending in self._under_way.values():
            sending.connection.close()
        for connection in self._idle:
            connection.quit()
        self._under_way.clear()
        self._idle.clear()

    def message_id(self, message: Outgoing) -> str:
        """The Message-ID, the same in every attempt."""
        return f"<{message.id.hex}@{self._our_name}>"

    def _begin(
        self, preparation: _Preparation, messages: Sequence[Outgoing], *, kept: bool
    ) -> None:
        mails = self._composed(preparation, messages)
        connections, error = self._connections(len(mails), preparation.until, kept=kept)
        if error and not connections:  # not the fault of any of them, but somebody has to say it
            first = mails[0][0].id
            away = Answer("retryable", detail=error_words(error), away=True)
            preparation.done.answers[first] = away
        under_way = []
        for (message, mail), connection in zip(mails, connections, strict=False):
            try:
                commands = connection.envelope(self._from, mail, message.id.hex)
                under_way.append(Sending(message, mail, connection, commands))
            except Refused as no:
                self._keep(connection)
                preparation.done.answers[message.id] = no.answer
        for step in range(max((len(one.commands) for one in under_way), default=0)):
            under_way = self._step(preparation, under_way, step)
        for sending in under_way:
            self._send_body(preparation, sending)

    def _composed(
        self, preparation: _Preparation, messages: Sequence[Outgoing]
    ) -> list[tuple[Outgoing, Mail]]:
        mails = []
        for message in messages:
            try:
                mails.append((message, self._compose(message, self.message_id(message))))
            except BadAddress as error:
                preparation.done.answers[message.id] = Answer("permanent", detail=str(error))
        return mails

    def _connections(
        self, wanted: int, until: float, *, kept: bool
    ) -> tuple[list[Connection], Exception | None]:
        """As many as there are to be had, and why there are not more."""
        found: list[Connection] = []
        while kept and self._idle and len(found) < wanted:
            connection = self._idle.pop()
            if connection.is_fresh:
                found.append(connection)
            else:
                connection.quit()
        missing, error = wanted - len(found), None
        if missing:
            with ThreadPoolExecutor(missing) as pool:  # as slow as one, and not as all together
                for made in pool.map(lambda _: self._new_connection(until), range(missing)):
                    if isinstance(made, Connection):
                        found.append(made)
                    else:
                        error = made
        return found, error

    def _new_connection(self, until: float) -> Connection | Exception:
        try:
            return Connection(self._url, self._our_name, until, self._context)
        except AWAY as error:
            return error

    def _step(self, preparation: _Preparation, sendings: list[Sending], step: int) -> list[Sending]:
        """Send one command on each connection, then read each answer; returns who goes on."""
        asked, going_on = [], []
        for sending in sendings:
            try:
                if step < len(sending.commands):
                    sending.connection.send(sending.commands[step], preparation.until)
                asked.append(sending)
            except AWAY as error:
                _broken(preparation, sending, error)
        for sending in asked:
            try:
                refused = (
                    self._answer(sending, sending.commands[step], preparation.until)
                    if step < len(sending.commands)
                    else None
                )
            except AWAY as error:
                _broken(preparation, sending, error)
                continue
            if refused:
                preparation.done.answers[sending.message.id] = refused
            else:
                going_on.append(sending)
        return going_on

    def _answer(self, sending: Sending, command: bytes, until: float) -> Answer | None:
        """Read what the server says to one or more commands; its first refusal, or None."""
        connection = sending.connection
        refused, code = None, 0
        for line in command.splitlines():
            expected = ENVELOPE_DONE if line == b"DATA" else 250
            code, words = connection.reply(until)
            if code not in {expected, 251} and not refused:
                refused = refusal(code, words, line)
            if code == GOODBYE:
                break
        if not refused:
            return None
        if connection.kept and code == GOODBYE:
            raise smtplib.SMTPServerDisconnected(refused.reply)  # it was left idle for too long
        # One that said yes to DATA after a no waits for a body that it must not get.
        if refused.away or code in {GOODBYE, ENVELOPE_DONE}:
            connection.close()
        else:
            connection.unfinished = True
            self._keep(connection)
        return refused

    def _send_body(self, preparation: _Preparation, sending: Sending) -> None:
        try:
            # A line that begins with a dot gets a second one, or it would end the mail.
            body = sending.mail.content.replace(b"\r\n.", b"\r\n..")
            sending.connection.send(body, preparation.until)
        except AWAY as error:
            _broken(preparation, sending, error)
        else:
            self._under_way[sending.message.id] = sending
            preparation.done.ready.append(sending.message)

    def _last_answer(self, sending: Sending, until: float) -> Answer:
        try:
            answer = sending.connection.last_reply(until)
        except AWAY as error:
            return _unknown(sending, error)
        if answer.away or answer.outcome == "unknown":
            sending.connection.close()
        else:
            self._keep(sending.connection)
        if answer.outcome == "accepted":
            return replace(answer, reference=self.message_id(sending.message))
        return answer

    def _keep(self, connection: Connection) -> None:
        connection.keep()
        self._idle.append(connection)

    def _as_it_is(self, message: Outgoing, message_id: str) -> Mail:
        return compose(
            sender=self.sender,
            recipient=message.recipient,
            language=message.language,
            message_id=message_id,
            date=datetime.now(UTC),
            subject=message.subject,
            text=message.text,
            html=message.html,
            attachments=message.attachments,
            unsubscribe=message.unsubscribe,
            reply_to=self._reply_to,
            bulk=message.work_class in {"bulk", "digest"},
            sign=self._sign,
        )


def _unknown(sending: Sending, error: Exception) -> Answer:
    sending.connection.close()
    return Answer("unknown", detail=error_words(error), failing=True)


def _broken(preparation: _Preparation, sending: Sending, error: Exception) -> None:
    sending.connection.close()
    if sending.connection.kept:
        preparation.again.append(sending.message)
    else:
        answer = Answer("retryable", detail=error_words(error), failing=True)
        preparation.done.answers[sending.message.id] = answer
