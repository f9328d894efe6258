"""What the walk of all routes needs: the routes, who may call them, and their addresses."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from callers import ALLOWED, NEIGHBOURS, SIBLINGS, form_token
from fastapi.routing import APIRoute
from sites import Site
from things import IN_REGENCY, THINGS, WORDS

from shared.security import Role, anyone

SERVICES = ("registration", "reporting", "notifications")
# They tell nothing personal, and a probe has no account.
OPEN = {"/health/live", "/health/ready", "/metrics"}
SAFE = {"GET", "HEAD"}


@dataclass(frozen=True)
class Step:
    """One route by one method, and who may call it: no roles at all means everybody."""

    service: str
    route: APIRoute
    method: str
    roles: tuple[Role, ...]

    @property
    def name(self) -> str:
        """Method and address with its parameters."""
        return f"{self.method} {self.service}{self.route.path}"

    @property
    def parameters(self) -> list[str]:
        """What stands in the path, such as `{slug}`."""
        return re.findall(r"\{\w+(?::\w+)?\}", self.route.path)

    @property
    def things(self) -> list[str]:
        """Those of them that stand for something that lies in a region."""
        return [parameter for parameter in self.parameters if parameter not in WORDS]


def routes(service: str) -> list[APIRoute]:
    """Every route of a service; FastAPI keeps those of an included router inside it."""
    app = import_module(f"services.{service}.app").app
    inside = [getattr(route, "original_router", None) for route in app.routes]
    listed = [*app.routes, *(route for router in inside if router for route in router.routes)]
    found = [route for route in listed if isinstance(route, APIRoute)]
    assert len(found) > len(OPEN) + 3
    return found


def declared(route: APIRoute) -> set[object]:
    """Every dependency of a route, at any depth."""
    waiting = [route.dependant]
    found: set[object] = set()
    while waiting:
        dependant = waiting.pop()
        found.add(dependant.call)
        waiting += dependant.dependencies
    return found


def steps(service: str) -> Iterator[Step]:
    """Each route by each of its methods."""
    for route in routes(service):
        said = declared(route)
        closed = [set(roles) for permission, roles in ALLOWED.items() if permission in said]
        roles = tuple(set.intersection(*closed)) if closed else ()
        assert roles or anyone in said or route.path in OPEN, f"{service}{route.path}"
        for method in sorted(route.methods or ()):
            yield Step(service, route, method, roles)


def walkable(service: str) -> Iterator[Step]:
    """The steps whose parameters are all known; a test of its own fails for the others."""
    return (step for step in steps(service) if not unknown(step))


def unknown(step: Step) -> list[str]:
    """The parameters of which `THINGS` does not say what they are."""
    return [parameter for parameter in step.parameters if thing(step, parameter) is None]


def thing(step: Step, parameter: str) -> Callable[[Site], str] | None:
    """What stands for a parameter here."""
    address = f"{step.service}{step.route.path}"
    upto = address.partition(parameter)[0] + parameter
    return THINGS.get(upto) or THINGS.get(parameter)


def strangers(step: Step, *, everywhere: bool = False) -> Iterator[tuple[Role, str]]:
    """Who may take this step but not with these things, by role and region.

    A neighbouring kab/kota may see what is the province's, so it is only a stranger to things that
    lie in one kab/kota; `everywhere` names it for all things.
    """
    yield from ((role, code) for role, code in NEIGHBOURS.items() if role in step.roles)
    if everywhere or IN_REGENCY & set(step.things):
        yield from ((role, code) for role, code in SIBLINGS.items() if role in step.roles)


def path(site: Site, step: Step) -> str:
    """The address with real things in it."""
    address = f"/{step.service}{step.route.path}"
    for parameter in step.parameters:
        make = thing(step, parameter)
        assert make, unknown(step)
        address = address.replace(parameter, make(site), 1)
    return address


def body(site: Site, step: Step) -> dict[str, Any]:
    """A form of ours with nothing in it, or an empty object."""
    if "/api/" in step.route.path or step.method in SAFE:
        return {"json": {}} if step.method not in SAFE else {}
    return {"data": {"form_token": form_token(site, step.service)}}


# Steps with a thing in the path that somebody of another region may take ("GET registration/..."),
# each with its reason.
SHARED: dict[str, str] = {}
