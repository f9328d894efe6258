"""Libraries that have not reported: each step is said once, whatever happens."""

import itertools
import json
import threading
from collections import Counter
from datetime import date, datetime
from uuid import UUID

import pytest
from reporting.libraries import library
from reporting.verifying import add_up, execute, visitors

from services.reporting import library_links, silence
from services.reporting.models import Library
from services.reporting.resources import database

pytestmark = pytest.mark.usefixtures("quiet")

OCTOBER = date(2026, 10, 1)


@pytest.fixture
def quiet(empty: object) -> None:
    """Nothing was said yet."""
    assert empty
    execute("DELETE FROM silent_notice; DELETE FROM delivery; DELETE FROM outbox")


def said() -> Counter[tuple[str, int]]:
    """How often each library and step was said."""
    events = execute("SELECT envelope FROM outbox ORDER BY id")
    told = [json.loads(one[0]) if isinstance(one[0], str) else one[0] for one in events]
    return Counter((one["data"]["library_id"], one["data"]["step"]) for one in told)


def say(step: int, chunk: int = silence.CHUNK) -> int:
    with database.sessions.begin() as session:
        return silence.say(session, OCTOBER, step, chunk)


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-11-02T16:59:59+00:00", None),
        ("2026-11-02T17:00:00+00:00", (OCTOBER, 1)),
        ("2026-11-06T16:59:59+00:00", (OCTOBER, 1)),
        ("2026-11-06T17:00:00+00:00", (OCTOBER, 2)),
        ("2026-11-09T17:00:00+00:00", (OCTOBER, 3)),
        ("2026-11-19T16:59:59+00:00", (OCTOBER, 3)),
        ("2026-11-19T17:00:00+00:00", None),
        ("2027-01-03T05:00:00+00:00", (date(2026, 12, 1), 1)),
        ("2026-10-31T18:00:00+00:00", None),
    ],
)
def test_steps_are_due_by_the_days_of_the_capital(
    moment: str, due: tuple[date, int] | None
) -> None:
    assert silence.due(datetime.fromisoformat(moment)) == due


def test_only_who_has_not_reported_is_said_once_for_each_step() -> None:
    silent, reporting, newer = library(), library(), library()
    visitors(reporting, "2026-10")
    execute("UPDATE library SET expected_from = '2026-11-01' WHERE id = :id", id=newer)
    add_up()
    for step in (1, 1, 2, 1, 3, 2, 3):
        say(step)
    assert said() == {(str(silent), step): 1 for step in (1, 2, 3)}


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_in_any_order_and_repeated_each_step_is_said_once(order: tuple[int, ...]) -> None:
    libraries = [library() for _ in range(3)]
    for step in order + order[::-1]:
        say(step)
    assert said() == {(str(one), step): 1 for one in libraries for step in (1, 2, 3)}


def test_who_reports_meanwhile_gets_no_further_step() -> None:
    of = library()
    say(1)
    visitors(of, "2026-10")
    add_up()
    say(2)
    assert said() == {(str(of), 1): 1}


def test_a_crash_says_nothing_and_the_next_run_says_it_once() -> None:
    of = library()

    def crash() -> None:
        with database.sessions.begin() as session:
            silence.say(session, OCTOBER, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash()
    assert said() == {}
    say(1)
    assert said() == {(str(of), 1): 1}


def test_four_workers_at_once_say_each_once() -> None:
    libraries = [library() for _ in range(10)]

    def work() -> None:
        while say(1, chunk=3) == 3:
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(1)
    assert said() == {(str(one), 1): 1 for one in libraries}


def test_the_event_holds_a_link_to_the_librarys_own_page_and_the_deadline() -> None:
    of = library(name="Perpustakaan Sunyi")
    say(1)
    [(envelope,)] = execute("SELECT envelope FROM outbox")
    told = (json.loads(envelope) if isinstance(envelope, str) else envelope)["data"]
    assert (told["name"], told["deadline"]) == ("Perpustakaan Sunyi", "2026-11-10")
    with database.sessions.begin() as session:
        found = library_links.follow(session, told["link"].rpartition("/")[2])
        assert isinstance(found, Library)
        assert found.id == UUID(told["library_id"]) == of


def test_while_the_sums_are_behind_nobody_is_called_silent() -> None:
    prompt, silent = library(), library()
    visitors(prompt, "2026-10")
    execute("UPDATE delta SET written_at = now() - interval '11 minutes'")
    assert say(1) == 0
    add_up()
    assert say(1) == 1
    assert said() == {(str(silent), 1): 1}


def test_what_is_nobodys_news_any_more_is_forgotten() -> None:
    library()
    say(1)
    with database.sessions.begin() as session:
        silence.purge(session, datetime.fromisoformat("2026-11-30T12:00:00+07:00"))
    assert execute("SELECT count(*) FROM silent_notice") == [(1,)]
    with database.sessions.begin() as session:
        silence.purge(session, datetime.fromisoformat("2026-12-01T00:00:00+07:00"))
    assert execute("SELECT count(*) FROM silent_notice") == [(0,)]
