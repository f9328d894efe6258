"""The OpenAPI documents and their pages tell what the routes do."""

from importlib import import_module
from typing import Any

import pytest
from sites import Site
from walking import SERVICES, steps

PROBLEM = "#/components/schemas/Problem"


def document(service: str) -> dict[str, Any]:
    """What `/api/openapi.json` answers."""
    return dict(import_module(f"services.{service}.app").app.openapi())


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_says_who_may_call_it_and_how_it_refuses(service: str) -> None:
    told = document(service)
    assert "HTTPValidationError" not in told["components"]["schemas"]
    assert set(told["components"]["securitySchemes"]) == {"bearer", "cookie"}
    problem = told["components"]["responses"]["forbidden"]["content"]
    assert problem["application/problem+json"]["schema"]["$ref"] == PROBLEM
    told_of = 0
    for step in steps(service):
        operation = told["paths"].get(step.route.path, {}).get(step.method.lower())
        if operation is None:
            continue
        told_of += 1
        assert set(operation["x-callers"]) == set(step.roles or ("anyone",)), step.name
        assert ({} in operation["security"]) is not bool(step.roles), step.name
        if step.roles and "/api/" in step.route.path:
            assert {"401", "403"} <= set(operation["responses"]), step.name
    assert told_of > 10


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_lists_every_operation_to_everybody(site: Site, service: str) -> None:
    answer = site.client().get(f"/{service}/api/docs?lang=en")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    for path, operations in document(service)["paths"].items():
        for operation in operations.values():
            assert f"/{service}{path}</code>" in answer.text
            assert f'id="{operation["operationId"]}"' in answer.text
    assert "<script" not in answer.text
