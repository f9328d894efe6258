"""The demo's year of reports: there at once, once, and added up rightly, whatever day it is."""

from datetime import date
from uuid import NAMESPACE_URL, uuid5

import pytest
from sqlalchemy import func, select

from services.reporting import demo, rollups
from services.reporting.models import Activity, Evidence, RegencyRollup, Target
from services.reporting.resources import database
from services.reporting.streams import STREAMS
from shared import regions
from shared.events import LibraryChanged

DAYS = [date(2026, 11, 20), date(2027, 1, 1), date(2027, 7, 5), date(2028, 2, 29)]


def told() -> list[LibraryChanged]:
    """Offices, the demo librarian's village, and a village in each of three dozen kab/kota."""
    provinces = [regions.children(code) for code in ("12", "21", "33")]
    villages = [
        regions.children(regions.children(regency.code)[0].code)[0].code
        for regencies in provinces
        for regency in regencies[:12]
    ]
    codes = dict.fromkeys([*villages, demo.BUSY], "village")
    offices = {"21": "province", "21.01": "regency"}
    return [_told(code, kind) for code, kind in (offices | codes).items()]


def _told(code: str, kind: str) -> LibraryChanged:
    return LibraryChanged(
        library_id=uuid5(NAMESPACE_URL, f"{kind} {code}"),
        version=1,
        name=f"Perpustakaan {code} (contoh)",
        kind=kind,
        region_code=code,
        partner_status="partner",
        joined_year=2019,
        merged_into=None,
    )


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("today", DAYS, ids=str)
def test_a_year_of_reports_is_there_at_once_and_once(today: date) -> None:
    with database.sessions.begin() as session:
        made = demo.seed(session, told(), today)
    assert 150 < made < 300
    with database.sessions.begin() as session:
        assert demo.seed(session, told(), today) == 0
    with database.sessions.begin() as session:
        counted = select(func.count(), func.min(Activity.day), func.max(Activity.day))
        count, first, last = session.execute(counted).one()
        assert count == made
        assert (today - first).days < 550  # of a half-year, its first day
        assert last <= today
        proven = select(func.count(Evidence.activity_id.distinct()), func.count(Evidence.form_ref))
        some, unfinished = session.execute(proven).one()
        assert (some > 20, unfinished) == (True, 0)
        kepri = select(Activity.stage).where(Activity.province_code == "21").distinct()
        assert set(session.scalars(kepri)) == set(range(-1, 4))
        assert set(session.scalars(select(Activity.stream).distinct())) == set(STREAMS)
        assert session.scalar(select(func.count(Activity.province_code.distinct()))) == 3
        assert session.scalars(select(Target.value)).all()


@pytest.mark.usefixtures("empty")
def test_every_title_says_that_it_is_made_up_and_the_sums_are_right() -> None:
    with database.sessions.begin() as session:
        demo.seed(session, told(), DAYS[0])
    with database.sessions.begin() as session:
        titles = set(session.scalars(select(Activity.title))) - {""}
        assert [title for title in titles if not title.endswith("(contoh)")] == []
        months = session.scalars(select(RegencyRollup.month).distinct()).all()
        assert [rollups.recount(session, month) for month in months] == [0] * len(months)
