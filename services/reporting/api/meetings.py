"""What came together for a meeting, over JSON, for officials."""

from fastapi import APIRouter, Request

from services.reporting import meetings
from services.reporting.pages.common import pages
from services.reporting.resources import Transaction
from services.reporting.schemas import (
    MeetingItem,
    MeetingSummary,
    RegionCount,
    RegionItem,
    TypeCount,
)
from services.reporting.words import PARTICIPANT_TYPES
from shared.security import Staff

router = APIRouter(prefix="/api/v1/meetings", tags=["meetings"])


@router.get("/{slug}/summary")
def summary(request: Request, slug: str, caller: Staff, session: Transaction) -> MeetingSummary:
    """Who comes, as far as the caller's region goes; 404 for a meeting of another province."""
    meeting = meetings.find(session, slug, caller)
    counts = meetings.summarise(session, meeting, caller)
    say = pages.gettext(request)
    return MeetingSummary(
        meeting=MeetingItem(
            **dict(meeting._mapping)  # noqa: SLF001 - SQLAlchemy's public name
            | {"status": meetings.status(meeting, counts.as_of)},
            province=meetings.region_name(meeting.province_code),
        ),
        total=counts.total,
        awaiting_decision=counts.awaiting_decision,
        waiting_list=counts.waiting_list,
        by_type=[
            TypeCount(key=key, label=say(PARTICIPANT_TYPES[key]), count=count)
            for key, count in counts.by_type.items()
        ],
        by_region=[
            RegionCount(code=code, name=meetings.region_name(code), count=count)
            for code, count in counts.by_region.items()
        ],
        missing_regions=[RegionItem(code=r.code, name=r.name) for r in counts.missing],
        as_of=counts.as_of,
    )
