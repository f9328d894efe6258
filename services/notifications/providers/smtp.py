"""E-mail by SMTP: a round of mails over as many kept connections, side by side.

The waiting for one is the waiting for all, and so is the commit that marks their hand-over.
"""

import time
from collections.abc import Callable, Sequence
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
    Connection,
    Refused,
    error_words,
    refusal,
)

LAST_ANSWER_S = 40  # after the dot: a filter may read the mail first; less than the lease
ENVELOPE_DONE = 354


class Sending:
    """One mail on one connection."""

    def __init__(self, message: Outgoing, mail: Mail, connection: Connection) -> None:
        self.message = message
        self.mail = mail
        self.connection = connection
        self.was_kept = connection.mails > 0
        self.commands: list[bytes] = []


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
        self._our_name = our_name
        self._compose = compose or self._as_it_is
        self._from = mailbox(parseaddr(sender)[1])
        self._idle: list[Connection] = []
        self._under_way: dict[UUID, Sending] = {}

    def prepare(self, messages: Sequence[Outgoing]) -> Prepared:
        """Send envelopes and bodies, all but the final dots."""
        done = Prepared()
        again = self._begin(messages, done, kept=True)
        if again:  # the server had enough of these connections, which says nothing about the mails
            self._begin(again, done, kept=False)
        return done

    def hand_over(self, messages: Sequence[Outgoing]) -> dict[UUID, Answer]:
        """Send the dots. From here on, only an answer tells whether the server has the mail."""
        answers: dict[UUID, Answer] = {}
        waiting: list[Sending] = []
        for message in messages:
            sending = self._under_way.pop(message.id)
            try:
                sending.connection.send(b".\r\n")
                waiting.append(sending)
            except AWAY as error:
                answers[message.id] = self._unknown(sending, error)
        until = time.monotonic() + LAST_ANSWER_S
        for sending in waiting:
            answers[sending.message.id] = self._last_answer(sending, until - time.monotonic())
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

    def _begin(self, messages: Sequence[Outgoing], done: Prepared, *, kept: bool) -> list[Outgoing]:
        """One round; returns what is to be tried once more, as its kept connection was dead."""
        sendings = []
        for message in messages:
            try:
                sendings.append(self._open(message, kept=kept))
            except Refused as no:
                done.answers[message.id] = no.answer
            except AWAY as error:
                away = Answer("retryable", detail=error_words(error), away=True)
                done.answers[message.id] = away
                break  # the others would fare no better
        again: list[Outgoing] = []
        steps = max((len(sending.commands) for sending in sendings), default=0)
        for step in range(steps):
            sendings = self._step(sendings, step, done, again)
        for sending in sendings:
            try:
                # A line that begins with a dot gets a second one, or it would end the mail.
                sending.connection.send(sending.mail.content.replace(b"\r\n.", b"\r\n.."))
            except AWAY as error:
                self._broken(sending, error, done, again)
            else:
                self._under_way[sending.message.id] = sending
                done.ready.append(sending.message)
        return again

    def _open(self, message: Outgoing, *, kept: bool) -> Sending:
        try:
            mail = self._compose(message, self.message_id(message))
        except BadAddress as error:
            raise Refused(Answer("permanent", detail=str(error))) from error
        sending = Sending(message, mail, self._connection(kept=kept))
        try:
            commands = sending.connection.envelope(self._from, mail)
        except Refused:
            self._idle.append(sending.connection)
            raise
        sending.commands = [b"".join(commands)] if sending.connection.pipelining else commands
        return sending

    def _connection(self, *, kept: bool) -> Connection:
        while kept and self._idle:
            connection = self._idle.pop()
            if connection.is_fresh:
                return connection
            connection.quit()
        return Connection(self._url, self._our_name)

    def _step(
        self, sendings: list[Sending], step: int, done: Prepared, again: list[Outgoing]
    ) -> list[Sending]:
        """Send one command on each connection, then read each answer; returns who goes on."""
        asked, going_on = [], []
        for sending in sendings:
            try:
                if step < len(sending.commands):
                    sending.connection.send(sending.commands[step])
                asked.append(sending)
            except AWAY as error:
                self._broken(sending, error, done, again)
        for sending in asked:
            try:
                refused = step < len(sending.commands) and self._answers(sending, step)
            except AWAY as error:
                self._broken(sending, error, done, again)
                continue
            if refused:
                done.answers[sending.message.id] = refused
            else:
                going_on.append(sending)
        return going_on

    def _answers(self, sending: Sending, step: int) -> Answer | None:
        """Read what the server says to a step; its refusal, or None."""
        connection = sending.connection
        replies = [connection.reply() for _ in range(sending.commands[step].count(b"\r\n"))]
        expects_data = sending.commands[step].endswith(b"DATA\r\n")
        for place, (code, reply) in enumerate(replies):
            is_data = expects_data and place == len(replies) - 1
            if code in ({ENVELOPE_DONE} if is_data else {250, 251}):
                continue
            answer = refusal(code, reply)
            # One that said yes to DATA after a no waits for a body that it must not get.
            if expects_data and replies[-1][0] == ENVELOPE_DONE:
                connection.close()
            else:
                self._keep(connection, answer)
            return answer
        return None

    def _last_answer(self, sending: Sending, seconds: float) -> Answer:
        connection = sending.connection
        try:
            answer = connection.last_reply(seconds)
        except AWAY as error:
            return self._unknown(sending, error)
        if answer.outcome == "accepted":
            self._idle.append(connection)
            return replace(answer, reference=self.message_id(sending.message))
        self._keep(connection, answer)
        return answer

    def _keep(self, connection: Connection, answer: Answer) -> None:
        """After a refusal: ready for the next mail, if the server has not said its last word."""
        if answer.away or answer.outcome == "unknown":
            connection.close()
            return
        try:
            connection.reset()
        except AWAY:
            connection.close()
        else:
            self._idle.append(connection)

    def _unknown(self, sending: Sending, error: Exception) -> Answer:
        sending.connection.close()
        return Answer("unknown", detail=error_words(error), failing=True)

    def _broken(
        self, sending: Sending, error: Exception, done: Prepared, again: list[Outgoing]
    ) -> None:
        sending.connection.close()
        if sending.was_kept:
            again.append(sending.message)
        else:
            detail = error_words(error)
            done.answers[sending.message.id] = Answer("retryable", detail=detail, failing=True)

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
        )
