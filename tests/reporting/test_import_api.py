"""Over JSON: what libraries are called elsewhere, and regions that moved."""

from typing import Any

import pytest
from reporting import sim_files
from reporting.builders import BINTAN, KEPRI, NATIONAL, RIAU, Office
from reporting.libraries import library
from reporting.sim_files import as_json, execute, read, rows
from sim_rows import VILLAGE

from services.reporting import boundaries, jobs, library_matching

pytestmark = pytest.mark.usefixtures("empty")

IMPORTS = "/reporting/api/v1/imports"
MATCHES = "/reporting/api/v1/library-matches"
MOVES = "/reporting/api/v1/moves"
MOVE = {"from_code": VILLAGE, "to_code": sim_files.NEIGHBOUR, "valid_from": "2026-03-10"}


def confirmed(office: Office, name: str, library_id: str | None) -> str:
    """Say whose a name is; its key."""
    job = read(as_json(rows(1, perpus_nama=name)))
    [place] = office.get(f"{IMPORTS}/{job.id}/places").json()["items"]
    sent = {"key": place["key"], "library_id": library_id}
    assert office.post(f"{IMPORTS}/{job.id}/places", json=sent).status_code == 200
    return str(place["key"])


def test_what_was_confirmed_is_listed_and_forgotten_in_its_region_alone() -> None:
    ours = library(VILLAGE, "Perpustakaan Mawar")
    office = Office(KEPRI)
    key = confirmed(office, "Pojok Melati", str(ours))
    confirmed(office, "Pojok Kamboja", None)
    items = {item["name"]: item for item in office.get(MATCHES).json()["items"]}
    assert items["pojok melati"]["library"] == "Perpustakaan Mawar"
    assert items["pojok melati"]["key"] == key
    assert items["pojok kamboja"]["library_id"] is None
    assert [one["name"] for one in _items(office, MATCHES, q="Kamboja")] == ["pojok kamboja"]
    neighbour = Office(RIAU)
    assert _items(neighbour, MATCHES) == []
    assert neighbour.ask("DELETE", MATCHES, params={"key": key}).status_code == 404
    assert office.ask("DELETE", MATCHES, params={"key": key}).status_code == 204
    assert office.ask("DELETE", MATCHES, params={"key": key}).status_code == 404
    assert len(_items(office, MATCHES)) == 1


def _items(office: Office, address: str, **params: Any) -> list[Any]:
    answer = office.get(address, params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_names_come_page_by_page() -> None:
    execute(
        "INSERT INTO library_match (key, scope, region_code, actor)"
        " SELECT 'kepri|' || n, CASE n % 2 WHEN 0 THEN '21.01' ELSE '' END, '21.01', 'Contoh'"
        " FROM generate_series(10, 49) n"
    )
    found, after = [], ""
    while after is not None:
        page = Office(BINTAN).get(MATCHES, params={"after": after}).json()
        assert len(page["items"]) == library_matching.PAGE
        found += [one["key"] for one in page["items"]]
        after = page["next"]
    assert found == [f"kepri|{n}" for n in range(10, 50)]


def test_a_region_is_moved_and_its_move_listed() -> None:
    office = Office(NATIONAL)
    made = office.post(MOVES, json=MOVE)
    assert made.status_code == 202, made.text
    assert made.json()["finished_at"] is None
    jobs.move_regions()
    [one] = _items(office, MOVES, q=VILLAGE)
    assert (one["id"], one["to_code"]) == (made.json()["id"], sim_files.NEIGHBOUR)
    assert one["finished_at"]
    assert _items(office, MOVES, q="99") == []
    for caller in (KEPRI, BINTAN):
        assert Office(caller).get(MOVES).status_code == 403
        assert Office(caller).post(MOVES, json=MOVE).status_code == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to_code": "21.02"}, "not-alike"),
        ({"to_code": "99.99.99.9999"}, "unknown-region"),
        ({"from_code": "21.01", "to_code": "21.02"}, "too-large"),
        ({"from_code": "Bintan"}, "validation"),
    ],
)
def test_a_move_that_cannot_be_is_refused(change: dict[str, str], code: str) -> None:
    answer = Office(NATIONAL).post(MOVES, json=MOVE | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_moves_come_page_by_page() -> None:
    execute(
        "INSERT INTO region_move (from_code, to_code, valid_from, actor, finished_at)"
        " SELECT '21.01.06', '21.01.07', DATE '2026-01-01' - n, 'Contoh', now()"
        " FROM generate_series(1, :n) n",
        n=boundaries.PAGE + 1,
    )
    office = Office(NATIONAL)
    first = office.get(MOVES).json()
    assert len(first["items"]) == boundaries.PAGE
    [last] = _items(office, MOVES, after=first["next"])
    assert last["id"] < first["next"]
    page = office.get("/reporting/moves").text
    assert f"after={first['next']}" in page
