"""How long a meeting's people are kept is its host's to say, within what was promised."""

from datetime import UTC, datetime, timedelta

import pytest
from hosts import guests, http, now, open_meeting, post
from registration.meeting_forms import log, path, save, typed
from sqlalchemy import select

from services.registration import retention
from services.registration.hosting_schemas import LONGEST_KEPT
from services.registration.models import Meeting, Registration
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")


def end(meeting: Meeting, days: int) -> None:
    """It ended so many days ago."""
    with database.sessions.begin() as session:
        held = session.get_one(Meeting, meeting.id)
        held.ends_at = datetime.now(UTC) - timedelta(days=days)
        held.starts_at, held.status = held.ends_at - timedelta(days=1), "done"


def forgotten(meeting: Meeting) -> set[bool]:
    query = select(Registration.erased_at).where(Registration.meeting_id == meeting.id)
    with database.sessions.begin() as session:
        return {erased_at is not None for erased_at in session.scalars(query)}


def test_it_is_five_years_unless_the_host_says_less_and_a_copy_keeps_it() -> None:
    meeting = open_meeting()
    assert typed(meeting)["keep_days"] == str(LONGEST_KEPT) == "1826"
    assert save(meeting, keep_days="365").status_code == 303
    assert now(meeting).keep_days == 365
    (entry,) = log(meeting)[-1:]
    assert entry.before == {"keep_days": LONGEST_KEPT}
    assert entry.after
    assert entry.after["keep_days"] == 365
    first_day = f"{meeting.starts_at + timedelta(days=365):%Y-%m-%d}"
    answer = post(path(meeting, "clone"), title="Salinan Contoh", first_day=first_day)
    assert "365" in http("GET", answer.headers["location"].removeprefix("/registration")).text


@pytest.mark.parametrize(
    ("typed_in", "told"),
    [
        ("0", "Isi 1 sampai 1826 hari."),
        ("1827", "paling lama lima tahun."),
        ("lama", "Isi angka bulat."),
        ("", "Isi angka bulat."),
    ],
)
def test_no_more_than_was_promised_and_no_less_than_a_day(typed_in: str, told: str) -> None:
    meeting = open_meeting()
    answer = save(meeting, keep_days=typed_in)
    assert answer.status_code == 422
    assert told in answer.text
    assert now(meeting).keep_days == LONGEST_KEPT


def test_of_a_meeting_that_is_over_it_can_still_be_said_and_counts_in_the_next_night() -> None:
    meeting = open_meeting()
    guests(meeting, 2)
    end(meeting, 40)
    assert post(path(meeting, "keep"), keep_days="30").status_code == 422
    assert now(meeting).keep_days == LONGEST_KEPT
    page = http("GET", path(meeting)).text
    assert 'name="keep_days"' in page
    assert post(path(meeting, "keep"), keep_days="30", sure="yes").status_code == 303
    retention.work(datetime.now(UTC))
    assert forgotten(meeting) == {True}
