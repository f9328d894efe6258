"""The envelope of an event: CloudEvents 1.0 in its JSON form, with a trace context."""

from datetime import UTC, datetime
from functools import cache
from typing import Generic, Literal, TypeVar, cast
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from uuid_utils.compat import uuid7

from shared.events import Event
from shared.tracing import new_traceparent

E = TypeVar("E", bound=Event)


class Envelope(BaseModel, Generic[E]):
    """One event on its way. `id` is a UUID of version 7, so ids sort by time."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str
    data: E


def seal(service: str, event: E, traceparent: str) -> Envelope[E]:
    """Put an event into its envelope, as a new span of the trace that caused it."""
    # The event's own class, not the type variable: with that one, pydantic would write no data.
    return cast("type[Envelope[E]]", _sealed(event.type))(
        id=uuid7(),
        source=f"/{service}",
        type=event.type,
        subject=event.subject,
        time=datetime.now(UTC),
        traceparent=new_traceparent(traceparent),
        data=event,
    )


def unseal(type_name: str, text: str) -> Envelope[Event]:
    """Read an envelope.

    Raises `UnknownEvent` for a type this process does not know (a newer publisher), and pydantic's
    `ValidationError` for a shape that breaks the contract.
    """
    return _sealed(type_name).model_validate_json(text)


@cache
def _sealed(type_name: str) -> type[Envelope[Event]]:
    """The envelope of one event class; making it takes longer than reading one."""
    event_class = Event.known.get(type_name)
    if event_class is None:
        raise UnknownEvent(type_name)
    return cast("type[Envelope[Event]]", Envelope.__class_getitem__(event_class))


class UnknownEvent(LookupError):
    """An event type this version has no class for; replay it after the upgrade."""
