"""What other systems are told of each event, and that docs/webhooks.md tells the truth."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import REGISTRATION_ID, events
from notifications.hooks import forget_all, hook, send
from notifications.mailroom import deliver, registered

from services.notifications import webhook_secrets, webhook_types
from shared.bus.envelope import seal
from shared.events import (
    SUBSCRIBERS,
    AccountChanged,
    AccountCreated,
    DataRequestAnswered,
    DataRequestAsked,
    ImportFinished,
    LibraryReminderDue,
    LibraryReportReturned,
    LibrarySilent,
    OwnLinksRequested,
    RegistrationContactChanged,
    ReportFailed,
    ReportFinished,
    SignInCodeRequested,
)
from shared.tracing import new_traceparent

pytestmark = pytest.mark.usefixtures("empty")

# For accounts, full of links, or between one person and the hosts; nobody else's.
PRIVATE = {
    *(AccountCreated, AccountChanged, SignInCodeRequested, OwnLinksRequested),
    *(LibrarySilent, LibraryReminderDue, ReportFinished, ReportFailed, ImportFinished),
    *(LibraryReportReturned, DataRequestAsked, DataRequestAnswered, RegistrationContactChanged),
}
DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"


@pytest.fixture(autouse=True)
def _no_endpoints(empty: None) -> Iterator[None]:  # noqa: ARG001
    forget_all()
    yield
    forget_all()


def test_no_public_payload_holds_a_link_or_code_that_opens_something() -> None:
    public = [event for event in events() if type(event) in webhook_types.NAMES]
    assert len(public) == len(webhook_types.NAMES)
    for event in public:
        told = json.dumps(webhook_types.payload(seal("registration", event, new_traceparent())))
        assert "/registration/r/" not in told
        assert "K7QF3-M2DXA" not in told
        assert not webhook_types.SECRETS & set(json.loads(told)["data"])
    kept = {event for event in SUBSCRIBERS if "notifications" in SUBSCRIBERS[event]}
    assert kept - webhook_types.NAMES.keys() == PRIVATE, "a new event is public or it is not"


def test_the_page_for_developers_tells_the_truth() -> None:
    text = DOCS.read_text()
    parts = text.split("### `")[1:]
    told = {}
    for part in parts:
        name, _, rest = part.partition("`")
        told[name] = json.loads(rest.partition("```json")[2].partition("```")[0])
    wanted = {
        webhook_types.NAMES[type(event)]: event
        for event in events()
        if type(event) in webhook_types.NAMES
    }
    assert told.keys() == wanted.keys() | {webhook_types.TEST}
    for name, event in wanted.items():
        payload = webhook_types.payload(seal("registration", event, new_traceparent()))
        assert told[name] == payload | {"timestamp": told[name]["timestamp"]}, name
    assert str(REGISTRATION_ID) in text
    assert time.strptime(told["webhook.test"]["timestamp"][:19], "%Y-%m-%dT%H:%M:%S")


def test_what_that_page_says_of_verifying_verifies() -> None:
    said: dict[str, Any] = {}
    exec(DOCS.read_text().partition("```python")[2].partition("```")[0], said)  # noqa: S102 - ours
    with hook() as system:
        deliver(registered())
        send()
        [received] = system.receiver.received
    is_ours = said["is_ours"]
    assert is_ours(system.secret, received.headers, received.body)
    assert not is_ours(system.secret, received.headers, received.body + b" ")
    assert not is_ours(webhook_secrets.new(), received.headers, received.body)
    old = received.headers | {"webhook-timestamp": str(int(time.time()) - 400)}
    assert not is_ours(system.secret, old, received.body)
