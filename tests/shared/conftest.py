"""The bus in a laboratory, and processes that end with their test."""

from collections.abc import Iterator

import emptying
import pytest
from bus_steps import source

from bench.laboratory import TickLaboratory
from shared.local.processes import Supervisor


@pytest.fixture(scope="session")
def laboratory() -> Iterator[TickLaboratory]:
    with TickLaboratory() as running:
        yield running


@pytest.fixture
def clean(laboratory: TickLaboratory) -> None:
    for bus in laboratory.buses.values():
        with bus.database.sessions.begin() as session:
            tables = ("delivery", "outbox", "inbox", "failed_event", "clock", "canary", "handled")
            emptying.empty(session, *tables)
    source(laboratory).queues.client.flushall()


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    supervisor = Supervisor()
    yield supervisor
    supervisor.stop(grace=1)
