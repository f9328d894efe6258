"""What a gateway tells us afterwards, at an address of ours."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Protocol, runtime_checkable
from urllib.parse import urlencode
from uuid import UUID

import structlog

log = structlog.get_logger()

ToldState = Literal["accepted", "delivered", "read", "bounced", "failed"]


class Forged(Exception):
    """Whoever told this is not the provider, as far as can be seen."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A request to us: what stands in its address, its body as it came, and its signature."""

    query: Mapping[str, str]
    body: bytes = b""
    signature: str = ""  # of the header X-Hub-Signature-256


@dataclass(frozen=True, slots=True)
class Told:
    """What was said about one message. `raw` is that part of what came, word for word."""

    state: ToldState
    raw: str
    message_id: UUID | None = None
    reference: str = ""
    detail: str = ""
    happened_at: datetime | None = None
    parts: int | None = None
    cost: Decimal | None = None  # rupiah
    attempt: int | None = None  # of which it speaks, where that is known


# How a status fails to be read that is not as documented: a time or a number out of all range.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError)
_MOST_PARTS = 1000
_MOST_RUPIAH = 1_000_000  # for one message; the column holds it


def each(statuses: Iterable[Any], read: Callable[[Any], Told | None]) -> list[Told]:
    """What can be read; one status that cannot takes none of its neighbours with it."""
    found = []
    for status in statuses:
        try:
            told = read(status)
        except UNREADABLE as error:
            log.warning("receipt.status_unreadable", error=type(error).__name__)
        else:
            found += [told] if told else []
    return found


def rupiah(said: object) -> Decimal | None:
    """A price, if it is one: finite, and nothing that we are paid."""
    try:
        price = Decimal(str(said))
    except InvalidOperation:
        return None
    return price if price.is_finite() and 0 <= price < _MOST_RUPIAH else None


def part_count(said: object) -> int | None:
    """How many parts a message had, if that can be."""
    try:
        count = int(str(said))
    except ValueError:
        return None
    return count if 1 <= count <= _MOST_PARTS else None


@runtime_checkable
class TellsReceipts(Protocol):
    """A provider that tells what became of messages."""

    name: str

    def receipts(self, callback: Callback) -> list[Told]:
        """What it says; raises `Forged` before anything of it is looked at."""


@runtime_checkable
class AsksBack(Protocol):
    """A provider that wants an answer from an address before it tells anything there."""

    def challenge(self, query: Mapping[str, str]) -> str:
        """What to answer; raises `Forged`."""


class SignedAddress:
    """Where a gateway that signs nothing tells of one attempt: the address itself is the proof."""

    def __init__(self, base_url: str, name: str, secret: str) -> None:
        self._url = f"{base_url}/notifications/receipts/{name}"
        self._name = name
        self._secret = secret.encode()

    def url(self, message_id: UUID, attempt: int) -> str:
        """The address for one attempt. Whoever has it can tell of that attempt alone."""
        signature = self._signature(message_id, attempt)
        query = {"message": str(message_id), "attempt": str(attempt), "signature": signature}
        return f"{self._url}?{urlencode(query)}"

    def read(self, query: Mapping[str, str]) -> tuple[UUID, int]:
        """The message and the attempt of an address. Raises `Forged`."""
        try:
            message_id, attempt = UUID(query.get("message", "")), int(query.get("attempt", ""))
        except ValueError:
            raise Forged from None
        signature = query.get("signature", "").encode()
        if not hmac.compare_digest(signature, self._signature(message_id, attempt).encode()):
            raise Forged
        return message_id, attempt

    def _signature(self, message_id: UUID, attempt: int) -> str:
        what = f"receipts:{self._name}:{message_id}:{attempt}".encode()
        return hmac.new(self._secret, what, hashlib.sha256).hexdigest()
