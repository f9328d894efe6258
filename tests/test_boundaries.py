"""What holds for all three services: who may call a route, texts in both languages, migrations."""

import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command
from fastapi.routing import APIRoute
from sites import Site

from shared.local.postgres import Postgres
from shared.migrate import configuration, migrate
from shared.security import anyone, staff
from shared.web import untranslated

ROOT = Path(__file__).parents[1]
SERVICES = ("registration", "reporting", "notifications")
# They tell nothing personal, and a probe has no account.
OPEN = {"/health/live", "/health/ready", "/metrics"}


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


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_says_who_may_call_it(service: str) -> None:
    for route in routes(service):
        if route.path not in OPEN:
            assert declared(route) & {anyone, staff}, f"{service}{route.path}"


@pytest.mark.parametrize("service", ["reporting", "notifications"])
def test_nobody_reads_staff_pages_without_signing_in(site: Site, service: str) -> None:
    client = site.client()
    closed = [route for route in routes(service) if staff in declared(route)]
    assert closed
    for route in closed:
        path = f"/{service}{route.path}".replace("{", "").replace("}", "").replace(":path", "")
        for method in route.methods or ():
            answer = client.request(method, path)
            assert answer.status_code in {303, 401}, f"{method} {path}: {answer.status_code}"


def test_every_text_has_its_english() -> None:
    folders = [ROOT / "shared", *(ROOT / "services" / name for name in SERVICES)]
    assert untranslated(folders) == set()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="sejawat-test-") as folder:
        engine = Postgres(Path(folder) / "postgres")
        engine.start()
        yield engine
        engine.stop()


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_make_what_the_models_say(postgres: Postgres, service: str) -> None:
    url = postgres.ensure_database(service, service)
    migrate(service, url)
    migrate(service, url)  # twice is once
    command.check(configuration(service, url))
