"""What programs may ask and will be told: the OpenAPI document of a service, and its page.

FastAPI knows parameters, bodies and answers. Who may call, how to sign in, and that every refusal
is a problem (RFC 9457) is added here, once for all operations.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from shared import security
from shared.problems import STATUSES, status_problem
from shared.security import COOKIE, CREW, HOSTS, MEMBERS, STAFF, Role
from shared.web import Pages

SAFE = {"get", "head"}
CALLERS: dict[Callable[..., Any] | None, tuple[Role, ...]] = {
    security.national: ("national",),
    security.hosts: HOSTS,
    security.staff: STAFF,
    security.crew: CREW,
    security.members: MEMBERS,
    security.libraries: ("library",),
}
SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of ten minutes, from `POST /registration/api/v1/tokens` for an API "
        "token (`sjw_...`) of one's account, whose scopes it has: `read`, `write`, `check_in`.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The session of a browser that signed in; not from other sites.",
    },
}


_ANY_JSON: dict[str, Any] = {"application/json": {"schema": {}}}
_ELSEWHERE = {  # outside /api people read the refusals
    "description": "A refusal",
    "content": {"text/html": {}, "application/problem+json": {}, "application/json": {}},
}


class WrongField(BaseModel):
    """One field that has to be mended."""

    field: str = Field(description="Its path in the body or the address, with dots.")
    message: str = Field(description="For people; in Indonesian where `message_en` stands beside.")
    code: str = Field(default="", description="What is wrong, as pydantic names it.")
    message_en: str = ""


class Problem(BaseModel):
    """A refusal, as RFC 9457 has it; some have more members, which the operation names."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str = Field(description="A stable name that programs may rely on.")
    detail: str = Field(description="For people, in Indonesian and English.")
    errors: list[WrongField] = Field(default=[], description="What is wrong, by field.")


def add_api_docs(app: FastAPI, service: str, pages: Pages) -> None:
    """Complete `/api/openapi.json`, and show it to people at `/api/docs`."""
    # FastAPI's documented way to extend the document.
    app.openapi = partial(_document, app)  # type: ignore[method-assign]

    def docs(request: Request) -> Response:
        """The document as a page, without a script."""
        document = app.openapi()
        return pages.render(
            request,
            "api_docs.html",
            service=service,
            groups=_groups(document),
            schemas=document["components"]["schemas"],
            statuses=STATUSES,
        )

    app.get("/api/docs", include_in_schema=False, dependencies=[Depends(security.anyone)])(docs)


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description="Signing in, problems, paging and limits: docs/api.md.",
            routes=app.routes,
        )
        _add_components(document)
        routes = {(route.path, method): route for route, method in _routes(app)}
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                _add_refusals(path, method, operation, routes[path, method])
        app.openapi_schema = document
    return app.openapi_schema


def _routes(app: FastAPI) -> Iterator[tuple[APIRoute, str]]:
    """Every route by each of its methods; FastAPI keeps an included router's inside it."""
    inside = [getattr(route, "original_router", None) for route in app.routes]
    for route in (*app.routes, *(one for router in inside if router for one in router.routes)):
        if isinstance(route, APIRoute):
            for method in route.methods or ():
                yield route, method.lower()


def _add_components(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for never_sent in ("HTTPValidationError", "ValidationError"):
        schemas.pop(never_sent, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    components["securitySchemes"] = SCHEMES
    components["responses"] = {
        code: {
            "description": status_problem(status).detail.partition(" / ")[2],
            "content": _problem_content(),
        }
        for status, (code, _) in STATUSES.items()
    }


def _problem_content() -> dict[str, Any]:
    return {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _add_refusals(path: str, method: str, operation: dict[str, Any], route: APIRoute) -> None:
    roles = _roles(route)
    who: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]
    operation["security"] = who if roles else [{}, *who]
    operation["x-callers"] = list(roles) or ["anyone"]
    responses = operation["responses"]
    unread = responses.pop("422", None)
    for told in responses.values():
        if told.get("content") == _ANY_JSON:  # what FastAPI says of a route that answers by itself
            told["content"] = {"*/*": {}}
    if "/api/" not in path:
        responses["default"] = _ELSEWHERE
        return
    statuses = {400, 404, 429} | ({401, 403} if roles else set()) | ({422} if unread else set())
    if method not in SAFE:
        statuses |= {403, 409, 422}
    if "requestBody" in operation:
        statuses |= {413, 415}
    for status, told in responses.items():
        if int(status) >= 400:
            told.setdefault("content", _problem_content())
    for status in sorted(statuses):
        reference = {"$ref": f"#/components/responses/{STATUSES[status][0]}"}
        responses.setdefault(str(status), reference)


def _roles(route: APIRoute) -> tuple[Role, ...]:
    """Who may call a route; nobody in particular means everybody."""
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        if roles := CALLERS.get(dependant.call):
            return roles
        waiting += dependant.dependencies
    return ()


def _groups(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations by their first tag, each with its method, path and usual refusals."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            refusals = [status for status, told in operation["responses"].items() if "$ref" in told]
            shown = operation | {"method": method.upper(), "path": path, "refusals": refusals}
            groups[operation.get("tags", [""])[0]].append(shown)
    return groups
