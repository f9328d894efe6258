"""What waits for whom, and what an official's decision changes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from reporting.libraries import BINTAN, KEPRI, NATIONAL, RIAU, library
from reporting.verifying import execute, get, history, report

from services.reporting import verification
from services.reporting.activities import ActivityNotFound
from services.reporting.resources import database
from services.reporting.verification import (
    ChangedMeanwhile,
    CommentMissing,
    CountChanged,
    Filters,
    Outcome,
    VerifiedAbove,
)
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("empty")

TANJUNGPINANG = Caller("regency", "Kota Contoh", "kota", "21.72")
WAITING = Filters()


def waiting(caller: Caller, filters: Filters = WAITING) -> list[UUID]:
    with database.sessions.begin() as session:
        return [found.id for found, _ in verification.page(session, caller, filters)[0]]


def decide(
    caller: Caller, *reports: UUID, action: verification.Action = "verify", comment: str = ""
) -> Outcome:
    seen = {one: get(one).revision for one in reports}
    with database.sessions.begin() as session:
        return verification.decide(session, caller, action, seen, comment)


def test_a_report_goes_up_the_tree_one_level_after_another() -> None:
    one = report()
    for caller in (BINTAN, KEPRI, NATIONAL):
        assert waiting(caller) == [one]
        others = [other for other in (BINTAN, KEPRI, NATIONAL, RIAU) if other is not caller]
        assert [waiting(other) for other in others] == [[], [], []]
        assert decide(caller, one) == Outcome(1, 0)
    assert get(one).stage == 3
    assert waiting(NATIONAL, Filters("verified")) == [one]
    assert [action for action, _, _ in history(one)] == ["submitted", *["verified"] * 3]


def test_what_a_kabupaten_leaves_its_province_sees_after_two_weeks() -> None:
    one = report()
    assert waiting(KEPRI) == []
    execute(
        "UPDATE activity SET changed_at = now() - CAST(:age AS interval)",
        age=verification.OVERDUE + timedelta(minutes=1),
    )
    assert (waiting(KEPRI), waiting(BINTAN), waiting(NATIONAL)) == ([one], [one], [])
    assert decide(KEPRI, one) == Outcome(1, 0)
    assert (waiting(BINTAN), waiting(NATIONAL)) == ([], [one])


def test_a_provinces_own_library_has_no_kabupaten_to_wait_for() -> None:
    one = report(library("21"))
    assert (waiting(KEPRI), waiting(BINTAN)) == ([one], [])


def test_filters_find_what_they_say() -> None:
    batik = library(name="Perpustakaan Melati")
    first = report(batik, day="2026-10-05")
    second = report(library("21.72.01.1001", "TBM Kenanga"), "pengunjung", male="1", female="1")
    for filters, found in (
        (Filters(stream="pengunjung"), [second]),
        (Filters(month="2026-10"), [first]),
        (Filters(month="kapan"), [first, second]),
        (Filters(region="21.72"), [second]),
        (Filters(q="MELATI"), [first]),
        (Filters(q="100%"), []),
        (Filters("returned"), []),
        (Filters("all"), [first, second]),
    ):
        assert waiting(NATIONAL, _all(filters)) == found, filters


def _all(filters: Filters) -> Filters:
    state = "all" if filters.state == "waiting" else filters.state
    return Filters(state, filters.stream, filters.month, filters.region, filters.q)


def test_pages_follow_each_other_while_rows_go() -> None:
    reports = [report() for _ in range(5)]
    with database.sessions.begin() as session:
        rows, after = verification.page(session, BINTAN, WAITING, limit=2)
    assert [found.id for found, _ in rows] == reports[:2]
    decide(BINTAN, *reports[:2])
    with database.sessions.begin() as session:
        rows, after = verification.page(session, BINTAN, WAITING, after=after, limit=2)
        assert verification.neighbours(session, BINTAN, WAITING, reports[3]) == (
            reports[2],
            reports[4],
        )
    assert [found.id for found, _ in rows] == reports[2:4]
    assert after == reports[3]


def test_sending_back_needs_words_and_takes_the_report_out_of_the_sums() -> None:
    one = report()
    with pytest.raises(CommentMissing):
        decide(BINTAN, one, action="send_back")
    assert decide(BINTAN, one, action="send_back", comment="Tanggalnya?") == Outcome(1, 0)
    assert get(one).stage == -1
    assert history(one)[-1] == ("returned", BINTAN.name, "Tanggalnya?")
    assert waiting(BINTAN, Filters("returned")) == [one]
    assert execute("SELECT sum(sign) FROM delta")[0][0] == 0


def test_each_library_hears_once_of_what_was_sent_back_to_it() -> None:
    execute("DELETE FROM delivery; DELETE FROM outbox")
    mine, other = library(name="TBM Melati"), library("21.01.06.2002", "TBM Kenanga")
    first, second, third = report(mine), report(mine, day="2026-10-06"), report(other)
    reports = (first, second, third)
    decide(BINTAN, *reports[:1])
    seen = {first: 2, second: 1, third: 1}
    for _ in range(2):  # a form that is sent twice
        with database.sessions.begin() as session:
            verification.decide(session, BINTAN, "send_back", seen, "Tanggalnya?")
    query = "SELECT envelope -> 'data' -> 'report' FROM outbox WHERE type LIKE '%returned%'"
    told = {found["library_name"]: found for (found,) in execute(query)}
    assert len(execute(query)) == 2
    assert (told["TBM Melati"]["others"], told["TBM Kenanga"]["others"]) == (1, 0)
    assert told["TBM Melati"]["activity_id"] == str(first)
    assert told["TBM Melati"]["revision"] == get(first).revision
    assert told["TBM Kenanga"]["comment"] == "Tanggalnya?"
    assert "/reporting/own/l/" in told["TBM Kenanga"]["link"]


def test_what_changed_meanwhile_is_left_and_counted() -> None:
    stale, fresh = report(), report()
    seen = {stale: 1, fresh: 1}
    execute("UPDATE activity SET revision = 2 WHERE id = :id", id=stale)
    with database.sessions.begin() as session:
        assert verification.decide(session, BINTAN, "verify", seen) == Outcome(1, 1)
    assert [get(one).stage for one in (stale, fresh)] == [0, 1]


def test_the_same_decision_twice_is_one_and_another_ones_is_not() -> None:
    one = report()
    for caller, outcome in (
        (BINTAN, Outcome(1, 0)),
        (BINTAN, Outcome(1, 0)),
        (KEPRI, Outcome(0, 1)),
    ):
        with database.sessions.begin() as session:
            assert verification.decide(session, caller, "verify", {one: 1}) == outcome
    assert len(history(one)) == 2


def test_nobody_decides_about_a_neighbours_report() -> None:
    one = report()
    for caller in (RIAU, TANJUNGPINANG):
        assert decide(caller, one) == Outcome(0, 1)
        with pytest.raises(ActivityNotFound), database.sessions.begin() as session:
            verification.to_change(session, caller, one, 1)
    assert get(one).revision == 1


def test_what_a_namesake_decided_elsewhere_is_not_ones_own() -> None:
    one = report()
    assert decide(BINTAN, one) == Outcome(1, 0)
    namesake = replace(TANJUNGPINANG, name=BINTAN.name)
    with database.sessions.begin() as session:
        assert verification.decide(session, namesake, "verify", {one: 1}) == Outcome(0, 1)


def test_all_that_match_go_in_chunks_and_newcomers_stay() -> None:
    reports = [report() for _ in range(7)]
    with database.sessions.begin() as session:
        counted, until = verification.count(session, BINTAN, WAITING)
        assert until
    newcomer = report()
    with database.sessions.begin() as session:
        outcome = verification.decide_all(
            session, BINTAN, "verify", WAITING, until=until, confirmed=counted
        )
    assert outcome == Outcome(7, 0)
    assert waiting(BINTAN) == [newcomer]
    assert {get(one).stage for one in reports} == {1}


def test_another_number_than_was_confirmed_changes_nothing() -> None:
    reports = [report() for _ in range(3)]
    decide(BINTAN, reports[0])
    with pytest.raises(CountChanged) as refused, database.sessions.begin() as session:
        verification.decide_all(session, BINTAN, "verify", WAITING, until=reports[-1], confirmed=3)
    assert refused.value.count == 2
    assert waiting(BINTAN) == reports[1:]


def test_two_officials_at_once_are_one_decision_each() -> None:
    reports = [report() for _ in range(6)]
    other = Caller("regency", "Rekan Contoh", "rekan", "21.01")
    seen = dict.fromkeys(reports, 1)

    def verify(caller: Caller) -> Outcome:
        with database.sessions.begin() as session:
            return verification.decide(session, caller, "verify", seen)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(verify, [BINTAN, other, BINTAN, other]))
    assert sum(1 for one in reports if len(history(one)) == 2) == 6
    assert {outcome.done + outcome.skipped for outcome in outcomes} == {6}


def test_what_a_level_above_has_verified_is_theirs() -> None:
    one = report()
    decide(KEPRI, one)
    with pytest.raises(VerifiedAbove), database.sessions.begin() as session:
        verification.delete(session, BINTAN, one, 2, "Ganda.")
    assert decide(BINTAN, one, action="send_back", comment="Keliru.") == Outcome(0, 1)
    with database.sessions.begin() as session:
        verification.delete(session, KEPRI, one, 2, "Ganda.")
    assert waiting(KEPRI, Filters("deleted")) == [one]
    with pytest.raises(ChangedMeanwhile), database.sessions.begin() as session:
        verification.restore(session, KEPRI, one, 2, "")
    with database.sessions.begin() as session:
        verification.restore(session, KEPRI, one, 3, "")
    assert (get(one).stage, get(one).deleted_at) == (0, None)
