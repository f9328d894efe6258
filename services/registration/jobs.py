"""Work started by the clock, or by a ring when there is something to do."""

from services.registration import seats
from services.registration.models import Meeting
from services.registration.resources import bus, database


@bus.job("jobs", every=15)
def expire_offers() -> None:
    """End offers whose time is over, meeting by meeting, and give their seats on."""
    with database.sessions.begin() as session:
        late = seats.late_offers(session)
    for meeting_id in late:
        with database.sessions.begin() as session:
            seats.expire_offers(session, session.get_one(Meeting, meeting_id))
