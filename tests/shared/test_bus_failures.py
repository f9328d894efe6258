"""Events that fail, kill their worker or cannot be read stop no other."""

import signal
import subprocess
import sys
from typing import Any

import pytest
from bus_steps import copies, drain, scalar, sent, source
from sqlalchemy.orm import Session

from bench.laboratory import TickLaboratory
from bench.ticks import Ticked, make_bus
from shared.bus import Bus, Envelope
from shared.bus.inbox import TRIES, Copy
from shared.bus.queues import SUSPECT

pytestmark = pytest.mark.usefixtures("clean")


def poisoned(number: int) -> tuple[Bus, set[int]]:
    """A subscriber whose handler fails on one number, until that is taken out of the set."""
    bus = make_bus("left")
    poison = {number}

    @bus.on(Ticked)
    def choke(_session: Session, envelopes: list[Envelope[Any]]) -> None:
        for envelope in envelopes:
            if envelope.data.number in poison:
                raise ValueError(f"cannot handle {envelope.data.number}")

    return bus, poison


def test_a_poisoned_event_stops_no_other(laboratory: TickLaboratory) -> None:
    laboratory.publish(20)
    bus, _ = poisoned(13)
    bus.inbox.deliver("source", copies(source(laboratory)))
    assert laboratory.handled("left") == (19, 19)
    # The receipt names the nineteen; the poisoned one will be sent again.
    [(subscriber, keys)] = source(laboratory).queues.take_receipts()
    assert (subscriber, len(keys)) == ("left", 19)
    bus.database.engine.dispose()


def test_an_event_that_fails_to_the_last_try_is_parked_and_can_be_handled_later(
    laboratory: TickLaboratory,
) -> None:
    laboratory.publish(20)
    bus, poison = poisoned(13)
    for _ in range(TRIES):
        bus.inbox.deliver("source", copies(source(laboratory)))
    with bus.database.sessions.begin() as session:
        [failed] = bus.inbox.failed(session)
    assert failed["attempts"] == TRIES
    assert failed["parked_at"] is not None
    assert "cannot handle 13" in failed["error"]
    # Parked is settled: the publisher gets its receipt and stops sending.
    assert len(source(laboratory).queues.take_receipts()[-1][1]) == 20

    poison.clear()
    assert bus.inbox.retry_parked() == 1
    assert laboratory.handled("left") == (20, 20)
    with bus.database.sessions.begin() as session:
        assert bus.inbox.failed(session) == []
    bus.database.engine.dispose()


DEADLY = """
import os, signal, sys
from bench.ticks import Ticked, make_bus
from shared.bus.inbox import Copy
bus = make_bus("left")
bus.on(Ticked)(lambda session, envelopes: os.kill(os.getpid(), signal.SIGKILL))
bus.inbox.deliver("source", [Copy(*sys.argv[1].split("|", 4))._replace(replay=0, attempts=3)])
"""


def test_an_event_that_kills_its_worker_each_time_is_parked_in_the_end(
    laboratory: TickLaboratory,
) -> None:
    laboratory.publish(1)
    [copy] = copies(source(laboratory))
    for _ in range(TRIES):
        argument = "|".join(str(part) for part in copy)
        died = subprocess.run([sys.executable, "-c", DEADLY, argument], check=False)
        assert died.returncode == -signal.SIGKILL
    left = laboratory.buses["left"]
    left.inbox.deliver("source", [copy._replace(attempts=SUSPECT)])
    with left.database.sessions.begin() as session:
        [failed] = left.inbox.failed(session)
    assert failed["parked_at"] is not None
    assert failed["attempts"] == TRIES
    assert laboratory.handled("left") == (0, 0)


def test_an_event_that_nothing_handles_yet_is_kept_as_failed(laboratory: TickLaboratory) -> None:
    laboratory.publish(2)
    bus = make_bus("left")
    bus.inbox.handlers.clear()
    bus.inbox.deliver("source", copies(source(laboratory)))
    with bus.database.sessions.begin() as session:
        assert len(bus.inbox.failed(session)) == 2
    # The next release hears it; the copies come again, and nothing is left of the failure.
    left = laboratory.buses["left"]
    left.inbox.deliver("source", copies(source(laboratory)))
    assert laboratory.handled("left") == (2, 2)
    with bus.database.sessions.begin() as session:
        assert bus.inbox.failed(session) == []
    bus.database.engine.dispose()


def test_a_retry_goes_on_behind_one_that_still_fails(laboratory: TickLaboratory) -> None:
    laboratory.publish(3)
    bus, poison = poisoned(0)
    poison |= {1, 2}
    for _ in range(TRIES):
        bus.inbox.deliver("source", copies(source(laboratory)))
    poison.difference_update({1, 2})
    with pytest.raises(ExceptionGroup, match="2 handled, 1 still fail"):
        bus.inbox.retry_parked()
    assert laboratory.handled("left") == (2, 2)
    bus.database.engine.dispose()


def test_a_suspect_is_sent_alone(laboratory: TickLaboratory) -> None:
    bus = source(laboratory)
    laboratory.publish(4)
    drain(bus)
    bus.queues.client.flushall()
    scalar(bus, f"WITH x AS (UPDATE delivery SET due_at = now(), attempts = {SUSPECT}) SELECT 1")
    drain(bus)
    assert [len(batch) for _, batch in sent(laboratory, "left.events")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("event_type", "envelope"),
    [
        ("id.sejawat.unheard.of.v9", "{}"),
        ("id.sejawat.bench.ticked.v1", "not json"),
        ("id.sejawat.bench.ticked.v1", '{"specversion": "1.0"}'),
    ],
)
def test_an_unreadable_event_is_kept_as_it_came(
    laboratory: TickLaboratory, event_type: str, envelope: str
) -> None:
    bus = laboratory.buses["left"]
    copy = Copy("01920000-0000-7000-8000-000000000001", 0, 1, event_type, envelope)
    bus.inbox.deliver("source", [copy])
    with bus.database.sessions.begin() as session:
        [failed] = bus.inbox.failed(session)
    assert (failed["type"], failed["envelope"]) == (event_type, envelope)
