"""What gateways for SMS and WhatsApp have in common: HTTP, and what its failures mean.

A request is built before the hand-over is marked and sent after it, all of a round at once. Neither
a key nor a number nor a text gets into an answer, from where it would get into a log.
"""

import json
import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import httpx
import phonenumbers

from services.notifications.provider_settings import GatewaySettings
from services.notifications.providers.base import Answer, Channel, Outgoing, Pace, Prepared

# It would log every address it asks: Kannel's holds the password, the number and the text.
logging.getLogger("httpx").setLevel(logging.WARNING)

LARGEST = 256 * 1024  # bytes of an answer
LONGEST_PAUSE_S = 3600  # what a gateway may ask for; it is asked again then
NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class Unsendable(Exception):
    """This gateway can never carry the message; says why, without its words."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A gateway's answer, read to its end."""

    code: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Raises `ValueError`."""
        return json.loads(self.content)

    def line(self) -> str:
        """The first line."""
        return self.content[:200].decode(errors="replace").partition("\n")[0].strip()


class Gateway(ABC):
    """One gateway. One round at a time, so one object per thread."""

    width = 20

    def __init__(self, settings: GatewaySettings, channel: Channel, sender: str = "") -> None:
        self.name = settings.name
        self.channel = channel
        self.sender = sender
        self.weight = settings.weight
        self.price = settings.price
        self.pace = Pace(settings.per_second, settings.per_sender, settings.per_recipient)
        self._timeout_s = settings.timeout_s
        self._ready: dict[UUID, httpx.Request] = {}
        # Kept for a moment only: a connection that the gateway closes while it is used makes an
        # outcome unknown.
        limits = httpx.Limits(max_keepalive_connections=self.width, keepalive_expiry=3)
        self._client = httpx.Client(limits=limits, headers={"User-Agent": "Sejawat"})
        self._threads = ThreadPoolExecutor(self.width, thread_name_prefix=self.name)

    @abstractmethod
    def request(self, message: Outgoing, number: str) -> httpx.Request:
        """How the message is sent to a number (E.164). Raises `Unsendable`."""

    @abstractmethod
    def answer(self, message: Outgoing, reply: Reply) -> Answer:
        """What a reply means. Any error of reading it makes the outcome unknown."""

    def prepare(self, messages: Sequence[Outgoing]) -> Prepared:
        """Build the requests."""
        done = Prepared()
        for message in messages:
            try:
                self._ready[message.id] = self.request(message, e164(message.recipient))
            except Unsendable as no:
                done.answers[message.id] = Answer("permanent", detail=str(no))
            else:
                done.ready.append(message)
        return done

    def hand_over(self, messages: Sequence[Outgoing]) -> dict[UUID, Answer]:
        """Send them, side by side. From here on, only an answer tells whether it has them."""
        until = time.monotonic() + self._timeout_s
        asked = {
            one.id: self._threads.submit(self._send, one, self._ready.pop(one.id), until)
            for one in messages
        }
        return {message_id: _result(future, until) for message_id, future in asked.items()}

    def abandon(self, messages: Sequence[Outgoing]) -> None:
        """Nothing was sent."""
        for message in messages:
            self._ready.pop(message.id, None)

    def close(self) -> None:
        """Hang up."""
        self._ready.clear()
        self._threads.shutdown(wait=False)
        self._client.close()

    def _send(self, message: Outgoing, request: httpx.Request, until: float) -> Answer:
        try:
            reply = self._exchange(request, until)
        except NOT_SENT as error:
            return Answer("retryable", detail=f"{type(error).__name__}: {error}", away=True)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            return Answer("unknown", detail=type(error).__name__, failing=True)
        try:
            return self.answer(message, reply)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            detail = f"an answer that cannot be read: {type(error).__name__}"
            return Answer("unknown", reply.code, words(reply.code), detail, failing=True)

    def _exchange(self, request: httpx.Request, until: float) -> Reply:
        """Ask, and read the answer until a (monotonic) time. Raises `httpx.HTTPError`."""
        request.extensions["timeout"] = httpx.Timeout(self._timeout_s).as_dict()
        response = self._client.send(request, stream=True)
        content = b""
        try:
            for piece in response.iter_bytes():
                content += piece
                if len(content) > LARGEST or time.monotonic() > until:
                    raise httpx.ReadTimeout("too slow, or too much", request=request)
        finally:
            response.close()
        return Reply(response.status_code, response.headers, content)


def _result(future: Future[Answer], until: float) -> Answer:
    """Its answer; one that takes too long is left to its thread."""
    try:
        return future.result(max(until - time.monotonic(), 0))
    except TimeoutError:
        if future.cancel():  # it had not begun
            return Answer("retryable", detail="too many are being waited for", away=True)
        return Answer("unknown", detail="no answer in time", failing=True)


def refused(reply: Reply, said: str = "") -> Answer:
    """What HTTP's own codes mean where a gateway has said nothing else.

    The fault is ours, not the message's, when a key or an address is wrong or the money is spent:
    then the gateway counts as away, which an operator sees. A 5xx may come from something before
    or behind the gateway, so that nobody knows whether it has the message.
    """
    code, told = reply.code, words(reply.code, said)
    if code == 429:
        return Answer("throttled", code, told, retry_after=retry_after(reply))
    if code in {401, 402, 403, 404, 405, 407, 410} or code // 100 == 3:
        return Answer("retryable", code, told, away=True)
    if code in {408, 425}:  # it did not get all of the request, or did not want it yet
        return Answer("retryable", code, told, failing=True)
    if code // 100 == 4:
        return Answer("permanent", code, told)
    return Answer("unknown", code, told, failing=True)


def retry_after(reply: Reply) -> float | None:
    """Seconds, of either form that RFC 9110 allows."""
    said = reply.headers.get("retry-after", "")
    if said.isdecimal():
        seconds = float(said)
    else:
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return None
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 1), LONGEST_PAUSE_S)


def words(code: int, said: str = "") -> str:
    """A reply as it fits a row. A gateway may repeat the number; it does not belong there."""
    text = re.sub(r"\+?\d{7,}", "•••", said.replace("\x00", ""))
    return f"{code} {text}".strip()[:200]


def e164(recipient: str) -> str:
    """A number as gateways want it. Raises `Unsendable`."""
    try:
        number = phonenumbers.parse(recipient, None)
    except phonenumbers.NumberParseException:
        raise Unsendable("not a phone number") from None
    if not phonenumbers.is_possible_number(number):
        raise Unsendable("not a possible phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
