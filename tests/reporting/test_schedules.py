"""Reports that come by themselves: each slot once, late ones caught up, with today's rights."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from reporting.builders import Office, tell
from reporting.libraries import library
from sites import form_token
from sqlalchemy import text

from services.reporting import jobs, report_periods, report_schedules
from services.reporting.report_schedules import BadCron
from services.reporting.resources import database
from shared.events import AccountChanged
from shared.security import Caller

ACCOUNT = uuid4()
PIC = Caller("regency", "PIC Contoh", str(ACCOUNT), "21.01")
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
ORDER = {"kind": "completeness", "format": "csv", "params": {"region": "21.01"}}


def account(version: int = 1, **changes: Any) -> AccountChanged:
    fields = {
        "account_id": ACCOUNT,
        "version": version,
        "name": PIC.name,
        "email": "pic@contoh.id",
        "phone": None,
        "language": "id",
        "role": "regency",
        "region_code": "21.01",
        "active": True,
    }
    return AccountChanged.model_validate(fields | changes)


def add(cron: str = "0 8 11 * *", every: report_periods.Every = "month") -> UUID:
    with database.sessions.begin() as session:
        return report_schedules.add(session, PIC, ORDER, every, cron, "Asia/Jakarta", NOW)


def turn(now: datetime) -> bool:
    with database.sessions.begin() as session:
        return report_schedules.take_turn(session, now)


def rows(query: str) -> list[Any]:
    with database.autocommit() as connection:
        return list(connection.execute(text(query)))


@pytest.fixture
def told(empty: Path) -> Path:
    tell(account())
    library()
    return empty


def test_a_slot_has_its_turn_once_however_many_look(told: Path) -> None:
    assert told
    schedule = add()
    assert not turn(NOW)
    due = datetime(2026, 12, 11, 1, 0, 1, tzinfo=UTC)  # 08.00 WIB
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(turn, [due] * 12))
    assert taken.count(True) == 1
    (job,) = rows("SELECT * FROM report_job")
    assert (job.schedule_id, job.requested_by) == (schedule, str(ACCOUNT))
    assert job.params == {"language": "id", "region": "21.01", "period": "2026-11"}
    (slot,) = rows("SELECT * FROM schedule_slot")
    assert (slot.slot, slot.report_id) == (datetime(2026, 12, 11, 1, tzinfo=UTC), job.id)


def test_after_a_long_sleep_the_latest_slot_is_caught_up(told: Path) -> None:
    assert told
    add()
    assert turn(datetime(2027, 4, 2, tzinfo=UTC))
    assert not turn(datetime(2027, 4, 2, tzinfo=UTC))
    (job,) = rows("SELECT * FROM report_job")
    assert job.params["period"] == "2027-02"  # the slot of 11 March
    (schedule,) = rows("SELECT next_at FROM report_schedule")
    assert schedule.next_at == datetime(2027, 4, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"active": False}, "no-account"),
        ({"region_code": "21.02"}, "out-of-scope"),
        ({"role": "library"}, "out-of-scope"),
    ],
)
def test_who_lost_the_right_gets_nothing(told: Path, change: dict[str, Any], refused: str) -> None:
    assert told
    add()
    tell(account(2, **change))
    assert turn(datetime(2026, 12, 12, tzinfo=UTC))
    (slot,) = rows("SELECT * FROM schedule_slot")
    assert (slot.report_id, slot.refused) == (None, refused)
    assert rows("SELECT * FROM report_job") == []


def test_the_end_of_a_scheduled_report_is_told(told: Path) -> None:
    assert told
    add()
    turn(datetime(2026, 12, 12, tzinfo=UTC))
    jobs.make_reports()
    (event,) = rows("SELECT envelope FROM outbox WHERE type LIKE '%report.finished%'")
    assert f'"requested_by":"{ACCOUNT}"' in str(event.envelope).replace(": ", ":").replace("'", '"')


def test_a_paused_one_waits_and_a_deleted_one_is_gone(told: Path) -> None:
    assert told
    schedule = add()
    due = datetime(2026, 12, 12, tzinfo=UTC)
    with database.sessions.begin() as session:
        report_schedules.set_active(session, PIC, schedule, active=False, now=NOW)
    assert not turn(due)
    with database.sessions.begin() as session:
        report_schedules.set_active(session, PIC, schedule, active=True, now=due)
    assert not turn(due)  # what passed meanwhile was meant to pass
    with database.sessions.begin() as session:
        report_schedules.remove(session, PIC, schedule)
    assert rows("SELECT * FROM report_schedule") == []


@pytest.mark.parametrize(
    "cron",
    [
        *("", "61 8 * * *", "0 8 30 2 *", "* * * * *", "0 */6 * * *", "x"),
        # At 10.00 on a Friday, the 20th, each of these seems to come in days again only.
        *(
            "0-1 10 20 * *",
            "0,30 10 2-30/2 * *",
            "0 9,11 20 11 *",
            "0,1 0 10 20 * *",
            "0 9-11 * * 5",
        ),
    ],
)
def test_an_expression_that_makes_no_sense_is_refused(told: Path, cron: str) -> None:
    assert told
    with pytest.raises(BadCron):
        add(cron)


@pytest.mark.parametrize("cron", ["0 8 * * *", "5 0 L * *", "0 0 8 11 * *", "30 7 1,15 * 1"])
def test_an_expression_that_comes_once_on_its_days_is_taken(told: Path, cron: str) -> None:
    assert told
    add(cron)


def test_whatever_the_expression_says_a_day_lies_between_two_slots(told: Path) -> None:
    assert told
    add()
    database_change("UPDATE report_schedule SET cron = '*/5 * * * *'")
    first = datetime(2026, 12, 11, 1, 2, tzinfo=UTC)
    assert turn(first)
    assert not turn(first + timedelta(hours=23, minutes=57))
    assert turn(first + timedelta(hours=24))
    [daily] = rows("SELECT next_at FROM report_schedule")
    assert daily.next_at == datetime(2026, 12, 13, 1, tzinfo=UTC)


def database_change(statement: str) -> None:
    with database.autocommit() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("every", "today", "name"),
    [
        ("month", "2026-01-01", "2025-12"),
        ("quarter", "2026-04-01", "2026-Q1"),
        ("quarter", "2026-02-28", "2025-Q4"),
        ("year", "2026-12-31", "2025"),
    ],
)
def test_a_slot_is_of_the_period_that_is_over(
    every: report_periods.Every, today: str, name: str
) -> None:
    period = report_periods.ending(every, datetime.fromisoformat(today).date())
    assert period.name == name
    assert report_periods.span(name) == period
    assert period.end <= datetime.fromisoformat(today).date()
    assert period.before.end == period.first


def test_the_pages_keep_what_was_typed_and_say_what_is_wrong(told: Path) -> None:
    assert told
    office = Office(PIC)
    page = office.get("/reporting/schedules/new")
    assert page.status_code == 200
    token = form_token(page.text)
    form = {
        "form_token": token,
        "kind": "completeness",
        "region": "21.01",
        "format": "csv",
        "every": "month",
        "day": "31",
        "hour": "8",
        "language": "id",
    }
    wrong = office.post("/reporting/schedules", data=form)
    assert wrong.status_code == 422
    assert "Tulis tanggal 1 sampai 28." in wrong.text
    assert 'value="31"' in wrong.text
    neighbour = office.post("/reporting/schedules", data=form | {"day": "11", "region": "21.02"})
    assert neighbour.status_code == 422
    done = office.post("/reporting/schedules", data=form | {"day": "11"})
    assert done.status_code == 303
    listed = office.get("/reporting/schedules")
    assert "Kab. Bintan" in listed.text
    assert "pukul" in listed.text or "WIB" in listed.text
    (row,) = rows("SELECT id, next_at FROM report_schedule")
    assert row.next_at > datetime.now(UTC) - timedelta(minutes=1)
    other = Office(Caller("regency", "Lain", str(uuid4()), "21.01"))
    gone = other.post(f"/reporting/schedules/{row.id}", data={"form_token": token})
    assert gone.status_code == 404
