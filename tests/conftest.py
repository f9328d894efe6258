"""The whole product, started once by its own command, for the tests that use it as people do."""

import os
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import settings
from sites import Site, running_site

# A change is judged by the same examples each time; `HYPOTHESIS_PROFILE=search` looks for others.
settings.register_profile("same", derandomize=True)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what leaves this machine; a path (AF_UNIX) and a kernel's own family do not."""
    address = arguments[1] if event == "socket.connect" else None
    if not isinstance(address, tuple) or len(address) < 2 or not isinstance(address[0], str):
        return
    host = address[0].partition("%")[0]
    if host != "localhost" and not ip_address(host).is_loopback:
        raise PermissionError(f"a test tried to reach {address}")


@pytest.fixture(scope="session", autouse=True)
def _loopback_alone() -> None:
    """For this process; what it starts has no such hook. A hook cannot be taken away again."""
    sys.addaudithook(_stay_here)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """One running site for all tests that do not break it."""
    with running_site() as running:
        yield running
