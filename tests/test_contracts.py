"""What services promise each other: released shapes stay, and the documents tell the truth."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from builders import REGISTRATION_ID, events, registration_submitted

from scripts.build_asyncapi import TARGET, document, text
from services.notifications.resources import bus as notifications
from services.registration.resources import bus as registration
from services.reporting.resources import bus as reporting
from shared.bus.envelope import seal, unseal
from shared.events import SUBSCRIBERS, Event

GOLDEN = Path(__file__).parent / "golden"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BUSES = {bus.service: bus for bus in (registration, reporting, notifications)}


def golden_path(event: Event) -> Path:
    return GOLDEN / f"{event.type}.json"


def as_sent(event: Event) -> dict[str, object]:
    envelope = seal("registration", event, TRACE)
    sent: dict[str, object] = json.loads(envelope.model_dump_json())
    assert UUID(str(sent["id"])).version == 7
    # What differs each time is told by its form, not its value.
    return sent | {"id": "<uuid7>", "time": "<now>", "traceparent": str(sent["traceparent"])[:36]}


@pytest.mark.parametrize("event", events(), ids=lambda event: event.type)
def test_a_released_event_keeps_its_shape(event: Event) -> None:
    """A failing case means: make a new version of the event, do not change the golden file."""
    assert as_sent(event) == json.loads(golden_path(event).read_text())


@pytest.mark.parametrize("event", events(), ids=lambda event: event.type)
def test_what_is_sealed_can_be_unsealed_with_all_its_data(event: Event) -> None:
    envelope = seal("registration", event, TRACE)
    again = unseal(event.type, envelope.model_dump_json())
    assert again.data == event
    assert type(again.data) is type(event)


def test_a_registration_told_before_it_was_said_by_whom_is_still_read() -> None:
    stamp = {"id": str(REGISTRATION_ID), "time": "2026-01-01T00:00:00Z"}
    old = as_sent(registration_submitted()) | stamp
    data = old["data"]
    assert isinstance(data, dict)
    del data["registered_by"]
    again = unseal(str(old["type"]), json.dumps(old))
    assert again.data == registration_submitted()


def test_there_is_one_golden_file_for_each_event_and_a_builder_for_each() -> None:
    types = {event.type for event in SUBSCRIBERS}
    assert {path.stem for path in GOLDEN.glob("*.json")} == types
    assert {event.type for event in events()} == types


def test_what_events_have_in_common_is_no_event_itself() -> None:
    # A bench may have added events of its own to this process.
    ours = {name for name in Event.known if not name.startswith("id.sejawat.bench.")}
    assert ours == {event.type for event in SUBSCRIBERS}
    assert "" not in Event.known
    assert "RegistrationEvent" not in text()


def test_the_asyncapi_document_is_what_the_code_says() -> None:
    assert TARGET.read_text() == text(), "run: python -m scripts.build_asyncapi"
    assert set(document()["components"]["messages"]) == {cls.__name__ for cls in SUBSCRIBERS}


def test_every_subscriber_has_a_handler_and_every_handler_is_a_subscriber() -> None:
    from importlib import import_module

    for name in BUSES:
        if any(name in names for names in SUBSCRIBERS.values()):
            import_module(f"services.{name}.handlers")
    for event_class, names in SUBSCRIBERS.items():
        heard_by = {s for s, bus in BUSES.items() if bus.inbox.handlers.get(event_class)}
        assert heard_by == set(names)


def test_every_queue_that_is_sent_to_is_read() -> None:
    read = {queue for bus in BUSES.values() for queue in bus.queue_names()}
    sent = {f"{name}.events" for names in SUBSCRIBERS.values() for name in names}
    assert sent <= read
