"""Silent libraries: each is told of once, to whom there is, and not before there is somebody."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from builders import library_silent
from notifications.announcing_people import official
from notifications.mailroom import deliver, messages, rows, sealed

from services.notifications import forgetting, silent_libraries

pytestmark = pytest.mark.usefixtures("empty", "nobody")

AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)


def silent(month: date, region_code: str = "21.01.01.2001", library_id: UUID | None = None) -> UUID:
    """A library that did not report a month; heard of long enough ago."""
    event = library_silent(
        library_id=library_id or uuid4(), month=month, region_code=region_code, step=3
    )
    deliver(sealed(event))
    rows("UPDATE silent_library SET heard_at = now() - interval '2 hours'")
    return event.library_id


def untold() -> set[tuple[UUID, date]]:
    found = rows("SELECT library_id, month FROM silent_library WHERE told_at IS NULL")
    return {(row.library_id, row.month) for row in found}


def run() -> None:
    """The morning is there, whatever the time is now."""
    rows("DELETE FROM schedule_run")
    morning = datetime.now(UTC).replace(hour=3, minute=0)
    rows("UPDATE silent_library SET heard_at = :at", at=morning.replace(hour=1))
    silent_libraries.run_due(lambda _: None, morning)


def test_each_library_and_month_is_told_once() -> None:
    official(role="regency", region_code="21.01")
    silent(AUGUST)
    run()
    run()
    assert [message.rule for message in messages()] == ["silent-digest"]
    assert untold() == set()


def test_what_nobody_was_told_of_waits_for_somebody() -> None:
    official(role="regency", region_code="21.01")
    told, waits = silent(AUGUST), silent(SEPTEMBER, "21.02.01.2001")
    silent(SEPTEMBER, library_id=told)
    run()
    assert untold() == {(waits, SEPTEMBER)}
    official(role="regency", region_code="21.02")
    run()
    assert untold() == set()
    assert len(messages()) == 3


def test_while_the_rule_is_off_nobody_counts_as_told() -> None:
    official(role="regency", region_code="21.01")
    rows(
        "INSERT INTO rule_setting (rule, enabled, actor) "
        "VALUES ('silent-digest', false, 'Petugas Contoh')"
    )
    one = silent(AUGUST)
    run()
    assert untold() == {(one, AUGUST)}
    rows("DELETE FROM rule_setting")
    run()
    assert (len(messages()), untold()) == (1, set())


def test_what_was_told_long_ago_is_forgotten_and_news_stays() -> None:
    silent(AUGUST)
    kept = silent(SEPTEMBER)
    rows(
        "UPDATE silent_library SET heard_at = now() - interval '91 days' WHERE month = :month",
        month=AUGUST,
    )
    forgetting.purge_copies()
    assert [row.library_id for row in rows("SELECT library_id FROM silent_library")] == [kept]
