"""What is hardly right is asked back."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from reporting.libraries import SENDER, TODAY, handed, library
from sqlalchemy import event, text

from services.reporting import activities, guards
from services.reporting.activities import AskBack
from services.reporting.resources import database

VISITS = {"day": "2026-10", "male": "3", "female": "4"}
NOBODY = {"people": "0", "male": "", "female": "", "adults": "", "disabled": ""}


@pytest.mark.parametrize(
    ("changes", "questions"),
    [
        ({}, []),
        ({"day": "2026-01-01"}, ["new-year", "long-ago"]),
        ({"day": "2026-05-10"}, ["long-ago"]),
        (NOBODY, ["zero"]),
        (NOBODY | {"people": "5001"}, ["many"]),
        (NOBODY | {"people": "5000"}, []),
    ],
)
def test_the_known_mistakes_are_asked_back(
    empty: Path, changes: dict[str, Any], questions: list[str]
) -> None:
    assert empty
    mine = library()
    with database.sessions.begin() as session:
        asked = guards.questions(session, mine, handed(**changes).draft, TODAY)
    assert [one.question for one in asked] == questions


@pytest.mark.parametrize(
    ("stream", "day", "today", "is_long"),
    [
        ("peningkatan", "2026-01", date(2026, 11, 20), False),
        ("peningkatan", "2026-01", date(2027, 1, 9), False),
        ("peningkatan", "2026-01", date(2027, 1, 10), True),
        ("peningkatan", "2025-07", date(2026, 7, 12), False),
        ("peningkatan", "2025-07", date(2026, 7, 13), True),
        ("pengunjung", "2025-12", date(2026, 7, 12), False),
        ("pengunjung", "2025-12", date(2026, 7, 13), True),
    ],
)
def test_long_ago_counts_from_the_end_of_the_period(
    empty: Path, stream: str, day: str, today: date, *, is_long: bool
) -> None:
    assert empty
    stands = dict.fromkeys(("books", "ebooks", "computers", "bandwidth", "male", "female"), "1")
    with database.sessions.begin() as session:
        draft = handed(stream, stands | {"day": day}).draft
        asked = guards.questions(session, library(), draft, today)
    assert ("long-ago" in {one.question for one in asked}) == is_long


def test_what_brought_no_money_is_not_asked_about_zeros(empty: Path) -> None:
    assert empty
    talk = {"day": "2026-11-03", "title": "Audiensi", "sasaran": ["Swasta"], "hasil": "NonDana"}
    with database.sessions.begin() as session:
        draft = handed("advokasi", talk).draft
        assert guards.questions(session, library(), draft, TODAY) == []


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({"title": "KELAS MEMBATIK, WARGA"}, "duplicate"),
        ({"title": "Kelas membatik para warga"}, "duplicate"),
        ({"title": "Lomba mewarnai"}, None),
        ({"day": "2026-11-04"}, None),
    ],
)
def test_a_similar_title_on_the_same_day_is_asked_back(
    empty: Path, changes: dict[str, Any], question: str | None
) -> None:
    assert empty
    mine, neighbour = library(), library(name="Perpustakaan Tetangga")
    with database.sessions.begin() as session:
        first, _ = activities.submit(session, mine, handed(), SENDER, TODAY)
        asked = guards.questions(session, mine, handed(**changes).draft, TODAY)
        assert [one.question for one in asked] == ([question] if question else [])
        assert {one.about for one in asked} <= {first}
        assert guards.questions(session, mine, handed(**changes).draft, TODAY, but=first) == []
        assert guards.questions(session, neighbour, handed(**changes).draft, TODAY) == []


def test_a_second_report_of_a_month_is_asked_back(empty: Path) -> None:
    assert empty
    mine, visits = library(), handed("pengunjung", VISITS)
    with database.sessions.begin() as session:
        first, _ = activities.submit(session, mine, visits, SENDER, TODAY)
        with pytest.raises(AskBack) as back:
            activities.submit(session, mine, visits, SENDER, TODAY)
        assert [(one.question, one.about) for one in back.value.asked] == [("again", first)]
        confirmed = handed("pengunjung", VISITS, confirmed=("again",))
        _, new = activities.submit(session, mine, confirmed, SENDER, TODAY)
    assert new


def test_of_very_many_reports_of_a_day_the_newest_and_the_very_title_are_compared(
    empty: Path,
) -> None:
    assert empty
    mine, read = library(), []
    with database.sessions.begin() as session:
        first, _ = activities.submit(session, mine, handed(title="Lomba mewarnai"), SENDER, TODAY)
        session.execute(
            text("""
            INSERT INTO activity (id, library_id, stream, day, month, title, province_code,
                regency_code, place_code, content_hash, source, submitted_by)
            SELECT gen_random_uuid(), library_id, stream, day, month, md5(n::text), province_code,
                regency_code, place_code, content_hash, source, submitted_by
            FROM activity, generate_series(1, :many) AS n"""),
            {"many": 3 * guards.NEWEST},
        )

        def count(*about: Any) -> None:
            read.append(about[1].rowcount)

        event.listen(database.engine, "after_cursor_execute", count)
        try:
            draft = handed(title="LOMBA Mewarnai").draft
            asked = guards.questions(session, mine, draft, TODAY)
        finally:
            event.remove(database.engine, "after_cursor_execute", count)
    assert [(one.question, one.about) for one in asked] == [("duplicate", first)]
    assert sum(read) == guards.NEWEST
