"""Whatever happens to reports, in any order: the sums are those of a recount."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from reporting.libraries import ACTIVITY, BINTAN, KEPRI, NATIONAL, SENDER, TODAY, handed, library
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.reporting import activities, rollups
from services.reporting.activities import Conflict, Handed
from services.reporting.models import Activity
from services.reporting.resources import database

MONTHS = (date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))
ANSWERED = ("duplicate", "again", "zero", "new-year", "long-ago", "many")
OFFICIALS = st.sampled_from([BINTAN, KEPRI, NATIONAL])


class Sums(RuleBasedStateMachine):
    """Libraries of two kab/kota report; officials decide; a worker adds up when it likes."""

    reports = Bundle("reports")

    def __init__(self) -> None:
        super().__init__()
        with database.sessions.begin() as session:
            session.execute(
                text(
                    "TRUNCATE activity, delta, library_rollup, regency_rollup, province_rollup, "
                    "category_rollup"
                )
            )
        self.libraries = [library(), library("21.02.04.2003"), library("14.01.02.2005")]
        self.sent: list[tuple[UUID, Handed]] = []

    @rule(
        target=reports,
        which=st.integers(0, 2),
        month=st.sampled_from(MONTHS),
        people=st.integers(0, 50),
        stream=st.sampled_from(["pelibatan", "pengunjung"]),
    )
    def submit(self, which: int, month: date, people: int, stream: str) -> UUID:
        day = {"day": month.replace(day=2).isoformat(), "people": str(people)}
        parts = {"male": str(people), "female": "0", "adults": str(people), "disabled": "0"}
        one = handed(stream, {**ACTIVITY, **day, **parts}, uuid7(), ANSWERED)
        self.sent.append((self.libraries[which], one))
        with database.sessions.begin() as session:
            written, new = activities.submit(session, self.libraries[which], one, SENDER, TODAY)
        assert new
        return written

    @rule(data=st.data())
    def redeliver(self, data: st.DataObject) -> None:
        if not self.sent:
            return
        of, one = data.draw(st.sampled_from(self.sent))
        with database.sessions.begin() as session:
            try:
                _, new = activities.submit(session, of, one, SENDER, TODAY)
            except Conflict:  # it was edited meanwhile
                return
        assert not new

    @rule(report=reports, month=st.sampled_from(MONTHS), people=st.integers(1, 90))
    def edit(self, report: UUID, month: date, people: int) -> None:
        with database.sessions.begin() as session:
            found = session.get_one(Activity, report)
            if found.deleted_at:
                return
            day = {"day": month.replace(day=5).isoformat(), "people": str(people)}
            parts = {"male": str(people), "female": "0", "adults": str(people), "disabled": "0"}
            one = handed(found.stream, {**ACTIVITY, **day, **parts}, confirmed=ANSWERED)
            activities.edit(session, found, one, SENDER, TODAY, revision=found.revision)

    @rule(report=reports, who=OFFICIALS)
    def verify(self, report: UUID, who: object) -> None:
        with database.sessions.begin() as session:
            activities.verify(session, who, [report])  # type: ignore[arg-type]

    @rule(report=reports, who=OFFICIALS)
    def send_back(self, report: UUID, who: object) -> None:
        with database.sessions.begin() as session:
            activities.send_back(session, who, [report], "Mohon diperiksa.")  # type: ignore[arg-type]

    @rule(report=reports)
    def delete(self, report: UUID) -> None:
        with database.sessions.begin() as session:
            activities.delete(session, session.get_one(Activity, report), SENDER)

    @rule(report=reports)
    def restore(self, report: UUID) -> None:
        with database.sessions.begin() as session:
            activities.restore(session, session.get_one(Activity, report), SENDER)

    @rule(chunk=st.integers(1, 5))
    def add_up(self, chunk: int) -> None:
        with database.sessions.begin() as session:
            rollups.apply(session, chunk)

    @invariant()
    def sums_are_right(self) -> None:
        with database.sessions.begin() as session:
            assert [rollups.recount(session, month) for month in MONTHS] == [0, 0, 0]

    def teardown(self) -> None:
        with database.sessions.begin() as session:
            while rollups.apply(session).deltas:
                pass
            assert [rollups.recount(session, month) for month in MONTHS] == [0, 0, 0]


@pytest.mark.usefixtures("empty")
def test_whatever_happens_the_sums_are_those_of_a_recount() -> None:
    """See `Sums`."""
    from hypothesis.stateful import run_state_machine_as_test

    quiet = settings(
        max_examples=25,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Sums, settings=quiet)


@pytest.mark.usefixtures("empty")
def test_without_the_trigger_the_recount_tells() -> None:
    """The control: what forgets its delta is found."""
    with database.sessions.begin() as session:
        activities.submit(session, library(), handed(), SENDER, TODAY)
        assert rollups.recount(session, MONTHS[2]) == 0
        session.execute(text("DELETE FROM delta"))
        assert rollups.recount(session, MONTHS[2]) == 4, "in each of the four sums"
