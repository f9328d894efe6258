"""One trace id from the HTTP request to the SMTP reply (W3C Trace Context, `traceparent`).

Only the header is implemented: a collector can join in later, and the logs can be joined today.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars, get_contextvars

# Version 00, trace id, parent id, flags: https://www.w3.org/TR/trace-context/
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def new_traceparent(caused_by: str | None = None) -> str:
    """A span of the same trace as `caused_by`, or of a new trace when that is absent or damaged."""
    match = _TRACEPARENT.fullmatch(caused_by or "")
    trace = match[1] if match else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-01"


def trace_id(traceparent: str) -> str:
    """The 32 hexadecimal digits that every log line of one journey shares."""
    return traceparent.split("-")[1]


def current_traceparent() -> str:
    """The span we are in; a new trace when there is none."""
    return get_contextvars().get("traceparent") or new_traceparent()


@contextmanager
def span(traceparent: str) -> Iterator[None]:
    """Everything logged or published inside belongs to this span."""
    with bound_contextvars(traceparent=traceparent, trace_id=trace_id(traceparent)):
        yield
