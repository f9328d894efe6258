"""Every queue has a worker, here and in containers, and long work has one of its own."""

import re
from importlib import import_module

import pytest
from sites import ROOT

from run import WORKERS


@pytest.mark.parametrize("service", sorted(WORKERS))
def test_every_queue_of_a_service_has_one_worker(service: str) -> None:
    import_module(f"services.{service}.app")
    import_module(f"services.{service}.jobs")
    known = import_module(f"services.{service}.resources").bus.jobs.queues
    taken = [queue for queues in WORKERS[service] for queue in queues.split(",")]
    assert sorted(taken) == sorted(known)


@pytest.mark.parametrize("service", sorted(WORKERS))
def test_containers_have_the_same_workers(service: str) -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    worker = rf'^  {service}-[a-z-]*worker:\n.*\n.*--queues, "?([a-z,]+)"?\]'
    found = re.findall(worker, compose, re.MULTILINE)
    assert sorted(found) == sorted(WORKERS[service])


def test_certificates_and_imports_do_not_stop_what_is_urgent() -> None:
    for queues in WORKERS["registration"]:
        assert len({"events", "jobs"} & set(queues.split(","))) in {0, 2}
        assert not ("jobs" in queues and "certificates" in queues)
