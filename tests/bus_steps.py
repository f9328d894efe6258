"""What tests of the bus do step by step, and see of its queues and tables."""

import json
from typing import Any, cast

from sqlalchemy import text

from bench.laboratory import TickLaboratory
from shared.bus import Bus
from shared.bus.inbox import Copy
from shared.bus.relay import Step


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
