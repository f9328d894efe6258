"""Registration hears of silent libraries and says how to reach them, once for each step."""

import json
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from builders import library_silent, returned_report
from sqlalchemy import text

from services.registration import handlers
from services.registration.models import Library
from services.registration.resources import database
from shared.bus.envelope import Envelope, seal
from shared.events import ActivityReturned, LibrarySilent
from shared.tracing import new_traceparent

pytestmark = pytest.mark.usefixtures("registration_database")


@pytest.fixture(autouse=True)
def nothing_said(registration_database: None) -> None:
    """No library, and nothing published."""
    assert registration_database is None
    with database.sessions.begin() as session:
        session.execute(text("TRUNCATE library, outbox CASCADE"))


def library(name: str, **fields: Any) -> UUID:
    """A library of the directory; returns its id."""
    made = Library(
        id=uuid4(), name=name, name_key=name.lower(), kind="village", region_code="21.01.04.2001"
    )
    for field, value in fields.items():
        setattr(made, field, value)
    with database.sessions.begin() as session:
        session.add(made)
        return made.id


def silent(of: UUID, step: int = 1) -> Envelope[LibrarySilent]:
    event = library_silent(library_id=of, step=step)
    return seal("reporting", event, new_traceparent())


def hear(*envelopes: Envelope[LibrarySilent]) -> None:
    with database.sessions.begin() as session:
        handlers.remind(session, list(envelopes))


def told() -> list[dict[str, Any]]:
    with database.sessions.begin() as session:
        rows = session.execute(text("SELECT envelope FROM outbox ORDER BY id")).scalars()
        envelopes = [json.loads(one) if isinstance(one, str) else one for one in rows]
    types = {"id.sejawat.library.reminder_due.v1", "id.sejawat.library.report_returned.v1"}
    assert {one["type"] for one in envelopes} <= types
    return [one["data"] for one in envelopes]


def test_who_left_an_address_or_a_number_is_reminded_and_who_did_not_is_skipped() -> None:
    mail = library("Surel", email="surel@contoh.id", contact_name="Ani Contoh")
    phone = library("Telepon", phone="+628110000009")
    nobody = library("Tanpa kontak")
    hear(*(silent(one) for one in (mail, phone, nobody, uuid4())))
    found = {one["library_id"]: one for one in told()}
    assert set(found) == {str(mail), str(phone)}
    assert found[str(mail)]["email"] == "surel@contoh.id"
    assert found[str(mail)]["name"] == "Ani Contoh"
    assert found[str(mail)]["link"] == "https://sejawat.contoh.id/reporting/own/l/token"
    assert found[str(phone)]["phone"] == "+628110000009"


def test_the_last_step_is_not_for_the_library() -> None:
    one = library("Surel", email="surel@contoh.id")
    hear(*(silent(one, step) for step in (3, 2, 1)))
    assert Counter(event["step"] for event in told()) == {1: 1, 2: 1}


def test_a_merged_library_is_reached_by_its_successor() -> None:
    kept = library("Tetap", email="tetap@contoh.id")
    gone = library("Lama", email="lama@contoh.id", merged_into=kept)
    hear(silent(gone))
    [event] = told()
    assert (event["library_id"], event["email"]) == (str(kept), "tetap@contoh.id")


def test_a_report_that_was_sent_back_is_told_to_whom_it_can_be() -> None:
    mail = library("Surel", email="surel@contoh.id", contact_name="Ani Contoh")
    silent_ones = (library("Tanpa kontak"), uuid4())
    events = [
        ActivityReturned(report=returned_report(library_id=one)) for one in (mail, *silent_ones)
    ]
    with database.sessions.begin() as session:
        handlers.tell_returned(
            session, [seal("reporting", event, new_traceparent()) for event in events]
        )
    [found] = told()
    assert (found["email"], found["name"], found["phone"]) == (
        "surel@contoh.id",
        "Ani Contoh",
        None,
    )
    assert found["report"] == events[0].report.model_dump(mode="json")
