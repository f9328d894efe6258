"""The bus on real PostgreSQL and Redis: what it promises a publisher and a subscriber."""

import json
import threading
from typing import Any

import pytest
from bus_steps import copies, drain, scalar, sent, source
from sqlalchemy import TextClause, text

from bench.laboratory import TickLaboratory
from bench.ticks import Ticked, make_bus
from shared.bus.inbox import Copy
from shared.bus.queues import ROOM, BrokerAway
from shared.bus.retention import _PURGE_OUTBOX, _REPLAY, purge

pytestmark = pytest.mark.usefixtures("clean")


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


@pytest.mark.parametrize(
    ("statement", "values", "bound"),
    [
        (_PURGE_OUTBOX, {"days": 30, "chunk": 1000}, "id <"),
        (
            _REPLAY,
            {
                "subscriber": "left",
                "types": ["tick"],
                "event_id": None,
                "since": "2026-01-01T00:00:00+07:00",
            },
            "id >=",
        ),
    ],
)
def test_time_is_looked_up_in_the_key(
    laboratory: TickLaboratory, statement: TextClause, values: dict[str, Any], bound: str
) -> None:
    """So few rows need no index; but where there can be none, no setting makes one be used."""
    with source(laboratory).database.sessions.begin() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
        lines = session.execute(text(f"EXPLAIN {statement.text}"), values).scalars().all()
    assert any(f"Index Cond: ({bound} " in line for line in lines), "\n".join(lines)


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
