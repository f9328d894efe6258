"""The national office opens a round: a meeting in each province, from one template."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hosts import (
    HOST,
    NATIONAL,
    http,
    now,
    open_meeting,
    post,
)
from registration.meeting_forms import add_session, path
from sqlalchemy import select

from services.registration import agenda, hosting, questions, rounds
from services.registration.models import Quota
from services.registration.resources import database, forms
from services.registration.rounds import RoundPlan
from shared import regions

pytestmark = pytest.mark.usefixtures("registration_database")


def template(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "form_token": forms.new_form(),
        "title": "Putaran Contoh",
        "name": name,
        "provinces": ["21", "14", "81"],
        "meeting_title": "PLM {province} {year}",
        "first_day": "2028-06-06",
        "waves": "2",
        "days_between": "7",
        "length_days": "2",
        "starts": "08:00",
        "ends": "16:00",
        "closes_before": "7",
        "capacity": "60",
        "per_type.impact": "5",
        "per_regency": "",
        "per_institution": "2",
        "waiting_list": "yes",
        "offer_hours": "24",
        "keep_days": "730",
        "jp": "16",
        "min_days": "2",
    } | changes


def test_a_round_shows_its_dates_before_it_is_opened_once() -> None:
    fields = template("contoh-2028")
    page = http("POST", "/rounds/new", NATIONAL, data=fields | {"step": "preview"}).text
    assert "6–7 Juni 2028" in page
    assert "13–14 Juni 2028" in page
    with database.sessions.begin() as session, pytest.raises(rounds.RoundNotFound):
        rounds.find(session, "contoh-2028")
    for _ in range(2):
        answer = http("POST", "/rounds/new", NATIONAL, data=fields | {"step": "drafts"})
        assert answer.status_code == 303
    with database.sessions.begin() as session:
        made = rounds.find(session, "contoh-2028")
        listed = rounds.meetings_of(session, made)
    assert [(each.slug, each.status) for each in listed] == [
        ("contoh-2028-14", "draft"),
        ("contoh-2028-21", "draft"),
        ("contoh-2028-81", "draft"),
    ]
    assert listed[2].zone == "Asia/Jayapura"
    assert listed[2].starts_at == datetime(2028, 6, 12, 23, tzinfo=UTC)
    assert http("POST", "/rounds/contoh-2028/publish", NATIONAL, data=fields).status_code == 303
    assert {now(each).status for each in listed} == {"published"}
    other = http("POST", "/rounds/new", NATIONAL, data=template("contoh-2028", step="drafts"))
    assert other.status_code == 409


def test_a_province_joins_later_and_only_once() -> None:
    fields = template("susulan-2028", step="drafts", provinces=["21"])
    http("POST", "/rounds/new", NATIONAL, data=fields)
    for _ in range(2):
        more = {"province": "14", "first_day": "2028-07-04"}
        answer = post("/rounds/susulan-2028/provinces", NATIONAL, **more)
        assert answer.status_code == 303
    with database.sessions.begin() as session:
        listed = rounds.meetings_of(session, rounds.find(session, "susulan-2028"))
    assert [each.province_code for each in listed] == ["21", "14"]


def test_a_round_of_38_provinces_copies_agenda_and_questions_quickly() -> None:
    source = open_meeting()
    add_session(source, "08:00", "09:00", "Pembukaan")
    question = {"type": "number", "label": "Berapa koleksi buku?"}
    assert post(path(source, "questions/new"), **question).status_code == 303
    plan = RoundPlan(
        "luas-2028",
        datetime(2028, 6, 6, tzinfo=UTC).date(),
        *(5, 60, {"impact": 10}, 10),
        copy_from=source.slug,
    )
    started = datetime.now(UTC)
    with database.sessions.begin() as session:
        opened = rounds.open_round(session, plan, regions.children(None), NATIONAL, publish=False)
    assert opened == 38
    assert datetime.now(UTC) - started < timedelta(seconds=10)
    with database.sessions.begin() as session:
        papua = hosting.find(session, NATIONAL, "luas-2028-91")
        (item,) = agenda.of(session, papua.id)
        assert item.starts_at == papua.starts_at
        assert [each.key for each in questions.asked(session, papua.id)] == ["berapa_koleksi_buku"]
        capacities = {quota.kind for quota in session.scalars(select(Quota))}
    assert "region" in capacities


def test_rounds_are_the_national_offices_own() -> None:
    assert http("GET", "/rounds").status_code == 403
    assert http("GET", "/rounds/new").status_code == 403
    assert http("POST", "/rounds/new", HOST, data=template("bukan-hak")).status_code == 403
    for words in ("", "?q=Putaran"):
        assert http("GET", f"/rounds{words}", NATIONAL).status_code == 200


def test_a_new_round_chooses_no_province_by_itself() -> None:
    page = http("GET", "/rounds/new", NATIONAL).text
    assert 'name="provinces"' in page
    assert not any("checked" in tag for tag in page.split("<input") if 'name="provinces"' in tag)
