"""The whole product, started once by its own command, for the tests that use it as people do."""

from collections.abc import Iterator

import pytest
from sites import Site, running_site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """One running site for all tests that do not break it."""
    with running_site() as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two processes at most, each with whole folders in their order: what one leaves is its own."""
    for item in items:
        services = {"registration", "notifications", "reporting"} & set(item.path.parts[-2:-1])
        item.add_marker(pytest.mark.xdist_group("services" if services else "whole"))
