"""schemathesis asks every operation what nobody would: there is never a server error."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sites import Site, running_site

SERVICES = ("registration", "reporting", "notifications")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 10  # of each operation; the nightly figure is yours to raise


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Site]:
    """A site of its own, as what is done to it here is no company for other tests."""
    with running_site() as site:
        yield site


@pytest.mark.timeout(600)
@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_has_a_server_error(fuzzed: Site, service: str) -> None:
    url = f"{fuzzed.base_url}/{service}/api/openapi.json"
    found = schemathesis.openapi.from_url(url).get_all_operations()
    operations = [one.ok() for one in found if isinstance(one, Ok)]
    assert len(operations) > 3
    for operation in operations:
        ask(operation, fuzzed)


def ask(operation: Any, site: Site) -> None:
    """As the national admin, so that nothing is refused before it is looked at."""

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def never_fails(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=site.staff, checks=CHECKS)

    never_fails()
