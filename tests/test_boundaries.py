"""What holds for all three services: who may call a route, texts in both languages, migrations."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from alembic import command
from callers import NEIGHBOURS, REGIONS, headers, official, secrets, visitor
from sites import Site
from things import MEETING, UNREAL, marks
from walking import (
    OPEN,
    SAFE,
    SERVICES,
    SHARED,
    Step,
    body,
    declared,
    path,
    routes,
    steps,
    strangers,
    unknown,
    walkable,
)

from shared.local.postgres import Postgres
from shared.migrate import configuration, migrate
from shared.security import COOKIE, PERMISSIONS, Caller, issue_token, read_token
from shared.web import untranslated

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_says_who_may_call_it(service: str) -> None:
    for route in routes(service):
        if route.path not in OPEN:
            assert declared(route) & set(PERMISSIONS), f"{service}{route.path}"


@pytest.mark.parametrize("service", SERVICES)
def test_the_walk_knows_a_real_thing_for_every_parameter(service: str) -> None:
    """A new one gets its line in `THINGS` of tests/things.py."""
    assert {step.name: unknown(step) for step in steps(service) if unknown(step)} == {}


def call(site: Site, step: Step, caller: Caller | None, query: str = "") -> httpx.Response:
    """Take one step as somebody, with an empty body."""
    client = visitor(site)
    client.cookies.clear()
    who = headers(site, caller)
    return client.request(step.method, path(site, step) + query, headers=who, **body(site, step))


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_and_the_wrong_roles_are_kept_out(site: Site, service: str) -> None:
    wrong = []
    closed = [step for step in walkable(service) if step.roles]
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
    for step in walkable(service):
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
    for step in walkable(service):
        if step.method in SAFE and not step.things:
            for role in step.roles:
                answer = call(site, step, official(site, role))
                if answer.status_code in {401, 403, 303} or answer.status_code >= 500:
                    wrong.append(f"{step.name}: {role} got {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize("service", SERVICES)
def test_a_thing_is_seen_and_touched_in_its_own_region_alone(site: Site, service: str) -> None:
    wrong = []
    for step in walkable(service):
        if not step.roles or not step.things or step.name in SHARED:
            continue
        if step.method in SAFE and not UNREAL & set(step.things):
            role = next(role for role in REGIONS if role in step.roles)
            answer = call(site, step, official(site, role))
            if answer.status_code >= 400 and answer.status_code != 409:  # 409: not in this state
                wrong.append(f"{step.name}: {role} in scope got {answer.status_code}")
        for role, region in strangers(step):
            answer = call(site, step, official(site, role, region))
            # A JSON body is read before its meeting is looked for, and an empty one is wrong.
            unread = {422} if "/api/" in step.route.path and step.method not in SAFE else set()
            if answer.status_code not in {403, 404} | unread:
                wrong.append(f"{step.name}: {role} of {region} got {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "query", ["", f"?region=21.01&province=21&meeting={MEETING}&month=2025-03"]
)
def test_no_list_tells_of_what_lies_in_another_region(site: Site, service: str, query: str) -> None:
    """Also not when it is asked for that region; who is in charge does find it there."""
    wrong, shown = [], set()
    for step in walkable(service):
        if not step.roles or step.method != "GET" or step.name in SHARED:
            continue
        for role in REGIONS.keys() & set(step.roles):
            told = call(site, step, official(site, role), query).text
            shown |= {mark for mark in marks(site) if mark in told}
        for role, region in strangers(step, everywhere=True):
            answer = call(site, step, official(site, role, region), query)
            told = answer.text if answer.status_code < 400 else ""
            found = [mark for mark in marks(site) if mark in told]
            if found:
                wrong.append(f"{step.name}: {role} of {region} was told of {found}")
    assert shown
    assert not wrong


@pytest.mark.parametrize("service", SERVICES)
def test_public_pages_answer_everybody(site: Site, service: str) -> None:
    """A neighbour gets what nobody gets; who is in charge may see more, such as a draft."""
    wrong = []
    for step in walkable(service):
        if step.roles or step.method not in SAFE:
            continue
        expected = call(site, step, None).status_code
        if expected in {401, 403} or expected >= 500:
            wrong.append(f"{step.name}: nobody got {expected}")
        for role in REGIONS:
            answer = call(site, step, official(site, role))
            if answer.status_code != expected and answer.status_code >= 400:
                wrong.append(f"{step.name}: {role} got {answer.status_code}")
        for role in NEIGHBOURS:
            answer = call(site, step, official(site, role, NEIGHBOURS[role]))
            if answer.status_code != expected:
                wrong.append(f"{step.name}: {role} of the neighbour got {answer.status_code}")
    assert not wrong


def test_a_token_that_ran_out_is_renewed_on_the_way_to_another_service(site: Site) -> None:
    client = site.signed_in("kepri@contoh.id")
    client.follow_redirects = True
    caller = read_token(secrets(site)["TOKEN_PUBLIC_KEY"], client.cookies[COOKIE])
    over = issue_token(secrets(site)["TOKEN_PRIVATE_KEY"], caller, seconds=-60)
    client.cookies.set(COOKIE, over, domain="127.0.0.1", path="/")
    order = {"kind": "attendance_list", "format": "csv", "params": {"meeting": "tidak-ada"}}
    answer = client.post("/reporting/api/v1/reports", json=order)
    assert [step.status_code for step in answer.history] == [307, 307]
    assert answer.status_code == 404, answer.text  # its body arrived: there is no such meeting
    client.cookies.set(COOKIE, over, domain="127.0.0.1", path="/")
    page = client.get("/reporting/?q=a%20b")
    assert str(page.url).endswith("/reporting/?q=a%20b")
    assert page.status_code == 200


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
