"""Write docs/asyncapi.yaml from shared/events/: `python -m scripts.build_asyncapi`.

A test holds the file against the code, so it cannot drift.
"""

import json
from pathlib import Path
from typing import Any

from shared.bus.envelope import Envelope
from shared.events import SUBSCRIBERS, Event

TARGET = Path(__file__).parents[1] / "docs" / "asyncapi.yaml"
HEAD = (
    "# Made by `python -m scripts.build_asyncapi` from shared/events/; do not edit.\n"
    "# YAML in its JSON form, which every YAML reader reads.\n"
)


def document() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: one channel per subscriber's queue, one message per event."""
    services = sorted({name for names in SUBSCRIBERS.values() for name in names})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sejawat events",
            "version": "1",
            "description": "CloudEvents 1.0 over Celery tasks `bus.deliver` in Redis lists. "
            "A task carries a batch; the messages here are its single events.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {f"{name}.events": _channel(name) for name in services},
        "operations": {f"{name}.hear": _operation(name) for name in services},
        "components": {
            "messages": {event.__name__: _message(event) for event in SUBSCRIBERS},
        },
    }


def _heard_by(service: str) -> list[type[Event]]:
    return [event for event, names in SUBSCRIBERS.items() if service in names]


def _channel(service: str) -> dict[str, Any]:
    messages = {
        event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}
        for event in _heard_by(service)
    }
    return {"address": f"{service}.events", "messages": messages}


def _operation(service: str) -> dict[str, Any]:
    channel = f"#/channels/{service}.events"
    messages = [{"$ref": f"{channel}/messages/{e.__name__}"} for e in _heard_by(service)]
    return {"action": "receive", "channel": {"$ref": channel}, "messages": messages}


def _message(event: type[Event]) -> dict[str, Any]:
    envelope = Envelope.__class_getitem__(event)
    return {
        "name": event.type,
        "summary": (event.__doc__ or "").splitlines()[0],
        "payload": envelope.model_json_schema(mode="serialization"),  # type: ignore[union-attr]
    }


def text() -> str:
    """The whole file."""
    return HEAD + json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
