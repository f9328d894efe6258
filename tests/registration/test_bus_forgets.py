"""What could not be handled and is about somebody who was erased is forgotten as well."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.registration.resources import bus, database

pytestmark = pytest.mark.usefixtures("registration_database")

_PARK = text("""
    INSERT INTO failed_event (event_id, replay, publisher, type, envelope, error, parked_at)
    VALUES (:id, 0, 'reporting', 'x', :envelope, 'no', :now)""")


def park(subject: str) -> None:
    with database.sessions.begin() as session:
        envelope = f'{{"subject": "{subject}", "data": {{}}}}'
        session.execute(_PARK, {"id": uuid7(), "envelope": envelope, "now": datetime.now(UTC)})


def parked() -> list[str]:
    query = text("SELECT CAST(envelope AS json) ->> 'subject' FROM failed_event ORDER BY 1")
    with database.sessions.begin() as session:
        return list(session.execute(query).scalars())


def test_parked_copies_about_an_erased_person_go_and_others_stay() -> None:
    park("erased")
    park("stays")
    with database.sessions.begin() as session:
        bus.forget(session, ["erased", "never seen"])
    assert parked() == ["stays"]
