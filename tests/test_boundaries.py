"""What holds for all three services: who may call a route, texts in both languages, migrations."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from alembic import command
from sites import Site
from walking import (
    NEIGHBOURS,
    OPEN,
    REGIONS,
    SAFE,
    SERVICES,
    SHARED,
    UNREAL,
    Step,
    body,
    declared,
    headers,
    official,
    path,
    routes,
    steps,
)

from shared.local.postgres import Postgres
from shared.migrate import configuration, migrate
from shared.security import PERMISSIONS, Caller
from shared.web import untranslated

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_says_who_may_call_it(service: str) -> None:
    for route in routes(service):
        if route.path not in OPEN:
            assert declared(route) & set(PERMISSIONS), f"{service}{route.path}"


def call(site: Site, step: Step, caller: Caller | None) -> httpx.Response:
    """Take one step as somebody, with an empty body."""
    who = headers(site, caller)
    return site.client().request(step.method, path(site, step), headers=who, **body(site, step))


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_and_the_wrong_roles_are_kept_out(site: Site, service: str) -> None:
    wrong = []
    closed = [step for step in steps(service) if step.roles]
    assert closed
    for step in closed:
        answer = call(site, step, None)
        to_sign_in = answer.headers.get("location", "").startswith("/registration/sign-in")
        if answer.status_code != 401 and not (answer.status_code == 303 and to_sign_in):
            wrong.append(f"{step.name}: nobody got {answer.status_code}")
        for role in REGIONS.keys() - set(step.roles):
            answer = call(site, step, official(site, role))
            if answer.status_code != 403:
                wrong.append(f"{step.name}: {role} got {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize("service", SERVICES)
def test_a_program_that_may_read_changes_nothing(site: Site, service: str) -> None:
    wrong = []
    for step in steps(service):
        if step.roles and step.method not in SAFE:
            role = min(step.roles)
            program = replace(official(site, role), scopes=("read",), session="")
            answer = call(site, step, program)
            if answer.status_code != 403:
                wrong.append(f"{step.name}: got {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize("service", SERVICES)
def test_the_right_roles_are_let_in(site: Site, service: str) -> None:
    """By GET alone: what the others change would be missed by the tests that follow."""
    wrong = []
    for step in steps(service):
        if step.method in SAFE and not step.parameters:
            for role in step.roles:
                answer = call(site, step, official(site, role))
                if answer.status_code in {401, 403, 303} or answer.status_code >= 500:
                    wrong.append(f"{step.name}: {role} got {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize("service", SERVICES)
def test_a_thing_is_seen_and_touched_in_its_own_region_alone(site: Site, service: str) -> None:
    wrong = []
    for step in steps(service):
        if not step.roles or not step.parameters or step.name in SHARED:
            continue
        if step.method in SAFE and not UNREAL & set(step.parameters):
            role = next(role for role in REGIONS if role in step.roles)
            answer = call(site, step, official(site, role))
            if answer.status_code != 200:
                wrong.append(f"{step.name}: {role} in scope got {answer.status_code}")
        for role in NEIGHBOURS.keys() & set(step.roles):
            answer = call(site, step, official(site, role, neighbour=True))
            if answer.status_code not in {403, 404}:
                wrong.append(f"{step.name}: {role} of the neighbour got {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize("service", SERVICES)
def test_public_pages_answer_everybody_the_same(site: Site, service: str) -> None:
    wrong = []
    for step in steps(service):
        if step.roles or step.method not in SAFE:
            continue
        expected = call(site, step, None).status_code
        if expected in {401, 403} or expected >= 500:
            wrong.append(f"{step.name}: nobody got {expected}")
        here = [official(site, role) for role in REGIONS]
        abroad = [official(site, role, neighbour=True) for role in NEIGHBOURS]
        for caller in (*here, *abroad):
            answer = call(site, step, caller)
            if answer.status_code != expected:
                wrong.append(f"{step.name}: {caller.name} got {answer.status_code}")
    assert not wrong


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
