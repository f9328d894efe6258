"""The whole product, started once by its own command, for the tests that use it as people do."""

from collections.abc import Iterator

import pytest
from sites import Site, running_site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """One running site for all tests that do not break it."""
    with running_site() as running:
        yield running
