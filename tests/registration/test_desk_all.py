"""One decision on all who fit a filter, however many pages they take."""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from deskwork import BINTAN, KEPRI, RIAU, Office, statuses, submit
from hosts import guests
from registering import open_meeting

from services.registration.meetings import QuotaPlan
from services.registration.models import Meeting

pytestmark = pytest.mark.usefixtures("registration_database")

BATAM = "21.71.01.1002"


def path(meeting: Meeting, **asked: str) -> str:
    return f"/desk/{meeting.slug}/all?" + "&".join(f"{k}={v}" for k, v in asked.items())


def decide(meeting: Meeting, action: str, /, reason: str = "", **filters: str) -> Any:
    """By the page that asks first, with all that it holds."""
    shown = Office(KEPRI).get(path(meeting, action=action, **filters))
    assert shown.status_code == 200
    page = shown.text[shown.text.index('action="/registration/desk/') :]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return Office(KEPRI).post(
        f"/desk/{meeting.slug}/all", data=hidden | {"reason": reason, "ready_reason": ""}
    )


def counts(meeting: Meeting) -> Counter[str]:
    return Counter(statuses(meeting).values())


def test_all_who_fit_are_approved_on_however_many_pages() -> None:
    meeting = open_meeting(1000)
    guests(meeting, 210, status="submitted")
    submit(meeting, name="Orang Batam", region_code=BATAM)
    page = Office(KEPRI).get(f"/desk/{meeting.slug}", region="21.01").text
    assert "Untuk semua 210 yang cocok dengan saringan ini" in page
    asked = Office(KEPRI).get(path(meeting, action="approve", region="21.01")).text
    assert "210 pendaftaran cocok dengan saringan ini." in asked
    assert counts(meeting) == {"submitted": 211}
    answer = decide(meeting, "approve", region="21.01")
    assert answer.status_code == 303
    assert counts(meeting) == {"approved": 210, "submitted": 1}
    assert "210 disetujui" in Office(KEPRI).get(answer.headers["location"]).text
    again = Office(KEPRI).get(path(meeting, action="approve", region="21.01")).text
    assert "Tidak ada yang dapat diubah" in again


def test_a_rejection_needs_a_reason_and_offers_no_seat_to_who_is_rejected_next() -> None:
    meeting = open_meeting(2, QuotaPlan("region", "21.01", 2))
    for _ in range(4):
        submit(meeting, join_waiting_list=True)
    assert counts(meeting) == {"submitted": 2, "waiting": 2}
    assert decide(meeting, "reject").status_code == 422
    assert counts(meeting) == {"submitted": 2, "waiting": 2}
    assert decide(meeting, "reject", "Contoh saja").status_code == 303
    assert counts(meeting) == {"rejected": 4}


def test_who_came_after_the_number_was_shown_is_not_decided_on() -> None:
    meeting = open_meeting()
    submit(meeting)
    seen = datetime.now(UTC).isoformat()
    submit(meeting)
    shown = Office(KEPRI).get(path(meeting, action="approve")).text
    token = re.findall(r'name="form_token" value="([^"]+)"', shown)[0]
    fields = {"form_token": token, "action": "approve", "seen": seen}
    assert Office(KEPRI).post(f"/desk/{meeting.slug}/all", data=fields).status_code == 303
    assert counts(meeting) == {"approved": 1, "submitted": 1}


def test_those_whose_status_does_not_allow_it_are_told_and_left() -> None:
    meeting = open_meeting(1)
    submit(meeting)
    submit(meeting, join_waiting_list=True)
    assert "1 dilewati, karena statusnya" in Office(KEPRI).get(path(meeting, action="approve")).text
    decide(meeting, "approve")
    assert counts(meeting) == {"approved": 1, "waiting": 1}


def test_it_is_for_the_hosts_of_the_province() -> None:
    meeting = open_meeting()
    assert Office(RIAU).get(path(meeting, action="approve")).status_code == 404
    assert Office(BINTAN).get(path(meeting, action="approve")).status_code == 403
    assert Office(BINTAN).post(f"/desk/{meeting.slug}/all", data={}).status_code == 403
