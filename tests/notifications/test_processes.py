"""The service as its own processes: from an event in Redis to a mail, and told to stop midway."""

import signal
import subprocess
from collections.abc import Iterator

import pytest
from alembic import command
from notifications.mailroom import Mailroom, mails, message_ids, registered, states
from sites import eventually

from services.notifications.resources import bus
from services.notifications.settings import settings
from shared.local.smtp_sink import Faults, SmtpSink
from shared.migrate import configuration

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture
def worker(mailroom: Mailroom) -> Iterator[subprocess.Popen[bytes]]:
    """A worker and a relay; what comes before they are ready waits in its queue."""
    processes = [mailroom.python("-m", "services.notifications", n) for n in ("worker", "relay")]
    yield processes[0]
    for process in processes:
        process.terminate()
        process.wait(20)


def arrive(*numbers: int) -> None:
    """Events as registration's relay sends them."""
    events = [registered(email=f"p{number}@contoh.id") for number in numbers]
    copies = [[str(event.id), 0, 1, event.type, event.model_dump_json()] for event in events]
    bus.queues.send("notifications.events", "bus.deliver", "registration", copies)


def test_events_become_mails_and_a_worker_that_is_stopped_leaves_nothing_half_done(
    worker: subprocess.Popen[bytes], sink: SmtpSink
) -> None:
    arrive(1)
    eventually(lambda: states() == {"accepted": 1}, "the mail", 60)
    assert len(mails(sink)) == 1
    sink.faults = Faults(delay_ms=300)
    arrive(*range(2, 302))
    eventually(lambda: states()["accepted"] > 20, "some of the mails")
    worker.send_signal(signal.SIGTERM)
    worker.wait(20)
    after = states()
    assert set(after) == {"accepted", "queued"}
    assert after["accepted"] == len(mails(sink)) == len(set(message_ids(mails(sink))))
    assert after["accepted"] < 301, "it was stopped midway, or this test shows nothing"


def test_the_migrations_make_what_the_models_say(mailroom: Mailroom) -> None:
    assert mailroom.environment
    command.check(configuration("notifications", settings().database_url))
