"""The whole product, started once by its own command, for the tests that use it as people do."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from sites import Site, running_site

# A change is judged by the same examples each time; `HYPOTHESIS_PROFILE=search` looks for others.
settings.register_profile("same", derandomize=True)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """One running site for all tests that do not break it."""
    with running_site() as running:
        yield running
