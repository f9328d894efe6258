"""The bus on real PostgreSQL and Redis: what it promises a publisher and a subscriber."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, cast

import emptying
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.laboratory import TickLaboratory
from bench.ticks import Ticked, make_bus
from shared.bus import Bus, Envelope
from shared.bus.inbox import TRIES, Copy
from shared.bus.queues import ROOM, SUSPECT, BrokerAway
from shared.bus.relay import Step
from shared.bus.retention import purge


@pytest.fixture(scope="module")
def laboratory() -> Iterator[TickLaboratory]:
    with TickLaboratory() as running:
        yield running


@pytest.fixture(autouse=True)
def clean(laboratory: TickLaboratory) -> None:
    for bus in laboratory.buses.values():
        with bus.database.sessions.begin() as session:
            tables = ("delivery", "outbox", "inbox", "failed_event", "clock", "canary", "handled")
            emptying.empty(session, *tables)
    source(laboratory).queues.client.flushall()


def source(laboratory: TickLaboratory) -> Bus:
    return laboratory.buses["source"]


def scalar(bus: Bus, statement: str) -> Any:
    with bus.database.sessions.begin() as session:
        return session.execute(text(statement)).scalar()


def copies(bus: Bus) -> list[Copy]:
    with bus.database.sessions.begin() as session:
        rows = session.execute(text("SELECT id::text, 0, 1, type, envelope::text FROM outbox"))
        return [Copy(*row) for row in rows]


def sent(laboratory: TickLaboratory, queue: str) -> list[list[Any]]:
    """The arguments of the messages that wait in a queue, oldest first, as Celery wrote them."""
    import base64

    raw = cast("list[Any]", source(laboratory).queues.client.lrange(queue, 0, -1))
    bodies = [json.loads(message)["body"] for message in reversed(raw)]
    return [json.loads(base64.b64decode(body))[0] for body in bodies]


def drain(bus: Bus) -> Step:
    """What a relay does until it has nothing to do."""
    relay = bus.relay()
    while (step := relay.step()).moved:
        pass
    return step


def test_an_event_is_as_true_as_its_transaction(laboratory: TickLaboratory) -> None:
    bus = source(laboratory)
    with bus.database.sessions() as session:
        bus.publish(session, Ticked(number=1))
        session.rollback()
    assert scalar(bus, "SELECT count(*) FROM outbox") == 0


def test_a_ring_after_the_commit_wakes_a_listener(laboratory: TickLaboratory) -> None:
    bus = source(laboratory)
    with bus.database.raw_connection() as listening:
        listening.execute("LISTEN bus")
        with bus.database.sessions.begin() as session:
            bus.publish(session, Ticked(number=1))
        notes = list(listening.notifies(timeout=10, stop_after=1))
    assert [note.payload for note in notes] == ["outbox"]


def test_one_message_per_subscriber_carries_a_batch(laboratory: TickLaboratory) -> None:
    laboratory.publish(250)
    drain(source(laboratory))
    for subscriber in ("left", "right"):
        messages = sent(laboratory, f"{subscriber}.events")
        assert [len(batch) for _publisher, batch in messages] == [100, 100, 50]


def test_the_envelope_is_a_cloudevent_with_the_trace_of_its_cause(
    laboratory: TickLaboratory,
) -> None:
    bus = source(laboratory)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with bus.database.sessions.begin() as session:
        bus.publish(session, Ticked(number=7), caused_by=f"00-{trace}-00f067aa0ba902b7-01")
    envelope = json.loads(copies(bus)[0].envelope)
    assert envelope["specversion"] == "1.0"
    assert envelope["source"] == "/source"
    assert envelope["type"] == "id.sejawat.bench.ticked.v1"
    assert envelope["subject"] == "7"
    assert envelope["data"]["number"] == 7
    assert envelope["traceparent"].split("-")[1] == trace


def test_the_same_batch_twice_is_handled_once(laboratory: TickLaboratory) -> None:
    laboratory.publish(50)
    left = laboratory.buses["left"]
    for _ in range(2):
        left.inbox.deliver("source", copies(source(laboratory)))
    assert laboratory.handled("left") == (50, 50)


def test_two_workers_with_the_same_batch_at_once_handle_it_once(
    laboratory: TickLaboratory,
) -> None:
    laboratory.publish(200)
    batch = copies(source(laboratory))
    workers = [make_bus("left") for _ in range(4)]
    threads = [
        threading.Thread(target=bus.inbox.deliver, args=("source", batch[:: 1 if n % 2 else -1]))
        for n, bus in enumerate(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert laboratory.handled("left") == (200, 200)
    for bus in workers:
        bus.database.engine.dispose()


def test_without_the_inbox_the_same_batch_twice_is_doubled(laboratory: TickLaboratory) -> None:
    """The control: what the inbox guards against does happen when it forgets."""
    laboratory.publish(50)
    left = laboratory.buses["left"]
    for _ in range(2):
        left.inbox.deliver("source", copies(source(laboratory)))
        scalar(left, "WITH forgotten AS (DELETE FROM inbox RETURNING 1) SELECT count(*) FROM inbox")
    assert laboratory.handled("left") == (100, 50)


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


def test_a_copy_without_receipt_comes_due_again_and_one_with_a_receipt_does_not(
    laboratory: TickLaboratory,
) -> None:
    bus = source(laboratory)
    laboratory.publish(2)
    drain(bus)
    bus.queues.client.flushall()  # Redis loses everything
    first = copies(bus)[0]
    laboratory.buses["left"].queues.send_receipt("source", [(first.event_id, 0)])
    drain(bus)
    scalar(bus, "WITH x AS (UPDATE delivery SET due_at = now() WHERE due_at IS NOT NULL) SELECT 1")
    drain(bus)
    assert [len(batch) for _, batch in sent(laboratory, "left.events")] == [1]
    assert [len(batch) for _, batch in sent(laboratory, "right.events")] == [2]
    assert scalar(bus, "SELECT max(attempts) FROM delivery") == 2


def test_a_full_queue_holds_up_neither_redis_nor_the_other_subscriber(
    laboratory: TickLaboratory,
) -> None:
    bus = source(laboratory)
    for _ in range(ROOM):
        bus.queues.client.lpush("left.events", "x")
    laboratory.publish(300)
    assert drain(bus).full  # something had to wait
    assert bus.queues.client.llen("left.events") == ROOM
    assert len(sent(laboratory, "right.events")) == 3
    bus.queues.client.delete("left.events")
    assert not drain(bus).full
    assert len(sent(laboratory, "left.events")) == 3


def test_while_redis_is_away_events_wait_and_nothing_is_claimed(
    laboratory: TickLaboratory,
) -> None:
    bus = source(laboratory)
    laboratory.redis.kill()
    laboratory.publish(10)
    with pytest.raises(BrokerAway):
        drain(bus)
    assert scalar(bus, "SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 10
    laboratory.redis.start()
    drain(bus)
    assert len(sent(laboratory, "left.events")) == 1


def test_two_relays_send_nothing_twice(laboratory: TickLaboratory) -> None:
    laboratory.publish(1500)
    buses = [make_bus("source") for _ in range(3)]
    threads = [threading.Thread(target=drain, args=(bus,)) for bus in buses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [copy[0] for _, batch in sent(laboratory, "left.events") for copy in batch]
    assert len(ids) == len(set(ids)) == 1500
    for bus in buses:
        bus.database.engine.dispose()


def test_replay_is_handled_anew_and_a_repeated_replay_copy_is_not(
    laboratory: TickLaboratory,
) -> None:
    bus = source(laboratory)
    laboratory.publish(3)
    drain(bus)
    left = laboratory.buses["left"]
    left.inbox.deliver("source", copies(bus))
    with bus.database.sessions.begin() as session:
        assert bus.replay(session, "left", event_id=copies(bus)[0].event_id) == 1
        assert bus.replay(session, "left", since="2026-01-01T00:00:00+07:00") == 3
        assert bus.replay(session, "left", since="2099-01-01T00:00:00+07:00") == 0
    bus.queues.client.flushall()
    drain(bus)
    [[_, batch]] = sent(laboratory, "left.events")
    for _ in range(2):
        left.inbox.deliver("source", [Copy(*copy) for copy in batch])
    assert laboratory.handled("left") == (6, 3)


def test_purge_keeps_what_has_no_receipt_yet(laboratory: TickLaboratory) -> None:
    bus = source(laboratory)
    laboratory.publish(3)
    drain(bus)
    ids = [copy.event_id for copy in copies(bus)]
    laboratory.buses["left"].queues.send_receipt("source", [(id_, 0) for id_ in ids])
    laboratory.buses["right"].queues.send_receipt("source", [(id_, 0) for id_ in ids[:2]])
    drain(bus)
    assert purge(bus.database, days=30) == 0
    assert purge(bus.database, days=0) == 2
    assert [copy.event_id for copy in copies(bus)] == ids[2:]
    assert scalar(bus, "SELECT count(*) FROM delivery") == 2


def test_a_clocked_job_is_rung_by_one_of_many_relays(laboratory: TickLaboratory) -> None:
    buses = [make_bus("source") for _ in range(3)]
    due: list[set[str]] = []
    for bus in buses:
        bus.jobs.plan(bus.database)
        due.append(bus.jobs.due(bus.database))
    assert sorted(len(names) for names in due) == [0, 0, 3]
    buses[0].jobs.ring({"purge_bus"})
    assert sent(laboratory, "source.jobs") == [["purge_bus"]]
    for bus in buses:
        bus.database.engine.dispose()


def test_a_ring_for_a_full_queue_is_kept(laboratory: TickLaboratory) -> None:
    bus = source(laboratory)
    for _ in range(ROOM):
        bus.queues.client.lpush("source.jobs", "x")
    assert bus.jobs.ring({"purge_bus", "not ours"}) == {"purge_bus"}
    bus.queues.client.delete("source.jobs")
    assert bus.jobs.ring({"purge_bus"}) == set()
    assert sent(laboratory, "source.jobs") == [["purge_bus"]]


def test_a_replay_to_nobody_is_an_error(laboratory: TickLaboratory) -> None:
    bus = source(laboratory)
    with bus.database.sessions.begin() as session, pytest.raises(ValueError, match="nobody"):
        bus.replay(session, "lefft", since="2026-01-01T00:00:00+07:00")


def test_a_service_cannot_hear_what_the_contract_does_not_give_it() -> None:
    with pytest.raises(ValueError, match="does not say that source hears it"):
        make_bus("source").on(Ticked)
