"""The front door."""

from asking import ask
from fastapi import FastAPI

from shared.front import front_door


def _nothing() -> dict[str, str]:
    return {}


def test_an_address_that_no_service_takes_is_a_problem_for_a_program() -> None:
    door = front_door({"registration": FastAPI()})
    answer = ask(door, "GET", "/registration/api/v1/meetings/a%0Ab")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found"


def test_a_redirect_repeats_no_host_that_somebody_made_up() -> None:
    app = FastAPI()
    app.get("/page")(_nothing)
    door = front_door({"registration": app})
    answer = ask(door, "GET", "/registration/page/", headers={"host": "evil.example"})
    assert answer.status_code == 307
    assert answer.headers["location"] == "/registration/page"
