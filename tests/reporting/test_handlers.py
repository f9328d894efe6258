"""Events come in any order and more than once; the copies end up the same."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from reporting.builders import (
    EXAMPLE,
    KEPRI,
    Office,
    copies,
    example_people,
    facts_of,
    imported,
    meeting,
    person,
    submitted,
    tell,
)
from sqlalchemy import text

from services.reporting.resources import bus, database
from shared.events import Event, MeetingPublished, RegistrationRejected
from shared.names import plain_name

NEWEST = meeting(version=3, title="Judul terbaru")


def column(query: str) -> list[Any]:
    with database.sessions.begin() as session:
        return list(session.execute(text(query)).scalars())


def revision() -> int:
    found = column("SELECT revision FROM meeting")
    assert len(found) == 1
    return int(found[0])


def story() -> list[Event]:
    """Everything that ever happened around the example meeting."""
    events: list[Event] = [MeetingPublished(meeting=meeting(version=v)) for v in (1, 2)]
    events.append(MeetingPublished(meeting=NEWEST))
    return [*events, *example_people(), submitted(person("Susulan", "21.71"), meeting(version=2))]


@pytest.mark.parametrize("seed", range(5))
def test_the_same_events_in_any_order_and_repeated_leave_the_same_counts(
    empty: Path, seed: int
) -> None:
    assert empty
    shuffled = story() * 3
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a seed, so that a failure comes again
    sent = copies(shuffled)
    for start in range(0, len(sent), 7):
        bus.inbox.deliver("registration", sent[start : start + 7])
        bus.inbox.deliver("registration", sent[max(start - 3, 0) : start + 3])

    summary = Office(KEPRI).get(f"/reporting/api/v1/meetings/{EXAMPLE}/summary").json()
    assert (summary["total"], summary["awaiting_decision"]) == (15, 1)
    assert summary["meeting"]["title"] == "Judul terbaru"
    assert column("SELECT version FROM meeting") == [3]
    assert column("SELECT count(*) FROM failed_event") == [0]
    assert sorted(column("SELECT status FROM participant")) == ["approved"] * 15 + ["submitted"]


def test_two_workers_with_the_same_events_get_in_each_others_way_but_lose_nothing(
    empty: Path,
) -> None:
    assert empty
    events = story()

    def worker(seed: int) -> None:
        mine = copies(events)
        random.Random(seed).shuffle(mine)  # noqa: S311 - as above
        for start in range(0, len(mine), 5):
            bus.inbox.deliver("registration", mine[start : start + 5])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))
    assert column("SELECT count(*) FROM participant") == [16]
    assert column("SELECT title FROM meeting") == ["Judul terbaru"]


def test_a_registration_brings_its_meeting_along(empty: Path) -> None:
    assert empty
    tell(imported(person("Ani", "21.01"), meeting(version=2)))
    assert column("SELECT slug FROM meeting") == [EXAMPLE]
    tell(MeetingPublished(meeting=meeting(version=1, title="Judul lama")))
    assert column("SELECT version FROM meeting") == [2]
    assert column("SELECT title FROM meeting") != ["Judul lama"]


def test_the_revision_grows_with_every_change_and_with_nothing_else(empty: Path) -> None:
    assert empty
    ani, budi = imported(person("Ani", "21.01")), imported(person("Budi", "21.02"))
    tell(ani)
    first = revision()
    tell(ani)
    tell(MeetingPublished(meeting=meeting()))
    assert revision() == first  # all known, though each envelope was new
    tell(ani, budi)
    assert revision() == first + 1
    tell(MeetingPublished(meeting=meeting(version=2, venue="Gedung lain")))
    assert revision() == first + 2


def test_a_replay_mends_a_person_but_not_what_was_decided_since(empty: Path) -> None:
    assert empty
    ani = submitted(person("Ani", "21.01"))
    tell(ani)
    with database.sessions.begin() as session:
        session.execute(text("UPDATE participant SET regency_code = NULL"))
    tell(ani)
    assert column("SELECT regency_code FROM participant") == ["21.01"]
    tell(RegistrationRejected(registration=facts_of(ani, 2, "rejected"), reason="Salah wilayah."))
    tell(ani)
    assert column("SELECT status FROM participant") == ["rejected"]


@pytest.mark.parametrize(
    ("code", "frozen"),
    [
        ("21", ["21", None, None, None]),
        ("21.72", ["21", "21.72", None, None]),
        ("21.72.01", ["21", "21.72", "21.72.01", None]),
        ("21.72.01.1001", ["21", "21.72", "21.72.01", "21.72.01.1001"]),
    ],
)
def test_the_codes_of_all_levels_are_frozen(
    empty: Path, code: str, frozen: list[str | None]
) -> None:
    assert empty
    tell(imported(person("Ani", code)))
    levels = ("province", "regency", "district", "village")
    assert [column(f"SELECT {level}_code FROM participant")[0] for level in levels] == frozen


def test_names_stand_where_a_person_looks_for_them() -> None:
    names = ["Zul", "budi", "Abdul-Rahman", "Élan", "A.A. Gde", "D'Arcy", "Dewi", "ANI", "Šimić"]
    assert sorted(names, key=plain_name) == [
        *("A.A. Gde", "Abdul-Rahman", "ANI", "budi", "D'Arcy", "Dewi", "Élan", "Šimić", "Zul")
    ]
