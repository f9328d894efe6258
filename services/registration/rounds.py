"""A round opens one meeting in every chosen province from one template."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.registration import meetings
from services.registration.meetings import QuotaPlan
from services.registration.models import Meeting
from shared import regions
from shared.regions import Region


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """A template: two days a meeting, provinces in waves of equal length, one wave a week.

    Capacities are per meeting, per participant type, and for each kab/kota of the province.
    """

    name: str
    first_day: date
    waves: int
    capacity: int
    per_type: dict[str, int]
    per_regency: int
    closes_before: timedelta = timedelta(days=7)


def open_round(session: Session, plan: RoundPlan, provinces: list[Region]) -> int:
    """Publish one meeting `<plan.name>-<province code>` in each province; returns how many."""
    size = -(-len(provinces) // plan.waves)
    for place, province in enumerate(provinces):
        first_day = plan.first_day + timedelta(weeks=place // size)
        meetings.publish(session, _meeting(plan, province, first_day), _quotas(plan, province))
    return len(provinces)


def _meeting(plan: RoundPlan, province: Region, first_day: date) -> Meeting:
    zone = ZoneInfo(province.zone)
    starts_at = datetime.combine(first_day, time(8, 0), zone)
    return Meeting(
        slug=f"{plan.name}-{province.code}",
        title=f"Peer Learning Meeting {province.name} {first_day.year}",
        province_code=province.code,
        venue=f"Dinas Perpustakaan dan Kearsipan Provinsi {province.name}",
        zone=province.zone,
        starts_at=starts_at,
        ends_at=datetime.combine(first_day + timedelta(days=1), time(16, 0), zone),
        closes_at=starts_at - plan.closes_before,
        status="published",
    )


def _quotas(plan: RoundPlan, province: Region) -> list[QuotaPlan]:
    return [
        QuotaPlan("meeting", "", plan.capacity),
        *(QuotaPlan("participant_type", key, seats) for key, seats in plan.per_type.items()),
        *(
            QuotaPlan("region", regency.code, plan.per_regency)
            for regency in regions.children(province.code)
        ),
    ]
