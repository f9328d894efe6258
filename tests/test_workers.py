"""Every queue has a worker, here and in containers, and long work has one of its own."""

import re
from importlib import import_module

import pytest
from sites import ROOT

from run import WORKERS


@pytest.mark.parametrize("service", ["registration", "reporting", "notifications"])
def test_every_queue_of_a_service_has_one_worker(service: str) -> None:
    import_module(f"services.{service}.app")
    import_module(f"services.{service}.jobs")
    known = import_module(f"services.{service}.resources").bus.jobs.queues
    taken = [
        queues.split(",") if queues else sorted(known) for _, s, queues in WORKERS if s == service
    ]
    assert sorted(queue for queues in taken for queue in queues) == sorted(known)


@pytest.mark.parametrize(("name", "queues"), [(name, queues) for name, _, queues in WORKERS])
def test_containers_have_the_same_workers(name: str, queues: str) -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    found = re.search(rf"^  {name}:(.*?)(?=^  [a-z#])", compose, re.MULTILINE | re.DOTALL)
    assert found
    assert re.findall(r'--queues, "?([a-z,]+?)"?\]', found[1]) == ([queues] if queues else [])


def test_certificates_and_imports_do_not_stop_what_is_urgent() -> None:
    for _, service, queues in WORKERS:
        if service == "registration":
            assert len({"events", "jobs"} & set(queues.split(","))) in {0, 2}
            assert not ("jobs" in queues and "certificates" in queues)
